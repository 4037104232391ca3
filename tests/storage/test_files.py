"""A file is seen whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag_core.storage.files import replace_text


def test_the_new_text_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    replace_text(path, "one")
    replace_text(path, "two")
    assert path.read_text() == "two"
    assert [each.name for each in tmp_path.iterdir()] == ["record.json"]


def test_a_text_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    replace_text(path, "one")
    with pytest.raises(UnicodeEncodeError):
        replace_text(path, "two \udc80")
    assert path.read_text() == "one"
    assert [each.name for each in tmp_path.iterdir()] == ["record.json"]
