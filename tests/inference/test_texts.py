"""Texts through an encoder: cut at its limit, each the same whatever is read beside it."""

from __future__ import annotations

import numpy as np
import pytest

from rag_core.errors import ModelError
from rag_core.inference.engine import CompiledModel
from rag_core.inference.texts import REMEMBERED, TextEncoder
from tests.installing import needs
from tests.rerank.conftest import Make


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return ["cats", "", "cats sleep " * 30, "cats sleep all day", "odd \ud800 text"]


def test_a_text_is_read_up_to_the_limit_with_its_ends(make_model: Make, texts: list[str]) -> None:
    encoder = TextEncoder(make_model(head=False), "cpu", 16)
    read = dict(encoder.read(texts))
    assert sorted(read) == list(range(len(texts)))
    assert read[2].states.shape == (16, 32)
    assert len(read[2].offsets) > 60  # of all its tokens
    assert len(read[0].states) == len(read[0].offsets)
    assert len(read[1].states) == 2  # [CLS] and [SEP]


def test_a_text_is_read_alike_in_any_company(make_model: Make, texts: list[str]) -> None:
    encoder = TextEncoder(make_model(head=False), "cpu", 16)
    together = dict(encoder.read(texts))
    for place, text in enumerate(texts):
        [(_, alone)] = encoder.read([text])
        np.testing.assert_array_equal(alone.states, together[place].states)


def test_the_last_questions_are_read_once(make_model: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder, read = TextEncoder(make_model(head=False), "cpu", 16), []
    plain = encoder.read
    monkeypatch.setattr(encoder, "read", lambda texts: read.extend(texts) or plain(texts))
    for text in ("cats", "cats sleep", "cats"):
        [(_, alone)] = plain([text])
        np.testing.assert_array_equal(encoder.read_one(text).states, alone.states)
    assert read == ["cats", "cats sleep"]
    for number in range(REMEMBERED):
        encoder.read_one(f"question {number}")
    encoder.read_one("cats")
    assert read.count("cats") == 2 and len(read) == REMEMBERED + 3


def test_a_failure_names_the_folder(make_model: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    needs("openvino")
    folder = make_model(head=False)
    encoder = TextEncoder(folder, "cpu", 16)

    def fail(_model: CompiledModel, _inputs: object) -> None:
        raise RuntimeError("out of paper")

    monkeypatch.setattr(CompiledModel, "run", fail)
    with pytest.raises(ModelError, match=f"{folder} failed while it ran: out of paper"):
        list(encoder.read(["cats"]))
