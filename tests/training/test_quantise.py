"""Choosing layers for 8 bits: what is measured, and which are taken."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rag_core.inference.int8 import write_smoothing_scales
from training.quantise import (
    agreement,
    blocks,
    blocks_of,
    choose_blocks,
    inputs_of,
    measure_scales,
    noise,
    smoothing_scales,
    work,
)

A, B, C = (f"bert.encoder.layer.0.{block}" for block in ("attention.self", "attention.output", "output"))


def test_the_last_layer_is_left_out() -> None:
    named = blocks(2)
    assert list(named) == [A, B, "bert.encoder.layer.0.intermediate", C]
    assert named[A] == [f"{A}.query", f"{A}.key", f"{A}.value"]
    assert [work(block) for block in named] == [3, 1, 4, 4]


def test_what_adds_least_for_its_work_is_taken_first_and_no_more_than_may_be() -> None:
    alone = {A: 0.03**0.5, B: 0.02**0.5, C: 0.02**0.5}  # squared .03, .02, .02; for their work .01, .02, .005
    assert choose_blocks(alone, start=0.0, most=0.02**0.5 + 1e-9) == [C]
    assert choose_blocks(alone, start=0.0, most=0.05**0.5 + 1e-9) == [C, A]
    assert choose_blocks(alone, start=0.0, most=0.04**0.5 + 1e-9) == [C, B]  # A would be too much, B still fits
    assert choose_blocks(alone, start=0.1, most=0.05) == []


def test_the_blocks_of_another_model_are_those_of_its_file(tmp_path: Path) -> None:
    assert blocks_of(tmp_path, [A, B, C]) == []  # it has no file
    write_smoothing_scales(tmp_path, {f"{A}.key": np.ones(4, np.float32), f"{C}.dense": np.ones(4, np.float32)})
    assert blocks_of(tmp_path, [C, B, A]) == [C, A]


def test_smoothing_scales_even_out_large_inputs() -> None:
    inputs = np.random.default_rng(1).normal(0, 1, (4000, 3)).astype(np.float32) * np.array([1, 1, 30], np.float32)
    scales = smoothing_scales(inputs, [np.ones((2, 3), np.float32)])
    assert 5 < scales[2] / scales[0] < 6  # the root of 30
    assert np.prod(scales) == pytest.approx(1)


def test_noise_is_of_the_order_not_of_the_level() -> None:
    old = [np.array([0.0, 1.0, 2.0])]
    assert noise(old, [old[0] + 5]) == 0
    assert noise(old, [np.array([0.0, 1.0, 2.5])]) > 0.1
    assert "Kendall tau 1.0000, same first 1.00" in agreement(old, [old[0] + 5])


def test_the_inputs_are_those_of_the_layer(tiny: Path) -> None:
    from transformers import BertForSequenceClassification

    model = BertForSequenceClassification.from_pretrained(tiny).eval()
    name = "bert.encoder.layer.0.output.dense"
    inputs = inputs_of(model, [name], [([2, 6, 7, 8, 3], [0, 0, 1, 1, 1])])
    assert {key: value.shape for key, value in inputs.items()} == {name: (2, 64)}  # the first of every four tokens


def test_every_layer_of_a_block_gets_the_same_scales(tiny: Path, tmp_path: Path) -> None:
    groups = tmp_path / "groups.jsonl"
    groups.write_text(json.dumps({"query": "refund", "documents": ["refunds take five days", "cats sleep long"]}))
    found = measure_scales(groups, tiny)
    assert list(found) == list(blocks(2))
    query, key, value = found[A].values()
    assert query is key is value
    assert query.shape == (32,)
