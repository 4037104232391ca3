"""The `rerankers` package's T5, on a tiny one with random weights. Skipped where the package is not installed."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from rag_core.errors import BadInput
from rag_core.rerank.catalogue import entry_of, get_reranker
from rag_core.rerank.t5 import PackagedReranker
from rag_core.schema.spaces import ScoreSpace
from tests.rerank.conformance import PASSAGES, QUERY, Conformance, Subject
from tests.rerank.conftest import WORDS

LETTERS = "abcdefghijklmnopqrstuvwxyzQDR:"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder and a decoder of one layer, saved as real ones are."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

    words = ["▁true", "▁false", *(f"▁{word}" for word in WORDS), "▁", *LETTERS]
    vocabulary = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", -10.0), *((word, -1.0) for word in words)]
    inner = Tokenizer(models.Unigram(vocabulary, unk_id=2))
    inner.pre_tokenizer = pre_tokenizers.Metaspace()
    inner.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token="<pad>", eos_token="</s>", unk_token="<unk>", extra_special_tokens=[]
    )
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=32,
        d_kv=8,
        d_ff=64,
        num_layers=1,
        num_heads=4,
        decoder_start_token_id=0,
        initializer_factor=5.0,
    )
    torch.manual_seed(3)
    place = tmp_path_factory.mktemp("t5") / "tiny-t5"
    T5ForConditionalGeneration(config).save_pretrained(place)
    tokenizer.save_pretrained(place)
    return place


@pytest.fixture(scope="module")
def reranker(folder: Path) -> PackagedReranker:
    return PackagedReranker("t5", str(folder))


class TestConforms(Conformance):
    """The protocol."""

    @pytest.fixture
    def subject(self, reranker: PackagedReranker) -> Subject:
        return Subject(reranker, limit=4)


def test_a_score_is_the_probability_of_true(folder: Path, reranker: PackagedReranker) -> None:
    import torch
    from transformers import AutoTokenizer, T5ForConditionalGeneration

    tokenizer, model = AutoTokenizer.from_pretrained(folder), T5ForConditionalGeneration.from_pretrained(folder).eval()
    no, yes = tokenizer.convert_tokens_to_ids(["▁false", "▁true"])
    own = []
    for passage in PASSAGES:
        inputs = tokenizer(f"Query: {QUERY} Document: {passage} Relevant:", return_tensors="pt")
        with torch.inference_mode():
            logits = model(input_ids=inputs["input_ids"], decoder_input_ids=torch.tensor([[0]])).logits[0, -1]
        own.append(1 / (1 + math.exp(float(logits[no] - logits[yes]))))
    assert max(own) - min(own) > 0.001
    assert [pair.score for pair in reranker.score(QUERY, PASSAGES).pairs] == pytest.approx(own, abs=1e-4)


def test_the_catalogue_makes_one(folder: Path) -> None:
    key = f"rerankers:t5:{folder}"
    found = get_reranker(key)
    assert isinstance(found, PackagedReranker)
    assert found.model.startswith("rerankers/t5/tiny-t5@")
    assert (entry_of(key).space, entry_of(key).model) == (ScoreSpace.PROBABILITY, str(folder))


@pytest.mark.parametrize("key", ["rerankers:cohere:x", "rerankers:x", "rerankers:t5:"])
def test_a_kind_that_is_not_known_is_told_the_known_ones(key: str) -> None:
    with pytest.raises(BadInput, match="rerankers:t5:"):
        get_reranker(key)
