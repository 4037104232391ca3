"""What all who ask one question share: its measurement and answers, who pays for what now, who was failed by whom."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar, cast

from rag_core.pipeline.background import Works
from rag_core.pipeline.claims import Claims
from rag_core.pipeline.reranker_scores import with_scores
from rag_core.schema.answers import Answer
from rag_core.schema.measurement import Measurement, RerankerScores

Found = TypeVar("Found")

SEARCHED = ("passages", "vectors", "extra_searches", "rewriting", "hybrid")
"""The fields of a measurement that searching fills; scoring fills `rerankings`."""


class Paid:
    """Read and change it under the lock of `claims`. `findings` are those of the present measurement."""

    def __init__(self) -> None:
        self.measurement: Measurement | None = None
        self.answers: dict[Hashable, Answer] = {}
        self.findings: dict[Hashable, tuple[object]] = {}
        self.rewriting_again: set[str] = set()
        self.claims = Claims()
        self.works = Works()
        self._failed: set[tuple[str, str]] = set()

    def keep(self, measurement: Measurement) -> None:
        """Put a grown measurement in the place of the present one."""
        self.measurement = measurement
        self.findings.clear()

    def keep_searches(self, searched: Measurement) -> None:
        """Take over what was searched for an earlier state of the measurement; scores made meanwhile stay."""
        assert self.measurement is not None
        self.keep(self.measurement.model_copy(update={name: getattr(searched, name) for name in SEARCHED}))

    def drop_scores(self, outdated: Mapping[str, str]) -> None:
        """Forget what these rerankers have scored, unless it is no longer by the model that is named beside each."""
        known = self.measurement.rerankings if self.measurement else {}
        kept = {one: scores for one, scores in known.items() if outdated.get(one) != scores.model}
        if self.measurement and len(kept) < len(known):
            self.keep(self.measurement.model_copy(update={"rerankings": kept}))

    def keep_scores(self, reranker: str, fresh: RerankerScores, asker: str) -> None:
        """Add what a reranker has scored, and note whether it failed for this asker."""
        assert self.measurement is not None
        self.keep(with_scores(self.measurement, reranker, fresh))
        change = self._failed.add if fresh.failure else self._failed.discard
        change((reranker, asker))

    def given_up(self, asker: str) -> set[str]:
        """The rerankers that failed when this asker last asked them, and for nobody have done better since."""
        known = self.measurement.rerankings if self.measurement else {}
        failing = {name for name, scores in known.items() if scores.failure}
        return {name for name, who in self._failed if who == asker and name in failing}

    def forgive(self, asker: str) -> None:
        """Forget what failed for this asker."""
        self._failed = {one for one in self._failed if one[1] != asker}

    def remembered(self, key: Hashable, work_out: Callable[[Measurement], Found]) -> Found:
        """A finding about the present measurement, worked out once; without the lock, for it may take a while."""
        with self.claims.lock:
            known, found = self.measurement, self.findings.get(key)
        if found is None:
            assert known is not None
            found = (work_out(known),)
            with self.claims.lock:
                if self.measurement is known:
                    self.findings[key] = found
        return cast("Found", found[0])
