"""Many questions to a live retriever: each is asked once, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rag_core.errors import SecondPassError
from rag_core.runs.live.retriever import Retriever
from rag_core.runs.run import Run

IN_A_ROW = 5
"""Questions without an answer, one after the other, after which no more are asked: the retriever is down, or refuses
the key."""


Answered = tuple[str, Run | str]
"""A question with its run, or with the sentence on what went wrong."""


def ask_many(retriever: Retriever, questions: Iterable[str], top_k: int | None = None) -> Iterator[Answered]:
    """The answer to each question, in order. Ends after IN_A_ROW of them in a row went wrong."""
    failed = 0
    for question in questions:
        found: Run | str
        try:
            found, failed = retriever.ask(question, top_k), 0
        except SecondPassError as exc:
            found, failed = str(exc), failed + 1
        yield question, found
        if failed == IN_A_ROW:
            return
