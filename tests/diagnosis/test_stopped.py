"""A document that the reranker was stopped before is diagnosed as such, not as outside the pool."""

from __future__ import annotations

from rag_core.config import Policy, Stopping
from rag_core.diagnosis import Expected, Location, Verdict, diagnose
from rag_core.replay import replay
from tests.builders import measurement


def test_an_unread_document_was_never_read() -> None:
    measured = measurement("abcd", "", {"a": 0.0, "b": 1.0})
    trace = replay(measured, Policy(reranker="ce", stopping=Stopping(limit=2)))
    found = diagnose(
        trace,
        Location(
            expected=Expected(document="doc-d"), document_id="doc-d", chunks=(measured.chunks["d"],), spans=(None,)
        ),
    )
    assert found.verdict is Verdict.FUSED_OUT
    assert "the reranker stopped after 2 of 4 candidates and never read it" in found.sentence
