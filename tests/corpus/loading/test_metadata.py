from datetime import date

import pytest

from rag_core.corpus.loading.dates import parse_date
from rag_core.corpus.loading.load import load_bytes
from rag_core.corpus.loading.metadata import clean_text, date_choices, scalar, to_document
from rag_core.corpus.readers.base import Record


def test_known_keys_become_fields_and_the_rest_metadata():
    record = Record(
        "Hello", {"title": "T", "source": "policy", "updated_at": "2026-03-14", "tenant": "acme", "plan": "Team"}
    )
    document = to_document("a/b.md", record)
    assert (document.id, document.title, document.source, document.tenant) == ("a/b.md", "T", "policy", "acme")
    assert document.updated_at == date(2026, 3, 14)
    assert document.metadata == {"plan": "Team"}


def test_a_date_that_is_none_is_not_lost():
    document = to_document("a.md", Record("x", {"updated_at": "spring 2026"}))
    assert document.updated_at is None
    assert document.metadata == {"updated_at": "spring 2026"}


@pytest.mark.parametrize(
    ("record", "title"),
    [
        (Record("# From heading\nx"), "From heading"),
        (Record("x"), "price list"),
    ],
)
def test_there_is_always_a_title(record, title):
    assert to_document("sheets/price list.csv", record).title == title


def test_the_metadata_table_wins_but_not_with_empty_cells():
    record = Record("x", {"source": "from file", "plan": "Team"})
    document = to_document("a.md", record, {"source": "from table", "plan": ""})
    assert (document.source, document.metadata) == ("from table", {"plan": "Team"})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-14", date(2026, 3, 14)),
        ("2026-03-14T10:00:00+02:00", date(2026, 3, 14)),
        ("2026-03-14T00:30:00+02:00", date(2026, 3, 13)),
        ("Sat, 14 Mar 2026 00:30:00 +0200", date(2026, 3, 13)),
        ("14 Mar 2026 23:30 -0500", date(2026, 3, 15)),
        ("0001-01-01T00:30:00+02:00", None),
        ("14.03.2026", date(2026, 3, 14)),
        ("14 March 2026", date(2026, 3, 14)),
        ("March 14, 2026", date(2026, 3, 14)),
        ("13/02/2026", date(2026, 2, 13)),
        ("02/13/2026", date(2026, 2, 13)),
        ("13-02-2026", date(2026, 2, 13)),
        ("05/05/2026", date(2026, 5, 5)),
        ("2 Feb 2026", date(2026, 2, 2)),
        ("Sept. 2nd, 2026", date(2026, 9, 2)),
        ("Tue, 03 Feb 2026 10:00:00 +0000", date(2026, 2, 3)),
        ("3rd of February 2026 at 10:00", date(2026, 2, 3)),
        ("13.2.26", date(2026, 2, 13)),
        ("20260314", date(2026, 3, 14)),
        ("2026-03-14 10:00:00", date(2026, 3, 14)),
        ("14/03/2026 10:00", date(2026, 3, 14)),
        ("31/31/2026", None),
        ("2026-02", None),
        ("03/04/2026", None),
        ("soon", None),
        (2026, None),
        (None, None),
    ],
)
def test_dates(value, expected):
    assert parse_date(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (" x ", "x"),
        ("", None),
        (True, True),
        (3, 3),
        (0.5, 0.5),
        (float("nan"), "nan"),
        (date(2026, 1, 2), "2026-01-02"),
        (["a", "b", 3], "a, b, 3"),
        (["a", {"b": 1}], '["a", {"b": 1}]'),
    ],
)
def test_scalars(value, expected):
    assert scalar(value) == expected


def test_text_is_cleaned():
    assert clean_text("\ufeffa\x00b\ud800c\r\nd\re\u2028f") == "abc\nd\ne\nf"
    assert clean_text("a" + "\n" * 50 + "b" + " " * 100 + "c") == "a\n\n\nb" + " " * 16 + "c"


@pytest.mark.parametrize(
    ("metadata", "day", "kept"),
    [
        ({"Updated_At": "2026-03-14"}, "2026-03-14", {}),
        ({"date": "14/03/2026"}, "2026-03-14", {"date": "14/03/2026"}),
        ({"updated_at": "soon", "date": "2026-03-14"}, "2026-03-14", {"updated_at": "soon", "date": "2026-03-14"}),
        (
            {"date": "2026-01-01", "lastmod": "2026-03-14"},
            "2026-03-14",
            {"date": "2026-01-01", "lastmod": "2026-03-14"},
        ),
        ({"created": "2026-03-14"}, "None", {"created": "2026-03-14"}),
    ],
)
def test_any_date_of_a_document_dates_it_the_best_first(metadata, day, kept):
    document = to_document("a.md", Record("x", metadata))
    assert (str(document.updated_at), document.metadata) == (day, kept)


@pytest.mark.parametrize(
    "data",
    [
        ("a.html", "<meta property='article:modified_time' content='2026-03-14T10:00:00Z'><p>x</p>"),
        ("a.md", "---\nlast-modified: 14 March 2026\n---\nx"),
        ("a.jsonl", '{"text": "x", "published_at": "14/03/2026"}'),
        ("a.csv", "text,Date\nx,14.03.2026\n"),
    ],
)
def test_dates_of_files(data):
    (document,) = load_bytes(data[0], data[1].encode()).documents
    assert document.updated_at == date(2026, 3, 14)


def test_dates_that_could_be_two_days_are_named_with_the_file():
    table = "text,updated_at\na,03/04/2026\nb,13/04/2026\nc,spring\nd,05/06/2026\n"
    loaded = load_bytes("a.csv", table.encode())
    assert [str(one.updated_at) for one in loaded.documents] == ["None", "2026-04-13", "None", "None"]
    notes = [(note.kind, note.where, note.text) for note in loaded.files[0].notes]
    assert notes == [("in doubt", "date", "03/04/2026, 05/06/2026"), ("in doubt", "date", "spring")]
    assert "two days" in loaded.files[0].notes[0].reason


@pytest.mark.parametrize(
    "made_up",
    [
        "untitled",
        "about:blank",
        "scan0001.tif",
        "Layout 1",
        "无标题",
        "(anonymous)",
        "Microsoft Word - plan_v3.doc",
        "PowerPoint Presentation",
        "Word Document",
        "Document1",
    ],
)
def test_a_title_that_a_program_made_up_is_none(made_up):
    assert to_document("plan.pdf", Record("# Drill\nx", {"title": made_up})).title == "Drill"
    assert to_document("plan.pdf", Record("x", {"title": made_up})).title == "plan"
    assert to_document("plan.csv", Record("x", {"title": made_up}, key="1")).title == made_up
    assert to_document("plan.pdf", Record("x"), {"title": made_up}).title == made_up
    assert to_document("plan.pdf", Record("x", {"title": "Documents to bring"})).title == "Documents to bring"


FRONT = b"---\nupdated: 2026-05-01\ncreated: 2024-01-02\nreviewed: 13 June 2025\nowner: Ann\n---\nLamps.\n"


@pytest.mark.parametrize(
    "chosen, day",
    [
        (None, date(2026, 5, 1)),
        ("created", date(2024, 1, 2)),
        ("reviewed", date(2025, 6, 13)),
        ("Reviewed", date(2025, 6, 13)),
        ("absent", date(2026, 5, 1)),
    ],
)
def test_any_date_of_a_document_can_be_chosen_as_its_date(chosen, day):
    (document,) = load_bytes("a.md", FRONT, date_field=chosen).documents
    assert document.updated_at == day
    assert document.metadata["created"] == "2024-01-02"


def test_a_chosen_date_that_could_be_two_days_is_named():
    loaded = load_bytes("a.csv", b"id,text,reviewed\n1,Lamps are in stock,03/04/2026\n", date_field="reviewed")
    assert loaded.documents[0].updated_at is None
    assert [note.text for note in loaded.files[0].notes if note.where == "date"] == ["03/04/2026"]


@pytest.mark.parametrize(
    ("columns", "chosen"),
    [("date 1,date 2", "date 2"), ("Создано,Обновлено", "Обновлено"), ("著者,更新日", "更新日"), ("a2,b-2", "B 2")],
)
def test_the_chosen_date_is_of_the_column_of_that_name(columns, chosen):
    data = f"text,{columns}\nLamps are in stock today,2020-01-01,2026-03-14\n".encode()
    assert load_bytes("a.csv", data, date_field=chosen).documents[0].updated_at == date(2026, 3, 14)


def test_a_chosen_date_that_cannot_be_read_is_not_replaced_by_another_one():
    data = b"text,updated,reviewed\nLamps are in stock,2020-01-01,03/04/2026\nFees are due,2020-01-01,\n"
    loaded = load_bytes("a.csv", data, date_field="reviewed")
    assert [one.updated_at for one in loaded.documents] == [None, date(2020, 1, 1)]
    assert [note.text for note in loaded.files[0].notes if note.where == "date"] == ["03/04/2026"]


def test_the_fields_that_hold_dates_can_be_chosen():
    assert date_choices({"reviewed": "13 June 2025", "owner": "Ann", "size": 3}) == ["reviewed"]
