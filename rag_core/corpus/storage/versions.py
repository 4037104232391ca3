"""Versions of one saved collection on disk: written apart, made live in one step, old ones cleaned up.

    <folder>/CURRENT                name of the live version; replaced atomically
    <folder>/versions/<id>/         a whole version
    <folder>/versions/<id>.partial  one that is being written, or whose writer was killed

A process may be killed at any point: the live version stays whole, and what is half-written is cleaned by the next
write. The version before the live one is kept, so that a reader who has just opened it can read on.
"""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rag_core.errors import CollectionError
from rag_core.storage.files import replace_text, sync

_CURRENT, _VERSIONS, _PARTIAL = "CURRENT", "versions", ".partial"
_VERSION_NAME = re.compile(r"[0-9TZ]{16,24}-[0-9a-f]{8}")


class Versions:
    """The versions in one folder. Writers hold `locked(...)`; readers need no lock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def live(self) -> Path | None:
        """The folder of the live version; None where nothing was ever made live."""
        try:
            name = (self.folder / _CURRENT).read_text(encoding="utf-8", errors="replace").strip()
        except (FileNotFoundError, NotADirectoryError):
            return None
        if not _VERSION_NAME.fullmatch(name):
            raise CollectionError(f"The collection in {self.folder.name} is damaged: {_CURRENT} names no version.")
        return self.folder / _VERSIONS / name

    def begin(self) -> Path:
        """An empty folder for the next version; what a killed writer left is removed."""
        versions = self.folder / _VERSIONS
        versions.mkdir(parents=True, exist_ok=True)
        for leftover in versions.glob(f"*{_PARTIAL}"):
            shutil.rmtree(leftover)
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
        partial = versions / f"{now}-{uuid.uuid4().hex[:8]}{_PARTIAL}"
        partial.mkdir()
        return partial

    def publish(self, partial: Path) -> Path:
        """Make the written version live: files to disk, then one atomic step. Returns its folder."""
        before = self.live()
        for path in [*partial.rglob("*"), partial]:
            sync(path)
        whole = partial.with_name(partial.name.removesuffix(_PARTIAL))
        partial.rename(whole)
        sync(whole.parent)
        replace_text(self.folder / _CURRENT, whole.name)
        for old in (self.folder / _VERSIONS).iterdir():
            if old not in (whole, before):
                shutil.rmtree(old, ignore_errors=True)
        return whole


@contextmanager
def locked(root: Path, key: str, wait: float = 0.0) -> Iterator[None]:
    """Hold the writer's lock `key` below `root`. The system frees it when its process dies.

    Raises CollectionError where another writer holds it for longer than `wait` seconds.
    """
    from filelock import FileLock, Timeout

    locks = root / ".locks"
    locks.mkdir(parents=True, exist_ok=True)
    lock = FileLock(locks / f"{key}.lock", timeout=wait)
    try:
        lock.acquire()
    except Timeout as exc:
        raise CollectionError("The collection is being written by someone else. Try again when that is done.") from exc
    try:
        yield
    finally:
        lock.release()
