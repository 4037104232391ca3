"""What every reranker's scores must pass before anyone ranks by them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rag_core.errors import ModelError
from rag_core.rerank.base import Scored


def check_scored(scored: Scored, passages: Sequence[str]) -> None:
    """Raises ModelError unless there is one finite score per passage."""
    if len(scored.pairs) != len(passages):
        raise ModelError(f"The reranker gave {len(scored.pairs)} scores for {len(passages)} passages. Use another one.")
    check_finite([pair.score for pair in scored.pairs], passages)


def check_finite(scores: Sequence[float], passages: Sequence[str]) -> None:
    """Raises ModelError that names the first passage whose score is not a finite number."""
    for score, passage in zip(scores, passages, strict=True):
        if not math.isfinite(score):
            raise ModelError(
                f"The reranker gave {score} instead of a number for the passage that begins “{beginning(passage)}”. "
                "Try another reranker or precision."
            )


def beginning(passage: str, chars: int = 80) -> str:
    """The first words of a passage in one line, to name it in a message."""
    line = " ".join(passage.split())
    return line if len(line) <= chars else line[: chars - 1].rstrip() + "…"
