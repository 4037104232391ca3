"""Models that torch runs, converted to OpenVINO in a process of its own, through the reranker that a user gets."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rag_core.errors import ModelError
from rag_core.rerank.cross_encoder import CrossEncoderReranker
from rag_core.rerank.weights import conversion, converted
from tests.installing import needs
from tests.rerank.architectures import build

needs("openvino")

QUERY = "how long do refunds take"
PASSAGES = ["refunds take five days", "cats sleep", "shipping is free", "", "is free " * 100, "refund"]


@pytest.fixture(autouse=True)
def data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A data folder of its own, with conversion on."""
    monkeypatch.setenv("SECOND_PASS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SECOND_PASS_CONVERT_MODELS", "true")
    return tmp_path / "data"


def scores(folder: Path, backend: str = "auto") -> tuple[CrossEncoderReranker, list[float]]:
    reranker = CrossEncoderReranker(str(folder), backend=backend)  # type: ignore[arg-type]
    return reranker, [pair.score for pair in reranker.score(QUERY, PASSAGES).pairs]


@pytest.mark.parametrize("architecture", ["xlm-roberta", "deberta-v2", "modernbert"])
def test_a_model_is_converted_once_and_scores_as_in_torch(
    architecture: str, tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = build(architecture, tmp_path)
    reranker, first = scores(folder)
    assert "converted" in reranker.runs_on
    assert "/converted" in reranker.model
    theirs = scores(folder, "torch")[1]
    within = 0.0001 if "fp32" in reranker.runs_on else 0.02 * max(1.0, float(np.ptp(theirs)))
    assert first == pytest.approx(theirs, abs=within)
    monkeypatch.setattr(subprocess, "run", None)
    again, second = scores(folder)
    assert (again.model, second) == (reranker.model, first)
    assert len(list((data / "converted").iterdir())) == 1


def test_a_model_that_cannot_be_converted_runs_in_torch_and_says_why(tmp_path: Path, data: Path) -> None:
    folder = build("qwen2", tmp_path)
    reranker, first = scores(folder)
    assert reranker.runs_on == "torch, fp32 (not converted to OpenVINO: its last layer is not its last step)"
    assert first == scores(folder, "torch")[1]
    assert "converted" not in reranker.model
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"rms_norm_eps": 1e-3}))
    assert "not converted" not in CrossEncoderReranker(str(folder)).runs_on, "another model, which was not tried yet"


@pytest.mark.filterwarnings("ignore")
def test_a_conversion_whose_scores_are_not_torchs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversion, "LARGEST_CHANGE", {"fp32": -1.0, "bf16": -1.0})
    output = tmp_path / "output"
    output.mkdir()
    with pytest.raises(ModelError, match="its scores differ from torch's by"):
        conversion.convert(build("xlm-roberta", tmp_path), output)
    assert not (output / converted.RECORD).exists()


def test_a_conversion_that_was_killed_is_tried_again_by_the_next_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: Path
) -> None:
    folder = build("xlm-roberta", tmp_path)
    with monkeypatch.context() as patched:
        ends = tmp_path / "ends"
        ends.write_text(f"#!{sys.executable}\nimport os; os.kill(os.getpid(), 9)\n")
        ends.chmod(0o755)
        patched.setattr(sys, "executable", str(ends))
        reranker, _ = scores(folder)
        assert "not converted to OpenVINO: the conversion ended with status" in reranker.runs_on
    assert not list((data / "converted").iterdir())
    converted._failed_here.clear()  # as in a process that starts
    assert "converted" in CrossEncoderReranker(str(folder)).runs_on


def test_where_nothing_can_be_written_the_model_runs_in_torch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SECOND_PASS_DATA_DIR", str(tmp_path / "file"))
    reranker, found = scores(build("xlm-roberta", tmp_path))
    assert reranker.runs_on.startswith("torch, fp32 (not converted to OpenVINO: it cannot be written to")
    assert len(found) == len(PASSAGES)


@pytest.mark.filterwarnings("ignore")
def test_a_full_disk_is_no_lasting_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "output"
    output.mkdir()
    (output / "model.bin").symlink_to("/dev/full")
    monkeypatch.setattr(sys, "argv", ["conversion", str(build("xlm-roberta", tmp_path)), str(output)])
    with pytest.raises(SystemExit) as ended:
        conversion.main()
    assert ended.value.code not in (0, converted.LASTING)


def test_conversion_can_be_turned_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    monkeypatch.setenv("SECOND_PASS_CONVERT_MODELS", "false")
    reranker, _ = scores(build("xlm-roberta", tmp_path))
    assert reranker.runs_on == "torch, fp32"
    assert not (data / "converted").exists()


@pytest.mark.parametrize("architecture", ["xlm-roberta", "deberta-v2", "modernbert"])
def test_in_bf16_the_layer_that_gives_the_score_stays_in_fp32(architecture: str, tmp_path: Path) -> None:
    """Wherever the model names it: XLM-R's stands before the encoder."""
    found = np.array(scores(build(architecture, tmp_path), "bf16")[1], np.float32)
    rounded = ((found.view(np.uint32) + 0x8000) & 0xFFFF0000).astype(np.uint32).view(np.float32)
    assert np.abs(found - rounded).max() > 1e-5
