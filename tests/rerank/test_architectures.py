"""Every architecture that local rerankers have, through the real loading code, against transformers' own forward."""

from __future__ import annotations

import math
import random
from pathlib import Path

import numpy as np
import pytest

from rag_core.rerank.cross_encoder import CrossEncoderReranker
from tests.rerank.architectures import ARCHITECTURES, LIMIT, build

QUERY = "how long do refunds take"
PASSAGES = ["refunds take five days", "cats sleep", "shipping is free", "", "cats sleep", "is free " * 100, "refund"]


@pytest.fixture(scope="session", params=ARCHITECTURES)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(request.param, tmp_path_factory.mktemp("architecture"))


@pytest.fixture(scope="session")
def reranker(folder: Path) -> CrossEncoderReranker:
    return CrossEncoderReranker(str(folder), backend="torch")


def scores(reranker: CrossEncoderReranker, passages: list[str]) -> list[float]:
    return [pair.score for pair in reranker.score(QUERY, passages).pairs]


def reference(folder: Path, passages: list[str]) -> list[float]:
    """transformers alone: its tokenizer cuts the passage, nothing is padded, one pair at a time."""
    import torch
    from transformers import AutoModelForSequenceClassification, PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    asked = {"truncation": "only_second", "max_length": LIMIT, "return_tensors": "pt", "return_token_type_ids": True}
    found = []
    for passage in passages:
        inputs = tokenizer([(QUERY, passage)], **asked)
        known = {name: inputs[name] for name in ("input_ids", "attention_mask")}
        if getattr(model.config, "type_vocab_size", 0) > 1:
            known["token_type_ids"] = inputs["token_type_ids"]
        with torch.inference_mode():
            found.append(float(model(**known).logits[0, 0]))
    return found


def test_scores_are_transformers_own(folder: Path, reranker: CrossEncoderReranker) -> None:
    own = reference(folder, PASSAGES)
    assert np.ptp(own) > 0.01
    assert scores(reranker, PASSAGES) == pytest.approx(own, abs=1e-4)


def test_scores_are_finite_and_do_not_depend_on_order_or_company(reranker: CrossEncoderReranker) -> None:
    whole = scores(reranker, PASSAGES)
    assert all(math.isfinite(score) for score in whole)
    shuffled = list(range(len(PASSAGES)))
    random.Random(2).shuffle(shuffled)
    assert scores(reranker, [PASSAGES[place] for place in shuffled]) == [whole[place] for place in shuffled]
    assert [scores(reranker, [passage])[0] for passage in PASSAGES] == whole


def test_what_was_cut_is_counted(reranker: CrossEncoderReranker) -> None:
    long = reranker.score(QUERY, ["is free " * 100]).pairs[0]
    assert long.tokens == 200
    assert 200 - LIMIT < long.unseen_tokens < 200
