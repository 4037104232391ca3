"""One stored passage says whether a model made an index's vectors."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rag_core.retrieval.engines.connected_collection import ConnectedCollection
from rag_core.retrieval.engines.model_check import check_model
from tests.corpus.doubles import WordEmbedder
from tests.retrieval.engines.index_conformance import Row, passage_of
from tests.retrieval.engines.test_connected_collection import CONFIG, Index

EMBEDDER = WordEmbedder()
TEXT = "How long refunds take."


class Listed(Index):
    def listed(self, first, where=None):
        return [passage_of(one) for one in self.rows.values()][:first]

    def vectors_by_id(self, ids):
        return {one: np.array(self.rows[one].vector, np.float32) for one in ids if self.rows[one].vector}


def check(*rows: Row, embedder: WordEmbedder = EMBEDDER):
    return check_model(ConnectedCollection(Listed(rows), CONFIG, embedder))  # type: ignore[arg-type]


def vector(text: str) -> tuple[float, ...]:
    return tuple(EMBEDDER.embed_query(text).tolist())


@pytest.mark.parametrize("embedded", [TEXT, f"Refunds\n{TEXT}", f"Refunds {TEXT}"])
def test_the_same_model_fits_whether_or_not_it_read_the_heading(embedded):
    found = check(Row("p", TEXT, vector(embedded), "Refunds"))
    assert (found.verdict, found.passage) == ("fits", "p")
    assert found.cosine == pytest.approx(1)


def test_the_same_model_fits_where_llama_index_put_the_metadata_before_the_text():
    node = {
        "metadata": {"file_path": "/docs/refunds.md", "file_size": 7},
        "excluded_embed_metadata_keys": ["file_size"],
        "metadata_template": "{key}: {value}",
        "metadata_separator": "\n",
        "text_template": "{metadata_str}\n\n{content}",
    }
    read = vector(f"file_path: /docs/refunds.md\n\n{TEXT}")
    found = check(Row("p", TEXT, read, metadata={"_node_content": json.dumps(node)}))
    assert found.verdict == "fits" and found.cosine == pytest.approx(1)
    assert check(Row("p", TEXT, read)).cosine < 0.99


def test_vectors_of_any_length_are_compared_by_direction():
    assert check(Row("p", TEXT, tuple(7 * number for number in vector(TEXT)))).fits


def test_another_model_or_text_does_not_fit():
    found = check(Row("p", TEXT, vector("Something else entirely, of other words")))
    assert found.verdict == "differs" and not found.fits and found.cosine < 0.9


def test_another_length_does_not_fit():
    class Longer(WordEmbedder):
        dimensions = 32

    found = check(Row("p", TEXT, vector(TEXT)), embedder=Longer())
    assert (found.verdict, found.stored, found.made) == ("dimensions", 16, 32)


def test_without_a_passage_it_cannot_be_told():
    assert check().verdict == check(Row("p", "", vector(TEXT))).verdict == check(Row("p", TEXT, ())).verdict == "empty"
