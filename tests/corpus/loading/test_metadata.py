from datetime import date

import pytest

from rag_core.corpus.loading.metadata import clean_text, parse_date, scalar, to_document
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
        ("14.03.2026", date(2026, 3, 14)),
        ("14 March 2026", date(2026, 3, 14)),
        ("March 14, 2026", date(2026, 3, 14)),
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
        (["a", {"b": 1}], '["a", {"b": 1}]'),
    ],
)
def test_scalars(value, expected):
    assert scalar(value) == expected


def test_text_is_cleaned():
    assert clean_text("\ufeffa\x00b\ud800c\r\nd\re\u2028f") == "abc\nd\ne\nf"
    assert clean_text("a" + "\n" * 50 + "b" + " " * 100 + "c") == "a\n\n\nb" + " " * 16 + "c"
