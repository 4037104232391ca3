"""What all who ask one question share: its measurement and answers, who pays for what now, who was failed by whom."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar, cast

from rag_core.pipeline.background import Works
from rag_core.pipeline.claims import Claims
from rag_core.pipeline.reranker_scores import with_failures, with_scores
from rag_core.schema.answers import Answer
from rag_core.schema.measurement import Measurement, RerankerScores

Found = TypeVar("Found")

SEARCHED = ("passages", "vectors", "extra_searches", "rewriting", "hybrid")
"""The fields of a measurement that searching fills; scoring fills `rerankings`."""


class Paid:
    """Read and change it under the lock of `claims`. `findings` are those of the present measurement.

    A reranker that fails fails for who asked: somebody else's key may be missing. `seen_by` is what an asker sees.
    """

    def __init__(self) -> None:
        self.measurement: Measurement | None = None
        self.answers: dict[Hashable, Answer] = {}
        self.findings: dict[tuple[Hashable, Hashable], tuple[object]] = {}
        self.rewriting_again: set[str] = set()
        self.claims = Claims()
        self.works = Works()
        self._failed: dict[tuple[str, str], str] = {}
        self._seen: dict[Hashable, Measurement] = {}

    def keep(self, measurement: Measurement) -> None:
        """Put a grown measurement in the place of the present one."""
        self.measurement = measurement
        self.findings.clear()
        self._seen.clear()

    def keep_searches(self, searched: Measurement) -> None:
        """Take over what was searched for an earlier state of the measurement; scores made meanwhile stay."""
        assert self.measurement is not None
        self.keep(self.measurement.model_copy(update={name: getattr(searched, name) for name in SEARCHED}))

    def drop_scores(self, outdated: Mapping[str, str]) -> None:
        """Forget what these rerankers have scored, unless it is no longer by the model that is named beside each."""
        known = self.measurement.rerankings if self.measurement else {}
        kept = {one: scores for one, scores in known.items() if outdated.get(one) != scores.model}
        if self.measurement and len(kept) < len(known):
            self._failed = {one: said for one, said in self._failed.items() if one[0] in kept}
            self.keep(self.measurement.model_copy(update={"rerankings": kept}))

    def keep_scores(self, reranker: str, fresh: RerankerScores, asker: str) -> None:
        """Add what a reranker has scored, and note whether it failed for this asker. A success ends every failure."""
        assert self.measurement is not None
        self.keep(with_scores(self.measurement, reranker, fresh))
        if fresh.failure:
            self._failed[reranker, asker] = fresh.failure
        else:
            self._failed = {one: said for one, said in self._failed.items() if one[0] != reranker}

    def seen_by(self, asker: str) -> Measurement | None:
        """The measurement with the failures of this asker's own calls; the same object until something changes."""
        if self.measurement is None:
            return None
        own = self._failures(asker)
        key = frozenset(own.items())
        if key not in self._seen:
            self._seen[key] = with_failures(self.measurement, own)
        return self._seen[key]

    def _failures(self, asker: str) -> dict[str, str]:
        """By reranker, why it failed when this asker last asked it; without those that have done better since."""
        return {name: said for (name, who), said in self._failed.items() if who == asker}

    def given_up(self, asker: str) -> set[str]:
        """The rerankers that this asker does not ask again."""
        return set(self._failures(asker))

    def forgive(self, asker: str) -> None:
        """Forget what failed for this asker."""
        self._failed = {one: said for one, said in self._failed.items() if one[1] != asker}

    def remembered(self, key: Hashable, asker: str, work_out: Callable[[Measurement], Found]) -> Found:
        """A finding about the measurement that this asker sees, worked out once for all who see the same; without the
        lock, for it may take a while."""
        with self.claims.lock:
            known = self.seen_by(asker)
            seen = key, frozenset(self._failures(asker).items())
            found = self.findings.get(seen)
        if found is None:
            assert known is not None
            found = (work_out(known),)
            with self.claims.lock:
                if self.seen_by(asker) is known:
                    self.findings[seen] = found
        return cast("Found", found[0])

    def forget(self, key: Hashable) -> None:
        """Work this finding out again when it is next asked for."""
        self.findings = {one: found for one, found in self.findings.items() if one[0] != key}
