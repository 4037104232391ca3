"""The answer that needs no language model: sentences of the kept passages, quoted with their citations.

Which sentences is the given scorer's choice (the reranker's, as a rule). Where sentences stand is `sentences`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag_core.generation.prompt import DONT_KNOW
from rag_core.generation.sentences import sentences
from rag_core.types import Answer, Chunk, Citation

MOST = 3
"""Sentences quoted at most."""

READ = 60
"""Sentences scored at most, from the best passage on."""

MARGIN = 0.25
"""A sentence is quoted if it lies within this share of the range of all scores under the best one."""

Score = Callable[[str, list[str]], list[float]]
"""(query, texts) -> a score per text, higher is better, in any one score space."""


@dataclass(frozen=True)
class _Quote:
    number: int
    chunk: Chunk
    start: int
    text: str
    reading: str


def answer_extractively(query: str, chunks: Sequence[Chunk], score: Score) -> Answer:
    """At most three sentences of the kept chunks (best first), each followed by `[n]`, n its chunk's place from 1.

    Quotes are exact substrings of `chunk.text`; a sentence is scored under its chunk's heading. Quotes of one chunk
    stay in reading order, chunks come in the order of their best quote. No chunk, or none with text: kind "unknown".
    """
    quotes = _quotes(chunks)
    if not quotes:
        return Answer(kind="unknown", text=f"{DONT_KNOW}: no passage was kept that could answer this.")
    scores = score(query, [quote.reading for quote in quotes])
    chosen = _choose(quotes, scores)
    return Answer(
        kind="extractive",
        text="\n".join(f"“{quote.text}” [{quote.number}]" for quote in chosen),
        citations=tuple(Citation(number=one.number, chunk_id=one.chunk.id, quote=one.text) for one in chosen),
    )


def _quotes(chunks: Sequence[Chunk]) -> list[_Quote]:
    """The first sentences of the chunks, best chunk first; a sentence that two chunks share counts once.

    A question that a passage asks is close to the user's, but answers nothing: left out unless there is nothing else.
    """
    found: dict[str, _Quote] = {}
    for number, chunk in enumerate(chunks, start=1):
        for one in sentences(chunk.text):
            text = chunk.text[one.start : one.end]
            reading = "\n".join(part for part in (chunk.heading, one.context, text) if part)
            found.setdefault(" ".join(text.split()), _Quote(number, chunk, one.start, text, reading))
    told = [quote for quote in found.values() if not quote.text.endswith(("?", "？"))]
    return (told or list(found.values()))[:READ]


def _choose(quotes: Sequence[_Quote], scores: Sequence[float]) -> list[_Quote]:
    """The best sentences, in reading order within a chunk."""
    order = sorted(range(len(quotes)), key=lambda place: -scores[place])
    best, worst = scores[order[0]], scores[order[-1]]
    best_of_chunk: dict[int, int] = {}
    chosen = [place for place in order[:MOST] if scores[place] >= best - MARGIN * (best - worst)]
    for rank, place in enumerate(chosen):
        best_of_chunk.setdefault(quotes[place].number, rank)
    chosen.sort(key=lambda place: (best_of_chunk[quotes[place].number], quotes[place].start))
    return [quotes[place] for place in chosen]
