"""The order that groups are trained in, and the clock that ends a run."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from training.train import GROUPS_A_BATCH, Clock, arrange


def rows(count: int) -> list[dict[str, object]]:
    return [{"query": f"q{i}", "documents": ["x" * (i % 7 + 1)] * 5, "cosines": [0.0] * 5} for i in range(count)]


def test_every_group_is_trained_on_once() -> None:
    arranged = list(arrange(rows(50), seed=1))
    assert sorted(row["query"] for row in arranged) == sorted(f"q{i}" for i in range(50))


def test_batches_hold_groups_of_like_length() -> None:
    arranged = list(arrange(rows(70), seed=1))
    batches = [arranged[i : i + GROUPS_A_BATCH] for i in range(0, 68, GROUPS_A_BATCH)]
    spread = [len({len(row["documents"][0]) for row in batch}) for batch in batches]
    assert max(spread) <= 2


def test_the_clock_goes_on_where_a_run_was_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    file.write_text('{"minutes": 3}')
    assert 0.75 <= Clock(file, 4).used() < 1
    over, control = Clock(file, 3), SimpleNamespace(should_training_stop=False, should_save=False)
    over.on_step_end(None, None, control)
    assert control.should_training_stop
    assert control.should_save
