"""Which packages are installed: looked up once, and again when one was installed or removed."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import pytest

from rag_core.installation import packages
from rag_core.installation.packages import is_installed


def test_a_package_that_is_installed_meanwhile_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    assert not is_installed("made_for_this_test")
    (tmp_path / "made_for_this_test.py").write_text("", encoding="utf-8")
    os.utime(tmp_path, ns=(1, 1))  # another time than before, however coarse the clock of the file system is
    importlib.invalidate_caches()
    assert is_installed("made_for_this_test")


def test_a_missing_package_is_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(packages, "find_spec", lambda name: asked.append(name))
    packages._found.cache_clear()
    assert [is_installed("nowhere_to_be_found") for _ in range(3)] == [False] * 3
    assert asked == ["nowhere_to_be_found"]
    packages._found.cache_clear()


def test_a_folder_that_is_not_there_does_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path, "/not/there"])
    assert is_installed("json") and not is_installed("nowhere_to_be_found")
