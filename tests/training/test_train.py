"""The order that groups are trained in, the clock that ends a run, and a whole run on a few groups."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from sentence_transformers import CrossEncoder

from training import train
from training.loss import AnswerLoss
from training.train import GROUPS_A_BATCH, Clock, arrange


def rows(count: int, size: int = 5) -> list[dict[str, object]]:
    return [{"query": f"q{size}-{i}", "documents": ["x" * (i % 7 + 1)] * size} for i in range(count)]


def test_every_group_is_trained_on_once_but_for_an_incomplete_batch() -> None:
    arranged = [row["query"] for row in arrange(rows(50), seed=1)]
    assert len(arranged) == len(set(arranged)) == 50 // GROUPS_A_BATCH * GROUPS_A_BATCH


def test_batches_hold_groups_of_one_size_and_like_length() -> None:
    arranged = list(arrange([*rows(70), *rows(30, size=8)], seed=1))
    batches = [arranged[i : i + GROUPS_A_BATCH] for i in range(0, len(arranged), GROUPS_A_BATCH)]
    assert {len({len(row["documents"]) for row in batch}) for batch in batches} == {1}
    assert {len(batch[0]["documents"]) for batch in batches} == {5, 8}
    assert max(len({len(row["documents"][0]) for row in batch}) for batch in batches) <= 3


def test_the_clock_goes_on_where_a_run_was_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    file.write_text('{"minutes": 3}')
    assert 0.75 <= Clock(file, 4).used() < 1
    over, control = Clock(file, 3), SimpleNamespace(should_training_stop=False, should_save=False)
    over.on_step_end(None, None, control)
    assert control.should_training_stop
    assert control.should_save


def test_pairs_read_by_length_keep_their_places(tiny: Path) -> None:
    pairs = [("refund", "days " * length) for length in (40, 2, 90, 1, 7)]
    model = CrossEncoder(str(tiny), device="cpu").eval()
    with torch.no_grad():
        few, alone = (AnswerLoss(model, 32, at_once=size).logits(pairs) for size in (2, 1))
    assert few.tolist() == pytest.approx(alone.tolist(), abs=1e-4)


def test_a_run_goes_on_from_a_trained_model_and_says_what_it_made(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = {"query": "refund", "documents": ["refunds take five days", "cats sleep long"]}
    lines = [
        {**group, "target": [5.0, 0.0], "label": [1.0, 0.0]},
        {**group, "target": [0.5, 0.0], "label": [0.0, 0.0]},
    ]
    (tmp_path / "train.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    command = ["train", str(tmp_path / "train.jsonl"), str(tmp_path / "run"), "--backbone", str(tiny)]
    monkeypatch.setattr(sys, "argv", [*command, "--batch", "2", "--epochs", "2", "--frozen-layers", "1"])
    train.main()
    before, after = (CrossEncoder(str(folder), device="cpu") for folder in (tiny, tmp_path / "run" / "final"))
    old, new = (dict(model.named_parameters()) for model in (before, after))
    moved = {name for name in old if not torch.equal(old[name], new[name])}
    assert any("layer.1." in name for name in moved)
    assert not any("embeddings" in name or "layer.0." in name for name in moved)
