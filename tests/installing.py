"""Packages and programs that tests need: looked for, or installed once with pip in a place of their own.

Where one is not there, the test is skipped; under `CI=true`, where all must be there, it fails, unless `BUILDS` says
that there is none for the machine.
"""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import pytest

BUILDS = {
    "milvus": ("Linux x86_64", "Darwin x86_64", "Darwin arm64"),
    "chromadb": ("Linux x86_64", "Linux aarch64", "Darwin x86_64", "Darwin arm64", "Windows AMD64"),
    "openvino": ("Linux x86_64", "Linux aarch64", "Darwin arm64", "Windows AMD64"),
}
"""The machines for which a package has a build, of those that do not have one for every machine."""


def machine() -> str:
    """`Linux x86_64`; `musl x86_64` for a Linux with another C library than most."""
    musl = platform.system() == "Linux" and platform.libc_ver()[0] != "glibc"
    return f"{'musl' if musl else platform.system()} {platform.machine()}"


def lacking(reason: str, package: str = "") -> NoReturn:
    """Skip the test, or the module; under CI=true let it fail, unless there is no build of the package for this
    machine."""
    built = machine() in BUILDS.get(package, (machine(),))
    if os.environ.get("CI") == "true" and built:
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason if built else f"{package} has no build for {machine()}: {reason}", allow_module_level=True)


def needs(module: str) -> None:
    """`lacking` where a module is not there that the requirements bring."""
    if find_spec(module) is None:
        lacking(f"{module} is not installed (pip install -r requirements-dev.txt).", module)


def install(
    python: str | Path, options: Sequence[str | Path], what: str, into: Path | str, within_s: int, package: str = ""
) -> None:
    """Install with that Python's pip. `lacking`, with the reason, where `what` cannot be installed `into` its place.

    package: the one of it that has builds for some machines only.
    """
    command = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *options]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=within_s)
    except subprocess.TimeoutExpired:
        lacking(f"{what} cannot be installed into {into} within {within_s} seconds.", package)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        lacking(f"{what} cannot be installed into {into}: {last}", package)
