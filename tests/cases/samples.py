"""Cases made by hand: the document of chunk `b` was expected, and was cut by top-k."""

from __future__ import annotations

from rag_core.cases import Case, Finding, case_of
from rag_core.config import Policy
from rag_core.diagnosis import Expected, Location, diagnose
from rag_core.replay import replay
from tests.builders import measurement

LOST = Policy(reranker="ce", top_k=1)


def a_case(query: str = "how long?", policy: Policy = LOST, expected: str = "b", **more: object) -> Case:
    """A case on the toy collection; with the policy as it is, `a` is kept and `b` is not."""
    measured = measurement("abc", "", {"a": 3.0, "b": 2.0, "c": 1.0}, query=query)
    trace = replay(measured, policy, clock=lambda: 0.0)
    chunk = measured.chunks[expected]
    location = Location(
        expected=Expected(document=chunk.document_id),
        document_id=chunk.document_id,
        title=chunk.title,
        chunks=(chunk,),
        spans=(None,),
    )
    return case_of(trace, [Finding(location=location, diagnosis=diagnose(trace, location))], **more)
