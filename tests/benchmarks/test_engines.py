"""What the benchmark of engines measures: its exact nearest, agreement with them, and the table's lines."""

from __future__ import annotations

import numpy as np

from benchmarks.engines import WAYS, nearest_of, timed

VECTORS = np.array([[1, 0], [0, 1], [0.8, 0.6], [-1, 0]], np.float32)
QUERIES = np.array([[1, 0], [0, 1]], np.float32)


def test_agreement_is_the_share_of_the_exact_nearest() -> None:
    nearest = nearest_of(VECTORS, QUERIES, 2)
    assert nearest == [{"0", "2"}, {"1", "2"}]
    line = timed("Half", lambda vector, depth: ["0", "3"], QUERIES, nearest, 2)
    assert len(line.ms) == 2 and line.agreement == (1 / 2 + 0 / 2) / 2
    assert str(line).startswith("Half") and str(line).endswith("0.2500")


def test_the_embedded_engine_finds_them_all(tmp_path) -> None:
    with WAYS["embedded"](VECTORS, tmp_path) as ways:
        for name, search in ways.items():
            assert timed(name, search, QUERIES, nearest_of(VECTORS, QUERIES, 2), 2).agreement == 1
