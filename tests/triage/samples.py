"""Cases made by hand: the document of passage `b` was expected, and was cut by top-k."""

from __future__ import annotations

from rag_core.diagnosis import Expected, Location, diagnose
from rag_core.pipeline.replay import replay
from rag_core.schema.policy import Policy
from rag_core.triage import Case, Finding, case_of
from tests.builders import measurement

LOST = Policy(reranker="ce", top_k=1)


def a_case(query: str = "how long?", policy: Policy = LOST, expected: str = "b", **more: object) -> Case:
    """A case on the toy collection; with the policy as it is, `a` is kept and `b` is not."""
    measured = measurement("abc", "", {"a": 3.0, "b": 2.0, "c": 1.0}, query=query)
    trace = replay(measured, policy, clock=lambda: 0.0)
    passage = measured.passages[expected]
    location = Location(
        expected=Expected(document=passage.document_id),
        document_id=passage.document_id,
        title=passage.title,
        passages=(passage,),
        spans=(None,),
    )
    return case_of(trace, [Finding(location=location, diagnosis=diagnose(trace, location))], **more)
