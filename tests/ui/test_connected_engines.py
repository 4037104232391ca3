"""Indexes of other kinds than Postgres are connected on the Corpus page, tried, and searched on Inspect."""

from __future__ import annotations

import gc
import uuid
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder
from tests.retrieval.engines.http_server import KEY, HttpServer
from tests.retrieval.engines.pinecone_server import PineconeServer
from tests.retrieval.engines.qdrant_server import QdrantServer
from tests.ui.pages import PAGES, listed_index, page, said
from ui import index_caches
from ui.panels import index_form
from ui.sidebar import indexes
from ui.sidebar.indexes import Connected

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
    server = QdrantServer(folder / "qdrant")
    made = server.create("handbook", {"size": len(vectors[0]), "distance": "Cosine"})
    made.upsert([
        (number + 1, {"": vector}, {"page_content": text, "metadata": {"source": name, "title": title}})
        for number, (vector, (name, (title, text))) in enumerate(zip(vectors, TEXTS.items(), strict=True))
    ])  # fmt: skip
    return There("qdrant", server.http, "handbook", "1")


def in_elasticsearch(vectors: Vectors, folder: Path) -> There:
    vector = {"type": "dense_vector", "dims": len(vectors[0]), "similarity": "cosine"}
    return in_search_engine(vectors, vector, elastic=True)


def in_opensearch(vectors: Vectors, folder: Path) -> There:
    return in_search_engine(vectors, {"type": "knn_vector", "dimension": len(vectors[0])}, elastic=False)


def in_search_engine(vectors: Vectors, kind: dict[str, Any], *, elastic: bool) -> There:
    from tests.retrieval.engines.search_engine_server import SearchEngineServer

    server = SearchEngineServer(elastic)
    text = {"type": "text", "fields": {"keyword": {"type": "keyword"}}}
    properties = {"text": text, "title": text, "file_path": text, "vector": kind}
    documents = {
        name.partition(".")[0]: {"text": text, "title": title, "file_path": name, "vector": vector}
        for vector, (name, (title, text)) in zip(vectors, TEXTS.items(), strict=True)
    }
    server.create("handbook", properties, documents)
    return There("elasticsearch" if elastic else "opensearch", server.http, "handbook", "refunds")


def in_weaviate(vectors: Vectors, folder: Path) -> There:
    """A class as Weaviate makes it of its own accord: texts are kept by words, so that they are no whole values."""
    from tests.retrieval.engines.weaviate_server import WeaviateServer

    server = WeaviateServer()
    ids = [str(uuid.UUID(int=number)) for number in (1, 2, 3)]
    objects = {
        one: ({"text": text, "title": title, "file_path": name}, {"": vector})
        for one, vector, (name, (title, text)) in zip(ids, vectors, TEXTS.items(), strict=True)
    }
    kept = [{"name": name, "dataType": ["text"], "tokenization": "word"} for name in ("text", "title", "file_path")]
    server.create("Handbook", kept, objects, vectorIndexConfig={"distance": "cosine"})
    return There("weaviate", server.http, "Handbook", ids[0])


def in_pinecone(vectors: Vectors, folder: Path) -> There:
    server = PineconeServer(len(vectors[0]))
    server.records = {"": {
        f"{name}#0": (vector, {"text": text, "title": title, "file_path": name})
        for vector, (name, (title, text)) in zip(vectors, TEXTS.items(), strict=True)
    }}  # fmt: skip
    return There("pinecone", server.http, "shop", "refunds.md#0")


MAKERS = (in_qdrant, in_elasticsearch, in_opensearch, in_weaviate, in_pinecone)


@pytest.fixture(params=MAKERS, ids=lambda make: make.__name__)
def there(request: pytest.FixtureRequest, packaged: SentenceEmbedder, tmp_path: Path) -> Iterator[There]:
    make: Callable[[Vectors, Path], There] = request.param
    made = make(packaged.embed([text for _, text in TEXTS.values()]).tolist(), tmp_path)
    yield made
    made.http.stop()


def form(there: There, key: str = KEY) -> AppTest:
    return listed_index(there.kind, there.http.address, key)


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
    strip = next(
        str(one.proto) for one in inspect.main if "Lexical search" in str(one.proto) and "Kept" in str(one.proto)
    )
    assert "matched" not in strip, "the server does not tell which words matched"
    shown = " ".join(str(one.proto) for one in [*at.main, *at.sidebar, *inspect.main, *inspect.sidebar])
    assert KEY not in shown


def test_every_page_opens_on_it_and_triage_tells_only_what_it_knows(there: There) -> None:
    state = connected(there)
    for file in sorted(path.name for path in PAGES.glob("*.py")):
        shown = page(file, **state)
        assert not shown.error, f"{file}: {said(shown)}"
    for document in ("Refunds", "No such document"):
        at = page("6_triage.py", **state, doc=document)
        unknown = f"Whether Handbook has “{document}” cannot be told" in said(at)
        missing = any("Handbook has no document" in str(one.proto) for one in at.main)
        assert (unknown, missing) == (there.kind == "weaviate", there.kind != "weaviate" and document != "Refunds")


@pytest.mark.parametrize("make", [in_elasticsearch, in_pinecone], ids=lambda make: make.__name__)
def test_a_lexical_score_is_explained_where_the_index_does(
    make: Callable[[Vectors, Path], There], packaged: SentenceEmbedder, tmp_path: Path
) -> None:
    there = make(packaged.embed([text for _, text in TEXTS.values()]).tolist(), tmp_path)
    try:
        state = {**connected(there), "q": "refund card", "cand": there.first}
        closed = page("1_inspect.py", **state)
        assert not [body for asked in there.http.asked if (body := asked.body) and body.get("explain")]
        inspect = page("1_inspect.py", **state, explained=True)
        assert not closed.error and not inspect.error, said(inspect)
        told = [one.value for one in inspect.table if "Worth" in one.value.columns]
        assert len(told) == (make is in_elasticsearch)
        if told:
            assert "weight(text:refund in 0)" in told[0].to_string().replace("\\", "")
    finally:
        there.http.stop()


def test_a_wrong_key_is_said_and_shown_nowhere(there: There) -> None:
    at = form(there, "wrong-9f31-key")
    assert "Enter the right one" in said(at)
    assert "wrong-9f31-key" not in said(at)


@pytest.fixture
def pinecone(packaged: SentenceEmbedder) -> Iterator[PineconeServer]:
    """An index of Pinecone with three tenants' passages. It cannot compare days, nor search by words."""
    server = PineconeServer(packaged.dimensions)
    texts = [text for _, text in TEXTS.values()]
    server.records = {"": {
        name: (vector, {"text": text, "title": title, "tenant": tenant, "updated_at": f"2026-09-0{day}"})
        for vector, day, tenant, (name, (title, text)) in zip(
            packaged.embed(texts).tolist(), (1, 2, 3), ("acme", "brix", "cora"), TEXTS.items(), strict=True
        )
    }}  # fmt: skip
    yield server
    server.http.stop()


def shop(server: PineconeServer) -> There:
    return There("pinecone", server.http, "shop", "")


def connected(there: There) -> dict[str, object]:
    """What a session keeps that connected it."""
    at = form(there)
    at.selectbox(key="ix_index").set_value((there.index, "")).run()
    at.button(key="ix_connect").click().run()
    assert not at.exception and not at.error, said(at)
    return {indexes.KEY: at.session_state[indexes.KEY], "c": "Handbook", "q": QUERY}


def linked(link: dict[str, str], **state: object) -> AppTest:
    """Inspect, opened with a link."""
    at = AppTest.from_file(str(PAGES / "1_inspect.py"), default_timeout=120)
    for key, value in state.items():
        at.session_state[key] = value
    for key, value in link.items():
        at.query_params[key] = value
    at.run()
    assert not at.exception
    return at


def found(at: AppTest) -> list[str]:
    return [one for table in at.dataframe if "passage_id" in table.value.columns for one in table.value["passage_id"]]


def fail_lists(server: PineconeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have it list no passages, while it goes on searching."""
    answers = server.http.answers
    failing = ("vectors", "list")
    monkeypatch.setattr(
        server.http, "answers", lambda asked: (503, "busy") if asked.path == failing else answers(asked)
    )


def test_a_tenant_of_the_link_that_the_first_passages_do_not_have_still_filters(
    pinecone: PineconeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = connected(shop(pinecone))
    monkeypatch.setattr(
        index_caches, "FACETED", 2
    )  # errors.md and refunds.md: of returns.md, tenant brix, they know nothing
    at = linked({"tenant": "brix"}, **state)
    assert not at.error, said(at)
    assert found(at) == ["returns.md"]
    assert at.multiselect(key="tenant").value == ["brix"] and "that filter is off" not in said(at)
    at = page("1_inspect.py", **state, tenant=["brix"])
    assert found(at) == ["returns.md"]


@pytest.mark.parametrize("asked", [{"tenant": "acme"}, {"x1_tenant": "acme", "xn": "1"}, {"since": "2026-09-02"}])
def test_nothing_is_searched_without_the_filter_that_is_asked_for(
    pinecone: PineconeServer, monkeypatch: pytest.MonkeyPatch, asked: dict[str, str]
) -> None:
    state = connected(shop(pinecone))
    fail_lists(pinecone, monkeypatch)
    pinecone.http.asked.clear()
    at = linked(asked, **state)
    for _ in range(2):
        assert "A filter is asked for, so nothing was searched" in said(at)
        assert not found(at) and not [one for one in pinecone.http.asked if one.path == ("query",)]
        at.run()
    plain = page("1_inspect.py", **state)
    assert len(found(plain)) == 3
    at.button(key="drop_filter").click().run()
    assert not at.exception and not at.error and len(found(at)) == 3, said(at)


def test_a_condition_that_the_index_cannot_do_is_said_before_anything_is_asked(pinecone: PineconeServer) -> None:
    state = connected(shop(pinecone))
    at = linked({"where": "document_id!=refunds.md"}, **state)
    assert "cannot filter by the id of a record, so nothing was searched" in said(at)
    assert sorted(found(linked({"where": "tenant!=acme"}, **state))) == ["errors.md", "returns.md"]
    pinecone.http.asked.clear()
    at = linked({"where": "reviewed>=2026-01-01"}, **state)
    assert "cannot filter by dates, so nothing was searched" in said(at) and not found(at)
    assert not [one for one in pinecone.http.asked if one.path == ("query",)]


def test_a_chosen_filter_stays_where_its_values_cannot_be_read_any_more(
    pinecone: PineconeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = page("1_inspect.py", **connected(shop(pinecone)))
    at.multiselect(key="tenant").set_value(["acme"]).run()
    assert found(at) == ["refunds.md"]
    answers = pinecone.http.answers
    fail_lists(pinecone, monkeypatch)
    index_caches.of_facets.clear()
    for _ in range(2):
        at.run()
        assert "so nothing was searched" in said(at) and not found(at)
    monkeypatch.setattr(pinecone.http, "answers", answers)
    at.run()
    assert not at.error and found(at) == ["refunds.md"]


def test_a_saved_case_about_an_index_of_ones_own_is_said_to_be_seen_by_everyone(pinecone: PineconeServer) -> None:
    at = page("6_triage.py", **connected(shop(pinecone)), doc="Refunds")
    assert not at.error, said(at)
    assert "Everyone here can see a saved case and its passages" in said(at)


def test_another_model_is_refused_where_an_index_has_no_search_by_words(pinecone: PineconeServer) -> None:
    at = form(There("pinecone", pinecone.http, "shop", ""))
    at.selectbox(key="ix_index").set_value(("shop", "")).run()
    at.selectbox(key="ix_em_kind").set_value(index_form.ANOTHER)
    at.text_input(key="ix_question").set_value(QUERY)
    for button in ("ix_try", "ix_connect"):
        at.button(key=button).click().run()
        assert not at.exception
        assert "This index of Pinecone cannot be searched by words, so no search is left" in said(at)
        assert "choose the model that made its vectors" in said(at)
    assert indexes.KEY not in at.session_state


def test_vectors_of_another_model_without_a_search_by_words_offer_no_way_that_is_none(pinecone: PineconeServer) -> None:
    (records,) = pinecone.records.values()
    for number, (name, (vector, metadata)) in enumerate([*records.items()]):
        records[name] = ([float(at == number) for at in range(len(vector))], metadata)
    at = form(There("pinecone", pinecone.http, "shop", ""))
    at.selectbox(key="ix_index").set_value(("shop", "")).run()
    at.button(key="ix_connect").click().run()
    assert "another model made these vectors" in said(at) and "choose the model that made its vectors" in said(at)
    assert "Choose “Another model”" not in said(at)


def test_a_namespace_is_typed_in_and_only_it_is_searched(pinecone: PineconeServer) -> None:
    pinecone.records["eu"] = {"returns.md": pinecone.records[""].pop("returns.md")}
    at = page("8_corpus.py")
    at.selectbox(key="ix_kind").set_value("pinecone").run()
    at.text_input(key="ix_name").set_value("Handbook")
    at.text_input(key="ix_address_pinecone").set_value(pinecone.http.address)
    at.text_input(key="ix_secret_0").set_value(KEY)
    (inside,) = [one for one in at.text_input if one.label == "Namespace"]
    inside.set_value("eu")
    at.button(key="ix_list").click().run()
    at.selectbox(key="ix_index").set_value(("shop", "")).run()
    rows = next(one.value for one in at.dataframe if "text" in one.value.columns)
    assert [*rows["title"]] == ["Returns"]
    at.button(key="ix_connect").click().run()
    assert not at.exception and not at.error, said(at)
    state = {indexes.KEY: at.session_state[indexes.KEY], "c": "Handbook", "q": QUERY}
    assert found(page("1_inspect.py", **state)) == ["returns.md"]


@pytest.mark.parametrize(
    ("kind", "label"),
    [("chroma", "Tenant and database"), ("milvus", "Partition"), ("weaviate", "Tenant"), ("pgvector", ""),
     ("qdrant", "")],
)  # fmt: skip
def test_a_part_of_an_index_is_called_as_its_engine_calls_it(kind: str, label: str) -> None:
    at = page("8_corpus.py")
    at.selectbox(key="ix_kind").set_value(kind).run()
    assert [one.label for one in at.text_input if str(one.key).startswith("ix_namespace")] == ([label] if label else [])


def test_days_are_offered_only_where_an_index_can_compare_them(pinecone: PineconeServer) -> None:
    state = connected(shop(pinecone))
    at = page("1_inspect.py", **state)
    assert len(found(at)) == 3 and at.multiselect(key="tenant").options == ["acme", "brix", "cora"]
    assert not [one for one in at.date_input if one.key == "since"]
    at = linked({"since": "2026-09-02"}, **state)  # asked for all the same: refused, not dropped
    assert not found(at) and "cannot filter by dates, so nothing was searched" in said(at)


def test_search_again_checks_the_model_again(pinecone: PineconeServer) -> None:
    state = connected(shop(pinecone))
    (records,) = pinecone.records.values()
    for number, (name, (vector, metadata)) in enumerate([*records.items()]):
        records[name] = ([float(at == number) for at in range(len(vector))], metadata)
    at = page("8_corpus.py", **state)
    assert "another model" not in said(at)
    at.button(key="search_again").click().run()
    assert not at.exception and "another model made these vectors" in said(at)
    for name, (vector, metadata) in [*records.items()]:
        records[name] = (vector[::-1], {**metadata, "tenant": "dora"})
    at.button(key="search_again").click().run()
    assert not at.exception and not at.error
    again = {key: at.session_state[key] for key in (indexes.KEY, indexes.AGAIN)}
    assert not [one for one in page("1_inspect.py", **{**state, **again}).multiselect if one.key == "tenant"]


def test_a_removed_index_is_kept_by_no_question_that_was_asked_of_it(pinecone: PineconeServer) -> None:
    state = connected(shop(pinecone))
    assert len(found(page("1_inspect.py", **state))) == 3
    kept = weakref.ref(cast("dict[str, Connected]", state[indexes.KEY])["Handbook"].collection)
    at = page("8_corpus.py", **state)
    at.button(key="remove_index").click().run()
    assert not at.exception and "is removed, with its secret" in said(at)
    del at, state
    gc.collect()
    assert kept() is None


def test_a_search_by_meaning_alone_is_refused_without_vectors(packaged: SentenceEmbedder, tmp_path: Path) -> None:
    there = in_elasticsearch(packaged.embed([text for _, text in TEXTS.values()]).tolist(), tmp_path)
    try:
        at = form(there)
        at.selectbox(key="ix_index").set_value((there.index, "")).run()
        at.selectbox(key=f"ix_vector_{there.index}_").set_value("")
        at.selectbox(key="ix_searches").set_value("dense")
        at.button(key="ix_connect").click().run()
        assert not at.exception
        assert "This index of Elasticsearch cannot be searched by meaning, so no search is left" in said(at)
    finally:
        there.http.stop()
