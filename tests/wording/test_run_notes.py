"""A note says what step it is about, and its verb agrees with its number."""

from __future__ import annotations

from rag_core.pipeline.replay import replay
from rag_core.schema.policy import Policy
from rag_core.schema.rerank_summary import RerankSummary
from rag_core.schema.steps import StepWarning
from rag_core.wording import step_warnings
from rag_core.wording.run_notes import note_lines
from tests.builders import measurement


def test_equal_notes_of_several_steps_name_their_step() -> None:
    trace = replay(measurement("abc", "c"), Policy(reranker="none"))
    tied = StepWarning(code="ties", message=step_warnings.tied(1, 10))
    noted = trace.model_copy(update={"steps": tuple(one.with_(warnings=(tied,)) for one in trace.steps[:3])})
    told = "1 of the first 10 places is tied with the one above; ties keep the order before."
    assert note_lines(noted) == [f"Note on {step}: {told}" for step in ("Dense search", "Lexical search", "Fusion")]


def test_verbs_agree_with_their_number() -> None:
    one, two = (RerankSummary(name="ce", model="ce", status="ran", passages_cut=cut, unseen_tokens=9) for cut in (1, 2))
    assert step_warnings.passages_cut(one, "reranker", 5) == (
        "1 of 5 passages is longer than the reranker reads; it never saw 9 of its tokens."
    )
    assert "2 of 5 passages are longer" in step_warnings.passages_cut(two, "reranker", 5)
    assert step_warnings.tied(2, 10).startswith("2 of the first 10 places are tied")
    assert step_warnings.undated(1, 5) == "1 of 5 candidates has no date; its freshness counts as 0."
