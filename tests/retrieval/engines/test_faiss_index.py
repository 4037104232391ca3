"""FAISS as an engine: exact, and as a graph beyond the limit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rag_core.errors import CollectionError
from rag_core.retrieval.engines.faiss_index import UP_TO, DenseIndex, widened
from rag_core.retrieval.engines.registry import EngineKind, engine_named
from tests.retrieval.engines.conformance import VECTORS, EngineConformance, unit

EXACT, GRAPH = 10_000, 100
"""Limits that make an index of 2,000 rows exact, or HNSW."""


@pytest.fixture
def engine() -> EngineKind:
    return engine_named("faiss")


class TestExact(EngineConformance):
    exact_limit = EXACT


class TestGraph(EngineConformance):
    exact_limit, recall = GRAPH, 0.98


def test_the_kind_follows_the_limit() -> None:
    assert DenseIndex.build(VECTORS[:100], 100).kind == "exact"
    assert DenseIndex.build(VECTORS[:101], 100).kind == "hnsw"


def test_searches_grow_wider_with_the_root_of_the_rows() -> None:
    assert [widened(80, rows) for rows in (1, UP_TO, 4 * UP_TO, 9 * UP_TO)] == [80, 80, 2 * 80, 3 * 80]


def test_the_limit_is_saved_with_the_index(tmp_path: Path) -> None:
    DenseIndex.build(VECTORS, GRAPH).save(tmp_path)
    assert DenseIndex.load(tmp_path, VECTORS).exact_limit == GRAPH


def test_the_graph_is_saved_without_the_vectors(tmp_path: Path) -> None:
    wide = unit(np.random.default_rng(1).standard_normal((500, 384)))
    DenseIndex.build(wide, GRAPH).save(tmp_path)
    assert (tmp_path / "hnsw.faiss").stat().st_size < wide.nbytes / 2


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no meta": lambda folder: (folder / "dense.json").unlink(),
    "another kind": lambda folder: (folder / "dense.json").write_text('{"kind": "x", "rows": 2000, "exact_limit": 1}'),
    "no graph": lambda folder: (folder / "hnsw.faiss").unlink(),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_missing_or_foreign_file_is_named_as_damage(damage: Callable[[Path], object], tmp_path: Path) -> None:
    DenseIndex.build(VECTORS, GRAPH).save(tmp_path)
    damage(tmp_path)
    with pytest.raises(CollectionError, match="Index the collection again"):
        DenseIndex.load(tmp_path, VECTORS)
