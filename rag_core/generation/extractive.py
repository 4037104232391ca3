"""The answer that needs no language model: sentences of the kept passages, quoted with their citations.

Which sentences is the given scorer's choice (the reranker's, as a rule). Where sentences stand is `sentences`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag_core.generation.prompt import DONT_KNOW
from rag_core.generation.sentences import sentences
from rag_core.schema.answers import Answer, Citation
from rag_core.schema.documents import Passage

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
    passage: Passage
    start: int
    text: str
    reading: str


def answer_extractively(query: str, passages: Sequence[Passage], score: Score) -> Answer:
    """At most three sentences of the kept passages (best first), each followed by `[n]`, n its passage's place from 1.

    Quotes are exact substrings of `passage.text`; a sentence is scored under its passage's heading. Quotes of one
    passage stay in reading order, passages come in the order of their best quote. No passage, or none with text: kind
    "unknown".
    """
    quotes = _quotes(passages)
    if not quotes:
        return Answer(kind="unknown", text=f"{DONT_KNOW}: no passage was kept that could answer this.")
    scores = score(query, [quote.reading for quote in quotes])
    text, citations = "", []
    for one in _choose(quotes, scores):
        text += ("\n" if text else "") + f"“{one.text}” "
        mark = f"[{one.number}]"
        span = (len(text), len(text) + len(mark))
        citations.append(Citation(number=one.number, passage_id=one.passage.id, quote=one.text, spans=(span,)))
        text += mark
    return Answer(kind="extractive", text=text, citations=tuple(citations))


def _quotes(passages: Sequence[Passage]) -> list[_Quote]:
    """The first sentences of the passages, best passage first; a sentence that two passages share counts once.

    The head of a list item is quoted with the sentence after it. A question that a passage asks is close to the user's,
    but answers nothing: left out unless there is nothing else.
    """
    found: dict[str, _Quote] = {}
    for number, passage in enumerate(passages, start=1):
        start: int | None = None
        for one in sentences(passage.text):
            start = one.start if start is None else start
            if one.head:
                continue
            text = passage.text[start : one.end]
            reading = "\n".join(part for part in (passage.heading, one.context, text) if part)
            found.setdefault(" ".join(text.split()), _Quote(number, passage, start, text, reading))
            start = None
    told = [quote for quote in found.values() if not quote.text.endswith(("?", "？"))]
    return (told or list(found.values()))[:READ]


def _choose(quotes: Sequence[_Quote], scores: Sequence[float]) -> list[_Quote]:
    """The best sentences, in reading order within a passage."""
    order = sorted(range(len(quotes)), key=lambda place: -scores[place])
    best, worst = scores[order[0]], scores[order[-1]]
    best_of_passage: dict[int, int] = {}
    chosen = [place for place in order[:MOST] if scores[place] >= best - MARGIN * (best - worst)]
    for rank, place in enumerate(chosen):
        best_of_passage.setdefault(quotes[place].number, rank)
    chosen.sort(key=lambda place: (best_of_passage[quotes[place].number], quotes[place].start))
    return [quotes[place] for place in chosen]
