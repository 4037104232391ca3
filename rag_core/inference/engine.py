"""OpenVINO: is it there, in which precision does it compute here, and a model compiled so that threads may share it.

Building models is left to others (`bert`).
"""

from __future__ import annotations

import os
import queue
import sys
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rag_core.errors import MissingPackage, ModelError, first_line
from rag_core.inference.int8 import GROUP

if TYPE_CHECKING:
    import numpy.typing as npt

Precision = Literal["bf16", "fp32"]

HINTS = {"bf16": "bf16", "fp32": "f32"}
TELEMETRY = "openvino.tools.ovc"
"""Its import reports to its maker over the network, and `import openvino` imports it. It converts other formats."""


def installed() -> bool:
    """Whether OpenVINO can be imported."""
    return find_spec("openvino") is not None


@cache
def openvino() -> Any:
    """The package, imported without what reports to its maker. Raises MissingPackage; ModelError where it is broken."""
    kept_out = TELEMETRY not in sys.modules
    if kept_out:
        sys.modules[TELEMETRY] = None  # type: ignore[assignment]  # an import of it fails, which openvino allows for
    try:
        import openvino as package
    except ImportError as exc:
        if installed():
            raise ModelError(
                f"OpenVINO is installed but broken: {first_line(exc)} Install it anew, or remove it."
            ) from exc
        raise MissingPackage("openvino", "The OpenVINO backend", "openvino") from exc
    finally:
        if kept_out:
            del sys.modules[TELEMETRY]
    return package


@cache
def core() -> Any:
    """The process's one OpenVINO runtime."""
    return openvino().Core()


@cache
def best_precision() -> Precision:
    """bf16 where this processor multiplies it, else fp32."""
    return "bf16" if "BF16" in core().get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "fp32"


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Engine:
    """A compiled model with one output. `run` is safe to call from `at_once` threads; each call is one core's work.

    That a call is never split keeps its result the same whatever runs beside it.
    """

    def __init__(self, model: Any, precision: Precision) -> None:
        self.at_once = cores()
        options = {
            "INFERENCE_PRECISION_HINT": HINTS[precision],
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": str(GROUP),  # of layers whose weights are in eight bits, no others
            "NUM_STREAMS": str(self.at_once),
            "INFERENCE_NUM_THREADS": str(self.at_once),
        }
        compiled = core().compile_model(model, "CPU", options)
        self._idle: queue.SimpleQueue[Any] = queue.SimpleQueue()
        for _ in range(self.at_once):
            self._idle.put(compiled.create_infer_request())

    def run(self, inputs: dict[str, npt.NDArray[np.int64]]) -> npt.NDArray[np.float32]:
        """The output for these inputs, a copy of its own."""
        request = self._idle.get()
        try:
            request.infer(inputs, share_inputs=True)
            return np.array(request.get_output_tensor(0).data, dtype=np.float32)
        finally:
            self._idle.put(request)
