"""Weighing two rerankers on held-out pools."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rag_core.rerank.blend_weights import BlendWeights
from training.blend import added, deviation, line, write
from training.reliability import Pool


def test_the_deviation_is_the_one_within_pools() -> None:
    assert deviation([np.array([1.0, 3.0]), np.array([101.0, 103.0])]) == pytest.approx(1.0)


def test_a_share_adds_so_much_of_theirs() -> None:
    (scores,) = added([np.array([1.0, 2.0])], [np.array([0.5, 0.0])], 4.0)
    assert list(scores) == [3.0, 2.0]


def test_a_share_is_judged_by_its_order_and_by_how_it_parts_questions() -> None:
    asked = {"set": "a", "labels": [1, 0], "grades": [3, 1], "rrf": [0.1, 0.2], "answerable": True}
    rows = [asked, {**asked, "labels": [0, 0], "grades": [1, 0], "answerable": False}]
    said = line("share 1", rows, [np.array([2.0, 1.0]), np.array([0.0, -1.0])])
    assert said == "share 1: model mrr 1.000 model ndcg 1.000 parted 1.000"


def test_what_is_written_gives_probabilities_that_fit(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    pools = []
    for _ in range(2000):
        scores = random.normal(0, 2, 20)
        pools.append(Pool(scores, (random.random(20) < 1 / (1 + np.exp(-(scores / 2 - 1)))).astype(int)))
    (tmp_path / "config.json").write_text(json.dumps({"second_pass": {"temperature": 1.5}}))
    write(tmp_path, pools, share=6.0)
    weights = BlendWeights.of(tmp_path)
    assert weights
    assert weights.cross_encoder == pytest.approx(1 / 2, rel=0.15)
    assert weights.late_interaction == pytest.approx(6.0 / 2, rel=0.15)
    assert weights.bias == pytest.approx(-1.0, abs=0.1)
    assert json.loads((tmp_path / "config.json").read_text())["second_pass"]["temperature"] == 1.5
