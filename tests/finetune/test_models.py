"""The models that were fine-tuned here: read from their folders, or left out with a note."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag_core.errors import BadInput
from rag_core.evaluation.compare import Comparison
from rag_core.finetune.models import FineTuneResult, fine_tuned_models, keep_record, new_folder
from rag_core.rerank.weights.hub import fingerprint

FOUND = Comparison(
    queries=8, before=0.5, after=0.6, low=0.0, high=0.2, p_value=0.1, wins=3, ties=4, losses=1, needed=30
)


def result(name: str = "mine", key: str = "cross-encoder:/elsewhere/mine") -> FineTuneResult:
    return FineTuneResult(
        name=name, base="base", key=key, set_name="Sample", train=("1",), held_out=("2",), pairs=9, seconds=1.0,
        comparisons={"nDCG@10": FOUND},
    )  # fmt: skip


def test_a_model_is_named_by_its_folder_wherever_that_was_moved(tmp_path: Path) -> None:
    (tmp_path / "moved").mkdir()
    keep_record(tmp_path / "moved", result())
    (found,) = fine_tuned_models(tmp_path).found
    assert found == result("moved", f"cross-encoder:{tmp_path / 'moved'}")


def test_the_first_records_are_read(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    old = json.loads(result().model_dump_json(exclude={"version"}))
    (tmp_path / "old" / "lesson.json").write_text(json.dumps(old))
    assert [one.name for one in fine_tuned_models(tmp_path).found] == ["old"]


def test_what_cannot_be_read_is_named_and_the_others_are_listed(tmp_path: Path) -> None:
    texts = {
        "truncated": result().model_dump_json()[:40],
        "unknown": json.dumps(json.loads(result().model_dump_json()) | {"colour": "red"}),
        "newer": json.dumps({"version": 99}),
        "unexamined": json.dumps(json.loads(result().model_dump_json()) | {"comparisons": {}}),
    }
    for name, text in texts.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "fine_tune.json").write_text(text)
    for name in ("good", "without", ".training-x"):
        (tmp_path / name).mkdir()
    keep_record(tmp_path / "good", result())
    (tmp_path / "lesson.json").write_text("{}")

    models = fine_tuned_models(tmp_path)
    assert [one.name for one in models.found] == ["good"]
    told = {one.name: one.reason for one in models.left_out}
    assert set(told) == {*texts, "without", tmp_path.name}
    assert "not complete JSON" in told["truncated"]
    assert "“colour” is not a field that this version knows" in told["unknown"]
    assert "newer version of Second Pass (99)" in told["newer"]
    assert "holds no nDCG@10" in told["unexamined"]
    assert "was interrupted" in told["without"]
    assert "Move its files" in told[tmp_path.name]


def test_no_folder_holds_no_models(tmp_path: Path) -> None:
    assert fine_tuned_models(tmp_path / "none").found == ()


@pytest.mark.parametrize("name", ["", "a/b", "../x", ".hidden", "a b", "a" * 61])
def test_names_that_cannot_be_folders_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="Use letters"):
        new_folder(tmp_path, name)


def test_a_record_does_not_change_what_identifies_the_model(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.json").write_text("{}")
    before = fingerprint(tmp_path / "mine")
    keep_record(tmp_path / "mine", result())
    assert fingerprint(tmp_path / "mine") == before
