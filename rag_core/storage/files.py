"""Files that are seen whole or not at all: written beside their place, forced to disk, then renamed over it."""

from __future__ import annotations

import os
import uuid
from contextlib import suppress
from pathlib import Path
from typing import IO


def replace_text(path: Path, text: str) -> None:
    """Write a file so that a reader, or a crash, sees the old text or the new one and nothing between."""
    fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        fresh.write_text(text, encoding="utf-8")
        sync(fresh)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    sync(path.parent)


def close_quietly(*files: IO[bytes]) -> None:
    """Close temporary files: what could not be written into them before cannot be written now."""
    for file in files:
        with suppress(OSError):
            file.close()


def sync(path: Path) -> None:
    """Force the file or folder to disk. Systems that cannot open a folder do without."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
