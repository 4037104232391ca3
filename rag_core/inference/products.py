"""The product of two matrices on one core.

OpenVINO computes it where it is installed, each call on one core. NumPy splits even small products over all cores and
lets threads that have nothing to do wait in a loop: on two busy cores that took four times as long.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from rag_core.inference import engine

if TYPE_CHECKING:
    from rag_core.schema.vectors import Vectors


def product(a: Vectors, b: Vectors) -> Vectors:
    """a @ b.T in float32: shapes (m, k) and (n, k) give (m, n)."""
    if len(a) and len(b) and engine.installed():
        return _compiled().run({"a": np.ascontiguousarray(a), "b": np.ascontiguousarray(b)})
    plain: Vectors = a @ b.T
    return plain


@cache
def _compiled() -> engine.CompiledModel:
    package = engine.openvino()
    ops = package.opset13
    a, b = (ops.parameter([-1, -1], package.Type.f32, name=name) for name in ("a", "b"))
    for node in (a, b):
        node.output(0).set_names({node.get_friendly_name()})
    return engine.CompiledModel(package.Model([ops.matmul(a, b, False, True)], [a, b], "product"), "fp32")
