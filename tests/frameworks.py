"""An environment with LangChain, LlamaIndex, their stores and OpenInference's instrumentations, for tests of real apps.

It is made once, in `.frameworks` beside the checkout's `.venv`, and made anew when requirements-frameworks.txt changes.
Where there is no package index the tests are skipped and say so; under CI=true they fail.
"""

from __future__ import annotations

import os
import subprocess
import venv
from pathlib import Path

from tests.installing import install

ROOT = Path(__file__).parents[1]
REQUIREMENTS = ROOT / "requirements-frameworks.txt"
PLACE = ROOT / ".frameworks"
PYTHON, READY = PLACE / "bin" / "python", PLACE / ".ready"
INSTALL_S = 600


def python_of_frameworks() -> Path:
    """The environment's Python. `lacking` where it cannot be made."""
    wanted = REQUIREMENTS.read_text(encoding="utf-8")
    if not READY.is_file() or READY.read_text(encoding="utf-8") != wanted:
        venv.create(PLACE, with_pip=True, clear=True)
        install(PYTHON, ["-r", REQUIREMENTS], "LangChain and LlamaIndex", PLACE.name, INSTALL_S)
        READY.write_text(wanted, encoding="utf-8")
    return PYTHON


def run_app(command: str, port: int) -> str:
    """Run a command of docs/connect.md in that environment, with this port as the collector's; what it printed."""
    *names, program = command.split(" python ")
    python = python_of_frameworks()
    given = dict(one.split("=", 1) for name in names for one in name.split())
    given = {name: value.replace(":4318", f":{port}") for name, value in given.items()}
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL", "PYTHON", "SECOND"))}
    done = subprocess.run([python, *program.split()], cwd=ROOT, env=keep | given, capture_output=True, text=True,
                          timeout=INSTALL_S)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
