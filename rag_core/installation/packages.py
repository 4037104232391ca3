"""Which packages are installed here, looked up again only where a folder of packages has changed.

A page asks for dozens at every run, and Python looks for a missing one in every folder again.
"""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from importlib.util import find_spec


def is_installed(name: str) -> bool:
    """Whether a package of that name can be imported; one that was installed meanwhile, too."""
    if name in sys.modules:
        return sys.modules[name] is not None  # None: an import of it fails
    return _found(name, tuple(map(_changed, sys.path)))


@lru_cache(maxsize=512)
def _found(name: str, _folders: tuple[int, ...]) -> bool:
    return find_spec(name) is not None


def _changed(folder: str) -> int:
    """When something was last put into a folder, in nanoseconds; 0 where it is not there."""
    try:
        return os.stat(folder or ".").st_mtime_ns  # noqa: PTH116 - asked hundreds of times a page
    except OSError:
        return 0
