"""Says once of each project that its first run has arrived, or that its traces make none, so that somebody who has just
set up an exporter sees whether it works."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from rag_core.runs.run import Run

MOST = 100
"""Projects that are told of; senders that name ever new ones fill no terminal."""

LONGEST = 80
"""Characters of a name or a query that are shown."""


class Listener:
    """Told of what has arrived. This one does nothing with it."""

    def runs(self, some: Sequence[Run]) -> None:
        """Runs that are in the database."""

    def no_run(self, project: str) -> None:
        """A trace of this project has no retrieval, so that no run is made of it."""


class FirstRuns(Listener):
    """Tells `say` of the first run of each project since it was made, and of a project whose traces make no run. Safe
    to share between threads."""

    def __init__(self, say: Callable[[str], None], see: str = "") -> None:
        """`see`: where runs can be seen."""
        self._say, self._see = say, see
        self._known: set[tuple[str, bool]] = set()
        self._lock = threading.Lock()

    def runs(self, some: Sequence[Run]) -> None:
        for run in some:
            if self._is_new(run.project, True):
                self._say(f"First run of {shown(run.project)}: {shown(run.query)}\n{self._see}")

    def no_run(self, project: str) -> None:
        if (project, True) not in self._known and self._is_new(project, False):
            self._say(
                f"A trace of {shown(project)} has no search and no reranker, so it makes no run. Are its retrievers "
                f"instrumented with OpenInference?"
            )

    def _is_new(self, project: str, has_run: bool) -> bool:
        with self._lock:
            if (project, has_run) in self._known or len(self._known) >= MOST:
                return False
            self._known.add((project, has_run))
            return True


def shown(text: str) -> str:
    """The beginning of a text from elsewhere, without what a terminal would take for a command.

    >>> shown("How long?\\x1b[2J")
    'How long??[2J'
    """
    short = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return "".join(letter if letter.isprintable() else " " if letter.isspace() else "?" for letter in short)
