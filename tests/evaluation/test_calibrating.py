"""A calibration is fitted by replay, told on questions it was not fitted to, kept by collection, and used in runs."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from rag_core.errors import BadInput
from rag_core.evaluation import vectorised_replay
from rag_core.evaluation.calibrating import CalibrationFit, fit
from rag_core.evaluation.calibration_book import CalibrationBook
from rag_core.evaluation.gather import build
from rag_core.evaluation.logistic import fitted_best
from rag_core.evaluation.reliability import reliability
from rag_core.evaluation.sets import LabelledSet, Query
from rag_core.pipeline.replay import recut, replay
from rag_core.schema.measurement import Measurement
from rag_core.schema.policy import Policy
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import StepName
from rag_core.schema.threshold import Threshold
from rag_core.storage.database import Store
from rag_core.wording.headline import whole_headline
from tests.builders import measurement, passage

LETTERS = "abcdefgh"
POLICY = Policy(reranker="ce", pool=8)


def set_of(count: int, seed: int = 7) -> tuple[LabelledSet, dict[str, Measurement]]:
    """Questions whose passages answer with the probability that MaxSim scores of 0.2 to 0.8 give: sigmoid(20 x - 12).

    Every fifth question has no answer.
    """
    draw = random.Random(seed)
    queries, qrels, measured = [], {}, {}
    for at in range(count):
        scores = {one: draw.uniform(0.2, 0.8) for one in LETTERS}
        answerable = at % 5 != 0
        right = [one for one, score in scores.items() if draw.random() < 1 / (1 + math.exp(12 - 20 * score))]
        query = Query(id=str(at), text=f"question {at}", kind="plain" if answerable else "unanswerable")
        queries.append(query)
        qrels[query.id] = {f"d-{one}": 2 * (one in right) for one in LETTERS} if answerable else {}
        passages = [passage(one, document_id=f"d-{one}") for one in LETTERS]
        measured[query.id] = measurement(LETTERS, "", scores, space=ScoreSpace.MAXSIM, passages=passages)
    return LabelledSet(name="made", queries=tuple(queries), qrels=qrels), measured


@pytest.fixture(scope="module")
def made() -> tuple[LabelledSet, dict[str, Measurement]]:
    return set_of(400)


@pytest.fixture(scope="module")
def fitted(made: tuple[LabelledSet, dict[str, Measurement]]) -> CalibrationFit:
    labelled, measured = made
    return fit(build(measured, labelled), POLICY, labelled)


def answered(labelled: LabelledSet) -> float:
    """The share of the questions that have a passage of grade 1 or more."""
    return sum(any(labelled.qrels[one.id].values()) for one in labelled.queries) / len(labelled.queries)


def test_the_curve_that_made_the_labels_is_found_and_holds(
    made: tuple[LabelledSet, dict[str, Measurement]], fitted: CalibrationFit
) -> None:
    only_answerable = fitted.calibration.probability(0.8)
    assert 0.6 < only_answerable < 0.99 and fitted.calibration.probability(0.3) < 0.05
    assert fitted.pairs.error < 0.03 and fitted.pairs.mean == pytest.approx(fitted.pairs.right, abs=0.01)
    assert (fitted.questions, fitted.pairs.count) == (400, 3200)
    assert fitted.unanswerable == 400 - round(fitted.questions * answered(made[0]))


def test_the_threshold_lets_as_many_pass_as_it_says(fitted: CalibrationFit) -> None:
    assert fitted.threshold.passing == pytest.approx(0.95, abs=0.02)
    assert fitted.threshold.held_back is not None


def test_runs_with_it_are_judged_in_probabilities_and_keep_their_order(
    made: tuple[LabelledSet, dict[str, Measurement]], fitted: CalibrationFit
) -> None:
    measured = made[1]["1"]
    plain = replay(measured, POLICY)
    policy = POLICY.with_(calibration=fitted.calibration, threshold=Threshold(minimum=fitted.threshold.minimum))
    trace = replay(measured, policy)
    assert trace.relevance_space is ScoreSpace.PROBABILITY and plain.relevance_space is ScoreSpace.MAXSIM
    assert list(trace.relevance) == list(plain.relevance)
    assert trace.reranked_step == plain.reranked_step.model_copy(update={"timing": trace.reranked_step.timing})
    best = plain.reranked_step.hits[0]
    assert trace.relevance[best.passage_id] == fitted.calibration.probability(best.score)
    over = {one for one, value in trace.relevance.items() if value >= fitted.threshold.minimum}
    assert set(trace.kept_step.by_passage) <= over
    assert recut(trace, Threshold(minimum=1.0)).unknown
    assert type(trace).read(trace.to_json()) == trace


def test_arrays_cut_as_replay_does(made: tuple[LabelledSet, dict[str, Measurement]], fitted: CalibrationFit) -> None:
    labelled, measured = made
    policy = POLICY.with_(calibration=fitted.calibration, threshold=Threshold(minimum=0.4))
    pools = build(measured, labelled)
    kept = vectorised_replay.step_rankings(pools, policy)[StepName.KEPT]
    for at, query_id in enumerate(pools.query_ids[:60]):
        columns = kept.columns[at, : kept.lengths[at]]
        trace = replay(measured[query_id], policy)
        assert [pools.ids[at][column] for column in columns] == [hit.passage_id for hit in trace.kept_step.hits]


def test_another_model_s_scores_stay_as_they_are_and_the_run_says_so(
    made: tuple[LabelledSet, dict[str, Measurement]], fitted: CalibrationFit
) -> None:
    other = fitted.calibration.with_(model="another")
    trace = replay(made[1]["1"], POLICY.with_(calibration=other, threshold=Threshold(minimum=0.5)))
    assert trace.relevance_space is ScoreSpace.MAXSIM
    assert {"calibration-idle", "threshold-idle"} <= {one.code for one in trace.warnings}


def test_too_few_questions_or_scores_that_say_nothing_are_refused() -> None:
    labelled, measured = set_of(12)
    with pytest.raises(BadInput, match="too few"):
        fit(build(measured, labelled), POLICY, labelled)
    labelled, measured = set_of(100)
    turned = {one: _turned(found) for one, found in measured.items()}
    with pytest.raises(BadInput, match="do not rise with relevance"):
        fit(build(turned, labelled), POLICY, labelled)
    with pytest.raises(BadInput, match="Without a reranker"):
        fit(build(measured, labelled), Policy(reranker="none", first_pass=None), labelled)


def _turned(found: Measurement) -> Measurement:
    """The same measurement with its reranker's scores turned round."""
    scores = found.rerankings["ce"]
    pairs = {one: pair.model_copy(update={"score": 1 - pair.score}) for one, pair in scores.pairs.items()}
    return found.model_copy(update={"rerankings": {"ce": scores.model_copy(update={"pairs": pairs})}})


def test_a_calibration_is_kept_by_collection_reranker_and_owner(fitted: CalibrationFit) -> None:
    store = Store("sqlite://")
    shared, ana = CalibrationBook(store), CalibrationBook(store, owner="ana")
    shared.keep("Handbook", fitted, by="Ben")
    assert shared.find("Handbook", "ce").fit == fitted  # type: ignore[union-attr]
    assert shared.find("Handbook", "other") is None and shared.find("Wiki", "ce") is None
    assert ana.find("Handbook", "ce") is None
    shared.keep("Handbook", fitted.with_(set_name="newer"))
    assert [one.fit.set_name for one in shared.of_collection("Handbook").found] == ["newer"]
    assert shared.remove("Handbook", "ce") and not shared.remove("Handbook", "ce")


@pytest.mark.parametrize(
    ("source", "target", "origin"),
    [("", "", "Mine"), ("ana", "ana", "Mine"), ("", "ana", "Mine"), ("ana", "", "a private collection")],
)
def test_what_is_taken_over_names_no_private_collection_to_others(
    source: str, target: str, origin: str, fitted: CalibrationFit
) -> None:
    store, reranker = Store("sqlite://"), fitted.calibration.reranker
    of, book = CalibrationBook(store, source), CalibrationBook(store, target)
    book.take_over(of.keep("Mine", fitted), "Copy", of)
    found = book.find("Copy", reranker)
    assert found is not None and found.origin == origin and found.fit.calibration == fitted.calibration
    assert (found.fit.set_name == fitted.set_name) is (origin == "Mine")


def test_what_is_shared_names_no_other_private_collection(fitted: CalibrationFit) -> None:
    store, reranker = Store("sqlite://"), fitted.calibration.reranker
    ana = CalibrationBook(store, "ana")
    ana.take_over(ana.keep("Secret", fitted), "Copy", ana)
    ana.share("Copy")
    found = CalibrationBook(store).find("Copy", reranker)
    assert found is not None and found.origin == "a private collection"


def test_a_calibration_goes_with_its_collection(fitted: CalibrationFit) -> None:
    book, reranker = CalibrationBook(Store("sqlite://")), fitted.calibration.reranker
    for name in ("Old", "Handbook", "Other"):
        book.keep(name, fitted)
    book.rename("Old", "Handbook")
    found = book.find("Handbook", reranker)
    assert book.find("Old", reranker) is None and found is not None and found.collection == "Handbook"
    book.rename("Handbook", "Handbook")
    assert book.find("Handbook", reranker) == found
    book.forget("Handbook")
    assert book.find("Handbook", reranker) is None and book.find("Other", reranker) is not None


def test_reliability_by_hand() -> None:
    held = reliability(np.array([0.1, 0.1, 0.9, 0.9]), np.array([0.0, 1.0, 1.0, 1.0]))
    assert held.brier == pytest.approx((0.01 + 0.81 + 0.01 + 0.01) / 4)
    assert held.error == pytest.approx((2 * 0.4 + 2 * 0.1) / 4)  # |0.1 - 0.5| and |0.9 - 1|
    assert [(one.count, one.right) for one in held.bins] == [(2, 0.5), (2, 1.0)]


def test_the_best_of_a_question_is_told_by_its_score_and_margin(
    made: tuple[LabelledSet, dict[str, Measurement]], fitted: CalibrationFit
) -> None:
    assert fitted.best.mean == pytest.approx(fitted.best.right, abs=0.03)
    own = fitted.calibration.best
    assert own is not None and own.slope > 0
    trace = replay(made[1]["1"], POLICY.with_(calibration=fitted.calibration))
    scores = [hit.score for hit in trace.reranked_step.hits]
    assert trace.best_probability == own.probability(ScoreSpace.MAXSIM, scores)
    assert "answers with probability" in whole_headline(trace)
    assert whole_headline(trace).endswith("for questions like those of the calibration.")
    assert replay(made[1]["1"], POLICY).best_probability is None
    assert type(trace).read(trace.to_json()).best_probability == trace.best_probability


def test_a_close_second_lowers_the_best_where_it_did_in_the_labels() -> None:
    draw = np.random.default_rng(3)
    heads = np.stack([draw.uniform(-1, 1, 4000), draw.uniform(0, 1, 4000)], axis=1)
    chance = 1 / (1 + np.exp(-(0.5 * heads[:, 0] + 3 * heads[:, 1] - 1)))
    found = fitted_best(heads, draw.random(4000) < chance)
    assert (found.slope, found.margin, found.bias) == pytest.approx((0.5, 3, -1), abs=0.25)
