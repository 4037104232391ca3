"""Says once of each project that its first run has arrived, so that somebody who has just set up an exporter sees that
it works."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from rag_core.runs.run import Run

Arrived = Callable[[Sequence[Run]], None]
"""Told of runs once they are in the database."""

MOST = 100
"""Projects that are told of; senders that name ever new ones fill no terminal."""

LONGEST = 80
"""Characters of a name or a query that are shown."""


class FirstRuns:
    """Tells `say` of the first run of each project since it was made. Safe to share between threads."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._known: set[str] = set()
        self._lock = threading.Lock()

    def __call__(self, runs: Sequence[Run]) -> None:
        for run in runs:
            if self._is_new(run.project):
                self._say(f"First run of {shown(run.project)}: {shown(run.query)}")

    def _is_new(self, project: str) -> bool:
        with self._lock:
            if project in self._known or len(self._known) >= MOST:
                return False
            self._known.add(project)
            return True


def shown(text: str) -> str:
    """The beginning of a text from elsewhere, without what a terminal would take for a command.

    >>> shown("How long?\\x1b[2J")
    'How long??[2J'
    """
    short = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return "".join(letter if letter.isprintable() else " " if letter.isspace() else "?" for letter in short)


def nobody(_runs: Sequence[Run]) -> None:
    """For who does not want to be told."""
