"""What training saves is what ships: the exported folder loads and scores alike."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

from training.export import export


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random cross-encoder, saved as a training run saves one."""
    folder = tmp_path_factory.mktemp("trained")
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red", "blue", "car"]))
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=8, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, num_labels=1
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    BertTokenizerFast(vocab_file=str(vocabulary)).save_pretrained(folder)
    return folder


def test_the_exported_folder_scores_as_the_trained_one(trained: Path, tmp_path: Path) -> None:
    from rag_core.rerank.cross_encoder import CrossEncoderReranker

    export(trained, tmp_path / "model")
    before = CrossEncoderReranker(str(trained)).score("red car", ["blue car", "red"]).pairs
    after = CrossEncoderReranker(str(tmp_path / "model")).score("red car", ["blue car", "red"]).pairs
    assert [pair.score for pair in after] == pytest.approx([pair.score for pair in before], abs=2e-3)


def test_the_exported_weights_take_half_the_bytes(trained: Path, tmp_path: Path) -> None:
    export(trained, tmp_path / "model")
    before, after = ((one / "model.safetensors").stat().st_size for one in (trained, tmp_path / "model"))
    assert after < 0.65 * before
