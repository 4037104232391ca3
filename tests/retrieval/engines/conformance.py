"""What every engine of the registry must do: a class of tests to inherit, with the fixture `engine` of one's own.

    class TestMine(EngineConformance):
        @pytest.fixture
        def engine(self) -> EngineKind:
            return engine_named("mine")

`exact_limit` is what the indexes are built with; a class that sets it under 2,000 tests the approximate search, and
then says with `recall` which share of the true neighbours it must find at least.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rag_core.corpus.storage.library import Library
from rag_core.errors import BadInput, CollectionError
from rag_core.retrieval.engines.protocol import VectorIndex
from rag_core.retrieval.engines.registry import EngineKind, engine_of
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from rag_core.schema.filters import Filter, In
from tests.corpus.doubles import WordEmbedder, documents

Vectors = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
ROWS, DIMENSIONS = 2000, 32


def unit(values: npt.ArrayLike) -> Vectors:
    """The vectors with length 1."""
    vectors = np.asarray(values, np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32)


def some_vectors() -> Vectors:
    """2,000 unit vectors around 50 centres, as texts of 50 subjects would lie."""
    draw = np.random.default_rng(7)
    centres = draw.standard_normal((50, DIMENSIONS))
    return unit(centres[draw.integers(50, size=ROWS)] + 0.7 * draw.standard_normal((ROWS, DIMENSIONS)))


VECTORS = some_vectors()


def expected(vectors: Vectors, query: Vectors, depth: int, allowed: Mask | None = None) -> list[int]:
    """Brute force: the rows by cosine down, then row up."""
    scores = vectors @ query
    rows = range(len(vectors)) if allowed is None else np.flatnonzero(allowed).tolist()
    return sorted(rows, key=lambda row: (-scores[row], row))[:depth]


class EngineConformance:
    """The protocols of `rag_core.retrieval.engines.protocol`, as tests."""

    exact_limit = 10_000
    recall = 1.0

    @pytest.fixture
    def index(self, engine: EngineKind) -> VectorIndex:
        return engine.build(VECTORS, self.exact_limit)

    # results

    def test_scores_are_cosines_best_first(self, engine: EngineKind) -> None:
        rows, scores = engine.build(unit([[1, 0], [0, 1], [3, 4]]), self.exact_limit).search(unit([1, 0]), 3)
        assert rows.tolist() == [0, 2, 1]
        assert scores.tolist() == pytest.approx([1, 3 / 5, 0], abs=1e-6)
        assert (rows.dtype, scores.dtype) == (np.int64, np.float32)

    def test_it_finds_what_brute_force_finds(self, index: VectorIndex) -> None:
        found = [index.search(query, 20)[0].tolist() for query in VECTORS[:50]]
        wanted = [expected(VECTORS, query, 20) for query in VECTORS[:50]]
        shared = sum(len({*some} & {*others}) for some, others in zip(found, wanted, strict=True))
        assert shared / (50 * 20) >= self.recall
        if self.recall == 1.0:
            assert found == wanted

    def test_up_to_the_limit_it_is_exact(self, engine: EngineKind) -> None:
        index = engine.build(VECTORS, ROWS)
        for query in VECTORS[:20]:
            assert index.search(query, 20)[0].tolist() == expected(VECTORS, query, 20)

    def test_a_depth_past_the_end_gives_every_row(self, engine: EngineKind) -> None:
        index = engine.build(VECTORS[:9], self.exact_limit)
        assert sorted(index.search(VECTORS[0], 100)[0].tolist()) == list(range(9))
        assert index.rows == 9

    def test_a_depth_of_nothing_gives_nothing(self, index: VectorIndex) -> None:
        assert index.search(VECTORS[0], 0)[0].size == 0

    def test_an_empty_index_finds_nothing(self, engine: EngineKind) -> None:
        index = engine.build(np.empty((0, 4), np.float32), self.exact_limit)
        assert (index.rows, index.search(unit([1, 0, 0, 0]), 5)[0].size) == (0, 0)

    def test_it_says_where_it_may_miss_some(self, engine: EngineKind, index: VectorIndex) -> None:
        few = np.arange(ROWS) < 9
        assert bool(index.approximate(5)) == bool(index.approximate(5, ~few)) == (self.exact_limit < ROWS)
        assert index.approximate(5, few) == engine.build(VECTORS, ROWS).approximate(5) == ""

    # duplicates

    def test_equal_vectors_are_all_found_once_in_row_order(self, engine: EngineKind) -> None:
        twins = unit(np.repeat(np.eye(4, dtype=np.float32), 3, axis=0))
        rows, _ = engine.build(twins, len(twins)).search(unit([1, 0, 0, 0]), 3)
        assert rows.tolist() == [0, 1, 2]

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors])
    @given(
        hnp.arrays(np.int8, st.tuples(st.integers(1, 60), st.just(3)), elements=st.integers(0, 2)),
        st.integers(1, 70),
        st.data(),
    )
    def test_ties_come_in_row_order_at_the_cut_too(
        self, engine: EngineKind, values: npt.NDArray[np.int8], depth: int, data: st.DataObject
    ) -> None:
        vectors = unit(values + np.array([1, 0, 0]))  # few distinct vectors, so many equal scores
        allowed = data.draw(hnp.arrays(np.bool_, len(vectors)))
        rows, scores = engine.build(vectors, len(vectors)).search(unit([1, 1, 1]), depth, allowed)
        assert rows.size == min(depth, np.count_nonzero(allowed))
        assert rows.tolist() == [row for _, row in sorted(zip(-scores, rows.tolist(), strict=True))]
        left_out = np.setdiff1d(np.flatnonzero(allowed), rows)
        for row in left_out[(vectors[left_out] == vectors[rows[-1]]).all(axis=1)] if rows.size else []:
            assert row > rows[-1]

    # filters

    @pytest.mark.parametrize("share", [0.001, 0.1, 0.6])
    def test_the_filter_is_inside_the_search(self, index: VectorIndex, share: float) -> None:
        allowed = np.random.default_rng(3).random(ROWS) < share
        allowed[11] = True
        rows, _ = index.search(VECTORS[0], 50, allowed)
        assert rows.size == min(50, np.count_nonzero(allowed))
        assert allowed[rows].all()
        wanted = expected(VECTORS, VECTORS[0], 50, allowed)
        assert len({*rows.tolist()} & {*wanted}) >= self.recall * len(wanted)

    def test_a_filter_that_allows_only_the_farthest_rows_still_fills_the_depth(self, index: VectorIndex) -> None:
        allowed = np.zeros(ROWS, bool)
        allowed[np.argsort(VECTORS @ VECTORS[0])[:30]] = True
        rows = index.search(VECTORS[0], 30, allowed)[0].tolist()
        assert sorted(rows) == sorted(expected(VECTORS, VECTORS[0], 30, allowed))

    def test_nothing_allowed_nothing_found(self, index: VectorIndex) -> None:
        rows, scores = index.search(VECTORS[0], 5, np.zeros(ROWS, bool))
        assert rows.size == scores.size == 0

    # bad input

    def test_only_unit_vectors_of_the_right_shape_are_taken(self, engine: EngineKind) -> None:
        for bad, why in (
            (VECTORS * 2, "length 1"),
            (np.full((2, 4), np.nan, np.float32), "length 1"),
            (VECTORS[0], "float32"),
            (VECTORS.astype(np.float64), "float32"),
        ):
            with pytest.raises(BadInput, match=why):
                engine.build(bad, self.exact_limit)

    def test_a_query_or_filter_of_another_shape_is_refused(self, index: VectorIndex) -> None:
        with pytest.raises(BadInput, match=r"needs \(32,\)"):
            index.search(VECTORS[0][:5], 3)
        with pytest.raises(BadInput, match="filter has shape"):
            index.search(VECTORS[0], 3, np.ones(5, bool))

    # on disk

    def test_saved_and_loaded_it_finds_the_same(self, engine: EngineKind, index: VectorIndex, tmp_path: Path) -> None:
        index.save(tmp_path)
        again = engine.load(tmp_path, VECTORS)
        assert (again.kind, again.rows) == (index.kind, index.rows)
        for mask in (None, np.arange(ROWS) % 2 == 0):
            for mine, its in zip(index.search(VECTORS[5], 40, mask), again.search(VECTORS[5], 40, mask), strict=True):
                np.testing.assert_array_equal(mine, its)

    def test_an_index_of_other_vectors_is_refused(self, engine: EngineKind, index: VectorIndex, tmp_path: Path) -> None:
        index.save(tmp_path)
        with pytest.raises(CollectionError, match="does not fit"):
            engine.load(tmp_path, VECTORS[:-1])

    def test_a_damaged_index_is_said_to_be(self, engine: EngineKind, index: VectorIndex, tmp_path: Path) -> None:
        index.save(tmp_path)
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        for path in files:
            whole = path.read_bytes()
            path.write_bytes(whole[: len(whole) // 2])
            with pytest.raises(CollectionError, match="Index the collection again"):
                engine.load(tmp_path, VECTORS)
            path.write_bytes(whole)

    def test_the_registry_reads_its_kind_by_this_engine(self, engine: EngineKind, index: VectorIndex) -> None:
        assert engine_of(index.kind) is engine

    # in a collection

    def test_a_collection_is_what_it_is_with_any_engine(self, engine: EngineKind, tmp_path: Path) -> None:
        mine, usual = (Library(tmp_path / one, self.exact_limit, engine=one) for one in (engine.name, "faiss"))
        embedder = WordEmbedder()
        for library in (mine, usual):
            library.build("Shop", documents(6), Chunking(max_tokens=32), embedder, replace=True)
        one, other = (library.open("Shop", embedder) for library in (mine, usual))
        assert one.ref.fingerprint == other.ref.fingerprint
        assert one.manifest.index in engine.kinds
        query = embedder.embed_query("topic3 refunds")
        assert [name for name, _ in one.dense(query, 5).hits] == [name for name, _ in other.dense(query, 5).hits]

    def test_a_collection_keeps_its_tenants_apart(self, engine: EngineKind, tmp_path: Path) -> None:
        library, embedder = Library(tmp_path, self.exact_limit, engine=engine.name), WordEmbedder()
        collection = library.build("Shop", documents(6), Chunking(max_tokens=32), embedder)
        acme = Filter(conditions=(In(field="tenant", values=("acme",)),))
        found = collection.dense(embedder.embed_query("topic0"), 50, acme).hits
        assert {collection.passage(name).tenant for name, _ in found} == {"acme"}
        assert len(found) == 3 * 2

    def test_what_is_added_changed_and_deleted_is_so_in_the_index(self, engine: EngineKind, tmp_path: Path) -> None:
        library, embedder = Library(tmp_path, self.exact_limit, engine=engine.name), WordEmbedder()
        library.build("Shop", documents(4), Chunking(max_tokens=32), embedder)
        first = embedder.embed_query("zebra")
        library.add(
            "Shop", [Document(id="new.md", text="A zebra."), Document(id="doc-1.md", text="No more.")], embedder
        )
        library.delete_documents("Shop", ["doc-0.md"])
        collection = library.open("Shop", embedder)
        found = collection.dense(first, 50).hits
        assert found[0] == ("new.md::0", pytest.approx(float(embedder.embed_query("A zebra.") @ first), abs=1e-5))
        of_documents = [collection.passage(name).document_id for name, _ in found]
        assert sorted(of_documents) == ["doc-1.md", "doc-2.md", "doc-2.md", "doc-3.md", "doc-3.md", "new.md"]

    # in threads

    def test_threads_find_what_one_finds(self, index: VectorIndex) -> None:
        masks = [None, np.arange(ROWS) % 3 == 0, np.arange(ROWS) < 1500]
        jobs = [(query, 30, mask) for query in VECTORS[:100] for mask in masks]
        alone = [index.search(*job)[0].tolist() for job in jobs]
        with ThreadPoolExecutor(8) as pool:
            together = list(pool.map(lambda job: index.search(*job)[0].tolist(), jobs))
        assert together == alone
