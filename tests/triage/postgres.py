"""A Postgres server of our own for the tests: Debian's package, a data folder in a temporary place, a Unix socket."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote


def missing() -> str:
    """Why there can be no server here; empty where there can."""
    if not binary("initdb") or not binary("pg_ctl"):
        return "Postgres is not installed (apt-get install postgresql)"
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "the driver is not installed (pip install 'psycopg[binary]')"
    return ""


def binary(name: str) -> str | None:
    """Debian keeps the server's programs out of the path."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return shutil.which(name) or next((str(folder / name) for folder in folders if (folder / name).exists()), None)


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """A running server's address for SQLAlchemy; it is stopped in the end. `folder` is empty and short."""
    data, user = folder / "data", []
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, "postgres")
        user = ["runuser", "-u", "postgres", "--"]
    _run([*user, binary("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8"])
    options = f"-k {folder} -c listen_addresses='' -c fsync=off"
    _run([*user, binary("pg_ctl"), "-D", data, "-l", folder / "log", "-w", "-o", options, "start"])
    try:
        yield f"postgresql+psycopg://postgres@/postgres?host={quote(str(folder))}"
    finally:
        _run([*user, binary("pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop"])


def _run(command: list[object]) -> None:
    done = subprocess.run([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise RuntimeError(f"{command[-1]}: {done.stderr}")
