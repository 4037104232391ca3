"""The answer that needs no language model: sentences of the kept passages, quoted with their citations.

Which sentences is the given scorer's choice (the reranker's, as a rule), of those closest to the question.
`sentences` finds them in a text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

from rag_core.generation.prompt import DONT_KNOW
from rag_core.generation.sentences import sentences
from rag_core.schema.answers import Answer, Citation
from rag_core.schema.documents import Passage

MOST = 3
"""Sentences quoted at most."""

READ = 60
"""Sentences considered at most, from the best passage on."""

SHORTLIST = 16
"""Sentences scored, and any tied with the last of them, where something cheaper tells which are closest to the
question."""

MARGIN = 0.25
"""A sentence is quoted if it is within this share of the range of the scores under the best one."""

Score = Callable[[str, list[str]], list[float]]
"""(query, texts) -> a score per text, higher is better, in any one score space."""

Part = tuple[int, int, int]
"""A sentence: the place of its passage from 0, its start and end in `Passage.text`."""

Nearness = Callable[[str, Sequence[Passage], Sequence[Part]], list[float | None]]
"""(query, passages, parts) -> how close each part is to the question; None where that cannot be told."""


@dataclass(frozen=True)
class _Quote:
    number: int
    passage: Passage
    start: int
    text: str
    reading: str


def answer_extractively(
    query: str, passages: Sequence[Passage], score: Score, nearness: Nearness | None = None
) -> Answer:
    """At most three sentences of the kept passages (best first), each followed by `[n]`, n its passage's place from 1.

    Quotes are exact substrings of `passage.text`; a sentence is scored under its passage's heading. Quotes of one
    passage stay in reading order, passages come in the order of their best quote. No passage, or none with text: kind
    "unknown". With `nearness`, which costs less, only the closest `SHORTLIST` sentences are scored, and those of which
    it cannot tell.
    """
    quotes = _shortlist(query, passages, _quotes(passages), nearness)
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


def _shortlist(
    query: str, passages: Sequence[Passage], quotes: list[_Quote], nearness: Nearness | None
) -> list[_Quote]:
    """The closest sentences and those of which nothing is known, in reading order."""
    if nearness is None or len(quotes) <= SHORTLIST:
        return quotes
    parts = [(one.number - 1, one.start, one.start + len(one.text)) for one in quotes]
    near = list(zip(quotes, nearness(query, passages, parts), strict=True))
    known = sorted((value for _, value in near if value is not None), reverse=True)
    least = known[SHORTLIST - 1] if len(known) >= SHORTLIST else -inf
    return [one for one, value in near if value is None or value >= least]


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
