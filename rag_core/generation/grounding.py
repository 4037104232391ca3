"""Which passage each sentence of a chat answer rests on: compared with the sentences of the passages that it cites.

One batched call of the bi-encoder, which is loaded anyway and judges whether two sentences say the same; a reranker
judges whether a passage answers a question, which is something else. A sentence counts as found where some sentence of
a cited passage is as close to it as the embedding model's cut-off `alike` says, and every number and code of it stands
in a cited passage: the bi-encoder hardly sees that 80 % is not 50 %. A model without a cut-off asserts neither. On 40
sentences written for this over four documents of the sample corpus (20 that a passage says in other words, 20 that it
does not say) the packaged model is right for 36: a test counts them.

It sees no negation ("refunds are paid" is found in "refunds are not paid"), so "found" is no proof, and "not found" is
not "false": it asks a person to look.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag_core.generation.citations import MARK, Mark, marks, without
from rag_core.generation.sentences import sentences
from rag_core.schema.answers import Answer, SentenceCheck, SupportVerdict
from rag_core.schema.cutoffs import CosineCutoffs
from rag_core.schema.documents import Passage

if TYPE_CHECKING:
    from rag_core.schema.vectors import Vectors

READ = 200
"""Sentences of passages read at most, from the best passage on."""

Embed = Callable[[Sequence[str]], "Vectors"]
"""Unit vectors of texts, shape (texts, dimensions)."""

_LEADING = re.compile(rf"(?:\s*(?:{MARK.pattern}))+[.]?\s*", re.IGNORECASE)
_GLUED = re.compile(rf"[.!?](?:{MARK.pattern})+\s+", re.IGNORECASE)
"""A full stop with citations straight behind it, which `sentences` does not take for an end."""

_FIGURE = re.compile(r"(?:[A-Za-z]+-)*[A-Za-z]*\d[\w.,:/-]*")


@dataclass(frozen=True)
class _Evidence:
    """One sentence of a passage that the answer was given as `number`."""

    number: int
    passage_id: str
    text: str


def check_sentences(answer: Answer, passages: Sequence[Passage], embed: Embed, cutoffs: CosineCutoffs | None) -> Answer:
    """The answer with a check of each sentence; `passages` are the kept ones, best first, as it was given them.

    cutoffs: of the embedding model; where it has none, the verdict is `not calibrated` instead of found or not found.
    Only a chat answer is checked: an extractive one is made of quotes. Where it has no sentence, nothing is embedded.
    """
    spans = answer_sentences(answer.text) if answer.kind == "chat" else []
    if not spans:
        return answer
    evidence = _evidence(passages)
    found = marks(answer.text, passages)
    said = [_without_marks(answer.text, span, found) for span in spans]
    vectors = embed([_plain(text) for text in (*said, *(one.text for one in evidence))])
    alike = vectors[: len(said)] @ vectors[len(said) :].T
    texts = {number: _plain(passage.model_text) for number, passage in enumerate(passages, start=1)}
    checks = tuple(
        _checked(span, words, _cited(span, found), evidence, [float(one) for one in row], texts, cutoffs)
        for span, words, row in zip(spans, said, alike, strict=True)
    )
    return answer.model_copy(update={"checks": checks})


def answer_sentences(text: str) -> list[tuple[int, int]]:
    """Spans of an answer's sentences, each with the citations behind it, even those after its full stop.

    >>> [("A b. [1] C d [2]."[start:end]) for start, end in answer_sentences("A b. [1] C d [2].")]
    ['A b. [1]', 'C d [2].']
    """
    spans: list[tuple[int, int]] = []
    for start, end in _pieces(text):
        marks = _LEADING.match(text, start, end)
        if spans and marks:
            spans[-1] = (spans[-1][0], start + len(marks.group().rstrip()))
            start = marks.end()
        if re.search(r"\w", MARK.sub("", text[start:end])):
            spans.append((start, end))
    return spans


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Sentences as `sentences` finds them, cut behind glued citations too."""
    for one in sentences(text):
        start = one.start
        for glued in _GLUED.finditer(text, one.start, one.end):
            yield start, glued.start() + len(glued.group().rstrip())
            start = glued.end()
        yield start, one.end


def figures(text: str) -> tuple[str, ...]:
    """Numbers and codes in order of appearance, as they are compared: figures("80 % of KB-17, 5.000,00") ->
    ("80", "kb-17", "5.000,00")."""
    found = (match.group().rstrip(".,:/-").lower() for match in _FIGURE.finditer(without(text, marks(text))))
    return tuple(dict.fromkeys(found))


def _without_marks(text: str, span: tuple[int, int], found: Sequence[Mark]) -> str:
    """The sentence without its citations."""
    start, end = span
    inside = [Mark(one.start - start, one.end - start, one.numbers) for one in found if start <= one.start < end]
    return without(text[start:end], inside).strip()


def _cited(span: tuple[int, int], found: Sequence[Mark]) -> tuple[int, ...]:
    """The numbers that the sentence cites."""
    inside = (number for one in found if span[0] <= one.start < span[1] for number in one.numbers)
    return tuple(dict.fromkeys(inside))


def _evidence(passages: Sequence[Passage]) -> list[_Evidence]:
    """The passages' sentences, a table's rows under its header."""
    found = [
        _Evidence(
            number, passage.id, "\n".join(part for part in (one.context, passage.text[one.start : one.end]) if part)
        )
        for number, passage in enumerate(passages, start=1)
        for one in sentences(passage.text)
    ]
    return found[:READ]


def _checked(
    span: tuple[int, int],
    said: str,
    named: Sequence[int],
    evidence: Sequence[_Evidence],
    alike: Sequence[float],
    texts: Mapping[int, str],
    cutoffs: CosineCutoffs | None,
) -> SentenceCheck:
    """The verdict on what one sentence says, over the passages that it names, or over all where it cites none."""
    cited = tuple(number for number in named if number in texts)
    looked_at = cited or tuple(texts)
    places = [place for place, one in enumerate(evidence) if one.number in looked_at]
    best = max(places, key=lambda place: alike[place], default=None)
    there = {figure for number in looked_at for figure in figures(texts[number])}
    absent = tuple(figure for figure in figures(said) if figure not in there)
    score = alike[best] if best is not None else 0.0
    nearest = evidence[best] if best is not None else None
    return SentenceCheck(
        start=span[0],
        end=span[1],
        verdict=_verdict(score, cutoffs, cited=bool(cited), absent=bool(absent)),
        cited=cited,
        number=nearest.number if nearest else None,
        passage_id=nearest.passage_id if nearest else "",
        quote=nearest.text if nearest else "",
        score=round(score, 4),
        absent=absent,
    )


def _verdict(score: float, cutoffs: CosineCutoffs | None, *, cited: bool, absent: bool) -> SupportVerdict:
    """What can be asserted; a figure that stands in no cited passage needs no cosine to be missing."""
    if not cited:
        return "uncited"
    if absent:
        return "not found"
    if cutoffs is None:
        return "not calibrated"
    return "found" if score >= cutoffs.alike else "not found"


def _plain(text: str) -> str:
    """Without Markdown's emphasis, which no model needs to read."""
    return re.sub(r"\*\*|__|`", "", text)
