"""What the searches add to a first pass's scores, against arithmetic that is written here."""

from __future__ import annotations

import pytest

from rag_core.pipeline.cascade import pool_of
from rag_core.pipeline.replay import replay
from rag_core.pipeline.search_scores import SearchParts, search_parts
from rag_core.pipeline.step_warnings import warns
from rag_core.schema.first_pass import DEFAULT_FIRST_PASS
from rag_core.schema.measurement import Measurement, RankedList
from rag_core.schema.policy import FirstPass, Policy
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import StepName
from rag_core.schema.trace import Trace
from rag_core.wording.first_pass import first_pass_text, sum_text
from rag_core.wording.headline import first_pass
from tests.builders import measurement, scored_too

CHEAP = {"a": 0.5, "b": 0.52, "c": 0.6}
ADDS = FirstPass(reranker="cheap", pool=3, dense=0.5, lexical=0.1)
POLICY = Policy(reranker="ce", pool=2, top_k=1, first_pass=ADDS)


def measured(dense: str = "abc", lexical: str = "bc") -> Measurement:
    """Cosines of a to c: 0.99, 0.98, 0.97; BM25 of b and c: 99 and 98."""
    return scored_too(measurement(dense, lexical, {"a": 1.0, "b": 2.0, "c": 3.0}), "cheap", CHEAP)


def parts(found: Measurement, ids: str) -> dict[str, SearchParts]:
    return search_parts(found.dense, found.lexical, found.depth, ids)


def with_list(found: Measurement, **lists: RankedList) -> Measurement:
    return found.model_copy(update=lists)


def test_the_parts_are_the_cosine_and_the_share_of_the_best_bm25_score() -> None:
    assert parts(measured(), "abc") == {
        "a": SearchParts(0.99, 0.0),
        "b": SearchParts(0.98, 1.0),
        "c": SearchParts(0.97, 98 / 99),
    }


def test_a_passage_below_a_list_has_no_more_than_its_last() -> None:
    assert parts(measured("ab", "bc"), "c")["c"].dense == 0.98
    full = measured("abc", "bc").model_copy(update={"depth": 2})
    assert parts(full, "a")["a"].lexical == 98 / 99


def test_they_order_the_first_pass_and_the_trace_shows_the_sum_and_its_parts() -> None:
    """a 0.5 + 0.495, b 0.52 + 0.49 + 0.1, c 0.6 + 0.485 + 0.1 * 98/99."""
    trace = replay(measured(), POLICY)
    step = trace[StepName.FIRST_PASS]
    assert step.space is ScoreSpace.COMBINED
    assert [hit.passage_id for hit in step.hits] == ["c", "b", "a"]
    assert [hit.score for hit in step.hits] == pytest.approx(
        [0.6 + 0.5 * 0.97 + 0.1 * 98 / 99, 0.52 + 0.5 * 0.98 + 0.1, 0.5 + 0.5 * 0.99]
    )
    assert step.by_passage["b"].parts == {"maxsim": 0.52, "dense": 0.98, "lexical": 1.0}
    assert {one: pair.score for one, pair in trace.first_pass_pairs.items()} == CHEAP
    assert Trace.read(trace.to_json()) == trace
    assert first_pass(trace) == "First pass: cheap + 0.5 cosine + 0.1 lexical share read 3, the best 2 went on to ce."
    assert sum_text(step.by_passage["b"].parts, ADDS) == "maxsim 0.52 + 0.5 cosine 0.98 + 0.1 lexical share 1.00"


def test_they_decide_what_goes_on() -> None:
    lexical = POLICY.with_(first_pass=ADDS.with_(dense=0.0, lexical=1.0), pool=1)
    assert pool_of(measured(), lexical) == ["c"]  # 0.6 + 98/99 against b's 0.52 + 1
    assert pool_of(measured("abc", "b"), lexical) == ["b"]
    assert pool_of(measured(), lexical.with_(first_pass=ADDS.with_(dense=0.0, lexical=0.0))) == ["c"]


def test_without_weights_the_first_pass_is_the_rerankers_own() -> None:
    step = replay(measured(), POLICY.with_(first_pass=FirstPass(reranker="cheap", pool=3)))[StepName.FIRST_PASS]
    assert step.space is ScoreSpace.MAXSIM
    assert [(hit.score, hit.parts) for hit in step.hits] == [(0.6, {}), (0.52, {}), (0.5, {})]


@pytest.mark.parametrize(("name", "space"), [("dense", ScoreSpace.DISTANCE), ("lexical", ScoreSpace.UNKNOWN)])
def test_scores_that_mean_something_else_do_not_count_and_the_step_says_so(name: str, space: ScoreSpace) -> None:
    found = measured()
    other = with_list(found, **{name: getattr(found, name).model_copy(update={"space": space})})
    step = replay(other, POLICY)[StepName.FIRST_PASS]
    assert {hit.parts[name] for hit in step.hits} == {0.0}
    assert [warning.code for warning in step.warnings] == ["search-scores-idle"] and not warns(step)


def test_what_the_lexical_search_adds_is_named_alike_whatever_its_space() -> None:
    found = measured()
    ranked = with_list(found, lexical=found.lexical.model_copy(update={"space": ScoreSpace.TS_RANK_CD}))
    trace = replay(ranked, POLICY)
    told = [first_pass(trace), sum_text(trace[StepName.FIRST_PASS].by_passage["b"].parts, ADDS)]
    assert all("0.1 lexical share" in one and "BM25" not in one for one in told)
    other = with_list(found, lexical=found.lexical.model_copy(update={"space": ScoreSpace.UNKNOWN}))
    (note,) = replay(other, POLICY)[StepName.FIRST_PASS].warnings
    assert "lexical search are unknown, neither bm25 nor ts_rank_cd, so" in note.message


@pytest.mark.parametrize("name", ["dense", "lexical"])
def test_a_search_that_the_engine_does_not_have_adds_nothing(name: str) -> None:
    found = measured()
    none = getattr(found, name).model_copy(update={"found": (), "unavailable": "There is none."})
    step = replay(with_list(found, **{name: none}), POLICY)[StepName.FIRST_PASS]
    assert {hit.parts[name] for hit in step.hits} == {0.0}
    assert not step.warnings


def test_a_policy_that_was_saved_before_adds_nothing() -> None:
    saved = {"reranker": "ce", "pool": 2, "first_pass": {"reranker": "late-interaction", "pool": 100}}
    first = Policy.model_validate(saved).first_pass
    assert first is not None and not first.adds_searches
    assert Policy().first_pass == DEFAULT_FIRST_PASS and DEFAULT_FIRST_PASS.adds_searches
    assert first_pass_text(first) == "late-interaction over 100"
