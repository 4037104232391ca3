"""Assertions about retrieval for your own tests, in pytest or any other runner.

def test_refunds_are_found():
    trace = rag_core.Pipeline(collection).run("How long do refunds take?")
    assert_kept(trace, "refunds.md", collection=collection)

def test_last_week_s_complaints():
    for run in rag_core.open_runs("complaints.jsonl").runs:
        assert_kept(run, "refunds.md", within=3)
"""

from rag_core.testing.kept import assert_kept

__all__ = ["assert_kept"]
