"""Work that goes on in the background while people look elsewhere: progress, cancelling, and a result that stays.

Everything that can be known about a job is in the database, so a page that is loaded again, or another process,
finds it there. The work itself is a thread of the process that started it and dies with it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from rag_core.errors import BadInput, SecondPassError
from rag_core.schema.base import Frozen
from rag_core.storage.database import Store
from rag_core.triage.case import new_id
from rag_core.triage.tables import jobs

BEAT_S = 5.0
"""How often a running job gives a sign of life."""

SILENT = timedelta(seconds=30)
"""A job without a sign of life for so long has died with its process."""

State = Literal["running", "done", "cancelled", "failed", "interrupted"]


class Job(Frozen):
    """One job as the database has it. `message`: what it is at, in the end its result or what went wrong."""

    id: str
    kind: str
    state: State
    done: int
    total: int
    message: str
    cancel: bool
    started_by: str
    started_at: datetime
    seen_at: datetime

    @property
    def over(self) -> bool:
        """True where nothing more will come."""
        return self.state != "running"


class JobControl:
    """How the work speaks to its job, from the thread that does it."""

    def __init__(self, book: JobBook, job_id: str) -> None:
        self._book = book
        self.job_id = job_id
        self._done = 0

    def step(self, message: str = "") -> None:
        """One more unit is done; `message` says which."""
        self._done += 1
        self._book.note(self.job_id, done=self._done, message=message)

    def reach(self, done: int, total: int) -> None:
        """So many units of so many are done, for work that learns its length on the way."""
        self._done = done
        self._book.note(self.job_id, done=done, total=total)

    def cancelled(self) -> bool:
        """True where somebody asked it to stop."""
        return self._book.get(self.job_id).cancel


class JobBook:
    """The jobs of one database."""

    def __init__(self, store: Store, beat_s: float = BEAT_S) -> None:
        self._store = store
        self._beat_s = beat_s
        self._threads: dict[str, threading.Thread] = {}

    def start(self, kind: str, total: int, work: Callable[[JobControl], str], by: str = "") -> Job:
        """Begin the work in a thread of its own and give its job at once. What `work` returns is its message."""
        now = datetime.now(UTC)
        job = Job(
            id=new_id(), kind=kind, state="running", done=0, total=total, message="", cancel=False,
            started_by=by, started_at=now, seen_at=now,
        )  # fmt: skip
        with self._store.begin() as connection:
            connection.execute(sa.insert(jobs).values(job.model_dump()))
        thread = threading.Thread(target=self._run, args=(job.id, work), name=f"job-{job.id}", daemon=True)
        self._threads[job.id] = thread
        thread.start()
        return job

    def join(self, job_id: str, timeout_s: float | None = None) -> Job:
        """Wait for a job that this book has started, and give it as it is then. Others are not waited for."""
        if job_id in self._threads:
            self._threads[job_id].join(timeout_s)
        return self.get(job_id)

    def get(self, job_id: str) -> Job:
        """The job as it is now. Raises BadInput where there is none."""
        return self._one(sa.select(jobs).where(jobs.c.id == job_id)) or _missing()

    def latest(self, kind: str) -> Job | None:
        """The newest job of that kind; None before the first."""
        asked = sa.select(jobs).where(jobs.c.kind == kind)
        return self._one(asked.order_by(jobs.c.started_at.desc(), jobs.c.id).limit(1))

    def cancel(self, job_id: str) -> None:
        """Ask the job to stop; it does after the unit it is at."""
        self.note(job_id, cancel=True)

    def note(self, job_id: str, **changes: Any) -> None:
        """Write down what has changed; a sign of life too."""
        row = changes if "cancel" in changes else changes | {"seen_at": datetime.now(UTC)}
        with self._store.begin() as connection:
            connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(row))

    def _run(self, job_id: str, work: Callable[[JobControl], str]) -> None:
        over = threading.Event()
        beat = threading.Thread(target=self._beat, args=(job_id, over), daemon=True)
        beat.start()
        try:
            message = work(JobControl(self, job_id))
            state = "cancelled" if self.get(job_id).cancel else "done"
        except SecondPassError as exc:
            state, message = "cancelled" if self.get(job_id).cancel else "failed", str(exc)
        except Exception as exc:  # noqa: BLE001 - a thread has nobody else to tell
            state, message = "failed", f"Something unforeseen happened: {type(exc).__name__}."
        finally:
            over.set()
            beat.join()
        self.note(job_id, state=state, message=message)
        self._threads.pop(job_id, None)

    def _beat(self, job_id: str, over: threading.Event) -> None:
        while not over.wait(self._beat_s):
            with suppress(SecondPassError):  # a busy database; the next beat tells
                self.note(job_id)

    def _one(self, asked: sa.Select[Any]) -> Job | None:
        with self._store.begin() as connection:
            row = connection.execute(asked).mappings().one_or_none()
        if row is None:
            return None
        died = row["state"] == "running" and datetime.now(UTC) - row["seen_at"] > SILENT
        return Job.model_validate(dict(row) | ({"state": "interrupted"} if died else {}))


def _missing() -> Job:
    raise BadInput("This job is not there (any more).")
