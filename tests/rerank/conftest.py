"""Tiny cross-encoders with random weights, made and saved once, so that the real loading code runs in milliseconds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rag_core.rerank.cross_encoder import CrossEncoderReranker
from tests.installing import needs

LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = ["refund", "refunds", "take", "five", "days", "shipping", "is", "free", "cats", "sleep", "long", "how", "do"]
LIMIT = 32

Make = Callable[..., Path]


@pytest.fixture(scope="session")
def make_model(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """make_model(outputs=1, calibration=None, head=True) -> a new folder with a BERT of 32 positions."""

    def make(outputs: int = 1, calibration: dict[str, object] | None = None, head: bool = True) -> Path:
        import torch
        from transformers import BertConfig, BertForSequenceClassification, BertModel

        folder = tmp_path_factory.mktemp("model") / "tiny"
        config = BertConfig(
            vocab_size=len(_vocabulary()),
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=LIMIT,
            num_labels=outputs,
            initializer_range=0.5,
        )
        torch.manual_seed(7)
        (BertForSequenceClassification(config) if head else BertModel(config)).save_pretrained(folder)
        _save_tokenizer(folder)
        if calibration is not None:
            file = folder / "config.json"
            file.write_text(json.dumps(json.loads(file.read_text()) | {"second_pass": calibration}))
        return folder

    return make


@pytest.fixture(scope="session")
def tiny(make_model: Make) -> Path:
    """A cross-encoder with one output."""
    return make_model()


@pytest.fixture(scope="session")
def reranker(tiny: Path) -> CrossEncoderReranker:
    """The tiny cross-encoder in torch's fp32, shared by the tests that only read it."""
    return CrossEncoderReranker(str(tiny), backend="torch")


@pytest.fixture(scope="session")
def fast(tiny: Path) -> CrossEncoderReranker:
    """The same on OpenVINO."""
    needs("openvino")
    return CrossEncoderReranker(str(tiny), backend="openvino")


def _vocabulary() -> list[str]:
    return ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *".,?!", *LETTERS, *(f"##{x}" for x in LETTERS), *WORDS]


def _save_tokenizer(folder: Path) -> None:
    from transformers import BertTokenizerFast

    vocabulary = {token: place for place, token in enumerate(_vocabulary())}
    BertTokenizerFast(vocab=vocabulary, model_max_length=LIMIT).save_pretrained(folder)
