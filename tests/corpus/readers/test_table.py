import pytest

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
