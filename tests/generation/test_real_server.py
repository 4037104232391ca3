"""A real chat server: `transformers serve` with a tiny model of random weights, asked whole and streamed.

What it says is noise; that it is received, counted and checked as an answer is what matters. Skipped where fastapi,
which the server needs, is not installed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag_core.errors import GenerationError
from rag_core.generation.chat.access import ChatAccess, ChatConfig
from rag_core.generation.chat.client import greet
from rag_core.generation.chat.stream import stream_answer
from tests.builders import passage
from tests.serving import serving

START_S = 240
SPOKEN = 12
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Qwen2 of two layers over single bytes, with a chat template."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    place = tmp_path_factory.mktemp("chat") / "tiny"
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    bytewise = Tokenizer(models.BPE(vocab={letter: i for i, letter in enumerate(letters)}, merges=[]))
    bytewise.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytewise.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bytewise, eos_token="<|im_end|>", pad_token="<|pad|>")
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>"]})
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(place)
    torch.manual_seed(3)
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=8192,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    Qwen2ForCausalLM(config).save_pretrained(place)
    return place


@pytest.fixture(scope="module")
def access(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatAccess]:
    """The running server as a chat model that can be asked."""
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", str(folder), "--device", "cpu"]
    log = tmp_path_factory.mktemp("serve") / "log"
    with serving("transformers serve", command, log, START_S) as address:
        config = ChatConfig(base_url=f"{address}/v1", model=str(folder), max_tokens=SPOKEN)
        yield ChatAccess(config=config)


def test_a_whole_reply_is_counted(access: ChatAccess) -> None:
    reply = greet(access)
    assert reply.prompt_tokens
    assert reply.completion_tokens
    assert 0 < reply.completion_tokens <= SPOKEN


def test_an_answer_streams_and_is_the_sum_of_its_pieces(access: ChatAccess) -> None:
    stream = stream_answer(access, "How long do refunds take?", [passage("a", "Refunds take five days.")])
    pieces = list(stream.pieces())
    answer = stream.answer
    assert len(pieces) > 1
    assert "".join(pieces).strip() == answer.text
    assert (answer.kind, answer.model) == ("chat", access.config.model)
    assert {"no-citation", "answer-cut"} <= {one.code for one in answer.warnings}
    assert answer.prompt_tokens is None or answer.prompt_tokens > 0


def test_a_model_that_it_does_not_have_is_told(access: ChatAccess) -> None:
    config = access.config.model_copy(update={"model": "nobody/has-this"})
    with pytest.raises(GenerationError):
        greet(access.model_copy(update={"config": config}))
