"""Finished runs on their way to a file or a collector: in the background, from a bounded queue that never blocks.

    SECOND_PASS_RUNS=/var/log/runs.jsonl         a file, one run a line
    SECOND_PASS_RUNS=http://127.0.0.1:4318       a collector; SECOND_PASS_TOKEN is its token
    neither                                      runs.jsonl in the data folder

Where the queue is full, or nobody takes a run in time, the run is dropped and counted (`status`), and the next one that
arrives says so. At exit the rest is handed over, for at most `EXIT_SECONDS`; what is lost by then is said in the log.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import queue
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rag_core.installation.locations import data_folder
from rag_core.runs.recorder.outlets import Collector, File, Outlet
from rag_core.runs.recorder.recording import Recording

QUEUED = 1000
"""Runs that wait at most."""

AT_ONCE = 50
"""Runs that are handed over together at most."""

EXIT_SECONDS = 3.0
LOG = logging.getLogger("second_pass.runs")
LOG_EVERY_S = 60.0


@dataclass
class Status:
    """What became of the runs of one destination, in this process."""

    delivered: int = 0
    dropped: int = 0
    refused: int = 0


@dataclass
class Channel:
    """One destination: its queue, its thread, its counts."""

    outlet: Outlet
    status: Status = field(default_factory=Status)
    waiting: queue.Queue[dict[str, Any]] = field(default_factory=lambda: queue.Queue(QUEUED))
    _logged_at: float = -LOG_EVERY_S
    _told: int = 0
    _reason: str = ""

    def start(self) -> None:
        """Begin to hand over. The thread ends with the process."""
        threading.Thread(target=self._work, name="second-pass-runs", daemon=True).start()

    def put(self, sent: dict[str, Any]) -> None:
        """Queue a run, or drop and count it."""
        try:
            self.waiting.put_nowait(sent)
        except queue.Full:
            self.status.dropped += 1
            self._log("the queue is full")

    def flush(self, seconds: float) -> bool:
        """Wait until all is handed over; False where it took longer."""
        with self.waiting.all_tasks_done:
            return self.waiting.all_tasks_done.wait_for(lambda: not self.waiting.unfinished_tasks, seconds)

    def close(self) -> None:
        """At exit: count what still waits as dropped, and say how many runs were not delivered, and why."""
        self.status.dropped += self.waiting.unfinished_tasks
        lost = self.status.dropped + self.status.refused
        if lost:
            reason = self.outlet.trouble or self._reason or f"it took longer than {EXIT_SECONDS:g} s at the end"
            LOG.warning(
                "%d of %d runs were not delivered to %s: %s.", lost, lost + self.status.delivered, self.outlet, reason
            )

    def _work(self) -> None:
        while True:
            some = [self.waiting.get()]
            while len(some) < AT_ONCE and not self.waiting.empty():
                some.append(self.waiting.get())
            try:
                self._hand_over(some)
            except Exception as exc:  # noqa: BLE001  (the thread must outlive whatever goes wrong with one batch)
                self.status.dropped += len(some)
                self._log(f"{type(exc).__name__}: {exc}")
            for _ in some:
                self.waiting.task_done()

    def _hand_over(self, some: list[dict[str, Any]]) -> None:
        bodies = list(map(self._body, some))
        refused = self.outlet.send(bodies)
        self.status.delivered += len(bodies) - len(refused)
        self.status.refused += len(refused)
        if refused:
            self._log(refused[0])

    def _body(self, sent: dict[str, Any]) -> str:
        """The run's JSON. Whoever reads it completes it, so that this process need not."""
        if dropped := self.status.dropped - self._told:
            note = {"code": "dropped-before", "message": f"Since the last run of this process, {dropped} were dropped."}
            sent = sent | {"warnings": [*sent["warnings"], note]}
            self._told += dropped
        return json.dumps(sent)

    def _log(self, reason: str) -> None:
        """Say it in the log, once a minute at most."""
        self._reason = reason
        now = time.monotonic()
        if now - self._logged_at >= LOG_EVERY_S:
            self._logged_at = now
            LOG.warning(
                "Runs for %s are lost: %s. Dropped %d, refused %d until now.",
                self.outlet, reason, self.status.dropped, self.status.refused,
            )  # fmt: skip


FILE_NAME = "runs.jsonl"
"""The file of the data folder that runs go to by default; the Runs page offers to import it."""

_channels: dict[str, Channel] = {}
_lock = threading.Lock()


def deliver(run: Recording, to: str | Path | None = None) -> None:
    """Queue a finished run for its destination. Never raises, never waits."""
    try:
        channel_of(destination(to)).put(run.sent())
    except Exception as exc:  # noqa: BLE001  (the caller's service goes on, whatever this is)
        LOG.warning("A run could not be queued: %s: %s", type(exc).__name__, exc)


def destination(to: str | Path | None = None) -> str:
    """What was given, else SECOND_PASS_RUNS, else runs.jsonl in the data folder."""
    return str(to or os.environ.get("SECOND_PASS_RUNS", "").strip() or default_file())


def default_file() -> Path:
    """Where runs go by default."""
    return Path(os.environ.get("SECOND_PASS_DATA_DIR") or data_folder()) / FILE_NAME


def channel_of(where: str) -> Channel:
    """The channel to a destination, started when first used."""
    with _lock:
        if where not in _channels:
            web = where.startswith(("http://", "https://"))
            _channels[where] = Channel(Collector(where) if web else File(Path(where)))
            _channels[where].start()
        return _channels[where]


def status(to: str | Path | None = None) -> Status:
    """What became of this process's runs for a destination."""
    channel = _channels.get(destination(to))
    return channel.status if channel else Status()


def flush(seconds: float = EXIT_SECONDS) -> bool:
    """Wait until every run is handed over, for so many seconds at most; False where that was not enough."""
    until = time.monotonic() + seconds
    done = [one.flush(max(0.0, until - time.monotonic())) for one in list(_channels.values())]
    return all(done)


def _at_exit() -> None:
    flush()
    for channel in list(_channels.values()):
        channel.close()


def _begin_anew() -> None:
    """In a forked child: threads do not come along, so its channels start when it first uses them."""
    global _lock
    _lock = threading.Lock()
    _channels.clear()


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
