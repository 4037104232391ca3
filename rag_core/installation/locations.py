"""Where the app's files and the user's data are, in a checkout of the project and in an installed package."""

from __future__ import annotations

import os
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[1]

BUNDLED = PACKAGE / "_app"
"""In an installed package: app.py, its pages and the sample corpus. A checkout has them at its top instead."""

USER_DATA = {"darwin": "~/Library/Application Support", "win32": "~/AppData/Local"}
"""Where programs keep a user's data, by system; any other follows the XDG standard."""


def app_folder() -> Path:
    """The folder that holds app.py, pages/, ui/ and sample_corpus/."""
    return BUNDLED if BUNDLED.is_dir() else PACKAGE.parent


def data_folder() -> Path:
    """Where collections, scores and cases are kept by default.

    An installed package uses the user's data folder (`~/.local/share/second-pass` on Linux), so that every command
    finds the same collections wherever it is started. A checkout uses `data` in the working directory.
    """
    if not BUNDLED.is_dir():
        return Path("data")
    root = USER_DATA.get(sys.platform) or os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(root).expanduser() / "second-pass"
