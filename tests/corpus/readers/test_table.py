import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag_core.corpus.loading.columns import CsvColumns
from rag_core.corpus.loading.load import load_bytes
from rag_core.corpus.readers.base import Limits, Source
from rag_core.corpus.readers.table import read_header

CODES = b"""id,title,text,source,updated_at,severity
KB-ERR-2847-fatal,Disk gone,"Change the drive,
then rebuild.",error-reference,2026-01-05,high
KB-ERR-2847-warn,Disk slow,Watch it.,error-reference,2026-01-05,low
"""


def reason(data, **options):
    (problem,) = load_bytes("a.csv", data, **options).problems
    return problem.reason


def test_a_document_per_row():
    first, second = load_bytes("errors/codes.csv", CODES).documents
    assert first.id == "errors/codes.csv#KB-ERR-2847-fatal"
    assert (first.title, first.text, first.source) == (
        "KB-ERR-2847-fatal: Disk gone",
        "Change the drive,\nthen rebuild.",
        "error-reference",
    )
    assert str(first.updated_at) == "2026-01-05"
    assert first.metadata == {"severity": "high"}
    assert second.id.endswith("#KB-ERR-2847-warn")


def test_chosen_columns():
    columns = CsvColumns(text=("title", "text"), metadata=("severity",))
    first = load_bytes("codes.csv", CODES, columns=columns).documents[0]
    assert first.id == "codes.csv#1"
    assert first.text == "title: Disk gone\ntext: Change the drive,\nthen rebuild."
    assert first.metadata == {"severity": "high"}


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators(separator):
    (document,) = load_bytes("a.csv", f"id{separator}text\n7{separator}hello, you".encode()).documents
    assert (document.id, document.text) == ("a.csv#7", "hello, you")


def test_a_row_without_a_title_is_called_by_its_id_or_by_the_file():
    by_id, by_file = (
        load_bytes("sheets/prices.csv", data).documents[0] for data in (b"sku,text\nNW-1,x\n", b"text\nx\n")
    )
    assert (by_id.id, by_id.title) == ("sheets/prices.csv#NW-1", "NW-1")
    assert (by_file.id, by_file.title) == ("sheets/prices.csv#1", "prices")


@pytest.mark.parametrize(
    ("header", "row", "title"),
    [
        ("sku,name,description", "LM-7741-B,Winch,Lifts.", "LM-7741-B: Winch"),
        ("id,title,text", "KB-7,Disk,Watch it.", "KB-7: Disk"),
        ("id,title,text", "KB-7,Disk of kb-7,Watch it.", "Disk of kb-7"),
        ("code,title,text", "4711,Cologne,Smells.", "4711: Cologne"),
        ("id,title,text", "4711,Cologne,Smells.", "Cologne"),
        ("id,title,text", "thread-12,Cologne,Smells.", "Cologne"),
    ],
)
def test_a_code_that_is_the_id_is_in_the_title_where_it_is_searched(header, row, title):
    (document,) = load_bytes("a.csv", f"{header}\n{row}\n".encode()).documents
    assert document.title == title


def test_bad_rows_are_named_and_the_others_load():
    loaded = load_bytes("a.csv", b"id,text\n1,one\n1,again\n,\n2,\n3,three\n")
    assert [document.id for document in loaded.documents] == ["a.csv#1", "a.csv#3"]
    assert [problem.name for problem in loaded.problems] == ["a.csv, row 2", "a.csv, row 4"]


def test_refusals():
    assert "no rows" in reason(b"id,text\n")
    assert "Two of its columns" in reason(b"text,text\na,b\n")
    assert "no column body. It has: id, text" in reason(b"id,text\n1,x\n", columns=CsvColumns(text=("body",)))
    assert "more than 2 rows" in reason(b"text\na\nb\nc\n", limits=Limits(rows=2))
    assert "None of its 25 rows can be read. The first is row 1: " in reason(b"id,text\n" + b"1,\n" * 25)


def test_many_bad_rows_are_counted_and_the_good_ones_load():
    loaded = load_bytes("a.csv", b"id,text\n" + b"".join(b"%d,\n" % n for n in range(25)) + b"ok,good\n")
    assert [document.id for document in loaded.documents] == ["a.csv#ok"]
    assert len(loaded.problems) == 20 + 1
    assert loaded.problems[-1].name == "a.csv, and 5 more rows"


def test_lines_that_end_as_on_old_macs():
    (document,) = load_bytes("a.csv", b"id;text\r7;hello, you, there\r").documents
    assert (document.id, document.text) == ("a.csv#7", "hello, you, there")


def test_header_for_choosing():
    head = read_header(Source("a.csv", CODES))
    assert head.columns[:3] == ["id", "title", "text"]
    assert (len(head.rows), head.encoding) == (2, "UTF-8")


def notes_of(data, name="a.csv"):
    loaded = load_bytes(name, data.encode())
    return [(note.kind, note.where, note.text) for file in loaded.files for note in file.notes]


def texts_of(data, name="a.csv"):
    return [document.text for document in load_bytes(name, data.encode()).documents]


@pytest.mark.parametrize(
    ("data", "texts"),
    [
        ("sep=;\nid;text\n1;hello, you\n", ["hello, you"]),
        ('"sep=,"\r\nid,text\r\n1,hello\r\n', ["hello"]),
        ('"Name, first";"Notes"\n"Ann";"likes tea, and coffee"\n', ["likes tea, and coffee"]),
        ("preis;text\n1,5;eins, zwei\n2,5;drei\n", ["eins, zwei", "drei"]),
        ("question\nHow, then?\nWell, how?\n", ["How, then?", "Well, how?"]),
        ('a, text\n1, "x, y"\n2, "z"\n', ["x, y", "z"]),
        ('id,text,n\n1,"He said \\"no\\", twice",x\n2,"b",y\n', ['He said "no", twice', "b"]),
        ('id,text\n1,"He said ""no""\non two lines, really"\n', ['He said "no"\non two lines, really']),
        ("id,text,,\n1,one,,\n2,two,,\n", ["one", "two"]),
        (",text\n0,one\n1,two\n", ["column 1: 0\ntext: one", "column 1: 1\ntext: two"]),
    ],
)
def test_separators_and_quotes_as_programs_write_them(data, texts):
    loaded = load_bytes("a.csv", data.encode())
    assert not loaded.problems
    columns = CsvColumns(text=("column 1", "text")) if data.startswith(",") else None
    assert [one.text for one in load_bytes("a.csv", data.encode(), columns=columns).documents] == texts
    assert [note.where for note in loaded.files[0].notes if note.kind == "in doubt"] == []


def test_lines_above_the_header_are_named():
    data = "Ticket export\nMade 2026-01-02\n\nid,subject,body\n1,Printer,The printer is on fire\n"
    assert texts_of(data) == ["The printer is on fire"]
    assert notes_of(data) == [("left out", "line 1", "Ticket export"), ("left out", "line 2", "Made 2026-01-02")]
    padded = "Report,,\nid,subject,body\n1,Printer,The printer is on fire\n"
    assert texts_of(padded) == ["The printer is on fire"]
    assert notes_of(padded) == [("left out", "line 1", "Report,,")]


def test_comments_above_the_header_are_no_header():
    for rows in ("1,Oil it\n", "1,Oil it\n2,Wash it,well\n3\n"):
        data = f"# clean this\nid,text\n{rows}"
        assert texts_of(data)[0] == "Oil it"
        assert ("left out", "line 1", "# clean this") in notes_of(data)


def test_a_quotation_mark_that_is_not_closed_swallows_no_other_row():
    data = 'id,text\n1,"Hello\n2,World\n3,Say "hi" to all\n4,Bye\n'
    assert texts_of(data) == ['"Hello', "World", 'Say "hi" to all', "Bye"]
    assert notes_of(data) == [("in doubt", "row 1", '1,"Hello')]


def test_rows_that_a_pair_of_stray_marks_runs_together_are_doubted():
    data = 'id,text\n1,"Hello\n2,World\n3,Bye"\n4,Yes\n'
    assert texts_of(data) == ["Hello\n2,World\n3,Bye", "Yes"]
    assert notes_of(data) == [("in doubt", "row 1", '1,"Hello\n2,World\n3,Bye"')]


def test_cells_beyond_the_header_belong_to_a_last_column_of_text_or_are_listed():
    assert texts_of("id,text\n1,Hello, come in\n2,Second\n") == ["Hello, come in", "Second"]
    assert notes_of("id,text\n1,Hello, come in\n2,Second\n") == [("in doubt", "row 1", "1,Hello, come in")]
    loaded = load_bytes("a.csv", b"id,title,text,source\n1,T,Hello, come in,faq\n2,U,Ok,faq\n")
    assert [document.text for document in loaded.documents] == ["Ok"]
    assert "1,T,Hello, come in,faq" in loaded.problems[0].reason
    assert loaded.files[0].notes[0].where == "row 1"


def test_a_first_row_of_numbers_is_doubted_as_a_header():
    assert notes_of("1,Hello there,3.5\n2,Bye you,4\n") == [("in doubt", "header", "1 | Hello there | 3.5")]
    assert notes_of("How do I pay?\nWhere is my parcel now?\n")[0][:2] == ("in doubt", "header")
    assert notes_of("country,2024,2025\nPeru,5,6\n") == []


def test_columns_that_no_search_looks_at_are_named_and_prose_is_searched():
    loaded = load_bytes("a.csv", b"name,description,price_eur,source\nLamp,Shines.,49,shop\n")
    (note,) = loaded.files[0].notes
    assert (note.kind, note.where) == ("left out", "column price_eur")
    both = "id,question,answer,remarks\n1,Why?,So.,This holds for lamps and chairs only.\n"
    assert texts_of(both) == ["answer: So.\nremarks: This holds for lamps and chairs only."]
    assert notes_of(both) == []


def test_a_cell_that_begins_with_a_hash_is_no_heading():
    (document,) = load_bytes("a.csv", b"sku,text\nA1,# of seats: 5\n").documents
    assert (document.title, document.text) == ("A1", "\\# of seats: 5")


def test_many_bad_rows_are_listed_by_number():
    data = b"id,text\n" + b"".join(b"%d,\n" % n for n in range(25)) + b"ok,good\n"
    assert "rows 21 to 25" in load_bytes("a.csv", data).problems[-1].reason


WORDS = st.text("abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=6)
SIGNS = st.sampled_from([" ", ", ", "; ", "\n", '"', " | ", "\t", "\\"])


@st.composite
def table_text(draw):
    """(separator, text of a table, its words): ragged rows, any signs in cells, stray quotation marks, a preamble."""
    sign = draw(st.sampled_from(",;\t"))
    words = []

    def word():
        words.append(f"{draw(WORDS)}{len(words)}x")
        return words[-1]

    def cell(quoted):
        text = "".join(part + word() for part in ["", *draw(st.lists(SIGNS, max_size=2))])
        if quoted:
            return f'"{text.replace(chr(34), chr(34) * 2)}"'
        return text.replace("\n", " ")

    width = draw(st.integers(1, 4))
    lines = [sign.join(f"name{place}" for place in range(width))]
    for _ in range(draw(st.integers(1, 8))):
        cells = draw(st.integers(1, width + 2))
        lines.append(sign.join(cell(draw(st.booleans())) for _ in range(cells)))
    above = [word() for _ in range(draw(st.integers(0, 2) if width > 1 else st.just(0)))]
    return "\n".join([*above, *([""] * bool(above)), *lines, ""]), words


@given(table_text())
@settings(max_examples=100)
def test_every_word_of_a_table_is_in_a_document_or_in_the_list(table):
    text, words = table
    loaded = load_bytes("a.csv", text.encode())
    held = [f"{one.id} {one.title} {one.text} {one.metadata}" for one in loaded.documents]
    listed = [f"{note.where} {note.reason} {note.text}" for file in loaded.files for note in file.notes]
    refused = [problem.reason for problem in loaded.problems]
    everything = " ".join([*held, *listed, *refused])
    if "header line" not in everything:
        everything += " ".join(read_header(Source("a.csv", text.encode())).columns)
        assert [one for one in words if one not in everything] == []


@pytest.mark.parametrize(
    "text",
    [
        " question | answer \n----------+--------\n When?    | In 14 days.\n Where?   | Here.\n",
        "| question | answer |\n|---|---:|\n| When? | In 14 days. |\n| Where? | Here. |\n",
        "\ufeff\ufeffquestion,answer\nWhen?,In 14 days.\nWhere?,Here.\n",
    ],
    ids=["a database's console", "Markdown", "two marks at its start"],
)
def test_tables_as_consoles_and_other_files_hold_them(text):
    loaded = load_bytes("a.csv", text.encode())
    assert [(one.title, one.text) for one in loaded.documents] == [("When?", "In 14 days."), ("Where?", "Here.")]
