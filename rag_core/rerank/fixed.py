"""A reranker without a model: scores from a table, or by word overlap. For tests, examples and offline trials.

Its scores can be worked out by hand, and it can be told to fail after a number of pairs.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence

from rag_core.errors import ModelError
from rag_core.rerank.base import Scored
from rag_core.rerank.checks import check_finite
from rag_core.schema.progress import Progress
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import PairScore


def overlap(query: str, passage: str) -> float:
    """Share of the query's distinct words that stand in the passage, 0..1; 0.0 for a query without words.

    overlap("refund for games", "Games: no refund") -> 2/3
    """
    asked = _words(query)
    return len(asked & _words(passage)) / len(asked) if asked else 0.0


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.lower()))


class FixedReranker:
    """Scores by passage text, word overlap where a passage is not in the table (the `Reranker` protocol).

    FixedReranker({"Title a\\ntext of a": 2.0})          that passage scores 2.0, others by overlap
    FixedReranker(fail_after=3)                          raises ModelError before it scores a fourth pair
    `calls` and `scored` count what ran, so that a test can see that nothing did.
    """

    space: ScoreSpace
    runs_on = ""
    slice_size = 1
    identified = True

    def __init__(
        self,
        scores: Mapping[str, float] | None = None,
        *,
        space: ScoreSpace = ScoreSpace.LOGIT,
        fail_after: int | None = None,
        max_tokens: int | None = None,
    ) -> None:
        self.space = space
        self.calls = 0
        self.scored = 0
        self._scores = dict(scores or {})
        self._fail_after = fail_after
        self._max_tokens = max_tokens
        self._load_ms = 0.0

    @property
    def model(self) -> str:
        """`fixed@<hash of the table, the space and the limit>`."""
        given = json.dumps([sorted(self._scores.items()), self.space, self._max_tokens])
        return f"fixed@{hashlib.sha256(given.encode()).hexdigest()[:12]}"

    @property
    def load_ms(self) -> float:
        """1.0 after the first `load`, 0 before."""
        return self._load_ms

    def load(self) -> None:
        """There is nothing to load."""
        self._load_ms = 1.0

    def score(self, query: str, passages: Sequence[str], progress: Progress | None = None) -> Scored:
        """One score per passage; its tokens are its words. Raises ModelError where told to."""
        self.load()
        self.calls += 1
        if self._fail_after is not None and self.scored + len(passages) > self._fail_after:
            raise ModelError(f"The fixed reranker was told to fail after {self._fail_after} pairs.")
        pairs = []
        for passage in passages:
            score = self._scores.get(passage, overlap(query, passage))
            check_finite([score], [passage])
            pairs.append(self._pair(score, passage))
            if progress:
                progress(len(pairs), len(passages))
        self.scored += len(passages)
        return Scored(pairs=tuple(pairs), tokens=sum(pair.tokens - pair.unseen_tokens for pair in pairs), batches=1)

    def _pair(self, score: float, passage: str) -> PairScore:
        spans = [found.span() for found in re.finditer(r"\w+", passage)]
        seen = spans[: self._max_tokens]
        return PairScore(
            score=score,
            tokens=len(spans),
            unseen_tokens=len(spans) - len(seen),
            seen_chars=seen[-1][1] if len(seen) < len(spans) and seen else None,
        )
