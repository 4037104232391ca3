"""Arrays against `replay`, the reference: the same ranking at every step, for any measurement and policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag_core.errors import BadInput
from rag_core.evaluation import sweeps, vectorised_replay
from rag_core.evaluation.gather import build
from rag_core.evaluation.headroom import headroom
from rag_core.evaluation.pools import Pools
from rag_core.pipeline.extra_searches import list_name
from rag_core.pipeline.replay import replay
from rag_core.schema.filters import intersect, make_filter
from rag_core.schema.measurement import Measurement, SearchRun
from rag_core.schema.policy import EarlyStopping, ExtraSearch, FirstPass, Fusion, Policy, Rewrite, Signals
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import StepName, Timing
from rag_core.schema.threshold import Threshold
from tests.builders import MEASURED_AT, measurement, passage, scored_too
from tests.evaluation.builders import labelled, plain, pools_of

LETTERS = "abcdefghijkl"
SPACES = [ScoreSpace.LOGIT, ScoreSpace.PROBABILITY, ScoreSpace.MAXSIM]
ranked = st.lists(st.sampled_from(LETTERS), unique=True, max_size=len(LETTERS)).map("".join)
tied = st.permutations("abcd").map("".join)
"""Lists whose sums often tie but for the order in which their parts are added."""
weights = st.sampled_from([0.0, 0.5, 1.0, 1.3, 2.0])
weighed = st.sampled_from([0.0, 0.0, 0.2, 1.0])
shares = st.sampled_from([0.0, 0.1, 0.15, 0.5, 0.6, 1.0])


@st.composite
def measured(draw: st.DrawFn, space: ScoreSpace, ranked: st.SearchStrategy[str] = ranked) -> Measurement:
    """Any two lists, any scores with ties, passages that share documents, dates and sources."""
    scores = {one: draw(st.sampled_from([-3.0, -0.5, 0.0, 0.25, 0.5, 1.0, 4.0])) for one in LETTERS}
    passages = [
        passage(
            one,
            document_id=draw(st.sampled_from(["d1", "d2", "d3", f"own-{one}"])),
            source=draw(st.sampled_from(["policy", "chat", ""])),
            metadata=draw(st.sampled_from([{}, {"authority": 0.7}, {"authority": "0.1"}, {"authority": "high"}])),
            updated_at=draw(st.sampled_from([None, date(2026, 9, 1), date(2026, 10, 30), date(2020, 1, 1)])),
        )
        for one in LETTERS
    ]
    found = measurement(draw(ranked), draw(ranked), scores, space=space, passages=passages)
    return scored_too(found, "cheap", {one: draw(st.sampled_from([0.1, 0.2, 0.3, 0.4])) for one in LETTERS})


policies = st.builds(
    Policy,
    depth=st.integers(1, 14),
    fusion=st.builds(Fusion, k=st.sampled_from([1, 10, 60]), dense_weight=weights, lexical_weight=weights),
    pool=st.integers(1, 14),
    reranker=st.sampled_from(["ce", "none"]),
    signals=st.builds(
        Signals,
        on=st.booleans(),
        relevance=shares,
        freshness=shares,
        authority=shares,
        diversity=shares,
        search=shares,
        sources=st.just((("policy", 1.0), ("chat", 0.2))),
        as_of=st.sampled_from([None, MEASURED_AT.date() - timedelta(days=40)]),
    ),
    threshold=st.builds(
        Threshold, minimum=st.sampled_from([None, 0.0, 0.3, 0.5, 0.7]), space=st.sampled_from([*SPACES, ScoreSpace.RRF])
    ),
    top_k=st.integers(1, 8),
)


@settings(max_examples=100)
@given(data=st.data(), space=st.sampled_from(SPACES), policy=policies, reads=st.none() | st.integers(1, 14))
def test_every_stage_ranks_as_replay_does(
    data: st.DataObject, space: ScoreSpace, policy: Policy, reads: int | None
) -> None:
    if reads and policy.reranker != "none":
        dense, lexical = data.draw(st.tuples(weighed, weighed))
        first = FirstPass(reranker="cheap", pool=max(reads, policy.pool), dense=dense, lexical=lexical)
        policy = policy.with_(first_pass=first)
    rows = {one: data.draw(measured(space)) for one in ("q1", "q2", "q3")}
    pools = build(rows, labelled({"q1": {"d1": 1}, "q2": {"d2": 2}, "q3": {}}))

    found = vectorised_replay.step_rankings(pools, policy)

    for at, row in enumerate(rows.values()):
        trace = replay(row, policy)
        assert set(found) == {step.name for step in trace.steps}
        for name in found:
            order = found[name]
            columns = order.columns[at, : order.lengths[at]]
            assert [pools.ids[at][column] for column in columns] == [
                hit.passage_id for hit in trace[StepName(name)].hits
            ], name


def test_rrf_scores_are_the_fused_stages_scores() -> None:
    pools = pools_of({"q": {}}, [plain("ab", "bc")])

    _, score = vectorised_replay.fused_rankings(pools, Policy())

    assert pools.ids[0] == ("a", "b", "c")
    assert score[0].tolist() == [1 / (60 + 1), 1 / (60 + 2) + 1 / (60 + 1), 1 / (60 + 2)]


def test_pairs_without_a_score_are_counted_not_ranked_in_silence() -> None:
    pools = pools_of({"q": {}}, [plain("abc", "", {"a": 1.0, "b": 2.0})])
    order, _ = vectorised_replay.fused_rankings(pools, Policy())

    assert vectorised_replay.reranked_rankings(pools, order, "ce", 2).unscored.tolist() == [0]
    assert vectorised_replay.reranked_rankings(pools, order, "ce", 3).unscored.tolist() == [1]


def test_a_first_pass_without_scores_counts_its_own_pairs_alone() -> None:
    half = scored_too(plain("abcd", "", {"a": 1.0}), "cheap", {"a": 0.1, "b": 0.2, "c": 0.3})
    policy = Policy(reranker="ce", pool=2, first_pass=FirstPass(reranker="cheap", pool=4))
    pools = pools_of({"q": {}}, [half])
    order, _ = vectorised_replay.fused_rankings(pools, Policy())

    assert vectorised_replay.rerank_pass(pools, order, policy).unscored.tolist() == [1]
    narrow = policy.with_(first_pass=FirstPass(reranker="cheap", pool=3))
    assert vectorised_replay.rerank_pass(pools, order, narrow).unscored.tolist() == [
        2
    ]  # c and b went on; ce knows neither


def test_an_unknown_reranker_and_a_greater_depth_are_refused() -> None:
    pools = pools_of({"q": {}}, [plain("ab")])

    with pytest.raises(BadInput, match="Nothing was scored with ce"):
        vectorised_replay.step_rankings(pools, Policy(reranker="ce"))
    with pytest.raises(BadInput, match="measured to depth 5"):
        vectorised_replay.step_rankings(_shallow(), Policy(reranker="none", depth=6))


def _shallow() -> Pools:
    return pools_of({"q": {}}, [plain("ab").model_copy(update={"depth": 5})])


def test_a_failed_reranker_makes_no_pools() -> None:
    with pytest.raises(BadInput, match="ce failed on “question”: out of memory"):
        pools_of({"q": {}}, [measurement("ab", "", failure="out of memory")])


def test_rows_of_different_lengths_are_padded() -> None:
    pools = pools_of({"q1": {"a": 2}, "q2": {}}, [plain("abc"), plain("d")])

    assert pools.shape == (2, 3)
    assert pools.grades.tolist() == [[2, -1, -1], [-1, -1, -1]]
    order, _ = vectorised_replay.fused_rankings(pools, Policy())
    assert order.lengths.tolist() == [3, 1]
    assert np.array_equal(order.valid, [[True, True, True], [True, False, False]])


@pytest.mark.parametrize(
    "change",
    [{"rewrite": Rewrite(on=True)}, {"stopping": EarlyStopping(limit=2)}],
)
def test_what_the_arrays_do_not_hold_is_refused(change):
    pools = pools_of({"q": {"a": 1}}, [measurement("ab", "b", {"a": 1.0, "b": 0.0})])
    with pytest.raises(BadInput, match=r"Evaluation (uses each|reads whole)"):
        vectorised_replay.step_rankings(pools, Policy(**change))


ACME = make_filter(["acme"])
BESIDE = [
    (ExtraSearch(name="acme", where=ACME), ("question", ACME)),
    (ExtraSearch(name="in other words", query="another"), ("another", None)),
    (ExtraSearch(name="both", query="another", where=ACME), ("another", ACME)),
]


@st.composite
def measured_beside(draw: st.DrawFn, space: ScoreSpace) -> Measurement:
    """The same with three extra searches run; those under a filter find passages of its tenant only."""
    ties = draw(st.booleans())
    row = draw(measured(space, tied if ties else ranked))
    theirs = [passage(one, tenant="acme") for one in "mnopqr"]
    more = measurement("mnopqr", "", dict.fromkeys("mnopqr", 0.5), space=space, passages=theirs)
    anyone = st.lists(st.sampled_from(LETTERS + "mnopqr"), unique=True, max_size=8).map("".join)
    everyone = tied if ties else anyone
    acme = st.lists(st.sampled_from("mnopqr"), unique=True).map("".join)
    extra_searches = []
    for _, (query, where) in BESIDE:
        found = measurement(draw(acme if where else everyone), draw(acme if where else everyone))
        extra_searches.append(
            SearchRun(query=query, where=where, embed=Timing(), dense=found.dense, lexical=found.lexical)
        )
    both_rerankers = {
        key: known.model_copy(update={"pairs": {**known.pairs, **more.rerankings["ce"].pairs}})
        for key, known in row.rerankings.items()
    }
    return row.model_copy(
        update={
            "passages": {**{one: passage(one) for one in LETTERS}, **row.passages, **more.passages},
            "extra_searches": tuple(draw(st.permutations(extra_searches))),
            "rerankings": both_rerankers,
        }
    )


chosen_extras = st.lists(st.sampled_from([one for one, _ in BESIDE]), unique=True).flatmap(
    lambda some: st.tuples(
        *(
            st.builds(
                ExtraSearch,
                name=st.just(one.name),
                where=st.just(one.where),
                query=st.just(one.query),
                depth=st.integers(1, 10),
                weight=st.sampled_from([0.5, 1.0, 3.0]),
            )
            for one in some
        )
    )
)


@settings(max_examples=100)
@given(
    data=st.data(),
    space=st.sampled_from(SPACES),
    policy=policies,
    extra_searches=chosen_extras,
    first_pass=st.booleans(),
)
def test_with_extra_searches_every_stage_ranks_as_replay_does(
    data: st.DataObject, space: ScoreSpace, policy: Policy, extra_searches: tuple[ExtraSearch, ...], first_pass: bool
) -> None:
    first = FirstPass(reranker="cheap", pool=14) if first_pass and policy.reranker != "none" else None
    policy = policy.with_(extra_searches=extra_searches, first_pass=first)
    rows = {one: data.draw(measured_beside(space)) for one in ("q1", "q2")}
    pools = build(rows, labelled({"q1": {"d1": 1}, "q2": {"d2": 2}}))

    found = vectorised_replay.step_rankings(pools, policy)
    _, score = vectorised_replay.fused_rankings(pools, policy)

    for at, row in enumerate(rows.values()):
        trace = replay(row, policy)
        steps = {step.name: step for step in trace.steps}
        steps |= {list_name(run.name, step.name): step for run in trace.extra_searches for step in run.steps}
        assert set(found) == set(steps)
        fused = {hit.passage_id: hit.score for hit in trace.fused_step.hits}
        assert {one: score[at, column] for column, one in enumerate(pools.ids[at]) if one in fused} == fused
        for name, step in steps.items():
            columns = found[name].columns[at, : found[name].lengths[at]]
            assert [pools.ids[at][column] for column in columns] == [hit.passage_id for hit in step.hits], name


def beside(row: Measurement, dense: str) -> Measurement:
    """The measurement with an extra search under ACME run, which found these."""
    found = measurement(dense, "", passages=[passage(one, tenant="acme", document_id=one) for one in dense])
    extra = SearchRun(query=row.query, where=ACME, embed=Timing(), dense=found.dense, lexical=found.lexical)
    return row.model_copy(update={"extra_searches": (extra,), "passages": {**row.passages, **found.passages}})


def test_a_search_that_was_not_run_for_every_query_is_refused_by_its_name() -> None:
    pools = pools_of({"q1": {}, "q2": {}}, [beside(plain("ab"), "c"), plain("ab")])
    with pytest.raises(BadInput, match="The extra search “acme” was not run for all"):
        vectorised_replay.step_rankings(pools, Policy(reranker="none", extra_searches=(BESIDE[0][0],)))
    assert vectorised_replay.fused_rankings(pools, Policy())[0].lengths.tolist() == [2, 2]


def test_renaming_and_weighing_an_extra_search_needs_no_new_arrays() -> None:
    pools = pools_of({"q": {"c": 1}}, [beside(plain("ab", "a"), "c")])
    for weight, first in ((1.0, "a"), (3.0, "c")):
        extra_searches = (ExtraSearch(name=f"times {weight}", where=ACME, weight=weight),)
        order, score = vectorised_replay.fused_rankings(pools, Policy(extra_searches=extra_searches))
        assert pools.ids[0][order.columns[0, 0]] == first
        assert score[0].tolist() == pytest.approx([1 / 61 + 1 / 61, 1 / 62, weight / 61])


def test_the_runs_filter_is_part_of_what_an_extra_search_looks_for() -> None:
    own = make_filter(since=date(2026, 1, 1))
    row = beside(plain("ab"), "c")
    extra = row.extra_searches[0].model_copy(update={"where": intersect(own, ACME)})
    pools = pools_of({"q": {}}, [row.model_copy(update={"where": own, "extra_searches": (extra,)})])
    assert list(pools.beside(BESIDE[0][0])) == ["dense", "lexical"]


def test_queries_measured_under_different_filters_make_no_pools() -> None:
    with pytest.raises(BadInput, match="different filters"):
        pools_of({"q1": {}, "q2": {}}, [plain("ab"), plain("ab").model_copy(update={"where": ACME})])


def test_an_extra_search_deeper_than_what_was_measured_is_refused() -> None:
    pools = pools_of({"q": {}}, [beside(plain("ab"), "c").model_copy(update={"depth": 100})])
    with pytest.raises(BadInput, match="measure them again for 150"):
        vectorised_replay.step_rankings(
            pools, Policy(reranker="none", extra_searches=(ExtraSearch(name="acme", where=ACME, depth=150),))
        )


def test_what_only_an_extra_search_finds_is_no_loss_of_retrieval() -> None:
    pools = pools_of({"q": {"c": 1}}, [beside(plain("ab"), "c")])
    alone, helped = Policy(reranker="none"), Policy(reranker="none", extra_searches=(BESIDE[0][0],))
    lost, found = (headroom(pools, policy, "nDCG@10") for policy in (alone, helped))
    assert lost and found
    assert (lost.retrieval, found.retrieval) == (1.0, 0.0)


def test_the_curves_are_those_of_the_policy_with_its_extra_searches() -> None:
    pools = pools_of({"q": {"c": 1}}, [beside(plain("ab", "ab"), "c")])
    policy = Policy(reranker="none", extra_searches=(ExtraSearch(name="acme", where=ACME, weight=3.0),))
    assert [point.final for point in sweeps.pool(pools, policy, "RR@10", [1, 2]).points] == [1.0, 1.0]
    without = policy.with_(extra_searches=())
    assert [point.final for point in sweeps.pool(pools, without, "RR@10", [1, 2]).points] == [0.0, 0.0]


def test_rankings_without_searches_are_refused_where_the_first_pass_adds_them() -> None:
    policy = Policy(reranker="ce", pool=2, first_pass=FirstPass(reranker="cheap", pool=3, dense=0.2))
    pools = pools_of({"q": {}}, [scored_too(plain("abc", "", {"a": 1.0}), "cheap", dict.fromkeys("abc", 0.1))])
    order, _ = vectorised_replay.fused_rankings(pools, policy)

    assert vectorised_replay.first_pass_rankings(pools, order, policy.first_pass).lengths.tolist() == [3]
    with pytest.raises(BadInput, match="came without scores of searches"):
        vectorised_replay.first_pass_rankings(replace(pools, dense=None), order, policy.first_pass)
