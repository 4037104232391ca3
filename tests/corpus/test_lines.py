"""Values that are read one by one from a mapped file, and the columns that answer for all of them."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from rag_core.corpus.chunking import chunk_all
from rag_core.corpus.columns import Columns, ColumnsBuilder, Keys, key_of
from rag_core.corpus.lines import Lines, LineWriter, write_lines
from rag_core.corpus.storage.column_files import load_columns, save_columns
from rag_core.corpus.texts import Texts
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document, Passage
from rag_core.schema.filters import AnyOf, Dated, Equal, Filter, In, Not
from tests.corpus.doubles import WordEmbedder, documents

MANY = [
    one.model_copy(
        update={"source": "faq" if number % 3 else "", "updated_at": date(2026, 1, number), "metadata": kept}
    )
    for number, (one, kept) in enumerate(zip(documents(9), [{"n": 1}, {"n": True}, {"n": "1"}] * 3, strict=True), 1)
]
PASSAGES = chunk_all(MANY, Chunking(), WordEmbedder())


def written(values, kind):
    writer = LineWriter(kind)
    for value in values:
        writer.add(value)
    return writer.done()


def test_lines_are_a_sequence_of_the_values(tmp_path):
    lines = written(MANY, Document)
    assert (len(lines), lines[0], lines[-1], lines[2:4]) == (9, MANY[0], MANY[-1], MANY[2:4])
    assert lines == MANY and lines == MANY and lines != MANY[:-1] and list(reversed(lines)) == MANY[::-1]
    starts = write_lines(tmp_path / "lines", MANY)
    lines.write_to(tmp_path / "copied")
    assert (tmp_path / "copied").read_bytes() == (tmp_path / "lines").read_bytes()
    for found in (Lines.of_file(tmp_path / "lines", Document, starts), Lines.of_file(tmp_path / "lines", Document)):
        assert found == MANY
    with pytest.raises(IndexError):
        lines[9]


def test_no_lines(tmp_path):
    (tmp_path / "empty").touch()
    assert list(Lines.of_file(tmp_path / "empty", Document)) == list(LineWriter(Document).done()) == []


def test_a_line_is_read_when_it_is_asked_for(tmp_path):
    (tmp_path / "lines").write_text(f"{MANY[0].model_dump_json()}\n{{}}\n{MANY[1].model_dump_json()}")
    lines = Lines.of_file(tmp_path / "lines", Document)
    assert (len(lines), lines[0], lines[2]) == (3, MANY[0], MANY[1])
    with pytest.raises(ValidationError):
        lines[1]


@pytest.mark.parametrize(
    "condition",
    [
        Equal(field="n", value=1),
        Equal(field="n", value=True),
        In(field="source", values=("faq",)),
        Not(condition=Equal(field="tenant", value="acme")),
        Dated(after=date(2026, 1, 5)),
        Equal(field="title", value="Document 3"),
        AnyOf(conditions=(Equal(field="document_id", value="doc-4.md"), Equal(field="n", value="1"))),
    ],
    ids=str,
)
def test_what_matches_is_what_the_filter_says_of_each_passage(condition):
    where = Filter(conditions=(condition,))
    texts = Texts(written(MANY, Document), written(PASSAGES, Passage), Columns.of(MANY, PASSAGES))
    assert texts.matching(where).tolist() == [where.matches(one) for one in PASSAGES]


def test_ids_are_told_apart_where_their_hashes_are_equal():
    texts = Texts(MANY, PASSAGES)
    same = Keys.of(key_of("one of them") * len(PASSAGES))
    columns = texts.columns
    alike = Columns(**{**vars(columns), "passages": same})
    found = Texts(MANY, PASSAGES, alike)
    assert found.row(PASSAGES[3].id) is None  # it has another hash here
    assert found.row("one of them") is None  # all have its hash, and none its name


def test_columns_are_saved_and_read_back(tmp_path):
    made = Columns.of(MANY, PASSAGES)
    starts = [write_lines(tmp_path / "a", MANY), write_lines(tmp_path / "b", PASSAGES)]
    save_columns(tmp_path, made, *starts)
    read, *read_starts = load_columns(tmp_path)
    assert [each.tolist() for each in read_starts] == [each.tolist() for each in starts]
    texts = Texts(MANY, PASSAGES, read)
    for row, passage in enumerate(PASSAGES):
        assert (texts.row(passage.id), texts.content_hash(row)) == (row, passage.content_hash)
    assert [texts.rows_of(one.id) for one in MANY] == [[2 * row, 2 * row + 1] for row in range(9)]
    assert read.kinds == made.kinds
    short = ColumnsBuilder()
    short.add_document(MANY[0])
    (tmp_path / "short").mkdir()
    save_columns(tmp_path / "short", short.done(), *starts)
    with pytest.raises(ValueError, match="does not fit"):
        load_columns(tmp_path / "short")
