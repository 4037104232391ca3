"""Whether the files of a saved version are as they were written.

Sizes are looked at whenever a collection is opened, and every file up to `LARGE` is hashed. A larger one is hashed when
it is first opened in its place; after that its size, time and inode tell whether anything has written to it since. That
finds every change that a program makes, and none that a failing disk makes: remove `checked.json` to hash all again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from rag_core.corpus.storage.manifest import CHECKED, FileRecord, Manifest, damaged, record_of
from rag_core.storage.files import replace_text

LARGE = 32 * 2**20

Stamp = list[int]


def check_files(folder: Path, manifest: Manifest, names: Iterable[str] | None = None) -> None:
    """Raises CollectionError for the first file that is not as it was written, FileNotFoundError for a missing one.

    `names`: look at these files only.
    """
    known, fresh = _read(folder), {}
    for name in manifest.files if names is None else names:
        path, record = folder / name, manifest.files.get(name)
        stamp = _stamp(path)
        if record is None or stamp[0] != record.size:
            raise damaged(manifest.name, f"{name} is not as it was written")
        if record.size > LARGE and known.get(name) == stamp:
            continue
        if record_of(path) != record:
            raise damaged(manifest.name, f"{name} is not as it was written")
        if record.size > LARGE:
            fresh[name] = stamp
    if fresh:
        with suppress(OSError):  # a folder that may only be read: its large files are hashed each time
            replace_text(folder / CHECKED, json.dumps(known | fresh))


def note_written(folder: Path, files: dict[str, FileRecord]) -> None:
    """Note large files as checked that have just been written, and hashed for the manifest."""
    large = {name: _stamp(folder / name) for name, record in files.items() if record.size > LARGE}
    if large:
        (folder / CHECKED).write_text(json.dumps(large), encoding="utf-8")


def _stamp(path: Path) -> Stamp:
    found = path.stat()
    return [found.st_size, found.st_mtime_ns, found.st_ino]


def _read(folder: Path) -> dict[str, Stamp]:
    """What was checked before. A note that cannot be read is as good as none: its files are hashed again."""
    try:
        found = json.loads((folder / CHECKED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
