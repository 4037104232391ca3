"""Pays for what a question lacks after its first search, in steps: more searches, then pass after pass, slice by slice.

No two threads pay for the same (`claims`), and each step's result is kept before the next one begins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from rag_core.pipeline.background import Steps
from rag_core.pipeline.cascade import PendingPass, next_slice, pending_passes
from rag_core.pipeline.engine_fusion import lacks_fusion
from rag_core.pipeline.extra_searches import missing_searches
from rag_core.pipeline.paid import Paid
from rag_core.pipeline.pipeline import Pipeline
from rag_core.schema.documents import Passage
from rag_core.schema.measurement import Measurement
from rag_core.schema.policy import Policy

if TYPE_CHECKING:
    from rag_core.diagnosis import Location

Pairs = dict[tuple[str, str], Passage | None]
"""What a reranker must score, by its key and the passage's id; one entry without a passage where it scores none."""

Next = Callable[[Measurement, Policy], PendingPass | None]
"""What is scored next under a policy."""

SETTLED_AT_ONCE = 32
"""Pairs that `settling` scores between two chances to stop."""


class Payer:
    """Pays for one question in one asker's name, with the pipeline that holds this asker's keys."""

    def __init__(self, pipeline: Pipeline, query: str, asker: str, paid: Paid) -> None:
        self._pipeline = pipeline
        self._query = query
        self._asker = asker
        self._paid = paid

    def searched(self, policy: Policy) -> Measurement | None:
        """The measurement where it has every search of the policy, else None. Under the lock."""
        known, rewrites = self._paid.seen_by(self._asker), policy.rewrite.on
        if known is None or (rewrites and (known.rewriting is None or self._asker in self._paid.rewriting_again)):
            return None
        return None if missing_searches(known, policy) or lacks_fusion(known, policy) else known

    def next_pass(self, known: Measurement, policy: Policy) -> PendingPass | None:
        """All that the next pass lacks."""
        given_up = self._paid.given_up(self._asker)
        return next((one for one in pending_passes(known, policy) if one.reranker not in given_up), None)

    def _slices(self, policy: Policy) -> Next:
        """What the next pass scores at a time. How much a service takes is asked here, without the lock."""
        sizes = {reranker: self._pipeline.request_size(reranker) for reranker in policy.rerankers}
        return lambda known, of: next_slice(known, of, self._paid.given_up(self._asker), sizes.__getitem__)

    def scoring(self, policy: Policy, in_slices: bool = True) -> Steps[None, None]:
        """Pay for what the policy lacks after the main search: the others, then pass after pass, a few pairs at a
        time."""
        following = self._slices(policy) if in_slices else self.next_pass
        while self._search_more(policy) or self._score_next(policy, following):
            yield None

    def _search_more(self, policy: Policy) -> bool:
        """Run the searches that are missing, all at once; False where none was."""
        with self._paid.claims.taken(lambda: {} if self.searched(policy) else {"search": None}) as due:
            if due:
                known = self._paid.measurement
                assert known is not None
                before = known.rewriting if self._asker in self._paid.rewriting_again else None
                searched = self._pipeline.search(
                    known.model_copy(update={"rewriting": None}) if before else known, policy
                )
                if before and searched.rewriting:
                    again = searched.rewriting.with_(requests=before.requests + searched.rewriting.requests)
                    searched = searched.model_copy(update={"rewriting": again})
                with self._paid.claims.lock:
                    self._paid.keep_searches(searched)
                    self._paid.rewriting_again.discard(self._asker)
        return bool(due)

    def _score_next(self, policy: Policy, following: Next) -> bool:
        """Score what comes next and nobody else is scoring; False where nothing does."""

        def unscored() -> Pairs:
            known = self._paid.seen_by(self._asker)
            pending = following(known, policy) if known else None
            return _pairs(*pending) if pending else {}

        return self._score(unscored)

    def _score(self, unscored: Callable[[], Pairs]) -> bool:
        with self._paid.claims.taken(unscored) as pairs:
            if pairs:
                reranker = next(iter(pairs))[0]
                passages = [passage for passage in pairs.values() if passage]
                fresh = self._pipeline.scores(reranker, self._query, passages)
                with self._paid.claims.lock:
                    self._paid.keep_scores(reranker, fresh, self._asker)
        return bool(pairs)

    def settling(self, policy: Policy, location: Location) -> Steps[tuple[int, int], None]:
        """Score the pairs that leave settings open under this policy; says (done, of how many). Searched before."""
        from rag_core.diagnosis import pairs_needed

        with self._paid.claims.lock:
            known = self._paid.seen_by(self._asker)
        needed = pairs_needed(known, policy, location) if known else {}
        done, total = 0, sum(map(len, needed.values()))
        for reranker, passages in needed.items():
            size = max(SETTLED_AT_ONCE, self._pipeline.request_size(reranker))
            for start in range(0, len(passages), size):
                part = passages[start : start + size]
                while self._score(partial(self._unscored, reranker, part)):
                    pass
                done += len(part)
                yield done, total

    def _unscored(self, reranker: str, passages: Sequence[Passage]) -> Pairs:
        known = self._paid.measurement.rerankings.get(reranker) if self._paid.measurement else None
        if reranker in self._paid.given_up(self._asker):
            return {}
        return {(reranker, one.id): one for one in passages if known is None or one.id not in known.pairs}


def _pairs(reranker: str, passages: Sequence[Passage]) -> Pairs:
    return {(reranker, one.id): one for one in passages} or {(reranker, ""): None}
