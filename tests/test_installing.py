"""What tests need and is not there: they are skipped, and under CI=true they fail, so that no failure hides there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.installing import BUILDS, install, lacking, machine, needs

TESTS = Path(__file__).parent
FAILED, SKIPPED = pytest.fail.Exception, pytest.skip.Exception


@pytest.mark.parametrize(("ci", "outcome"), [("true", FAILED), ("", SKIPPED)])
def test_what_is_missing_is_a_failure_where_all_must_be_there(
    ci: str, outcome: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    for package in ("", *(name for name, machines in BUILDS.items() if machine() in machines)):
        with pytest.raises(outcome, match="It is gone"):
            lacking("It is gone.", package)
    with pytest.raises(outcome, match="no_such_module is not installed"):
        needs("no_such_module")
    with pytest.raises(outcome, match=r"Nothing cannot be installed into here: ERROR: .*nothing"):
        install(sys.executable, ["--no-index", "nothing-by-that-name"], "Nothing", "here", 60)
    with pytest.raises(outcome, match="within 0 seconds"):
        install(sys.executable, ["--no-index", "nothing"], "Nothing", "here", 0)


@pytest.mark.parametrize("package", BUILDS)
def test_a_machine_for_which_there_is_no_build_is_excused(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr("platform.system", lambda: "SunOS")
    with pytest.raises(SKIPPED, match=f"{package} has no build for SunOS"):
        lacking("It is gone.", package)


def test_what_is_there_is_not_lacking() -> None:
    needs("pytest")


def test_no_test_is_skipped_in_another_way_for_a_package_that_is_not_there() -> None:
    ways = ("importor" + "skip(", "find_spec(", "except ImportError", "except ModuleNotFoundError")
    allowed = {"installing.py": ways[1:2], "postgres_server.py": ways[1:2], "postgres.py": ways[2:3]}
    found = [
        (path.name, way)
        for path in TESTS.rglob("*.py")
        for way in ways
        if way in path.read_text(encoding="utf-8") and way not in allowed.get(path.name, ())
    ]
    assert found == [("test_installing.py", way) for way in ways[1:]]
