"""Packages that tests need in a place of their own, installed once with pip; tests skip where they cannot be."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest


def install(python: str | Path, options: Sequence[str | Path], what: str, into: Path | str, within_s: int) -> None:
    """Install with that Python's pip. Skips, with the reason, where `what` cannot be installed `into` its place."""
    command = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *options]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=within_s)
    except subprocess.TimeoutExpired:
        pytest.skip(f"{what} cannot be installed into {into} within {within_s} seconds.")
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        pytest.skip(f"{what} cannot be installed into {into}: {last}")
