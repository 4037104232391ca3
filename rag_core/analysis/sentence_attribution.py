"""Why this score: the passage scored again with each sentence left out, and with each sentence alone.

What the score loses without a sentence is what that sentence carried; what it gains, what it hurt. All variants go
to the reranker in one batched, cached call. Sentences and their spans come from `generation.sentences`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from rag_core.errors import ModelError
from rag_core.generation.sentences import Sentence, sentences
from rag_core.rerank.base import Reranker
from rag_core.rerank.scoring import PairCache, score_pairs
from rag_core.schema.base import Frozen
from rag_core.schema.documents import Passage
from rag_core.schema.progress import Progress
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import PairScore

NOTABLE = 0.25
"""A sentence is marked when its effect is at least this share of the largest one."""

Role = Literal["carries", "hurts", "neither", "unread"]


class SentenceEffect(Frozen):
    """One sentence, `passage.text[start:end]`, and what it does to the score (in the attribution's space).

    effect: the score of the whole passage less the score without this sentence; over 0 it carries, under 0 it
    hurts. alone: the score of the sentence by itself (with the passage's heading). `unread`: the reranker's limit
    cuts the passage before it.
    """

    start: int
    end: int
    effect: float
    alone: float
    role: Role


class Attribution(Frozen):
    """The effects of a passage's sentences, in order of reading. `whole` is the score of the passage itself."""

    passage: Passage
    model: str
    space: ScoreSpace
    whole: float
    effects: tuple[SentenceEffect, ...]

    @property
    def telling(self) -> SentenceEffect | None:
        """The sentence that carries most: by what the score loses without it, and by what it scores alone.

        Both count by rank: a sentence that another one repeats loses nothing when it is left out.
        """
        read = [one for one in self.effects if one.role != "unread"]
        by_effect = sorted(read, key=lambda one: -one.effect)
        by_itself = sorted(read, key=lambda one: -one.alone)
        return min(read, key=lambda one: (by_effect.index(one) + by_itself.index(one), -one.effect), default=None)

    def text_of(self, effect: SentenceEffect) -> str:
        """The sentence itself."""
        return self.passage.text[effect.start : effect.end]


def attribute(
    reranker: Reranker, query: str, passage: Passage, cache: PairCache | None = None, progress: Progress | None = None
) -> Attribution:
    """Score the passage, each sentence alone, and the passage without each: 2n + 1 pairs, in one call.

    Raises ModelError where the reranker could not score them all.
    """
    found = sentences(passage.text)
    variants = [passage, *(_variant(passage, i, _alone(passage, s)) for i, s in enumerate(found))]
    variants += [_variant(passage, len(found) + i, _without(passage, s)) for i, s in enumerate(found)]
    scored = score_pairs(reranker, query, variants, cache, progress, slice_size=len(variants))
    if scored.failure:
        raise ModelError(f"The sentences could not be scored: {scored.failure}")
    whole, *rest = (scored.pairs[one.id] for one in variants)
    alone, without = rest[: len(found)], rest[len(found) :]
    raw = [(s, whole.score - b.score, a.score) for s, a, b in zip(found, alone, without, strict=True)]
    return Attribution(
        passage=passage,
        model=scored.model,
        space=scored.space,
        whole=whole.score,
        effects=tuple(_effects(raw, _seen(passage, whole))),
    )


def _alone(passage: Passage, sentence: Sentence) -> str:
    text = passage.text[sentence.start : sentence.end]
    return f"{sentence.context}\n{text}" if sentence.context else text


def _without(passage: Passage, sentence: Sentence) -> str:
    return f"{passage.text[: sentence.start].rstrip()} {passage.text[sentence.end :].lstrip()}".strip()


def _variant(passage: Passage, number: int, text: str) -> Passage:
    """The passage with another text: the same heading, no place in the document.

    Made anew, because a copy would keep the cached reading and content hash of the passage.
    """
    return Passage(
        id=f"{passage.id}#{number}",
        document_id=passage.document_id,
        start=0,
        end=len(text),
        text=text,
        heading_path=passage.heading_path,
        title=passage.title,
    )


def _seen(passage: Passage, whole: PairScore) -> int:
    """How many characters of the text the reranker read."""
    if whole.seen_chars is None:
        return len(passage.text)
    return max(0, whole.seen_chars - (len(passage.model_text) - len(passage.text)))


def _effects(raw: Sequence[tuple[Sentence, float, float]], seen: int) -> list[SentenceEffect]:
    largest = max((abs(effect) for s, effect, _ in raw if s.start < seen), default=0.0)

    def role(sentence: Sentence, effect: float) -> Role:
        if sentence.start >= seen:
            return "unread"
        if largest == 0 or abs(effect) < NOTABLE * largest:
            return "neither"
        return "carries" if effect > 0 else "hurts"

    return [
        SentenceEffect(start=s.start, end=s.end, effect=effect, alone=alone, role=role(s, effect))
        for s, effect, alone in raw
    ]
