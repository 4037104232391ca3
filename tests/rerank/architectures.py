"""A tiny cross-encoder of each architecture that local rerankers have, with random weights and a tokenizer of its own.

folder = build("deberta-v2", tmp_path)      saved as real ones are, so that the real loading code reads it
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.rerank.conftest import WORDS

LIMIT = 48
SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}


@dataclass(frozen=True)
class Architecture:
    """How one is made.

    special   its special tokens: padding, unknown, begin, separator; the padding's place is its id
    template  a pair as its tokenizer joins it (`tokenizers` template language)
    config    its name in transformers and what it needs beyond the sizes
    """

    special: tuple[str, ...]
    template: str
    config: str
    own: dict[str, Any]


ARCHITECTURES = {
    "bert": Architecture(
        ("[PAD]", "[UNK]", "[CLS]", "[SEP]"),
        "[CLS] $A [SEP] $B:1 [SEP]:1",
        "BertConfig",
        {**SIZES, "max_position_embeddings": LIMIT},
    ),
    "xlm-roberta": Architecture(
        ("<s>", "<pad>", "</s>", "<unk>"),
        "<s> $A </s> </s> $B </s>",
        "XLMRobertaConfig",
        {**SIZES, "max_position_embeddings": LIMIT + 2, "type_vocab_size": 1},
    ),
    "deberta-v2": Architecture(
        ("[PAD]", "[CLS]", "[SEP]", "[UNK]"),
        "[CLS] $A [SEP] $B:1 [SEP]:1",
        "DebertaV2Config",
        {
            **SIZES,
            "max_position_embeddings": LIMIT,
            "type_vocab_size": 0,
            "relative_attention": True,
            "position_buckets": 8,
            "pos_att_type": ["p2c", "c2p"],
            "position_biased_input": False,
            "norm_rel_ebd": "layer_norm",
            "share_att_key": True,
        },
    ),
    "modernbert": Architecture(
        ("[PAD]", "[UNK]", "[CLS]", "[SEP]"),
        "[CLS] $A [SEP] $B [SEP]",
        "ModernBertConfig",
        {
            **SIZES,
            "max_position_embeddings": LIMIT,
            "local_attention": 16,
            "classifier_pooling": "mean",
            **dict.fromkeys(("bos_token_id", "eos_token_id", "cls_token_id", "sep_token_id")),
        },
    ),
    "mpnet": Architecture(
        ("<s>", "<pad>", "</s>", "[UNK]"),
        "<s> $A </s> </s> $B </s>",
        "MPNetConfig",
        {**SIZES, "max_position_embeddings": LIMIT + 2},
    ),
    "qwen2": Architecture(
        ("<|pad|>", "<unk>", "<|im_end|>", "<|im_start|>"),
        "<|im_start|> $A <|im_start|> $B <|im_end|>",
        "Qwen2Config",
        {**SIZES, "max_position_embeddings": LIMIT, "num_key_value_heads": 1},
    ),
}


def build(name: str, folder: Path) -> Path:
    """Save that architecture's tiny model into `folder`/name."""
    return save(ARCHITECTURES[name], LIMIT, folder / name)


def save(made: Architecture, limit: int, folder: Path, auto: str = "AutoModelForSequenceClassification") -> Path:
    """Save a model with random weights that reads `limit` tokens. `auto`: the class of transformers that makes it."""
    import torch
    import transformers

    tokenizer = _tokenizer(made, limit)
    config_class: Callable[..., Any] = getattr(transformers, made.config)
    config = config_class(vocab_size=len(tokenizer), pad_token_id=tokenizer.pad_token_id, num_labels=1, **made.own)
    torch.manual_seed(5)
    model = getattr(transformers, auto).from_config(config)
    deviation = 0.2 * (32 / config.hidden_size) ** 0.5  # as they are initialised, scores would hardly differ
    with torch.no_grad():
        for weights in model.parameters():
            weights.add_(torch.randn_like(weights) * deviation)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _tokenizer(made: Architecture, limit: int) -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {token: place for place, token in enumerate([*made.special, *WORDS])}
    unknown = next(token for token in made.special if "unk" in token.lower())
    padding = next(token for token in made.special if "pad" in token.lower())
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token=unknown))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    single = made.template.partition("$B")[0].rstrip()
    used = [(token, vocabulary[token]) for token in made.special]
    inner.post_processor = processors.TemplateProcessing(single=single, pair=made.template, special_tokens=used)
    return PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token=padding, unk_token=unknown, model_max_length=limit, padding_side="right"
    )
