"""The times of steps that are decided one after the other, laid on the time line of their run."""

from __future__ import annotations

from collections.abc import Callable

from rag_core.schema.steps import Timing

Clock = Callable[[], float]
"""Gives seconds."""


class Watch:
    """Lays the steps that follow one another on the run's time line. Milliseconds."""

    def __init__(self, clock: Clock, now_ms: float) -> None:
        self._clock = clock
        self._now_ms = now_ms
        self._mark = clock()

    def lap(self) -> Timing:
        """The time since the last lap, as a step that begins where the one before it ended."""
        return self.add(Timing(took_ms=max(0.0, (self._clock() - self._mark) * 1000)))

    def at(self, measured: Timing) -> Timing:
        """A step that ran beside the searches, when it was measured."""
        self._now_ms = max(self._now_ms, measured.ended_ms)
        self._mark = self._clock()
        return measured

    def add(self, measured: Timing) -> Timing:
        """A step that took so long when it was measured."""
        timing = measured.with_(started_ms=self._now_ms)
        self._now_ms = timing.ended_ms
        self._mark = self._clock()
        return timing
