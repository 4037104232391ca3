"""Under a tenant's filter nothing of another tenant is in a trace, whatever the collection, the question and the index.

Every document holds a word of its own, so that a leak is found wherever it stands: as an id, a text or a matched term.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from rag_core.corpus.indexing import IndexingPlan, index_documents
from rag_core.pipeline.pipeline import Pipeline
from rag_core.rerank.fixed import FixedReranker
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from rag_core.schema.filters import In, make_filter
from rag_core.schema.policy import ExtraSearch, Policy, Signals
from rag_core.schema.trace import Trace
from tests.corpus.doubles import WordEmbedder

TENANTS = ("acme", "umbra", "all", None)
EXACT, GRAPH = 1000, 1
"""Limits under which these collections are searched exactly, or through HNSW where the filter leaves over half."""


def own_word(number: int) -> str:
    return f"secret{number}x"


def document(number: int, tenant: str | None) -> Document:
    return Document(
        id=f"{own_word(number)}.md",
        title=f"Title {own_word(number)}",
        text=f"# Refunds\n\nThe refund code is {own_word(number)}.\n\n# Hours\n\nOpen on day {number}.",
        tenant=tenant,
    )


def pipeline_over(tenants: Sequence[str | None], exact_limit: int) -> Pipeline:
    plan = IndexingPlan(name="Isolated", owner=None, chunking=Chunking(max_tokens=32), exact_limit=exact_limit)
    embedder = WordEmbedder()
    collection = index_documents(plan, [document(n, tenant) for n, tenant in enumerate(tenants)], embedder)
    scores = {passage.model_text: float(row) for row, passage in enumerate(collection.passages)}
    return Pipeline(collection, embedder, rerankers=lambda _: FixedReranker(scores))


def words_of_others(tenants: Sequence[str | None], allowed: set[str]) -> set[str]:
    return {own_word(n) for n, tenant in enumerate(tenants) if tenant not in allowed}


collections = st.lists(st.sampled_from(TENANTS), min_size=2, max_size=24)
some_tenants = st.sets(st.sampled_from(("acme", "umbra", "all", "nobody")), min_size=1, max_size=2)


def extra(tenants: set[str] | None, asked: int | None) -> ExtraSearch:
    words = None if asked is None else f"hours {own_word(asked)}"
    return ExtraSearch(name="extra", where=make_filter(sorted(tenants)) if tenants else None, query=words)


def without_what_was_asked(trace: Trace) -> Trace:
    """The trace without the words that the asker wrote, which may be anybody's."""
    asked = [one.model_copy(update={"query": None}) for one in trace.policy.extra_searches]
    runs = [run.model_copy(update={"query": ""}) for run in trace.extra_searches]
    policy = trace.policy.with_(extra_searches=tuple(asked))
    return trace.model_copy(update={"query": "", "policy": policy, "extra_searches": tuple(runs)})


@settings(max_examples=60)
@given(
    tenants=collections,
    allowed=some_tenants,
    limit=st.sampled_from((EXACT, GRAPH)),
    asked=st.integers(0, 23),
    pool=st.integers(1, 60),
    signals=st.booleans(),
    extra_searches=st.lists(st.builds(extra, st.none() | some_tenants, st.none() | st.integers(0, 23)), max_size=3),
)
def test_no_word_of_another_tenant_is_anywhere_in_a_trace(
    tenants, allowed, limit, asked, pool, signals, extra_searches
):
    """Extra searches may ask for other tenants and in other words: the run's own filter holds in them too."""
    where = make_filter(sorted(allowed))
    pipeline = pipeline_over(tenants, limit)
    named = tuple(one.model_copy(update={"name": f"extra {n}"}) for n, one in enumerate(extra_searches))
    policy = Policy(reranker="fixed", pool=pool, signals=Signals(on=signals), top_k=3, extra_searches=named)
    trace = pipeline.run(f"refund {own_word(asked)}", policy, where)
    trace = trace.model_copy(update={"recorded_answer": pipeline.answer(trace)})
    told = without_what_was_asked(trace).to_json()
    assert not words_of_others(tenants, allowed) & set(re.findall(r"secret\d+x", told))
    assert {passage.tenant for passage in trace.passages.values()} <= allowed
    if allowed & set(tenants):
        assert trace.passages


def test_the_graph_is_walked_where_the_filter_leaves_over_half():
    """Else the property above would only ever have seen the exact scan."""
    collection = pipeline_over(["acme"] * 9 + ["umbra"], GRAPH).engine
    assert collection.dense_index.kind == "hnsw"
    found = collection.dense(WordEmbedder().embed_query("refund"), 50, make_filter(["acme"]))
    assert len(found.hits) == 9 * 2


def test_a_word_that_only_another_tenant_has_is_no_matched_term():
    pipeline = pipeline_over(["acme", "umbra", "acme"], EXACT)
    trace = pipeline.run(f"code {own_word(1)}", Policy(reranker="none"), make_filter(["acme"]))
    assert trace.terms == ("code",)
    assert In(field="tenant", values=("acme",)) in trace.where.conditions
