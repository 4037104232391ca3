import threading
from datetime import date

import numpy as np
import pytest

from rag_core.corpus.collection import Collection
from rag_core.corpus.indexing import IndexingPlan, index_documents
from rag_core.errors import CollectionError
from rag_core.retrieval.engines.protocol import Engine
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from rag_core.schema.filters import Dated, Equal, Filter, In
from tests.corpus.doubles import WordEmbedder, documents

PLAN = IndexingPlan(name="Test", owner=None, chunking=Chunking(max_tokens=32), exact_limit=1000)


@pytest.fixture
def collection(embedder) -> Collection:
    return index_documents(PLAN, documents(4), embedder)


def tenant(value):
    return Filter(conditions=(Equal(field="tenant", value=value),))


def test_it_is_an_engine(collection):
    engine: Engine = collection
    assert (engine.ref.name, engine.ref.documents, engine.ref.passages) == ("Test", 4, 4 * 2)
    assert engine.passage("doc-1.md::0").text == "All about topic1 and refunds."


def test_documents_and_their_chunks(collection):
    assert collection.documents() == tuple(documents(4))
    assert collection.document("doc-2.md").title == "Document 2"
    assert [each.id for each in collection.passages_of("doc-2.md")] == ["doc-2.md::0", "doc-2.md::1"]
    with pytest.raises(KeyError):
        collection.passages_of("none.md")


def test_dense_search_is_a_dot_product(collection, embedder):
    vector = embedder.embed_query("All about topic3 and refunds")
    expected = {each.id: float(embedder.embed_query(each.model_text) @ vector) for each in collection.passages}
    hits = collection.dense(vector, depth=3).hits
    assert [passage_id for passage_id, _ in hits] == sorted(expected, key=lambda each: -expected[each])[:3]
    assert [score for _, score in hits] == pytest.approx(sorted(expected.values(), reverse=True)[:3], abs=1e-6)


def test_lexical_search_reads_title_and_headings_too(collection):
    found = collection.lexical("topic3", depth=10)
    assert [passage_id for passage_id, _ in found.hits] == ["doc-3.md::0"]
    assert found.terms == ("topic3",)
    by_heading = collection.lexical("3 dates", depth=10)
    assert by_heading.hits[0][0] == "doc-3.md::1"


def test_filters_apply_inside_both_searches(collection, embedder):
    vector = embedder.embed_query("topic0")
    assert len(collection.dense(vector, depth=4, where=tenant("acme")).hits) == 2 * 2
    for hits in (
        collection.dense(vector, 10, tenant("acme")).hits,
        collection.lexical("topic0 topic1 topic3", 10, tenant("acme")).hits,
    ):
        assert {passage_id.split("::")[0] for passage_id, _ in hits} == {"doc-1.md", "doc-3.md"}
    assert collection.dense(vector, 10, tenant("nobody")).hits == []
    assert collection.lexical("topic0", 10, tenant("nobody")).hits == []


def test_a_filter_on_dates_and_on_a_list(embedder):
    some = [
        Document(id=str(year), text=f"year{year}", source=f"s{year}", updated_at=date(year, 1, 1))
        for year in range(2020, 2026)
    ]
    collection = index_documents(PLAN, some, embedder)
    where = Filter(conditions=(Dated(after=date(2022, 1, 1)), In(field="source", values=("s2020", "s2022", "s2025"))))
    found = collection.dense(embedder.embed_query("year"), 10, where)
    assert {passage_id for passage_id, _ in found.hits} == {"2022::0", "2025::0"}


def test_threads_agree(collection, embedder):
    vector = embedder.embed_query("topic2 refunds")
    expected = [collection.dense(vector, 5, tenant("all")), collection.lexical("refunds topic2", 5)]
    results = []

    def search():
        results.extend(
            [collection.dense(vector, 5, tenant("all")), collection.lexical("refunds topic2", 5)] for _ in range(20)
        )

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 80


def test_the_same_text_is_embedded_once(embedder):
    index_documents(PLAN, [Document(id=name, text="same", title="T") for name in "abc"], embedder)
    assert embedder.embedded == ["T\nsame"]


def test_vectors_and_chunks_of_what_is_known_are_used_again(embedder):
    known = index_documents(PLAN, documents(3), embedder)
    other = WordEmbedder()
    more = index_documents(PLAN, documents(4), other, known)
    assert other.embedded == [each.model_text for each in more.passages_of("doc-3.md")]
    fresh = index_documents(PLAN, documents(4), WordEmbedder())
    np.testing.assert_array_equal(more.vectors, fresh.vectors)
    assert more.passages == fresh.passages
    assert more.manifest.fingerprint == fresh.manifest.fingerprint


def test_another_models_vectors_are_not(embedder):
    known = index_documents(PLAN, documents(2), embedder)
    other = WordEmbedder(model="words@2")
    index_documents(PLAN, documents(2), other, known)
    assert len(other.embedded) == 4
    with pytest.raises(CollectionError, match=r"words@1.*words@2.*Re-index"):
        known.check_model("words@2")


def test_the_fingerprint_is_of_the_content(embedder):
    def of(some, **changes):
        plan = IndexingPlan(**{**vars(PLAN), **changes})
        return index_documents(plan, some, embedder).manifest.fingerprint

    base = of(documents(3))
    assert of(documents(3)[::-1]) == base
    assert of(documents(3), name="Other", owner="me") == base
    assert of(documents(2)) != base
    assert of(documents(3), chunking=Chunking(max_tokens=33)) != base


def test_progress_of_every_stage(embedder):
    told = []
    index_documents(PLAN, documents(2), embedder, progress=lambda *step: told.append(step))
    assert told == [
        ("chunking", 1, 2),
        ("chunking", 2, 2),
        *(step for step in told if step[0] == "embedding"),
        ("indexing", 0, 2),
        ("indexing", 1, 2),
        ("indexing", 2, 2),
    ]
    embedded = [done for step, done, of in told if step == "embedding" and of == 4]
    assert embedded == sorted(embedded) and embedded[-1] == 4


def test_a_filter_by_true_does_not_find_what_a_filter_by_1_found(embedder):
    marked = [
        Document(id=repr(value), text=f"Refunds, {value}.", metadata={"flag": value}) for value in (1, True, 1.0, "1")
    ]
    found = index_documents(PLAN, marked, embedder)
    flags = [Filter(conditions=(Equal(field="flag", value=value),)) for value in (1, True, "1")]
    assert [found.count(where) for where in (*flags, *flags)] == [2, 1, 1] * 2
