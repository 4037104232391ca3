"""What a reader of a run must know is said, and only where it is so."""

from __future__ import annotations

import pytest

from rag_core.pipeline import step_warnings
from rag_core.pipeline.replay import replay
from rag_core.retrieval.embedders.cutoffs import PACKAGED_CUTOFFS, cutoffs_of
from rag_core.schema.cutoffs import CosineCutoffs
from rag_core.schema.measurement import Measurement
from rag_core.schema.policy import Policy
from rag_core.schema.steps import Hit, StepName
from tests.builders import measurement, passage

CE = Policy(reranker="ce")
TOY = CosineCutoffs(model="toy@1", far=0.3, alike=0.5)
WORDS = "refunds for annual plans are paid within thirty days of the request by the same way"


def embedded_by(model: str) -> Measurement:
    measured = measurement("abc", "", dict.fromkeys("abc", 0.0))
    return measured.model_copy(update={"collection": measured.collection.model_copy(update={"embedding_model": model})})


def codes(warnings):
    return [warning.code for warning in warnings]


def test_a_question_far_from_every_passage():
    far, near = [Hit(passage_id="a", rank=1, score=0.29)], [Hit(passage_id="a", rank=1, score=0.3)]
    assert "cosine 0.29" in step_warnings.outside(far, TOY, "toy@1")[0].message
    assert step_warnings.outside(near, TOY, "toy@1") == ()
    assert step_warnings.outside([], TOY, "toy@1") == ()


def test_passages_that_repeat_each_other():
    # 16 words are 14 runs of three; one other word at the end changes 1 of them: 13 / (14 + 14 - 13) = 0.87.
    almost = WORDS.replace("way", "means")
    assert codes(step_warnings.near_duplicates([WORDS, "something else", almost])) == ["near-duplicates"]
    # One other word in the middle changes 3: 11 / (14 + 14 - 11) = 0.65.
    assert step_warnings.near_duplicates([WORDS, WORDS.replace("paid", "made")]) == ()
    assert step_warnings.near_duplicates(["a b", "b a"]) == ()
    assert "2 of the 3 kept passages repeat" in step_warnings.near_duplicates(["a b", "A  b", "a b"])[0].message


def test_a_run_whose_top_k_is_filled_by_duplicates_says_so():
    twins = [passage("a", WORDS), passage("b", WORDS), passage("c", "something else")]
    measured = measurement("abc", "", {"a": 3.0, "b": 2.0, "c": 1.0}, passages=twins)
    assert "near-duplicates" in codes(replay(measured, CE.with_(top_k=2)).warnings)
    assert "near-duplicates" not in codes(replay(measured, CE.with_(top_k=1)).warnings)


def test_a_run_far_from_the_collection_says_so():
    measured = embedded_by(PACKAGED_CUTOFFS.model)
    far = measured.dense.model_copy(update={"found": (("a", 0.2),)})
    assert "outside" in codes(replay(measured.model_copy(update={"dense": far}), CE).warnings)
    assert "outside" not in codes(replay(measured, CE).warnings)


@pytest.mark.parametrize("best", [0.2, 0.6, 0.95])
def test_a_model_that_nobody_calibrated_asserts_neither_near_nor_far(best):
    measured = embedded_by("BAAI/bge-small-en-v1.5@5c38ec7c405e")
    found = measured.dense.model_copy(update={"found": (("a", best),)})
    step = replay(measured.model_copy(update={"dense": found}), CE)[StepName.DENSE]
    assert codes(step.warnings) == ["not-calibrated"]
    assert "BAAI/bge-small-en-v1.5@5c38ec7c405e is not calibrated" in step.warnings[0].message
    assert not step_warnings.warns(step)


def test_the_packaged_model_is_the_one_that_was_calibrated(packaged):
    assert cutoffs_of(packaged.model) == PACKAGED_CUTOFFS
    assert cutoffs_of(packaged.model.split("@")[0] + "@0123456789ab") is None
