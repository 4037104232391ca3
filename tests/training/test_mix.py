"""What a list should look like, for mined and for graded groups."""

from __future__ import annotations

from rag_core.rerank.fixed import FixedReranker
from training.mix import mixed


def test_mined_groups_are_softened_and_graded_ones_known() -> None:
    teacher = FixedReranker({"near": 0.5, "far": 0.1})
    mined = {"query": "q", "documents": ["near", "far"], "set": "squad-train"}
    graded = {"query": "g", "documents": ["a", "b", "c"], "grades": [1, 3, 2], "set": "bank"}
    ours, known = mixed([mined], [graded], teacher)
    assert (ours["target"], ours["label"]) == ([15 * 0.5 + 2, 15 * 0.1], [1.0, 0.0])
    assert (known["target"], known["label"]) == ([0.5, 5.0, 3.5], [0.0, 1.0, 0.8])
