"""A folder's tokenizer neither cuts nor pads, and any text can be given to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag_core.errors import ModelError
from rag_core.inference.tokenizer import encodable, load_tokenizer


def test_lone_surrogates_become_a_character_each() -> None:
    assert encodable("a\ud800b😀") == "a?b😀"


def test_nothing_is_cut_or_padded(tiny: Path) -> None:
    tokenizer = load_tokenizer(tiny)
    long, short = tokenizer.encode_batch(["cats " * 900, "cats"])
    assert len(long.ids) >= 900
    assert len(short.ids) == 3


def test_a_damaged_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_tokenizer(tmp_path)
