"""Old sessions' collections are forgotten, young ones stay, and no token leaves the folder."""

from __future__ import annotations

import os
import time
from datetime import timedelta

import pytest

from rag_core.corpus.storage.private_collections import forget_sessions, session_folder
from rag_core.errors import BadInput


def test_only_what_nobody_wrote_to_for_so_long_is_removed(tmp_path):
    for name, age_hours in (("old", 30), ("young", 1)):
        folder = session_folder(tmp_path, name)
        folder.mkdir(parents=True)
        (folder / "vectors.npy").write_bytes(b"x")
        then = time.time() - age_hours * 3600
        for path in (folder / "vectors.npy", folder):
            os.utime(path, (then, then))
    assert forget_sessions(tmp_path, timedelta(hours=24)) == 1
    assert [path.name for path in (tmp_path / "sessions").iterdir()] == ["young"]


def test_a_file_that_is_gone_when_it_is_looked_at_stops_nothing(tmp_path):
    folder = session_folder(tmp_path, "old")
    folder.mkdir(parents=True)
    (folder / "gone").symlink_to(tmp_path / "nowhere")
    assert forget_sessions(tmp_path, timedelta(hours=24)) == 0
    os.utime(folder, (0, 0))
    assert forget_sessions(tmp_path, timedelta(hours=24)) == 1


def test_no_sessions_is_fine(tmp_path):
    assert forget_sessions(tmp_path) == 0


@pytest.mark.parametrize("token", ["", "..", "a/b", "../../etc"])
def test_a_token_is_no_path(tmp_path, token):
    with pytest.raises(BadInput):
        session_folder(tmp_path, token)
