"""What a score is made of, as an engine tells it."""

from __future__ import annotations

from collections.abc import Iterator

from rag_core.schema.base import Frozen


class ScorePart(Frozen):
    """A part of a score in an engine's own words: what it is worth, what it is, and what it is made of."""

    value: float
    text: str
    parts: tuple[ScorePart, ...] = ()

    def walked(self, depth: int = 0) -> Iterator[tuple[int, ScorePart]]:
        """(depth, part) of it and all that it is made of, each before its own parts."""
        yield depth, self
        for part in self.parts:
            yield from part.walked(depth + 1)
