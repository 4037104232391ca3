"""The settings of the app on a recorded run, which has no first pass."""

from __future__ import annotations

from rag_core.schema.policy import Policy
from rag_core.triage.run_settings import change_for
from tests.diagnosis.test_recorded_runs import of_steps
from tests.runs.odd_runs import DENSE, FUSED, LARGE, WORDS, hits, step

KEPT = step("kept", "select", hits("bc", (3.0, 1.0)), "large model", space="logit")


def test_the_reranker_reads_what_the_first_pass_would_have_read() -> None:
    trace = of_steps(DENSE, WORDS, FUSED, LARGE, KEPT)
    assert change_for(trace, Policy(pool=2)).pool is None  # the first pass reads 100, and there are fewer
    assert change_for(trace, Policy(first_pass=None, pool=2)).pool == 2
