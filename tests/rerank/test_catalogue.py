"""The catalogue's keys, and what a wrong one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag_core.errors import BadInput
from rag_core.rerank.catalogue import CATALOGUE, default_key, entry_of, get_reranker
from rag_core.rerank.cross_encoder import CrossEncoderReranker
from rag_core.rerank.late_interaction import LateInteractionReranker
from rag_core.types import ScoreSpace


def test_keys_and_entries_agree() -> None:
    assert all(key == entry.key for key, entry in CATALOGUE.items())
    assert list(CATALOGUE)[-2:] == ["late-interaction", "none"]
    assert default_key() == next(iter(CATALOGUE)) != "none"


def test_late_interaction_is_one_instance() -> None:
    first = get_reranker("late-interaction")
    assert isinstance(first, LateInteractionReranker)
    assert get_reranker("late-interaction") is first
    assert entry_of("late-interaction").space is first.space is ScoreSpace.MAXSIM


def test_any_cross_encoder_by_folder(tiny: Path) -> None:
    key = f"cross-encoder:{tiny}"
    reranker = get_reranker(key)
    assert isinstance(reranker, CrossEncoderReranker)
    assert reranker.model.startswith("tiny@")
    assert reranker.load_ms == 0
    assert get_reranker(key) is reranker
    assert (entry_of(key).label, entry_of(key).space) == ("tiny", ScoreSpace.LOGIT)


@pytest.mark.parametrize("key", ["colbert", "cross-encoder:", "cross-encoder: "])
def test_an_unknown_key_is_told_the_known_ones(key: str) -> None:
    with pytest.raises(BadInput, match="late-interaction, none, and cross-encoder:<folder or hub name>"):
        get_reranker(key)


def test_none_has_no_model() -> None:
    with pytest.raises(BadInput, match="fused order stays"):
        get_reranker("none")
