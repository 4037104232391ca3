"""Pairs as a model reads them: what is cut, and what is counted."""

from __future__ import annotations

import json
from pathlib import Path

from rag_core.inference.tokenizer import load_tokenizer
from rag_core.rerank.weights.tokenise import UNSAID_LIMIT, encode_pairs, limit_of


def test_a_cut_pair_is_what_transformers_cuts(tiny: Path) -> None:
    from transformers import AutoTokenizer

    passages = ["cats", "cats sleep " * 20, "", "xyz, free! " * 9]
    ours = encode_pairs(load_tokenizer(tiny), "how long", passages, limit=20)
    reference = AutoTokenizer.from_pretrained(tiny)
    theirs = reference(["how long"] * len(passages), passages, truncation="only_second", max_length=20)
    assert [pair.ids for pair in ours] == theirs["input_ids"]
    assert [pair.type_ids for pair in ours] == theirs["token_type_ids"]


def test_the_limit_is_the_least_that_is_said(tmp_path: Path) -> None:
    assert limit_of(tmp_path, {}) == UNSAID_LIMIT
    assert limit_of(tmp_path, {"max_position_embeddings": 514, "model_type": "xlm-roberta"}) == 514 - 2
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 256}))
    assert limit_of(tmp_path, {"max_position_embeddings": 512}) == 256
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 10**30}))
    assert limit_of(tmp_path, {"max_position_embeddings": 512}) == 512
