"""How a connected index is searched, chosen in the form: what Qdrant alone can be told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder
from tests.retrieval.engines.http_server import KEY
from tests.retrieval.engines.qdrant_server import QdrantServer
from tests.ui.pages import listed_index, page, said
from ui.sidebar import indexes

TEXTS = {
    "refunds.md": "A refund takes five working days to arrive on the card it was paid with.",
    "returns.md": "Goods can be returned within thirty days, in the box that they came in.",
}
pytestmark = pytest.mark.usefixtures("sample")


@pytest.fixture
def qdrant(tmp_path: Path, packaged: SentenceEmbedder) -> Iterator[QdrantServer]:
    """A server with a collection of two passages, with dense and BM25 vectors."""
    server = QdrantServer(tmp_path)
    vectors = packaged.embed(list(TEXTS.values()))
    made = server.create(
        "handbook", {"dense": {"size": len(vectors[0]), "distance": "Cosine"}}, {"words": {"modifier": "idf"}}
    )
    made.upsert([
        (number, {"dense": vector.tolist(), "words": text}, {"body": text, "doc": name})
        for number, ((name, text), vector) in enumerate(zip(TEXTS.items(), vectors, strict=True))
    ])  # fmt: skip
    yield server
    server.http.stop()


def form(server: QdrantServer) -> AppTest:
    at = listed_index("qdrant", server.http.address, KEY)
    assert not at.error, said(at)
    return at


def test_the_fusion_of_qdrant_is_chosen_and_fuses_the_run(qdrant: QdrantServer) -> None:
    at = form(qdrant)
    at.selectbox(key="ix_fusion").set_value("dbsf")
    at.button(key="ix_connect").click().run()
    assert not at.exception and not at.error, said(at)
    assert "its own fusion by scores (DBSF)" in said(at)
    state = {indexes.KEY: at.session_state[indexes.KEY], "c": "Handbook"}
    run = page("1_inspect.py", **state, q="How many days does a refund take?", fb="engine")
    assert not run.exception and not run.error, said(run)
    assert "fused this list itself" in said(run)


def test_an_unknown_model_of_sparse_vectors_is_said_in_the_servers_words(qdrant: QdrantServer) -> None:
    at = form(qdrant)
    at.text_input(key="ix_sparse").set_value("splade-v3")
    at.text_input(key="ix_question").set_value("refund")
    at.button(key="ix_try").click().run()
    assert "InferenceService is not initialized for splade-v3" in said(at)


def test_other_kinds_are_not_asked_for_it() -> None:
    at = page("8_corpus.py")
    assert not [one for one in at.selectbox if one.key == "ix_fusion"]
