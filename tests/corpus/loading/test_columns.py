import pytest

from rag_core.corpus.loading.columns import CsvColumns, guess_columns


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        (["_id", "title", "text"], ["1", "T", "x"], CsvColumns(text=("text",), title="title", id="_id")),
        (["Question", "Answer"], ["Why?", "So."], CsvColumns(text=("Answer",), title="Question")),
        (
            ["code", "name", "remedy", "source"],
            ["E1", "n", "turn it off", "kb"],
            CsvColumns(text=("remedy",), title="name", id="code"),
        ),
        (["name"], ["only"], CsvColumns(text=("name",))),
        (["a", "b"], ["x", "much longer"], CsvColumns(text=("b",), title="a")),
        (["column 1", "item"], ["0", "Lost badge"], CsvColumns(text=("column 1", "item"))),
        (["a", "b"], ["much longer", "x"], CsvColumns(text=("a", "b"))),
        (["item", "fee", "note"], ["Badge", "42 EUR", "charged once"], CsvColumns(text=("fee", "note"), title="item")),
        ([], [], CsvColumns(text=())),
    ],
)
def test_guess(header, row, expected):
    assert guess_columns(header, [row]) == expected


def test_metadata_is_the_rest_unless_chosen():
    header = ["id", "text", "plan", "region"]
    assert CsvColumns(text=("text",), id="id").metadata_of(header) == ("plan", "region")
    assert CsvColumns(text=("text",), id="id", metadata=("region",)).metadata_of(header) == ("region",)


def test_missing_columns_are_named():
    assert CsvColumns(text=("body",), title="head").missing(["body"]) == ("head",)
