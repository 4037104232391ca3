"""How far a question has come while somebody waits for it, in a few words."""

from __future__ import annotations

from rag_core.pipeline.cascade import Reading
from rag_core.wording.numbers import count_of


def progress_text(reading: Reading | None, rewriting: bool = False) -> str:
    """`Reranking, 16 of 50 candidates`; before there are candidates, what is done to find them.

    reading: None while searches are still to run. rewriting: whether a chat model is asked to rewrite the question.
    """
    if reading is None:
        return "Rewriting the question and searching" if rewriting else "Searching"
    name = "First pass" if reading.first_pass else "Reranking"
    return f"{name}, {reading.read} of {count_of(reading.of, 'candidate')}"


def progress_share(reading: Reading | None) -> float:
    """The share of the present pass that is read, 0..1; 0 while searches are still to run."""
    return reading.read / reading.of if reading and reading.of else 0.0
