"""Models that were converted to OpenVINO: made once, by the module of their kind, and kept in the data folder.

A conversion is known by the model's files, the CPU's precision and OpenVINO's version. One that failed, or whose output
was not torch's, is kept too, with the reason: the model then runs in torch, and the app says why. Cross-encoders
are run from here (`load`), embedding models by `rag_core.retrieval.embedders.converted_states`.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rag_core.inference import engine
from rag_core.installation.locations import PACKAGE
from rag_core.rerank.weights.hub import fingerprint, modules_of
from rag_core.rerank.weights.runner import Runner, named
from rag_core.settings import current_settings

if TYPE_CHECKING:
    from rag_core.rerank.weights.runner import Ids, Logits

logger = logging.getLogger(__name__)

GRAPH, HEAD, RECORD = "model.xml", "head.npz", "record.json"
FORM = 1
"""Raise it with what `conversion` writes, so that what an earlier version wrote is not read."""
Kind = Literal["cross-encoder", "embedder"]
CONVERTERS: dict[Kind, str] = {
    "cross-encoder": "rag_core.rerank.weights.conversion",
    "embedder": "rag_core.retrieval.embedders.conversion",
}
"""The module that converts a model of this kind: `python -m MODULE MODEL_FOLDER OUTPUT_FOLDER`."""
LONGEST_S = 1800
LASTING = 65
"""The exit status of a conversion that would fail again. Any other, such as a full disk's, is tried again after a
restart."""

_failed_here: dict[Path, str] = {}
"""Why a conversion failed in this process, by place, where that may not last."""


def precision(folder: Path, kind: Kind = "cross-encoder") -> engine.Precision | None:
    """What this model runs in once it is converted; None where it stays in torch.

    That is so where conversion is off, where it needs code of its own, and where a conversion failed.
    """
    if not is_on() or (kind == "cross-encoder" and modules_of(folder)):
        return None
    place = _place(folder, kind)
    if _failure(place):
        return None
    found: engine.Precision | None = _record(place).get("precision")
    return found or engine.best_precision()


def why_not(folder: Path, kind: Kind = "cross-encoder") -> str:
    """Why a conversion of this model failed; empty where none did."""
    return _failure(_place(folder, kind)) if is_on() else ""


def is_on() -> bool:
    """Whether models are converted on this machine."""
    return engine.installed() and current_settings().convert_models


def _failure(place: Path) -> str:
    return str(_record(place).get("failed") or _failed_here.get(place, ""))


def _record(place: Path) -> dict[str, Any]:
    """What came of a conversion; empty before there was one."""
    return _read_record(place) if (place / RECORD).is_file() else {}


@lru_cache(maxsize=64)
def _read_record(place: Path) -> dict[str, Any]:
    """It is never changed once written."""
    found: dict[str, Any] = json.loads((place / RECORD).read_text(encoding="utf-8"))
    return found


def load(folder: Path) -> Runner | None:
    """The converted cross-encoder; None where it cannot be converted (`why_not` says why)."""
    made = conversion_of(folder, "cross-encoder")
    return read(*made) if made else None


def conversion_of(folder: Path, kind: Kind) -> tuple[Path, engine.Precision] | None:
    """Where the model's graph is, converted first where it is not yet, and what it runs in; None where it cannot be
    converted (`why_not` says why)."""
    place = _place(folder, kind)
    if not (place / RECORD).is_file():
        _convert(folder, place, CONVERTERS[kind])
    runs_in = precision(folder, kind)
    return (place, runs_in) if runs_in else None


def read(place: Path, precision: engine.Precision) -> Runner:
    """The graph in `place` with its last layer, which is computed in fp32."""
    graph = engine.core().read_model(str(place / GRAPH))
    names = {name for one in graph.inputs for name in one.get_names()}
    compiled = engine.CompiledModel(graph, precision)
    with np.load(place / HEAD, allow_pickle=False) as head:
        weight, bias = head["weight"], head["bias"]

    def forward(ids: Ids, mask: Ids, types: Ids) -> Logits:
        logits: Logits = compiled.run(named(names, ids, mask, types)) @ weight.T + bias
        return logits

    return Runner(forward, compiled.max_concurrency)


def _place(folder: Path, kind: Kind) -> Path:
    """Where this model's conversion is kept on this machine."""
    name = f"{fingerprint(folder)[:24]}-{engine.best_precision()}-openvino{_openvino_version()}-{FORM}"
    name += "" if kind == "cross-encoder" else f"-{kind}"
    return current_settings().data_dir / "converted" / name


@cache
def _openvino_version() -> str:
    """As its package says, without importing it."""
    return version("openvino")


def _convert(folder: Path, place: Path, converter: str) -> None:
    """Convert beside the place and move it there whole; another process that was faster wins."""
    logger.info("Converting the model in %s for OpenVINO, once.", folder)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=place.parent, prefix=".making-"))
    except OSError as exc:
        _not_now(folder, place, f"it cannot be written to {place.parent}: {exc}")
        return
    try:
        status, failed = _run(converter, folder, made)
        if failed and status != LASTING:
            _not_now(folder, place, failed)
            return
        if failed:
            logger.warning("The model in %s runs in torch. It cannot be converted: %s", folder, failed)
            for file in made.iterdir():
                file.unlink()
            (made / RECORD).write_text(json.dumps({"failed": failed}), encoding="utf-8")
        made.rename(place)
    except OSError as exc:
        if not (place / RECORD).is_file():
            _not_now(folder, place, f"it cannot be written to {place.parent}: {exc}")
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _not_now(folder: Path, place: Path, failed: str) -> None:
    """This process runs the model in torch; the next one tries again."""
    logger.warning("The model in %s runs in torch. It could not be converted: %s", folder, failed)
    _failed_here[place] = failed


def _run(converter: str, folder: Path, output: Path) -> tuple[int, str]:
    """Its exit status, and why it failed; empty where it did not."""
    command = [sys.executable, "-m", converter, str(folder.resolve()), str(output.resolve())]
    ours = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    try:
        done = subprocess.run(command, env=ours, capture_output=True, text=True, timeout=LONGEST_S)
    except subprocess.TimeoutExpired:
        return -1, f"it took more than {LONGEST_S // 60} minutes"
    said = [line for line in done.stderr.strip().splitlines() if line]
    why = said[-1] if said else f"the conversion ended with status {done.returncode}"
    return done.returncode, why if done.returncode else ""
