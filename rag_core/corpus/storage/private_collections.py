"""Collections that belong to one browser or account: where they lie, and when they are forgotten."""

from __future__ import annotations

import os
import shutil
import time
from datetime import timedelta
from pathlib import Path

from rag_core.errors import BadInput

FORGOTTEN_AFTER = timedelta(days=30)
"""How long after the last visit of their owner. As long as a browser keeps the token."""


def session_folder(data_dir: Path, owner: str) -> Path:
    """The folder of one session's collections. Raises BadInput for a token that is no plain word."""
    if not owner.isalnum():
        raise BadInput("A session token is letters and digits only.")
    return data_dir / "sessions" / owner


def visited(data_dir: Path, owner: str) -> None:
    """Note that the owner is here: whoever reads for days keeps the collections, though nothing is written."""
    folder = session_folder(data_dir, owner)
    if folder.is_dir():
        os.utime(folder)


def forget_sessions(data_dir: Path, older_than: timedelta = FORGOTTEN_AFTER) -> int:
    """Remove the folders of owners who have not been here for so long; how many were removed."""
    folders = [path for path in (data_dir / "sessions").glob("*") if path.is_dir()]
    old = [path for path in folders if _last_written(path) < time.time() - older_than.total_seconds()]
    for path in old:
        shutil.rmtree(path, ignore_errors=True)
    return len(old)


def _last_written(folder: Path) -> float:
    """The latest time of a change in the folder. A file that goes meanwhile says nothing; a folder that went, 0."""
    below = (Path(place, name) for place, folders, files in os.walk(folder) for name in (*folders, *files))
    return max(_changed(path) for path in (folder, *below))


def _changed(path: Path) -> float:
    """When the file was written; 0 where another session or process has just removed it."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
