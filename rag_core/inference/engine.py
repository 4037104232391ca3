"""The OpenVINO runtime: whether it is installed, what suits this CPU, and compiled models for many threads.

Building a model is left to `bert`.
"""

from __future__ import annotations

import os
import queue
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rag_core.errors import MissingPackage, ModelError, first_line
from rag_core.inference.int8 import GROUP

if TYPE_CHECKING:
    import numpy.typing as npt

Precision = Literal["bf16", "fp32"]

HINTS = {"bf16": "bf16", "fp32": "f32"}
VNNI = {"avx512_vnni", "avx_vnni"}
"""What Linux calls the instructions that multiply 8-bit numbers."""
CPUINFO = Path("/proc/cpuinfo")
TELEMETRY = "openvino.tools.ovc"
"""A converter that `import openvino` also imports, and that sends usage data to its maker. It is kept out."""


def installed() -> bool:
    """Whether OpenVINO is installed."""
    return find_spec("openvino") is not None


@cache
def openvino() -> Any:
    """Import OpenVINO without its telemetry module.

    Raises MissingPackage if it is not installed, ModelError if it is broken.
    """
    kept_out = TELEMETRY not in sys.modules
    if kept_out:
        sys.modules[TELEMETRY] = None  # type: ignore[assignment]  # an import of it fails, which openvino allows for
    try:
        import openvino as package
    except ImportError as exc:
        if installed():
            raise ModelError(
                f"OpenVINO is installed but broken: {first_line(exc)} Reinstall it, or remove it."
            ) from exc
        raise MissingPackage("openvino", "The OpenVINO backend") from exc
    finally:
        if kept_out:
            del sys.modules[TELEMETRY]
    return package


@cache
def core() -> Any:
    """Return the OpenVINO runtime, one per process."""
    return openvino().Core()


@cache
def best_precision() -> Precision:
    """Return `bf16` on a CPU with bf16 instructions, `fp32` on any other."""
    return "bf16" if "BF16" in core().get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "fp32"


@cache
def multiplies_int8() -> bool:
    """Whether int8 layers gain time on this CPU: it has bf16 or VNNI instructions.

    Without either, they take as long as in fp32. VNNI without bf16 is found on Linux only.
    """
    return best_precision() == "bf16" or has_vnni(CPUINFO)


def has_vnni(cpuinfo: Path) -> bool:
    """Whether every processor that Linux lists in this file has VNNI instructions. False if there is no such file."""
    if not cpuinfo.is_file():
        return False
    lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    flags = [line.partition(":")[2].split() for line in lines if line.startswith("flags")]
    return bool(flags) and all(VNNI.intersection(one) for one in flags)


def cores() -> int:
    """Count the CPU cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class CompiledModel:
    """A model with one output, compiled for the CPU.

    Each call of `run` uses one core, so up to `max_concurrency` threads gain from calling it at the same time. A call
    is never split over cores: its result does not depend on what else is running.
    """

    def __init__(self, model: Any, precision: Precision) -> None:
        self.max_concurrency = cores()
        options = {
            "INFERENCE_PRECISION_HINT": HINTS[precision],
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": str(GROUP),  # applies to layers with 8-bit weights only
            "NUM_STREAMS": str(self.max_concurrency),
            "INFERENCE_NUM_THREADS": str(self.max_concurrency),
        }
        compiled = core().compile_model(model, "CPU", options)
        self._idle: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(self.max_concurrency):
            self._idle.put(compiled.create_infer_request())

    def run(self, inputs: dict[str, npt.NDArray[Any]]) -> npt.NDArray[np.float32]:
        """Compute the output. The array returned is a copy."""
        request = self._idle.get()
        try:
            request.infer(inputs, share_inputs=True)
            return np.array(request.get_output_tensor(0).data, dtype=np.float32)
        finally:
            self._idle.put(request)
