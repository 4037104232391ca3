"""OpenVINO as it is used here: silent towards its maker, shared by threads, in words where it is missing."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from rag_core.inference.engine import CompiledModel, best_precision, has_vnni, openvino
from rag_core.rerank.cross_encoder import CrossEncoderReranker
from rag_core.rerank.weights.backends import BUILD
from tests.installing import needs

needs("openvino")

SILENT = """
import sys, threading
asked = []
def note(event, args):
    if event in ("socket.connect", "socket.getaddrinfo"):
        asked.append(args)
sys.addaudithook(note)
from rag_core.inference.engine import core
core()
print([name for name in sys.modules if "telemetry" in name], asked, threading.active_count())
"""
ABSENT = """
import sys
sys.modules["openvino"] = None
from rag_core.rerank.cross_encoder import CrossEncoderReranker
print(CrossEncoderReranker(sys.argv[1]).runs_on)
CrossEncoderReranker(sys.argv[1], backend="openvino").load()
"""


def test_a_broken_one_is_said_to_be_broken_and_why(tmp_path: Path) -> None:
    (tmp_path / "openvino.py").write_text("raise ImportError('libopenvino.so is gone')")
    asked = "from rag_core.inference.engine import openvino; openvino()"
    done = subprocess.run(
        [sys.executable, "-c", asked], env={"PYTHONPATH": f"{tmp_path}:."}, capture_output=True, text=True
    )
    assert "ModelError: OpenVINO is installed but broken: libopenvino.so is gone" in done.stderr


def test_nothing_is_reported_to_its_maker(tmp_path: Path) -> None:
    """No telemetry module, no address asked for, no thread started, nothing written into the home folder."""
    done = subprocess.run(
        [sys.executable, "-c", SILENT], env={"HOME": str(tmp_path), "PYTHONPATH": "."}, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[] [] 1", done.stderr
    assert list(tmp_path.iterdir()) == []


def test_where_it_is_missing_auto_is_torch_and_its_own_name_an_error(tiny: Path) -> None:
    done = subprocess.run([sys.executable, "-c", ABSENT, str(tiny)], capture_output=True, text=True)
    assert done.stdout.strip() == "torch, fp32"
    assert "MissingPackage: The OpenVINO backend needs the package openvino" in done.stderr


def test_threads_share_a_compiled_model() -> None:
    package = openvino()
    op = package.opset13
    given = op.parameter([-1], package.Type.i64, name="x")
    given.output(0).set_names({"x"})
    doubled = op.convert(op.add(given, given), "f32")
    compiled = CompiledModel(package.Model([op.result(doubled)], [given], "double"), "fp32")
    inputs = [{"x": np.arange(length, dtype=np.int64)} for length in range(1, 60)]
    with ThreadPoolExecutor(8) as pool:
        for one, result in zip(inputs, pool.map(compiled.run, inputs), strict=True):
            np.testing.assert_array_equal(result, 2 * one["x"])


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        ("flags\t\t: fma avx2 avx512f avx512_vnni\n\nflags\t\t: fma avx2 avx512f avx512_vnni\n", True),
        ("processor\t: 0\nflags\t\t: fma avx2 avx_vnni\nvmx flags\t: vnmi\n", True),
        ("flags\t\t: fma avx2 avx512f avx512_vnni\n\nflags\t\t: fma avx2\n", False),
        ("model name\t: avx_vnni\nflags\t\t: fma avx2 avx512f avx512_bf16\n", False),
        ("Features\t: fp asimd asimddp i8mm\n", False),
        ("", False),
    ],
)
def test_vnni_is_what_every_listed_processor_has(listed: str, found: bool, tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(listed, encoding="utf-8")
    assert has_vnni(tmp_path / "cpuinfo") is found
    assert not has_vnni(tmp_path / "missing")


def test_auto_takes_it_where_it_can(tiny: Path) -> None:
    auto = CrossEncoderReranker(str(tiny))
    assert auto.runs_on == f"OpenVINO, {best_precision()}"
    assert auto.model == CrossEncoderReranker(str(tiny), backend="openvino").model
    assert auto.model == CrossEncoderReranker(str(tiny), backend="torch").model + f"/openvino{BUILD}-{best_precision()}"
    assert CrossEncoderReranker(str(tiny), device="cuda").runs_on == "torch, fp32"
