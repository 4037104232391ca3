"""A token comes back from its own signature alone."""

from __future__ import annotations

import stat

import pytest

from rag_core.storage.owner_tokens import KEY_FILE, new_token, signed, token_of_account, verified


def test_a_signed_token_comes_back_in_another_process_of_the_same_installation(tmp_path):
    token = new_token()
    assert verified(signed(token, tmp_path), tmp_path) == token
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


@pytest.mark.parametrize("value", [None, "", "abc", "abc.", ".", "abc.def", "ü.ü"])
def test_what_was_not_signed_here_is_no_token(tmp_path, value):
    assert verified(value, tmp_path) is None


def test_neither_another_token_nor_another_installation_passes(tmp_path):
    mine = signed("a" * 32, tmp_path / "one")
    assert verified(mine, tmp_path / "two") is None
    assert verified("b" * 32 + mine[32:], tmp_path / "one") is None


def test_an_account_has_one_token_everywhere():
    assert token_of_account("ana") == token_of_account("ana") != token_of_account("ben")
    assert token_of_account("ana").isalnum() and len(token_of_account("ana")) == 32
