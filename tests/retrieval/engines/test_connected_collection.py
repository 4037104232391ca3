"""A connected index in the pipeline: dense alone where it has no words, passages fetched together, filters refused."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from rag_core.diagnosis import Expected, locate
from rag_core.errors import BadInput, EngineError, WrongDimension
from rag_core.pipeline.extra_searches import main_lists
from rag_core.pipeline.pipeline import Pipeline
from rag_core.retrieval.engines.connected_collection import OF_A_DOCUMENT, ConnectedCollection
from rag_core.retrieval.engines.index_config import IndexConfig, IndexFields
from rag_core.retrieval.engines.index_kinds import KINDS
from rag_core.retrieval.engines.protocol import Capabilities, SearchResult
from rag_core.schema.documents import Passage
from rag_core.schema.filters import Equal, Filter, Not
from rag_core.schema.policy import NO_RERANKER, ExtraSearch, Policy
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import Evidence
from rag_core.schema.trace import Trace
from tests.corpus.doubles import WordEmbedder
from tests.retrieval.engines.index_conformance import Row, passage_of

FIELDS = IndexFields(source="kind", title="heading")
CONFIG = IndexConfig(kind="pgvector", name="Shop", address="postgresql://db/app", index="chunks", fields=FIELDS)
POLICY = Policy(reranker=NO_RERANKER, pool=5)
EMBEDDER = WordEmbedder()


def row(name: str, text: str, **fields: object) -> Row:
    return Row(name, text, tuple(EMBEDDER.embed_query(text).tolist()), **fields)  # type: ignore[arg-type]


ROWS = tuple(row(f"p{number}", f"topic{number} refunds", source="ab"[number % 2]) for number in range(8))


class Index:
    """An index of the rows that can do what it is told; `asked` counts its requests."""

    def __init__(self, rows: Sequence[Row] = ROWS, **able: object) -> None:
        self.rows = {one.id: one for one in rows}
        self.capabilities = Capabilities.model_validate({"lexical": False, **able})
        self.asked: list[str] = []
        self.space: ScoreSpace | None = None

    def dimensions(self) -> int:
        return EMBEDDER.dimensions

    def count(self, where: Filter | None = None) -> int:
        self.asked.append("count")
        return len(self.rows)

    def dense(self, vector: np.ndarray, depth: int, where: Filter | None = None) -> SearchResult:
        self.asked.append("dense")
        hits = [(one.id, float(np.dot(one.vector, vector))) for one in self.rows.values()]
        return SearchResult(sorted(hits, key=lambda hit: -hit[1])[:depth], space=self.space)

    def lexical(self, query: str, depth: int, where: Filter | None = None) -> SearchResult:
        self.asked.append("lexical")
        found = [(one.id, 0.1) for one in self.rows.values() if query.split()[0] in one.text]
        return SearchResult(found[:depth], space=ScoreSpace.UNKNOWN)

    def passages_by_id(self, ids: Sequence[str]) -> dict[str, Passage]:
        self.asked.append("passages")
        return {one: passage_of(self.rows[one]) for one in ids if one in self.rows}

    def listed(self, first: int, where: Filter | None = None) -> list[Passage]:
        self.asked.append("listed")
        return [one for one in map(passage_of, self.rows.values()) if where is None or where.matches(one)][:first]


def pipeline(index: Index) -> Pipeline:
    return Pipeline(ConnectedCollection(index, CONFIG, EMBEDDER), EMBEDDER)  # type: ignore[arg-type]


def test_without_lexical_search_there_is_one_list_and_the_run_says_so() -> None:
    index = Index()
    trace = pipeline(index).run("topic3", POLICY)
    lexical = trace["lexical"]
    assert (lexical.evidence, lexical.hits, lexical.hits_in, lexical.timed) == (Evidence.UNAVAILABLE, (), None, False)
    assert [one.message for one in lexical.warnings] == ["Shop has no lexical search."]
    assert trace["fused"].inputs == ("dense",)
    assert [hit.passage_id for hit in trace["fused"].hits] == [hit.passage_id for hit in trace["dense"].hits]
    assert "lexical" not in index.asked
    assert Trace.read(trace.to_json()) == trace


def test_the_best_fused_score_is_the_whole_share_where_there_is_one_list() -> None:
    trace = pipeline(Index()).run("topic3", POLICY.with_(signals=POLICY.signals.with_(on=True)))
    first = max(trace["adjusted"].hits, key=lambda hit: hit.parts["search"])
    assert first.parts["search"] == pytest.approx(1.0)


def test_an_extra_search_has_one_list_too() -> None:
    policy = POLICY.with_(extra_searches=(ExtraSearch(name="other", query="topic5"),))
    trace = pipeline(Index()).run("topic3", policy)
    assert trace["fused"].inputs == ("dense", "other dense")
    assert trace.extra_searches[0].lexical.evidence is Evidence.UNAVAILABLE


def test_the_candidates_passages_are_fetched_together() -> None:
    index = Index()
    policy = POLICY.with_(extra_searches=(ExtraSearch(name="other", query="topic5"),))
    pipeline(index).run("topic3", policy)
    assert index.asked.count("passages") == 1
    assert index.asked.count("count") == 1


def test_scores_are_named_by_what_they_are() -> None:
    index = Index(lexical=True)
    index.space = ScoreSpace.DOT
    trace = pipeline(index).run("topic3", POLICY)
    assert (trace["dense"].space, trace["lexical"].space) == (ScoreSpace.DOT, ScoreSpace.UNKNOWN)
    assert [hit.passage_id for hit in trace["lexical"].hits] == ["p3"]
    measured = pipeline(index).measure("topic3")
    assert list(main_lists(measured)) == ["dense", "lexical"]


def test_a_filter_that_it_cannot_translate_is_refused_before_anything_is_sent() -> None:
    index = Index(conditions={"equal", "in"})
    where = Filter(conditions=(Not(condition=Equal(field="source", value="a")),))
    with pytest.raises(BadInput, match="Shop cannot filter by “not”, so nothing was searched"):
        pipeline(index).run("topic3", POLICY, where)
    assert index.asked == []


@pytest.mark.parametrize("where", [None, Filter(conditions=(Equal(field="tenant", value="acme"),))], ids=str)
def test_a_filter_on_a_part_that_is_not_mapped_is_refused_in_every_search(where: Filter | None) -> None:
    index = Index()
    filtered = Filter(conditions=(Not(condition=Equal(field="tenant", value="acme")),))
    extra = POLICY.with_(extra_searches=(ExtraSearch(name="theirs", where=filtered),))
    with pytest.raises(BadInput, match="Shop is connected without a field for tenant"):
        pipeline(index).run("topic1", extra if where is None else POLICY, where)
    assert not {"dense", "lexical"} & set(index.asked)


def test_a_document_is_looked_for_in_other_ways_where_the_index_cannot_filter_by_its_title() -> None:
    def listed(first: int, where: Filter) -> list[Passage]:
        raise BadInput("title of chunks cannot be compared: whole values of it are not indexed.")

    index = Index(listing=True)
    index.listed = listed  # type: ignore[attr-defined]
    config = CONFIG.with_(fields=CONFIG.fields.with_(title="title"))
    collection = ConnectedCollection(index, config, EMBEDDER)  # type: ignore[arg-type]
    assert locate(collection, Expected(document="p3")).passage_ids == {"p3"}
    with pytest.raises(BadInput, match=r"has “no title” cannot be told.* whole values of it are not indexed"):
        locate(collection, Expected(document="no title"))


class Listing(Index):
    """An index that lists the passages that have a value."""

    def __init__(self, rows: Sequence[Row]) -> None:
        super().__init__(rows, listing=True)

    def listed(self, first: int, where: Filter) -> list[Passage]:
        return [one for one in map(passage_of, self.rows.values()) if where.matches(one)][:first]


def in_index(index: Index) -> ConnectedCollection:
    config = CONFIG.with_(fields=CONFIG.fields.with_(title="title", document="document"))
    return ConnectedCollection(index, config, EMBEDDER)  # type: ignore[arg-type]


def test_case_does_not_count_in_titles_and_all_passages_of_the_document_are_found() -> None:
    rows = [row(f"r{number}", f"topic{number} text", title="Refunds", document="refunds.md") for number in range(80)]
    collection = in_index(Listing([*rows, row("x", "topic1 text", title="Other", document="x.md")]))
    found = locate(collection, Expected(document="refunds"))
    assert (found.document_id, len(found.passage_ids)) == ("refunds.md", 80)
    assert not locate(collection, Expected(document="Returns")).in_corpus


def test_a_document_of_too_many_passages_is_refused_and_not_cut() -> None:
    rows = [row(f"r{number}", "topic text", title="Log", document="log.md") for number in range(OF_A_DOCUMENT)]
    with pytest.raises(BadInput, match=r"“log\.md” has 1,000 passages or more in Shop"):
        locate(in_index(Listing(rows)), Expected(document="log.md"))
    assert locate(in_index(Listing(rows)), Expected(document="r7")).passage_ids == {"r7"}


def test_an_index_that_lists_nothing_cannot_tell_whether_it_has_a_document() -> None:
    with pytest.raises(BadInput, match="Shop lists no passages"):
        locate(in_index(Index(listing=False)), Expected(document="refunds.md"))


def test_a_passage_that_the_filter_excludes_is_said_and_not_dropped() -> None:
    where = Filter(conditions=(Equal(field="source", value="a"),))
    with pytest.raises(EngineError, match=r"which the filter \(source a\) excludes"):
        pipeline(Index()).run("topic3", POLICY, where)


def test_a_passage_that_is_gone_meanwhile_is_said() -> None:
    index = Index()
    index.passages_by_id = lambda ids: {}  # type: ignore[method-assign]
    with pytest.raises(EngineError, match="does not have it any more"):
        pipeline(index).run("topic3", POLICY)


def test_a_model_of_another_length_is_refused() -> None:
    index = Index()
    index.dimensions = lambda: 768  # type: ignore[method-assign]
    with pytest.raises(WrongDimension, match="have 768 numbers, and the embedding model here makes 16"):
        pipeline(index).run("topic3", POLICY)
    assert index.asked == []


def test_it_is_known_again_by_where_it_is() -> None:
    one = ConnectedCollection(Index(), CONFIG, EMBEDDER).ref  # type: ignore[arg-type]
    two = ConnectedCollection(Index(), CONFIG.with_(name="Other"), EMBEDDER).ref  # type: ignore[arg-type]
    assert one.same_as(two)
    assert (one.name, one.passages, one.id) == ("Shop", 8, CONFIG.identity)


def test_a_run_that_was_searched_in_another_way_is_of_another_collection() -> None:
    ways = [{}, {"searches": "dense"}, {"distance": "l2"}, {"exact": True}, {"language": "german"}]
    made = [ConnectedCollection(Index(), CONFIG.with_(**way), EMBEDDER) for way in ways]  # type: ignore[arg-type]
    assert len({one.fingerprint for one in made}) == len(ways)


def test_how_it_searches_is_said_by_the_index_else_by_its_kind() -> None:
    class Saying(Index):
        def approximate(self, depth: int, where: Filter | None = None) -> str:
            return f"graph of {depth}"

    def told(index: Index, **config: object) -> str:
        return ConnectedCollection(index, CONFIG.with_(**config), EMBEDDER).approximate(200)  # type: ignore[arg-type]

    assert [told(Saying()), told(Saying(), exact=True)] == ["graph of 200", ""]
    assert [kind.name for kind in KINDS if not told(Index(), kind=kind.name)] == []
