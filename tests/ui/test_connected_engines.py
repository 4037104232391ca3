"""Indexes of other kinds than Postgres are connected on the Corpus page, tried, and searched on Inspect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder
from tests.retrieval.engines.http_server import KEY, HttpServer
from ui.sidebar import indexes

PAGES = Path(__file__).parents[2] / "pages"
QUERY = "How many days does a refund take?"
TEXTS = {
    "refunds.md": ("Refunds", "A refund takes five working days to arrive on the card it was paid with."),
    "returns.md": ("Returns", "Goods can be returned within thirty days, in the box that they came in."),
    "errors.md": ("Errors", "KB-17 means that the disk is full. Delete old files, then start again."),
}
pytestmark = pytest.mark.usefixtures("sample")
Vectors = list[list[float]]


@dataclass
class There:
    """A server with the three texts in an index: its kind, what it is called there, the first passage's id."""

    kind: str
    http: HttpServer
    index: str
    first: str


def in_qdrant(vectors: Vectors, folder: Path) -> There:
    """As LangChain fills a collection: text and metadata in the payload, ids of the points' own."""
    pytest.importorskip("qdrant_edge", reason="qdrant-edge-py has no build for this machine")
    from tests.retrieval.engines.qdrant_server import QdrantServer

    server = QdrantServer(folder / "qdrant")
    made = server.create("handbook", {"size": len(vectors[0]), "distance": "Cosine"})
    made.upsert([
        (number + 1, {"": vector}, {"page_content": text, "metadata": {"source": name, "title": title}})
        for number, (vector, (name, (title, text))) in enumerate(zip(vectors, TEXTS.items(), strict=True))
    ])  # fmt: skip
    return There("qdrant", server.http, "handbook", "1")


def in_elasticsearch(vectors: Vectors, folder: Path) -> There:
    from tests.retrieval.engines.search_engine_server import SearchEngineServer

    server = SearchEngineServer(elastic=True)
    text = {"type": "text", "fields": {"keyword": {"type": "keyword"}}}
    properties = {
        "text": text, "title": text, "file_path": text,
        "vector": {"type": "dense_vector", "dims": len(vectors[0]), "similarity": "cosine"},
    }  # fmt: skip
    documents = {
        name.partition(".")[0]: {"text": text, "title": title, "file_path": name, "vector": vector}
        for vector, (name, (title, text)) in zip(vectors, TEXTS.items(), strict=True)
    }
    server.create("handbook", properties, documents)
    return There("elasticsearch", server.http, "handbook", "refunds")


def in_pinecone(vectors: Vectors, folder: Path) -> There:
    from tests.retrieval.engines.pinecone_server import PineconeServer

    server = PineconeServer(len(vectors[0]))
    server.records = {"": {
        f"{name}#0": (vector, {"text": text, "title": title, "file_path": name})
        for vector, (name, (title, text)) in zip(vectors, TEXTS.items(), strict=True)
    }}  # fmt: skip
    return There("pinecone", server.http, "shop", "refunds.md#0")


@pytest.fixture(params=[in_qdrant, in_elasticsearch, in_pinecone], ids=lambda make: make.__name__)
def there(request: pytest.FixtureRequest, packaged: SentenceEmbedder, tmp_path: Path) -> Iterator[There]:
    make: Callable[[Vectors, Path], There] = request.param
    made = make(packaged.embed([text for _, text in TEXTS.values()]).tolist(), tmp_path)
    yield made
    made.http.stop()


def page(name: str, **state: object) -> AppTest:
    at = AppTest.from_file(str(PAGES / name), default_timeout=120)
    for key, value in state.items():
        at.session_state[key] = value
    at.run()
    assert not at.exception
    return at


def form(there: There, key: str = KEY) -> AppTest:
    at = page("8_corpus.py")
    at.selectbox(key="ix_kind").set_value(there.kind).run()
    at.text_input(key="ix_name").set_value("Handbook")
    at.text_input(key=f"ix_address_{there.kind}").set_value(there.http.address)
    at.text_input(key="ix_secret_0").set_value(key)
    at.button(key="ix_list").click().run()
    assert not at.exception
    return at


def said(at: AppTest) -> str:
    shown = [*at.markdown, *at.caption, *at.info, *at.warning, *at.error, *at.success]
    return " ".join(str(one.value) for one in shown).replace("\\", "").replace("\u2060", "")


def test_it_is_tried_connected_and_searched_by_its_guessed_fields(there: There) -> None:
    at = form(there)
    at.selectbox(key="ix_index").set_value((there.index, "")).run()
    assert not at.exception and not at.error, said(at)
    at.text_input(key="ix_question").set_value(QUERY)
    at.button(key="ix_try").click().run()
    assert not at.exception and not at.error, said(at)
    tried = next(one.value for one in at.dataframe if "Rank" in one.value.columns)
    assert tried["Title"][0] == "Refunds"
    assert "made these vectors" in said(at)
    at.button(key="ix_connect").click().run()
    assert not at.exception and not at.error, said(at)
    inspect = page("1_inspect.py", **{indexes.KEY: at.session_state[indexes.KEY], "c": "Handbook", "q": QUERY})
    assert not inspect.error, said(inspect)
    table = next(one.value for one in inspect.dataframe if "passage_id" in one.value.columns)
    assert table["passage_id"].iloc[0] == there.first
    shown = " ".join(str(one.proto) for one in [*at.main, *at.sidebar, *inspect.main, *inspect.sidebar])
    assert KEY not in shown


def test_a_wrong_key_is_said_and_shown_nowhere(there: There) -> None:
    at = form(there, "wrong-9f31-key")
    assert "Enter the right one" in said(at)
    assert "wrong-9f31-key" not in said(at)
