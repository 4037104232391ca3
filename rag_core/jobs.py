"""Work that goes on in the background while people look elsewhere: progress, stopping, and a result that stays.

Everything that can be known about a job is in the database, so a page that is loaded again, or another process,
finds it there. The work itself is a thread of the process that started it and dies with it; work that keeps what it
has done can be begun again under the same id (`JobBook.start(..., job_id=...)`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa
from pydantic import ValidationError

from rag_core.errors import BadInput, SecondPassError, Stopped, UnreadableRecord, disk_refused
from rag_core.schema.base import Frozen, new_id
from rag_core.schema.validation import in_words
from rag_core.storage.columns import Moment
from rag_core.storage.database import Store, metadata

BEAT_S = 5.0
"""How often a running job gives a sign of life."""

SILENT = timedelta(seconds=30)
"""A job without a sign of life for so long has died with its process."""

State = Literal["running", "done", "cancelled", "failed", "interrupted"]

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(40), nullable=False),
    sa.Column("state", sa.String(20), nullable=False),
    sa.Column("done", sa.Integer, nullable=False),
    sa.Column("total", sa.Integer, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("cancel", sa.Boolean, nullable=False),
    sa.Column("started_by", sa.String(200), nullable=False),
    sa.Column("started_at", Moment, nullable=False),
    sa.Column("seen_at", Moment, nullable=False),
    sa.Index("jobs_by_kind", "kind", "started_at"),
)
"""`seen_at`: the last sign of life of the thread that works on it."""


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

    @property
    def fraction(self) -> float:
        """How much is done, from 0 to 1; 0 where its length is not known yet."""
        return min(1.0, self.done / self.total) if self.total else 0.0


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

    def reach(self, done: int, total: int, message: str = "") -> None:
        """So many units of so many are done, for work that learns its length on the way."""
        self._done = done
        self._book.note(self.job_id, done=done, total=total, message=message)

    def cancelled(self) -> bool:
        """True where somebody asked it to stop."""
        return self._book.get(self.job_id).cancel

    @property
    def cancelled_here(self) -> bool:
        """True where somebody asked this process to stop it. Costs nothing to ask, and does not know of the others."""
        return self._book.cancelled_here(self.job_id)


Work = Callable[[JobControl], str]
"""What a job does; the text that it returns, or raises Stopped with, is the job's last message."""


class JobBook:
    """The jobs of one database. A running job without a sign of life for `silent` counts as interrupted."""

    def __init__(self, store: Store, beat_s: float = BEAT_S, silent: timedelta = SILENT) -> None:
        self._store = store
        self._beat_s = beat_s
        self._silent = silent
        self._threads: dict[str, threading.Thread] = {}
        self._cancelled: set[str] = set()

    def start(self, kind: str, total: int, work: Work, by: str = "", job_id: str | None = None) -> Job:
        """Begin the work in a thread of its own and give its job at once.

        `job_id`: begin this job again, or begin it for the first time under an id of your own. Raises BadInput where
        it is still running.
        """
        now = datetime.now(UTC)
        job = Job(
            id=job_id or new_id(), kind=kind, state="running", done=0, total=total, message="", cancel=False,
            started_by=by, started_at=now, seen_at=now,
        )  # fmt: skip
        self._enter(job)
        self._cancelled.discard(job.id)
        thread = threading.Thread(target=self._run, args=(job.id, work), name=f"job-{job.id}", daemon=True)
        self._threads[job.id] = thread
        thread.start()
        return job

    def join(self, job_id: str, timeout_s: float | None = None) -> Job:
        """Wait for a job that this book has started, and give it as it is then. Others are not waited for."""
        thread = self._threads.get(job_id)
        if thread is not None:
            thread.join(timeout_s)
        return self.get(job_id)

    def get(self, job_id: str) -> Job:
        """The job as it is now. Raises BadInput where there is none."""
        return self.find(job_id) or _missing()

    def find(self, job_id: str) -> Job | None:
        """The job as it is now; None where there is none. Raises UnreadableRecord where it cannot be read."""
        return self._one(sa.select(jobs).where(jobs.c.id == job_id))

    def latest(self, kind: str) -> Job | None:
        """The newest job of that kind; None before the first. Raises UnreadableRecord where it cannot be read."""
        asked = sa.select(jobs).where(jobs.c.kind == kind)
        return self._one(asked.order_by(jobs.c.started_at.desc(), jobs.c.id).limit(1))

    def cancel(self, job_id: str) -> None:
        """Ask the job to stop; it does after the unit it is at."""
        self._cancelled.add(job_id)
        self.note(job_id, cancel=True)

    def cancelled_here(self, job_id: str) -> bool:
        """True where `cancel` was called on this book; `Job.cancel` also knows of other processes."""
        return job_id in self._cancelled

    def note(self, job_id: str, **changes: Any) -> None:
        """Write down what has changed; a sign of life too."""
        row = changes if "cancel" in changes else changes | {"seen_at": datetime.now(UTC)}
        with self._store.begin() as connection:
            connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(row))

    def _enter(self, job: Job) -> None:
        """Write the job down as running. Where two begin the same one again at once, the second is refused."""
        row = job.model_dump()
        over = sa.or_(jobs.c.state != "running", jobs.c.seen_at < job.seen_at - self._silent)
        with self._store.begin() as connection:
            again = connection.execute(sa.update(jobs).where(jobs.c.id == job.id, over).values(row))
            if again.rowcount:
                return
            if connection.execute(sa.select(jobs.c.id).where(jobs.c.id == job.id)).first():
                raise BadInput("This is being worked on already.")
            connection.execute(sa.insert(jobs).values(row))

    def _run(self, job_id: str, work: Work) -> None:
        over = threading.Event()
        beat = threading.Thread(target=self._beat, args=(job_id, over), daemon=True)
        beat.start()
        try:
            state, message = "done", work(JobControl(self, job_id))
        except Stopped as exc:
            state, message = "cancelled", str(exc)
        except SecondPassError as exc:
            state, message = "cancelled" if self.get(job_id).cancel else "failed", str(exc)
        except Exception as exc:  # noqa: BLE001 - a thread has nobody else to tell
            refused = disk_refused(exc) if isinstance(exc, OSError) else ""
            state, message = "failed", refused or f"Something unforeseen happened: {type(exc).__name__}."
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
        died = row["state"] == "running" and datetime.now(UTC) - row["seen_at"] > self._silent
        try:
            return Job.model_validate(dict(row) | ({"state": "interrupted"} if died else {}))
        except ValidationError as exc:
            raise UnreadableRecord(
                f"What the database has of this job cannot be read: {in_words(exc)}. Start the work again."
            ) from exc


def _missing() -> Job:
    raise BadInput("This job is not there (any more).")
