"""A first pass before the reranker, against arithmetic that stands here."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rag_core.analysis.latency import bars
from rag_core.analysis.latency_of_runs import percentiles, runs_table
from rag_core.analysis.rank_agreement import compare_rankings
from rag_core.analysis.reranker_ablation import without_reranking
from rag_core.errors import BadInput, BadTrace, UnscoredPairs
from rag_core.pipeline.cascade import next_slice, pending_passes, pool_of, read_so_far, reading
from rag_core.pipeline.pipeline import Pipeline
from rag_core.pipeline.replay import replay
from rag_core.pipeline.session import QuerySession
from rag_core.rerank.fixed import FixedReranker
from rag_core.schema.policy import EarlyStopping, FirstPass, Policy, Signals
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import StepName
from rag_core.schema.threshold import Threshold
from rag_core.schema.trace import Trace
from rag_core.wording.comparisons import difference
from rag_core.wording.headline import first_pass, headline
from rag_core.wording.latency_bars import bar_label, bar_note
from tests.builders import measurement, scored_too
from tests.pipeline.test_pipeline import ToyEmbedder, ToyEngine

CHEAP = dict(zip("abcdef", (0.1, 0.5, 0.3, 0.3, 0.9, 0.8), strict=True))
STRONG = {"b": 3.0, "c": 1.0, "e": -2.0}
CASCADE = Policy(reranker="ce", pool=3, top_k=2, first_pass=FirstPass(reranker="cheap", pool=5))


def measured(strong=STRONG, cheap=CHEAP, **more):
    """Fused a to f; the first pass reads a to e and likes e, b, then c and d alike."""
    return scored_too(measurement("abcdef", "", strong), "cheap", cheap, **more)


def ids(trace, step):
    return [hit.passage_id for hit in trace[step].hits]


def test_the_first_pass_orders_what_it_reads_and_its_best_go_on():
    trace = replay(measured(), CASCADE)
    assert ids(trace, StepName.FIRST_PASS) == ["e", "b", "c", "d", "a"]  # 0.9, 0.5, 0.3 and 0.3 in fused order, 0.1
    assert trace[StepName.FIRST_PASS].space is ScoreSpace.MAXSIM
    assert ids(trace, StepName.RERANKED) == ["b", "c", "e"]  # 3, 1, -2
    assert ids(trace, StepName.KEPT) == ["b", "c"]
    assert [trace.outcome(one) for one in "bceadf"] == [
        "kept", "kept", "cut by top-k", "cut by the first pass", "cut by the first pass", "outside the pool",
    ]  # fmt: skip
    assert [step.rank for step in trace.ranks_by_step("d")] == [4, None, 4, 4, None, None, None]
    assert trace.places == {"b": 1, "c": 2, "e": 3, "d": 4, "a": 5}


def test_both_passes_report_what_they_did():
    trace = replay(measured(), CASCADE)
    assert trace.first_pass_summary is not None
    assert (
        trace.first_pass_summary.status,
        trace.first_pass_summary.pairs_scored,
        trace.first_pass_summary.order_changed,
    ) == ("ran", 5, True)
    assert (trace.rerank.status, trace.rerank.pairs_scored) == ("ran", 3)
    assert set(trace.first_pass_pairs) == set("abcde") and set(trace.pairs) == set("ebc")
    assert first_pass(trace) == "First pass: cheap read 5, the best 3 went on to ce."
    assert first_pass(replay(measured(), Policy(reranker="cheap"))) == ""


def test_the_time_of_a_pass_is_the_share_of_its_own_pairs():
    """cheap took 10 ms for six pairs, of which five are read; ce took 40 ms for three, and all are."""
    trace = replay(measured(), CASCADE, clock=lambda: 0.0)
    assert trace[StepName.FIRST_PASS].timing.took_ms == pytest.approx(10 * 5 / 6)
    assert trace[StepName.RERANKED].timing.took_ms == 40
    assert trace[StepName.RERANKED].timing.started_ms == trace[StepName.FIRST_PASS].timing.ended_ms
    narrow = replay(measured(), CASCADE.with_(pool=1), clock=lambda: 0.0)
    assert narrow[StepName.RERANKED].timing.took_ms == pytest.approx(40 / 3)
    found = measured()
    pairs = {one: pair.model_copy(update={"cached": True}) for one, pair in found.rerankings["cheap"].pairs.items()}
    looked_up = found.rerankings["cheap"].model_copy(update={"pairs": pairs})
    spared = replay(found.model_copy(update={"rerankings": {**found.rerankings, "cheap": looked_up}}), CASCADE)
    assert spared[StepName.FIRST_PASS].timing.took_ms == pytest.approx(10 * 5 / 6)
    assert spared.first_pass_summary is not None and spared.first_pass_summary.status == "cached"
    steps = {bar_label(bar): bar for bar in bars(trace)}
    assert bar_note(steps["First pass"]).startswith("5 pairs") and bar_note(steps["Rerank"]).startswith("3 pairs")
    assert list(percentiles([trace])["step"])[3:6] == ["Fuse", "First pass", "Rerank"]
    assert list(runs_table([trace])[["first_pass", "pairs_scored"]].iloc[0]) == ["cheap", 8]


def test_json_round_trip_and_frame():
    trace = replay(measured(), CASCADE)
    assert Trace.read(trace.to_json()) == trace
    frame = trace.frame().set_index("passage_id")
    assert list(frame.loc[list("abcde"), "first_pass_rank"]) == [5, 2, 3, 4, 1]
    assert frame["first_pass_score"].isna().sum() == 1


def test_a_run_without_a_first_pass_has_no_such_stage():
    trace = replay(measurement("ab", "", {"a": 1.0, "b": 2.0}), Policy(reranker="ce"))
    assert StepName.FIRST_PASS not in [step.name for step in trace.steps]
    assert "first_pass_rank" not in trace.frame().columns
    old = trace.model_dump(
        mode="json", exclude={"first_pass_summary": True, "first_pass_pairs": True, "policy": {"first_pass"}}
    )
    assert Trace.model_validate(old) == trace
    with pytest.raises(KeyError):
        trace[StepName.FIRST_PASS]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"first_pass_summary": None}, "first_pass_summary” must be set"),
        ({"first_pass_pairs": {"f": {"score": 1.0}}}, "the first pass did not read"),
        ({"steps": 3}, "in this order"),
    ],
)
def test_a_file_whose_first_pass_does_not_fit_is_no_trace(change, said):
    raw = replay(measured(), CASCADE).model_dump(mode="json")
    if "steps" in change:
        change = {"steps": raw["steps"][:3] + raw["steps"][4:]}
    with pytest.raises(ValidationError, match=said):
        Trace.model_validate(raw | change)
    with pytest.raises(BadTrace, match="fewer than the pool of 3"):
        Trace.read(replay(measured(), CASCADE).to_json().replace('"cheap","pool":5', '"cheap","pool":2'))


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (
            {"pool": 6, "first_pass": FirstPass(reranker="cheap", pool=5)},
            "reads 5 candidates, fewer than the pool of 6",
        ),
        ({"reranker": "none", "first_pass": FirstPass(reranker="cheap")}, "needs a reranker of its own"),
        ({"first_pass": FirstPass(reranker="none")}, "needs a reranker of its own"),
    ],
)
def test_a_first_pass_that_cannot_be_is_refused(policy, said):
    with pytest.raises(ValidationError, match=said):
        Policy(**policy)
    with pytest.raises(BadInput, match=said):
        CASCADE.with_(**policy)


def test_what_is_unscored_is_told_pass_by_pass():
    nothing = measurement("abcdef", "")
    assert [(one.reranker, [c.id for c in one.passages]) for one in pending_passes(nothing, CASCADE)] == [
        ("cheap", list("abcde"))
    ]
    with pytest.raises(UnscoredPairs) as error:
        replay(nothing, CASCADE)
    assert error.value.reranker == "cheap"
    with pytest.raises(UnscoredPairs):
        pool_of(nothing, CASCADE)
    assert read_so_far(nothing, CASCADE) == 0
    first = scored_too(nothing, "cheap", CHEAP)
    assert [(one.reranker, [c.id for c in one.passages]) for one in pending_passes(first, CASCADE)] == [
        ("ce", ["e", "b", "c"])
    ]
    with pytest.raises(UnscoredPairs) as error:
        replay(first, CASCADE)
    assert (error.value.reranker, error.value.passage_ids) == ("ce", ("e", "b", "c"))
    assert pending_passes(measured(), CASCADE) == []


def toy(cheap, strong):
    return Pipeline(ToyEngine(), ToyEmbedder(), rerankers={"cheap": cheap, "strong": strong}.__getitem__)


TOY = Policy(reranker="strong", pool=2, first_pass=FirstPass(reranker="cheap", pool=6))


def test_the_strong_model_scores_only_what_the_first_pass_hands_on():
    cheap, strong = FixedReranker({"text": 0.0}, space=ScoreSpace.PROBABILITY), FixedReranker()
    trace = toy(cheap, strong).run("question", TOY)
    assert (cheap.scored, strong.scored) == (6, 2)
    assert set(trace.pairs) == {hit.passage_id for hit in trace[StepName.FIRST_PASS].hits[:2]}


def test_the_first_pass_s_order_is_there_before_the_reranker_reads():
    cheap, strong = FixedReranker({"text": 0.0}, space=ScoreSpace.PROBABILITY), FixedReranker()
    session = QuerySession(toy(cheap, strong), "question")
    shown = [session.handed_on(TOY)]
    while session.next_slice(TOY):
        shown.append(session.handed_on(TOY))
        if not strong.scored and shown[-1]:
            early = shown[-1]
    trace = session.replayed(TOY)
    assert shown[0] is None
    assert [passage.id for passage in early] == [hit.passage_id for hit in trace[StepName.FIRST_PASS].hits[: TOY.pool]]
    assert session.handed_on(TOY.with_(first_pass=None)) is None


def test_slices_read_the_first_pass_and_then_the_pool():
    letters = "".join(chr(ord("a") + number) for number in range(22))
    policy = CASCADE.with_(pool=13, first_pass=FirstPass(reranker="cheap", pool=22))
    known, read = measurement(letters, ""), []
    while pending := next_slice(known, policy):
        reranker, passages = pending
        scores = known.rerankings[reranker].pairs if reranker in known.rerankings else {}
        every = {one: pair.score for one, pair in scores.items()} | {one.id: 1.0 for one in passages}
        known = scored_too(known, reranker, every)
        read.append((reranker, len(passages), reading(known, policy), read_so_far(known, policy)))
    assert read == [
        ("cheap", 8, (True, 8, 22), 0),
        ("cheap", 8, (True, 16, 22), 0),
        ("cheap", 6, (False, 0, 13), 0),
        ("ce", 8, (False, 8, 13), 8),
        ("ce", 5, (False, 13, 13), 13),
    ]


def test_a_slice_takes_whole_requests_and_passes_over_what_was_given_up():
    nothing = measurement("abcdef", "")
    assert [len(next_slice(nothing, CASCADE, (), lambda _, n=size: n).passages) for size in (1, 3, 4)] == [
        5,
        5,
        5,
    ]
    plain = Policy(reranker="ce", pool=30)
    wide = measurement([f"p{number:02}" for number in range(30)], "")
    assert [len(next_slice(wide, plain, (), lambda _, n=size: n).passages) for size in (1, 5, 20)] == [8, 10, 20]
    failed = scored_too(nothing, "cheap", {}, failure="No memory.")
    assert next_slice(failed, CASCADE, {"cheap"}).reranker == "ce"
    assert next_slice(failed, CASCADE, {"cheap", "ce"}) is None


def test_stopping_is_for_the_reranker_and_reads_the_first_passs_order():
    policy = CASCADE.with_(stopping=EarlyStopping(limit=2))
    first = scored_too(measurement("abcdef", ""), "cheap", CHEAP)
    assert [c.id for c in pending_passes(first, policy)[0].passages] == ["e", "b"]
    trace = replay(measured(), policy)
    assert ids(trace, StepName.RERANKED) == ["b", "e"] and trace.outcome("c") == "not read"
    assert trace.rerank.stopped == "asked" and len(trace[StepName.FIRST_PASS].hits) == 5
    assert Trace.read(trace.to_json()) == trace


def test_a_first_pass_that_fails_hands_on_the_fused_order_and_says_so():
    broken, strong = FixedReranker(fail_after=0), FixedReranker()
    trace = toy(broken, strong).run("question", TOY)
    assert trace.first_pass_summary is not None and trace.first_pass_summary.status == "failed"
    assert trace.first_pass_summary.reason in trace[StepName.FIRST_PASS].warnings[0].message
    assert "Instead, the fused order goes on." in trace[StepName.FIRST_PASS].warnings[0].message
    assert [hit.passage_id for hit in trace.pool] == ids(trace, StepName.FUSED)[:2]
    assert trace.rerank.status == "ran" and strong.scored == 2
    assert "did not run; the first 2 in fused order" in first_pass(trace)


def test_one_that_was_given_up_is_not_asked_again_while_the_other_goes_on():
    broken, strong = FixedReranker(fail_after=0), FixedReranker()
    session = QuerySession(toy(broken, strong), "question")
    session.trace(TOY)
    asked = broken.calls
    assert session.trace(TOY.with_(pool=4)).first_pass_summary.status == "failed"
    assert (broken.calls, strong.scored) == (asked, 4)
    session.retry()
    session.trace(TOY)
    assert broken.calls == asked + 1


def test_a_reranker_that_fails_leaves_the_first_passs_order_and_its_scores():
    lost = scored_too(measurement("abcdef", "", failure="Out of memory."), "cheap", CHEAP)
    trace = replay(lost, CASCADE.with_(threshold=Threshold(minimum=0.6, space=ScoreSpace.MAXSIM)))
    assert ids(trace, StepName.RERANKED) == ["e", "b", "c"] and trace.relevance_space is ScoreSpace.MAXSIM
    assert "You see the first pass's order." in trace[StepName.RERANKED].warnings[0].message
    assert "this is the first pass's order" in headline(trace)
    assert ids(trace, StepName.KEPT) == ["e"]


@given(
    st.permutations("abcdef"),
    st.lists(st.integers(-2, 2), min_size=6, max_size=6),
    st.integers(6, 9),
    st.booleans(),
)
def test_the_same_reranker_twice_over_everything_changes_nothing(order, scores, pool, signals):
    found = measurement("".join(order), "fed", dict(zip("abcdef", map(float, scores), strict=True)))
    once = Policy(reranker="ce", pool=pool, signals=Signals(on=signals))
    twice = once.with_(first_pass=FirstPass(reranker="ce", pool=pool))
    plain, cascade = replay(found, once), replay(found, twice)
    for step in (StepName.RERANKED, StepName.ADJUSTED, StepName.KEPT):
        assert cascade[step].hits == plain[step].hits
    assert cascade.rerank.status == "cached" and cascade[StepName.RERANKED].timing.took_ms == 0


def test_against_the_single_reranker_on_what_the_first_pass_reads():
    """The single one puts a first, which the first pass never hands on: of abcde its order is a b c d e."""
    every = measured(dict(zip("abcde", (5.0, 3.0, 1.0, 0.0, -2.0), strict=True)))
    single = replay(every, CASCADE.with_(first_pass=None, pool=5))
    cascade = replay(every, CASCADE)
    found = compare_rankings(single, cascade)
    assert (found.pool, found.common, found.only_left, found.only_right) == (5, ("b",), ("a",), ("c",))
    assert "B drops “Title a”, 1st in A and 5th in B." in difference(single, cascade)
    with pytest.raises(BadInput, match="a pool of as many as it reads"):
        compare_rankings(replay(every, CASCADE.with_(first_pass=None)), cascade)


def test_without_reranking_means_without_the_first_pass_too():
    plain = without_reranking(measured(), CASCADE)
    assert ids(plain, StepName.KEPT) == ["a", "b"] and plain.first_pass_summary is None
