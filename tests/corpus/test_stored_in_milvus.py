"""A collection that is kept in Milvus: the suite of every database, and what having no transactions asks for."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from pymilvus import DataType

from rag_core.corpus.stored_indexing import Written
from rag_core.errors import BadInput, EngineError, EngineGone, EngineRefused
from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder
from rag_core.retrieval.engines.every_index import every_index
from rag_core.retrieval.engines.milvus.own_collection import OwnCollection
from rag_core.retrieval.engines.milvus.own_index import OwnMilvusIndex
from rag_core.retrieval.engines.stores import MilvusStore, NamedStore, table_of
from rag_core.schema.documents import Document
from rag_core.settings import Settings
from tests.corpus.stored_conformance import DOCUMENTS, QUERY, Failing, Kept, StoredConformance
from tests.retrieval.engines.http_server import KEY, Asked
from tests.retrieval.engines.milvus_server import MilvusServer

WRITES = ("upsert", "delete")
OLD = Document(id="a.md", text="# A\n\nThe first of the old.\n\n## B\n\nThe second of the old.")
NEW = OLD.with_(text="# A\n\nThe first of the new.\n\n## B\n\nThe second of the new.")


class InMilvus(Kept):
    """A store on a server of the tests."""

    secret = KEY

    def __init__(self, server: MilvusServer, folder: Path, embedder: SentenceEmbedder) -> None:
        self.server = server
        super().__init__(folder, embedder, self.of(server.http.address))

    def of(self, address: str, secret: str = KEY, **more: str) -> NamedStore:
        store = MilvusStore.made_of({"kind": "milvus", "address": address, "timeout_s": 10, **more})
        return NamedStore("Team", store, SecretStr(secret))

    def collection(self, name: str = "Hand%book") -> str:
        return f"second_pass_{table_of(name)}"

    def every_row(self) -> list[dict[str, Any]]:
        """All that is there but the journal, seen or not."""
        wanted = ["key", "passage_id", "text", "generation"]
        return list(self.server.client.query(self.collection(), filter="generation >= 1", output_fields=wanted))

    def rows(self, name: str = "Hand%book") -> dict[str, tuple[str, str]]:
        index = OwnMilvusIndex(self.store.config(name, ""), self.store.secret)
        journal, _ = index.journal()
        assert journal
        asked = {"filter": journal.live, "outputFields": ["passage_id", "key", "text"], "limit": 1000}
        return {one["passage_id"]: (one["key"], one["text"]) for one in index.ask("entities/query", asked)}

    def stop(self) -> None:
        self.server.http.stop()

    def start(self) -> None:
        self.server.http.start()

    @contextmanager
    def answering(self, how: Callable[[Asked], tuple[int, Any] | None]) -> Iterator[None]:
        """Answers of the server, where `how` gives one."""
        usual = self.server.http.answers
        self.server.http.answers = lambda asked: how(asked) or usual(asked)
        try:
            yield
        finally:
            self.server.http.answers = usual

    @contextmanager
    def refusing(self, text: str) -> Iterator[None]:
        """Its rows are written; that they are there is not."""
        seen: list[object] = []

        def how(asked: Asked) -> tuple[int, Any] | None:
            rows = asked.body.get("data", []) if asked.path[-1] == "upsert" else []
            seen.extend(one for one in rows if one["text"].startswith(text))
            refused = seen and [one for one in rows if one["key"] == "journal"]
            return (200, {"code": 65535, "message": "no space left"}) if refused else None

        with self.answering(how):
            yield
        assert seen

    @contextmanager
    def somebody_elses(self, name: str) -> Iterator[NamedStore]:
        schema = self.server.client.create_schema()
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("dense", DataType.FLOAT_VECTOR, dim=4)
        self.server.client.create_collection(self.collection(name), schema=schema)
        yield self.store
        assert self.server.client.has_collection(self.collection(name))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusServer]:
    made = MilvusServer(tmp_path_factory.mktemp("milvus"))
    yield made
    made.close()


@pytest.fixture
def kept(server: MilvusServer, tmp_path: Path, packaged: SentenceEmbedder) -> Iterator[InMilvus]:
    yield InMilvus(server, tmp_path, packaged)
    for name in server.client.list_collections():
        server.client.drop_collection(name)


class TestMilvus(StoredConformance):
    pass


def texts(kept: InMilvus, document: str = OLD.id) -> list[str]:
    return sorted(one.text for one in kept.opened().passages_named(document))


@pytest.mark.parametrize("applied", [False, True], ids=["before it arrives", "before it is answered"])
def test_a_cut_at_any_request_leaves_whole_documents_and_the_next_call_writes_the_rest(
    kept: InMilvus, applied: bool
) -> None:
    old, new = [OLD, *DOCUMENTS[:2]], [NEW, DOCUMENTS[0], DOCUMENTS[2]]
    told = {one.id: [texts_of(one)] for one in (*old, *new)}
    told[OLD.id] = [texts_of(OLD), texts_of(NEW)]
    for answered in itertools.count():
        kept.index(old, whole=True)
        done = [0]
        try:
            with kept.answering(cut_after(kept, answered, applied)):
                kept.index(new, whole=True, progress=lambda _step, count, _total, done=done: done.append(count))
        except EngineError:
            found = {one: texts(kept, one) for one in told if texts(kept, one)}
            assert all(found[one] in told[one] for one in found)
            assert OLD.id in found and DOCUMENTS[0].id in found
            assert max(done) < 1 or found[OLD.id] == texts_of(NEW), "what was acknowledged is there"
        else:
            break
        kept.index(new, whole=True)
        assert {one.id: texts(kept, one.id) for one in new} == {one.id: texts_of(one) for one in new}
        assert sorted(one["passage_id"] for one in kept.every_row()) == sorted(kept.rows()), "nothing is left over"
    assert answered >= 5


def texts_of(document: Document) -> list[str]:
    if document.id == OLD.id:
        kind = document.text.rpartition(" ")[2].rstrip(".")
        return [f"The first of the {kind}.", f"The second of the {kind}."]
    return [document.text.rpartition("\n\n")[2]]


def cut_after(kept: InMilvus, answered: int, applied: bool) -> Callable[[Asked], tuple[int, Any] | None]:
    """From the write after so many on, the server is gone; `applied`: that write still takes place."""
    left = [answered]

    def how(asked: Asked) -> tuple[int, Any] | None:
        if asked.path[-1] in WRITES:
            left[0] -= 1
            if left[0] == -1 and applied:
                kept.server.answer(asked)
        return (503, "gone") if left[0] < 0 else None

    return how


def test_what_comes_late_of_a_write_that_was_cut_off_is_not_there(kept: InMilvus) -> None:
    kept.index([OLD])
    with kept.refusing("The second of the new"), pytest.raises(EngineError):
        kept.index([NEW])
    (late,) = [one for one in kept.every_row() if one["text"].startswith("The first of the new")]
    (late,) = kept.server.client.query(kept.collection(), filter=f'key == "{late["key"]}"', output_fields=["*"])
    late.pop("words", None)
    kept.index([OLD, DOCUMENTS[0]])
    kept.server.client.upsert(kept.collection(), [dict(late)])
    assert texts(kept) == texts_of(OLD)
    kept.index([OLD, *DOCUMENTS[:2]])
    assert texts(kept) == texts_of(OLD)
    assert "a.md::0" in kept.rows() and not kept.rows()["a.md::0"][0].startswith(late["key"])


def test_every_answer_is_of_one_moment_while_a_document_is_replaced(kept: InMilvus) -> None:
    kept.index([OLD])
    found, stop, seen = kept.opened(), threading.Event(), set()

    def replace() -> None:
        for number in range(12):
            kept.index([NEW if number % 2 == 0 else OLD])
        stop.set()

    writer = threading.Thread(target=replace)
    writer.start()
    vector = kept.embedder.embed_query(QUERY)
    while not stop.is_set():
        both = tuple(sorted(one.text for one in found.passages_named(OLD.id)))
        assert both in (tuple(texts_of(OLD)), tuple(texts_of(NEW)))
        seen.add(both)
        assert sorted(one for one, _ in found.dense(vector, 9).hits) == ["a.md::0", "a.md::1"]
        assert found.index.count() == 2
    writer.join()
    assert seen


def test_of_two_writers_the_earlier_one_stops(kept: InMilvus) -> None:
    kept.index([OLD])
    more = Failing(kept.embedder, lambda: kept.index([NEW]))
    with pytest.raises(EngineError, match=r"Another one writes into .* (Nothing was|1 of 2)"):
        kept.index([DOCUMENTS[0], DOCUMENTS[1]], embedder=more)
    assert texts(kept) == texts_of(NEW)
    assert kept.index([DOCUMENTS[0], DOCUMENTS[1]]).documents >= 1


def test_a_server_without_bm25_is_searched_by_meaning_alone(kept: InMilvus) -> None:
    def how(asked: Asked) -> None:
        if asked.path[-1] == "create" and "schema" in asked.body:
            asked.body["schema"].pop("functions", None)

    with kept.answering(how):
        kept.index()
    found = kept.opened()
    assert not found.capabilities.lexical and not found.capabilities.hybrid
    assert "has no lexical search" in found.lexical("parcels", 9).unavailable
    assert found.dense(kept.embedder.embed_query(QUERY), 1).hits[0][0] == "refunds.md::0"


def test_one_that_was_not_made_to_the_end_is_made_anew(kept: InMilvus) -> None:
    for last in ("create", "load"):

        def how(asked: Asked, last: str = last) -> tuple[int, Any] | None:
            cut = asked.path[-2:] == ("indexes", "create") if last == "create" else asked.path[-1] == "upsert"
            return (503, "gone") if cut else None

        with kept.answering(how), pytest.raises(EngineGone):
            kept.index()
        assert kept.server.client.has_collection(kept.collection())
        table = kept.store.table("Hand%book")
        assert table.made() is None
        table.close()
    assert kept.index() == Written(documents=3, passages=3)


def test_documents_are_told_in_parts_where_they_are_many(kept: InMilvus, monkeypatch: pytest.MonkeyPatch) -> None:
    many = [Document(id=f"d{number}.md", text=f"Number {number}.") for number in range(40)]
    kept.index(many)
    monkeypatch.setattr("rag_core.retrieval.engines.milvus.own_collection.MOST_ROWS", 7)
    table = kept.store.table("Hand%book")
    assert sorted(table.digests()) == sorted(one.id for one in many)
    table.close()


def test_what_cannot_be_is_said_before_anything_is_written(kept: InMilvus) -> None:
    there = kept.server.client.list_collections()
    address = kept.server.http.address
    refused = (
        (kept.of(address, "wrong"), EngineRefused, "refuses"),
        (kept.of("http://127.0.0.1:9"), EngineGone, "Nothing answers"),
        (kept.of(address, language="klingon"), EngineError, "klingon"),
    )
    for store, error, said in refused:
        with pytest.raises(error, match=said) as caught:
            kept.index(store=store)
        assert KEY not in str(caught.value)
    for document, said in (
        (Document(id="a.md", text=" \n"), "no text"),
        (Document(id="b" * 3000, text="Words."), "too long for Milvus"),
        (Document(id="a.md", text="Words.", source="s" * 70_000), "65,535 bytes"),
    ):
        with pytest.raises(BadInput, match=said):
            kept.index([document])
    assert kept.server.client.list_collections() == there and every_index(Settings(data_dir=kept.folder))[0] == {}


def test_removing_it_deletes_the_collection(kept: InMilvus) -> None:
    kept.index()
    found = kept.opened()
    assert found.size() == 3
    table = kept.store.table("Hand%book")
    assert isinstance(table, OwnCollection)
    table.drop()
    table.drop()
    table.close()
    assert not kept.server.client.has_collection(kept.collection())
    with pytest.raises(EngineError, match="no collection"):
        found.dense(kept.embedder.embed_query(QUERY), 3)
    assert kept.index() == Written(documents=3, passages=3)
