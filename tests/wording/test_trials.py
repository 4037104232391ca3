"""What a trial of a reranker says."""

from __future__ import annotations

from rag_core.rerank.trial import Trial
from rag_core.schema.spaces import ScoreSpace
from rag_core.wording.trials import trial_sentence

TRIAL = Trial(model="m", space=ScoreSpace.LOGIT, scores=(0.9, 0.2, 0.1), took_ms=1234.4)


def test_a_reranker_that_works() -> None:
    assert trial_sentence(TRIAL) == "It works: 3 passages scored in 1,234 ms. The right passage is first."
    here = TRIAL.with_(runs_on="OpenVINO", load_ms=900.0, scores=(0.1, 0.9, 0.2))
    assert trial_sentence(here) == (
        "It works: 3 passages scored by OpenVINO in 1,234 ms, after 900 ms of loading. "
        "It does not put the right passage first."
    )


def test_a_failure_is_the_sentence() -> None:
    assert trial_sentence(TRIAL.with_(scores=(), failure="The server is asleep.")) == "The server is asleep."
