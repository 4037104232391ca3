"""Dense search: the rows whose vectors have the highest cosine with a query's vector, with FAISS.

Exact (a flat index) up to a stated number of rows, an HNSW graph beyond it (Malkov and Yashunin 2016,
arXiv:1603.09320). A filter goes inside the search: rows that are not allowed are never candidates.
Embedding the texts, storing the vectors and naming the rows are left to others.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from rag_core.errors import BadInput, CollectionError
from rag_core.retrieval.topk import best_rows

if TYPE_CHECKING:
    from rag_core.retrieval.topk import Mask, Rows
    from rag_core.schema.vectors import Vectors

Kind = Literal["exact", "hnsw"]

LINKS = 32
EF_CONSTRUCTION, EF_SEARCH, UP_TO = 80, 256, 250_000
"""Breadth of the search for the links of a new row, and of that for a query, among up to so many rows; among more, see
`widened`. A query's is at least twice the depth, and wider by as much as a filter leaves out, for the graph is walked
through rows that are not allowed too. `benchmarks/search.py` and `benchmarks/scale.py` show the recall."""

NARROW = 0.5
"""A filter that allows at most this share of the rows is answered exactly, as walking the graph would miss them."""

_META, _GRAPH = "dense.json", "hnsw.faiss"


class DenseIndex:
    """Read-only once made, and safe to search from several threads. Make one with `build` or `load`."""

    kind: Kind

    def __init__(self, index: Any, kind: Kind, exact_limit: int, vectors: Vectors) -> None:
        self._index = index
        self._vectors = vectors  # the index looks at them where they lie
        self._flat = index if kind == "exact" else _storage(index)
        self.kind = kind
        self.exact_limit = exact_limit

    @property
    def rows(self) -> int:
        """How many vectors it holds."""
        return int(self._index.ntotal)

    @classmethod
    def build(cls, vectors: Vectors, exact_limit: int) -> DenseIndex:
        """Index unit vectors, float32, shape (rows, dimensions): exact up to `exact_limit` rows, else HNSW.

        Raises BadInput where the vectors are not finite unit vectors.
        """
        _check_unit(vectors)
        vectors = np.ascontiguousarray(vectors)
        if len(vectors) <= exact_limit:
            return cls(_flat_index(vectors), "exact", exact_limit, vectors)
        index = _faiss().IndexHNSWFlat(vectors.shape[1], LINKS, _faiss().METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = widened(EF_CONSTRUCTION, len(vectors))
        index.add(vectors)
        return cls(index, "hnsw", exact_limit, vectors)

    def search(self, vector: Vectors, depth: int, allowed: Mask | None = None) -> tuple[Rows, Vectors]:
        """Rows (int64) and cosines (float32) of the `depth` nearest rows, best first, ties in row order.

        `vector`: unit, shape (dimensions,). `allowed`: bool, shape (rows,); only those rows can be found.
        Fewer than `depth` come back only where fewer are allowed.
        """
        if vector.shape != (self._index.d,):
            raise BadInput(f"The query vector has shape {vector.shape}; this index needs ({self._index.d},).")
        if allowed is not None and allowed.shape != (self.rows,):
            raise BadInput(f"The filter has shape {allowed.shape}; this index needs ({self.rows},).")
        available = self.rows if allowed is None else int(np.count_nonzero(allowed))
        depth = min(depth, available)
        if depth < 1:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        query = np.ascontiguousarray(vector, dtype=np.float32)[None, :]
        if self._walks(available):
            rows, scores = self._walk(query, depth, available, allowed)
            if rows.size == depth:
                return best_rows(rows, scores, depth)
        return self._scan(query, depth, available, allowed)

    def approximate(self, depth: int, allowed: Mask | None = None) -> str:
        """How `search` searches with these, where that may miss some; empty where the search is exact."""
        available = self.rows if allowed is None else int(np.count_nonzero(allowed))
        if not self._walks(available):
            return ""
        return f"HNSW graph, breadth {self._breadth(min(depth, available), available)}"

    def _walks(self, allowed: int) -> bool:
        """Whether a search goes through the graph: not where a filter leaves few rows."""
        return self.kind == "hnsw" and (allowed == self.rows or allowed > max(self.exact_limit, NARROW * self.rows))

    def _breadth(self, depth: int, allowed: int) -> int:
        return max(widened(EF_SEARCH, self.rows), 2 * depth) * self.rows // allowed

    def _walk(self, query: Vectors, depth: int, available: int, allowed: Mask | None) -> tuple[Rows, Vectors]:
        """Through the graph: approximate, and may find too few where a filter cuts it to pieces."""
        breadth = self._breadth(depth, available)
        params = _faiss().SearchParametersHNSW(efSearch=breadth, sel=_selector(allowed))
        scores, rows = self._index.search(query, depth, params=params)
        return rows[0][rows[0] >= 0], scores[0][rows[0] >= 0]

    def _scan(self, query: Vectors, depth: int, available: int, allowed: Mask | None) -> tuple[Rows, Vectors]:
        """Over every allowed row. FAISS cuts ties anyhow, so more is asked for until none lies across the cut.

        Even without a filter a selector is given: it keeps a query on one thread. A team of threads for each query
        takes several times as long on a machine that is busy with other queries.
        """
        asked = min(depth + 1, available)
        params = _faiss().SearchParameters(sel=_selector(allowed) or _faiss().IDSelectorAll())
        while True:
            scores, rows = self._flat.search(query, asked, params=params)
            if asked == available or scores[0][-1] < scores[0][depth - 1]:
                return best_rows(rows[0], scores[0], depth)
            asked = min(2 * asked, available)

    def save(self, folder: Path) -> None:
        """Write what `load` needs beside the vectors: the kind, and the graph of an HNSW index."""
        folder.mkdir(parents=True, exist_ok=True)
        meta = {"kind": self.kind, "rows": self.rows, "exact_limit": self.exact_limit}
        (folder / _META).write_text(json.dumps(meta), encoding="utf-8")
        if self.kind == "hnsw":
            _faiss().write_index(self._index, str(folder / _GRAPH), _faiss().IO_FLAG_SKIP_STORAGE)

    @classmethod
    def load(cls, folder: Path, vectors: Vectors) -> DenseIndex:
        """Read an index that `save` wrote, over the same vectors. Raises CollectionError where it does not fit."""
        try:
            meta = json.loads((folder / _META).read_text(encoding="utf-8"))
            kind, rows, exact_limit = meta["kind"], int(meta["rows"]), int(meta["exact_limit"])
            vectors = np.ascontiguousarray(vectors)
            index = _flat_index(vectors)
            if kind == "hnsw":
                mapped = _faiss().IO_FLAG_SKIP_STORAGE | _faiss().IO_FLAG_MMAP_IFC
                graph = _faiss().read_index(str(folder / _GRAPH), mapped)
                index = _with_storage(graph, index)
        except (OSError, ValueError, KeyError, TypeError, RuntimeError) as exc:
            raise CollectionError(
                f"The dense index in {folder} is damaged. Index the collection again. ({exc})"
            ) from exc
        if kind not in ("exact", "hnsw") or not rows == index.ntotal == len(vectors):
            raise CollectionError(f"The dense index in {folder} does not fit its vectors. Index the collection again.")
        return cls(index, kind, exact_limit, vectors)


def _faiss() -> Any:
    """The package, imported when first needed; its own type stubs do not know the search parameters."""
    import faiss

    return faiss


def widened(breadth: int, rows: int) -> int:
    """The breadth among so many rows: wider by the square root of how many times `UP_TO` they are."""
    return int(breadth * max(1.0, rows / UP_TO) ** 0.5)


def _check_unit(vectors: Vectors) -> None:
    if vectors.ndim != 2 or vectors.dtype != np.float32:
        raise BadInput(f"Vectors must be float32 of shape (rows, dimensions), not {vectors.dtype} {vectors.shape}.")
    norms = np.linalg.norm(vectors, axis=1)
    if not np.allclose(norms, 1.0, atol=1e-3):
        raise BadInput("Vectors must have length 1, or their dot product is no cosine.")


def _flat_index(vectors: Vectors) -> Any:
    """A flat index over the vectors where they lie, in memory or in a mapped file: whoever uses it keeps them."""
    faiss = _faiss()
    index = faiss.IndexFlatIP(vectors.shape[1])
    if len(vectors):
        view = faiss.MaybeOwnedVectorUInt8  # it would own its memory; a view of memory that has no owner does not
        codes = faiss.swig_ptr(vectors.view(np.uint8).reshape(-1))
        index.codes = view.create_view(codes, vectors.nbytes, view().owner)
        index.ntotal = len(vectors)
    return index


def _storage(index: Any) -> Any:
    return _faiss().downcast_index(index.storage)


def _with_storage(graph: Any, flat: Any) -> Any:
    """The graph over vectors that were stored apart; from here on the graph owns them."""
    graph.storage = flat
    graph.own_fields = True
    flat.this.disown()
    return graph


def _selector(allowed: Mask | None) -> Any:
    return None if allowed is None else _faiss().IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
