"""Dense search against a plain NumPy sort, with filters inside the search, from disk and from threads."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rag_core.errors import BadInput, CollectionError
from rag_core.retrieval.engines.faiss_index import DenseIndex

Vectors = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

EXACT, GRAPH = 10_000, 100
"""Limits that make an index of 2,000 rows exact, or HNSW."""


def unit(values: npt.ArrayLike) -> Vectors:
    vectors = np.asarray(values, np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32)


def expected(vectors: Vectors, query: Vectors, depth: int, allowed: Mask | None = None) -> list[int]:
    """The rows by cosine down, then row up."""
    scores = vectors @ query
    rows = range(len(vectors)) if allowed is None else np.flatnonzero(allowed).tolist()
    return sorted(rows, key=lambda row: (-scores[row], row))[:depth]


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    """2,000 unit vectors around 50 centres, as texts of 50 subjects would lie."""
    draw = np.random.default_rng(7)
    centres = draw.standard_normal((50, 32))
    return unit(centres[draw.integers(50, size=2000)] + 0.7 * draw.standard_normal((2000, 32)))


@pytest.fixture(scope="module", params=[EXACT, GRAPH], ids=["exact", "hnsw"])
def index(request: pytest.FixtureRequest, vectors: Vectors) -> DenseIndex:
    return DenseIndex.build(vectors, request.param)


def test_the_kind_follows_the_limit(vectors: Vectors) -> None:
    assert DenseIndex.build(vectors[:100], 100).kind == "exact"
    assert DenseIndex.build(vectors[:101], 100).kind == "hnsw"


def test_scores_are_cosines_best_first() -> None:
    index = DenseIndex.build(unit([[1, 0], [0, 1], [3, 4]]), EXACT)
    rows, scores = index.search(unit([1, 0]), 3)
    assert rows.tolist() == [0, 2, 1]
    assert scores.tolist() == pytest.approx([1, 3 / 5, 0])
    assert rows.dtype == np.int64
    assert scores.dtype == np.float32


def test_both_kinds_find_what_a_sort_finds(index: DenseIndex, vectors: Vectors) -> None:
    found = [index.search(query, 20)[0].tolist() for query in vectors[:50]]
    wanted = [expected(vectors, query, 20) for query in vectors[:50]]
    shared = sum(len({*some} & {*others}) for some, others in zip(found, wanted, strict=True))
    assert shared / (50 * 20) >= (1.0 if index.kind == "exact" else 0.98)


@pytest.mark.parametrize("share", [0.001, 0.1, 0.6])
def test_the_filter_is_inside_the_search(index: DenseIndex, vectors: Vectors, share: float) -> None:
    allowed = np.random.default_rng(3).random(len(vectors)) < share
    allowed[11] = True
    rows, _ = index.search(vectors[0], 50, allowed)
    assert rows.size == min(50, np.count_nonzero(allowed))
    assert allowed[rows].all()
    wanted = expected(vectors, vectors[0], 50, allowed)
    assert len({*rows.tolist()} & {*wanted}) >= (0.98 if index.kind == "hnsw" else 1) * len(wanted)


def test_a_filter_that_allows_only_the_farthest_rows_still_fills_the_depth(index: DenseIndex, vectors: Vectors) -> None:
    allowed = np.zeros(len(vectors), bool)
    allowed[np.argsort(vectors @ vectors[0])[:30]] = True
    assert index.search(vectors[0], 30, allowed)[0].tolist() == expected(vectors, vectors[0], 30, allowed)


def test_nothing_allowed_nothing_found(index: DenseIndex, vectors: Vectors) -> None:
    rows, scores = index.search(vectors[0], 5, np.zeros(len(vectors), bool))
    assert rows.size == scores.size == 0


def test_a_depth_past_the_end_gives_every_row(vectors: Vectors) -> None:
    rows, _ = DenseIndex.build(vectors[:9], EXACT).search(vectors[0], 100)
    assert sorted(rows.tolist()) == list(range(9))


def test_an_empty_index_finds_nothing() -> None:
    index = DenseIndex.build(np.empty((0, 4), np.float32), EXACT)
    assert index.search(unit([1, 0, 0, 0]), 5)[0].size == 0


@given(
    hnp.arrays(np.int8, st.tuples(st.integers(1, 60), st.just(3)), elements=st.integers(0, 2)),
    st.integers(1, 70),
    st.data(),
)
def test_ties_come_in_row_order_at_the_cut_too(values: npt.NDArray[np.int8], depth: int, data: st.DataObject) -> None:
    vectors = unit(values + np.array([1, 0, 0]))  # few distinct vectors, so many equal scores
    allowed = data.draw(hnp.arrays(np.bool_, len(vectors)))
    rows, scores = DenseIndex.build(vectors, EXACT).search(unit([1, 1, 1]), depth, allowed)
    assert rows.size == min(depth, np.count_nonzero(allowed))
    assert rows.tolist() == [row for _, row in sorted(zip(-scores, rows.tolist(), strict=True))]
    left_out = np.setdiff1d(np.flatnonzero(allowed), rows)
    for row in left_out[(vectors[left_out] == vectors[rows[-1]]).all(axis=1)] if rows.size else []:
        assert row > rows[-1]


def test_saved_and_loaded_it_finds_the_same(index: DenseIndex, vectors: Vectors, tmp_path: Path) -> None:
    index.save(tmp_path)
    again = DenseIndex.load(tmp_path, vectors)
    assert (again.kind, again.rows, again.exact_limit) == (index.kind, index.rows, index.exact_limit)
    allowed = np.arange(len(vectors)) % 2 == 0
    for mask in (None, allowed):
        for mine, its in zip(index.search(vectors[5], 40, mask), again.search(vectors[5], 40, mask), strict=True):
            np.testing.assert_array_equal(mine, its)


def test_the_graph_is_saved_without_the_vectors(vectors: Vectors, tmp_path: Path) -> None:
    wide = unit(np.random.default_rng(1).standard_normal((500, 384)))
    DenseIndex.build(wide, GRAPH).save(tmp_path)
    assert (tmp_path / "hnsw.faiss").stat().st_size < wide.nbytes / 2


def cut(folder: Path) -> None:
    file = folder / "hnsw.faiss"
    file.write_bytes(file.read_bytes()[:1000])


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no meta": lambda folder: (folder / "dense.json").unlink(),
    "meta cut off": lambda folder: (folder / "dense.json").write_text('{"kind": "hn'),
    "another kind": lambda folder: (folder / "dense.json").write_text('{"kind": "x", "rows": 2000, "exact_limit": 1}'),
    "no graph": lambda folder: (folder / "hnsw.faiss").unlink(),
    "graph cut off": cut,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_index_is_said_to_be(damage: Callable[[Path], object], vectors: Vectors, tmp_path: Path) -> None:
    DenseIndex.build(vectors, GRAPH).save(tmp_path)
    damage(tmp_path)
    with pytest.raises(CollectionError, match="Index the collection again"):
        DenseIndex.load(tmp_path, vectors)


@pytest.mark.parametrize("limit", [EXACT, GRAPH])
def test_an_index_of_other_vectors_is_refused(limit: int, vectors: Vectors, tmp_path: Path) -> None:
    DenseIndex.build(vectors, limit).save(tmp_path)
    with pytest.raises(CollectionError, match="does not fit"):
        DenseIndex.load(tmp_path, vectors[:-1])


def test_only_unit_vectors_of_the_right_shape_are_taken(vectors: Vectors) -> None:
    with pytest.raises(BadInput, match="length 1"):
        DenseIndex.build(vectors * 2, EXACT)
    with pytest.raises(BadInput, match="length 1"):
        DenseIndex.build(np.full((2, 4), np.nan, np.float32), EXACT)
    with pytest.raises(BadInput, match="float32"):
        DenseIndex.build(vectors[0], EXACT)
    index = DenseIndex.build(vectors, EXACT)
    with pytest.raises(BadInput, match=r"needs \(32,\)"):
        index.search(vectors[0][:5], 3)
    with pytest.raises(BadInput, match="filter has shape"):
        index.search(vectors[0], 3, np.ones(5, bool))


def test_threads_find_what_one_finds(index: DenseIndex, vectors: Vectors) -> None:
    masks = [None, np.arange(len(vectors)) % 3 == 0, np.arange(len(vectors)) < 1500]
    jobs = [(query, 30, mask) for query in vectors[:100] for mask in masks]
    alone = [index.search(*job)[0].tolist() for job in jobs]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda job: index.search(*job)[0].tolist(), jobs))
    assert together == alone
