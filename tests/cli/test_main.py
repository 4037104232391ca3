"""The command line as a whole: its version, its commands, and what it says where something is missing."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import rag_core
from rag_core.cli.main import COMMANDS, main

ROOT = Path(__file__).parents[2]


def test_the_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"second-pass {rag_core.__version__}\n"


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "rag_core", "--help"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0
    assert all(f"    {name} " in done.stdout.replace("\n", " ") for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_shows_how_it_is_used(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert f"second-pass {command} " in capsys.readouterr().out


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A process that is started in the background ignores Ctrl-C, and so do those that it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_ends_a_command_with_130() -> None:
    command = [sys.executable, "-m", "rag_core", "ask", "How long do refunds take?"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        assert running.stderr.readline().startswith("Indexing 148 documents")
        running.send_signal(signal.SIGINT)
        assert running.stderr.read() == "\nStopped.\n"
    assert running.returncode == 130
