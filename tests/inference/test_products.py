"""Products on one core, held against NumPy's."""

from __future__ import annotations

import numpy as np
import pytest

from rag_core.inference.products import product
from tests.installing import needs

RNG = np.random.default_rng(2)


@pytest.mark.parametrize("engine", ["openvino", "numpy"])
@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 384), (130, 256, 7), (0, 4, 3), (4, 0, 3)])
def test_a_product_is_numpys(shape: tuple[int, int, int], engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if engine == "openvino":
        needs("openvino")
    else:
        monkeypatch.setattr("rag_core.inference.engine.find_spec", lambda name: None)
    m, n, k = shape
    a, b = (RNG.standard_normal((rows, 2 * k)).astype(np.float32)[:, ::2] for rows in (m, n))  # not contiguous
    found = product(a, b)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, a.astype(np.float64) @ b.T.astype(np.float64), rtol=1e-4, atol=1e-4)


def test_products_of_whole_numbers_are_exact() -> None:
    a, b = (RNG.integers(-4000, 4000, (9, 256)).astype(np.float32), RNG.integers(0, 16, (50, 256)).astype(np.float32))
    assert (product(a, b) == (a.astype(np.int64) @ b.T.astype(np.int64))).all()
