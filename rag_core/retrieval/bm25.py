"""Lexical search: BM25 over the tokens of `rag_core.retrieval.tokenize`, as a sparse matrix of finished scores.

`rank_bm25.BM25Okapi` gives the statistics (idf with its epsilon floor, k1, b, average length). Since a term's
score in a document does not depend on the query, all of them are computed once, into a SciPy CSC matrix with a
row per text and a column per term; a query then adds up a few columns. float64, because that makes every score
bit-equal to `BM25Okapi.get_scores` (float32 would save a third of the memory and break ties differently).

Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009; the floor for
terms in more than half of the texts: Trotman, Puurula and Burgess, ADCS 2014, as rank_bm25 has it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag_core.errors import BadInput, CollectionError
from rag_core.retrieval.tokenize import VERSION, tokenize
from rag_core.retrieval.topk import best_rows

if TYPE_CHECKING:
    import numpy.typing as npt

    from rag_core.retrieval.topk import Mask, Rows

    Scores = npt.NDArray[np.float64]

_MATRIX, _TERMS, _META = "scores.npz", "terms.json", "lexical.json"


class LexicalIndex:
    """Read-only once made, and safe to search from several threads. Make one with `build` or `load`."""

    def __init__(self, matrix: Any, terms: Sequence[str]) -> None:
        self._matrix = matrix
        self._columns = {term: column for column, term in enumerate(terms)}

    @property
    def rows(self) -> int:
        """How many texts it holds."""
        return int(self._matrix.shape[0])

    @property
    def terms(self) -> int:
        """How many different terms the texts have."""
        return len(self._columns)

    @classmethod
    def build(cls, texts: Sequence[str]) -> LexicalIndex:
        """Index the texts; row i is texts[i]."""
        return cls.of_tokens([tokenize(text) for text in texts])

    @classmethod
    def of_tokens(cls, tokens: Sequence[Sequence[str]]) -> LexicalIndex:
        """Index texts that are tokens already."""
        from rank_bm25 import BM25Okapi
        from scipy.sparse import csc_matrix

        if not any(tokens):  # BM25Okapi divides by the number of terms
            return cls(csc_matrix((len(tokens), 0), dtype=np.float64), ())
        bm25 = BM25Okapi(tokens)
        terms = sorted(bm25.idf)
        return cls(_score_matrix(bm25, terms), terms)

    def search(self, query: str, depth: int, allowed: Mask | None = None) -> tuple[Rows, Scores, tuple[str, ...]]:
        """Rows (int64), BM25 scores (float64, all over 0), best first, ties in row order; and the terms that counted.

        `allowed`: bool, shape (rows,); only those rows can be found. The third value holds the query's distinct
        tokens that occur in them, so that nothing is told of rows that are not allowed. BM25Okapi gives a term in
        half of all texts or more a score near 0, or under it where that is so of most terms: in a collection of one
        or two texts nothing may score over 0.
        """
        tokens = [token for token in tokenize(query) if token in self._columns]
        scores = self.scores(tokens)
        found = scores > 0
        if allowed is not None:
            if allowed.shape != (self.rows,):
                raise BadInput(f"The filter has shape {allowed.shape}; this index needs ({self.rows},).")
            found &= allowed
            tokens = [token for token in tokens if allowed[self._rows_with(token)].any()]
        rows = np.flatnonzero(found)
        return *best_rows(rows, scores[rows], max(depth, 0)), tuple(dict.fromkeys(tokens))

    def scores(self, tokens: Sequence[str]) -> Scores:
        """BM25 scores of every row, shape (rows,); a repeated token counts as often as it stands there."""
        total = np.zeros(self.rows)
        start, rows, values = self._matrix.indptr, self._matrix.indices, self._matrix.data
        for token in tokens:
            if (column := self._columns.get(token)) is not None:
                here = slice(start[column], start[column + 1])
                total[rows[here]] += values[here]
        return total

    def _rows_with(self, token: str) -> Rows:
        """The rows in which a token of the collection occurs."""
        column = self._columns[token]
        start = self._matrix.indptr
        rows: Rows = self._matrix.indices[start[column] : start[column + 1]]
        return rows

    def save(self, folder: Path) -> None:
        """Write the index: the matrix, the terms in column order, and which tokenizer made them."""
        from scipy.sparse import save_npz

        folder.mkdir(parents=True, exist_ok=True)
        save_npz(folder / _MATRIX, self._matrix, compressed=False)
        (folder / _TERMS).write_text(json.dumps(list(self._columns)), encoding="utf-8")
        (folder / _META).write_text(json.dumps({"tokenizer": VERSION, "rows": self.rows}), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, texts: Sequence[str] | None = None) -> LexicalIndex:
        """Read an index that `save` wrote. One of another tokenizer is built anew of the `texts`, where they are given.
        Raises CollectionError where it is damaged, or of another tokenizer."""
        from zipfile import BadZipFile

        from scipy.sparse import load_npz

        try:
            meta = json.loads((folder / _META).read_text(encoding="utf-8"))
            terms = json.loads((folder / _TERMS).read_text(encoding="utf-8"))
            with (folder / _MATRIX).open("rb") as file:
                matrix: Any = load_npz(file)
            fits = matrix.format == "csc" and matrix.shape == (meta["rows"], len(terms))
        except (OSError, ValueError, KeyError, TypeError, BadZipFile) as exc:
            raise CollectionError(
                f"The lexical index in {folder} is damaged. Index the collection again. ({exc})"
            ) from exc
        if not fits:
            raise CollectionError(f"The lexical index in {folder} is damaged. Index the collection again.")
        if meta.get("tokenizer") != VERSION and texts is not None:
            return cls.build(texts)
        if meta.get("tokenizer") != VERSION:
            raise CollectionError(
                f"The lexical index in {folder} was made by another version of the tokenizer. "
                "Index the collection again."
            )
        return cls(matrix, terms)


def _score_matrix(bm25: Any, terms: Sequence[str]) -> Any:
    """Every (text, term) score, by the expression of BM25Okapi.get_scores, in its order of operations."""
    from scipy.sparse import csc_matrix

    column = {term: i for i, term in enumerate(terms)}
    lengths = np.array([len(counts) for counts in bm25.doc_freqs])
    rows = np.repeat(np.arange(bm25.corpus_size), lengths)
    columns = np.fromiter((column[t] for t in chain.from_iterable(bm25.doc_freqs)), np.int32, lengths.sum())
    counts = np.fromiter(chain.from_iterable(d.values() for d in bm25.doc_freqs), np.int64, lengths.sum())
    idf = np.array([bm25.idf[term] for term in terms])[columns]
    size = np.array(bm25.doc_len)[rows]
    values = idf * (counts * (bm25.k1 + 1) / (counts + bm25.k1 * (1 - bm25.b + bm25.b * size / bm25.avgdl)))
    return csc_matrix((values, (rows, columns)), shape=(bm25.corpus_size, len(terms)))
