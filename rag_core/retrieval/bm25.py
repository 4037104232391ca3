"""Lexical search: BM25 over the tokens of `rag_core.retrieval.tokenize`, in NumPy, over postings that may lie on disk.

`rank_bm25.BM25Okapi` gives what each term is worth (idf with its epsilon floor). k1, b and the average length are its
own too, in the same order and in float64, so that every score is equal to the bit. The statistics are of all texts
together, also where the postings are in parts: a few texts are added without touching the others.

Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009; the floor for
terms in more than half of the texts: Trotman, Puurula and Burgess, ADCS 2014, as rank_bm25 has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rank_bm25 import BM25Okapi

from rag_core.errors import BadInput, CollectionError
from rag_core.retrieval.postings import Postings, read_meta
from rag_core.retrieval.tokenize import VERSION, tokenize
from rag_core.retrieval.topk import best_positive

if TYPE_CHECKING:
    import numpy.typing as npt

    from rag_core.retrieval.topk import Mask, Rows

    Scores = npt.NDArray[np.float64]

K1, B, EPSILON = 1.5, 0.75, 0.25


class LexicalIndex:
    """Read-only once made, and safe to search from several threads. Make one with `build` or `load`.

    parts: postings one after the other. kept: of each part which rows there still are, bool; None: all. Rows are those
    that are kept, counted through all parts.
    """

    def __init__(self, parts: Sequence[Postings], kept: Sequence[Mask | None] = ()) -> None:
        self._parts = [_Part(*pair) for pair in zip(parts, kept or [None] * len(parts), strict=True)]
        self.rows = sum(part.size for part in self._parts)
        self._terms: dict[str, int] = {}
        for part in self._parts:
            part.number(self._terms)
        frequencies = np.zeros(self.terms, np.int64)
        for part in self._parts:
            frequencies += part.frequencies(self.terms)
        self._idf = _idf(frequencies, self.rows)
        average = sum(part.tokens for part in self._parts) / max(self.rows, 1)
        for part in self._parts:
            part.weigh(average)

    @property
    def terms(self) -> int:
        """How many different terms the texts have."""
        return len(self._terms)

    @property
    def postings(self) -> tuple[Postings, ...]:
        """What the parts were made of."""
        return tuple(part.postings for part in self._parts)

    @classmethod
    def build(cls, texts: Iterable[str]) -> LexicalIndex:
        """Index the texts; row i is text i."""
        return cls.of_tokens(map(tokenize, texts))

    @classmethod
    def of_tokens(cls, tokens: Iterable[Sequence[str]]) -> LexicalIndex:
        """Index texts that are tokens already."""
        return cls([Postings.of_tokens(tokens)])

    def search(self, query: str, depth: int, allowed: Mask | None = None) -> tuple[Rows, Scores, tuple[str, ...]]:
        """Rows (int64), BM25 scores (float64, all over 0), best first, ties in row order; and the terms that counted.

        `allowed`: bool, shape (rows,); only those rows can be found. The third value holds the query's distinct
        tokens that occur in them, so that nothing is told of rows that are not allowed. BM25Okapi gives a term in
        half of all texts or more a score near 0, or under it where that is so of most terms: in a collection of one
        or two texts nothing may score over 0.
        """
        tokens = [token for token in tokenize(query) if token in self._terms]
        if allowed is not None and allowed.shape != (self.rows,):
            raise BadInput(f"The filter has shape {allowed.shape}; this index needs ({self.rows},).")
        scores = self.scores(tokens)
        tokens = [token for token in dict.fromkeys(tokens) if self._occurs(token, allowed)]
        return *best_positive(scores, max(depth, 0), allowed), tuple(tokens)

    def scores(self, tokens: Sequence[str]) -> Scores:
        """BM25 scores of every row, shape (rows,); a repeated token counts as often as it stands there."""
        numbers = [self._terms[token] for token in tokens if token in self._terms]
        return np.concatenate([part.scores(numbers, self._idf) for part in self._parts])

    def _occurs(self, token: str, allowed: Mask | None) -> bool:
        """Whether a token stands in any row that is allowed."""
        number, start = self._terms[token], 0
        for part in self._parts:
            if part.occurs(number, None if allowed is None else allowed[start : start + part.size]):
                return True
            start += part.size
        return False

    def save(self, folder: Path) -> None:
        """Write an index of one part. Raises ValueError for several: each is saved by itself."""
        (part,) = self._parts
        part.postings.save(folder, VERSION)

    @classmethod
    def load(cls, folder: Path, texts: Iterable[str] | None = None) -> LexicalIndex:
        """Read an index that `save` wrote. One of another tokenizer, or of an earlier version, which kept finished
        scores, is made of the `texts` again, where they are given. Raises CollectionError where it is damaged, or of
        another tokenizer."""
        return cls([load_postings(folder, texts)])


def load_postings(folder: Path, texts: Iterable[str] | None = None) -> Postings:
    """The postings of an index, as `LexicalIndex.load` reads it."""
    try:
        tokenizer, rows = read_meta(folder)
        if tokenizer == VERSION and not (folder / "scores.npz").exists():
            found = Postings.load(folder)
            if len(found.lengths) != rows:
                raise ValueError("its parts do not fit together")
            return found
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise CollectionError(f"The lexical index in {folder} is damaged. Index the collection again. ({exc})") from exc
    if texts is None:
        raise CollectionError(
            f"The lexical index in {folder} was made by another version of the tokenizer. Index the collection again."
        )
    return Postings.of_tokens(map(tokenize, texts))


class _Part:
    """Postings with what they are worth; rows are those that are kept."""

    def __init__(self, postings: Postings, kept: Mask | None) -> None:
        self.postings = postings
        self._kept = None if kept is None or kept.all() else kept
        lengths = postings.lengths if self._kept is None else postings.lengths[self._kept]
        self.size, self.tokens = len(lengths), int(lengths.sum(dtype=np.int64))
        self._numbers: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self._columns: dict[int, int] | None = None
        self._norm: Scores = np.empty(0)

    def number(self, terms: dict[str, int]) -> None:
        """Find the part's terms among those of all parts, and add those that are new."""
        first = not terms
        numbers = [terms.setdefault(term, len(terms)) for term in self.postings.terms]
        self._numbers = np.array(numbers, np.int64)
        self._columns = None if first else {number: column for column, number in enumerate(numbers)}

    def frequencies(self, terms: int) -> npt.NDArray[np.int64]:
        """In how many rows each term of all parts stands."""
        found = np.zeros(terms, np.int64)
        starts = self.postings.starts
        if self._kept is None:
            found[self._numbers] = np.diff(starts)
        elif len(self._numbers):
            there = np.concatenate([[0], np.cumsum(self._kept[self.postings.rows])])
            found[self._numbers] = there[starts[1:]] - there[starts[:-1]]
        return found

    def weigh(self, average: float) -> None:
        """What the lengths are worth, where the texts of all parts have this many tokens on average."""
        lengths = self.postings.lengths.astype(np.float64)
        self._norm = K1 * (1 - B + B * lengths / (average or 1.0))

    def scores(self, numbers: Sequence[int], idf: Scores) -> Scores:
        total = np.zeros(len(self.postings.lengths))
        for number in numbers:
            for here in self._here(number):
                rows, counts = self.postings.rows[here].astype(np.intp), self.postings.counts[here].astype(np.float64)
                total[rows] += idf[number] * (counts * (K1 + 1) / (counts + self._norm[rows]))
        return total if self._kept is None else total[self._kept]

    def occurs(self, number: int, allowed: Mask | None) -> bool:
        """Whether a term stands in a row that is kept and allowed."""
        mask = self._kept if allowed is None else allowed
        if allowed is not None and self._kept is not None:
            mask = np.zeros(len(self._kept), np.bool_)
            mask[self._kept] = allowed
        found = [self.postings.rows[here] for here in self._here(number)]
        return any(len(rows) if mask is None else bool(mask[rows].any()) for rows in found)

    def _here(self, number: int) -> Iterator[slice]:
        """Where the postings of a term lie, if it has any in this part."""
        column = self._columns.get(number) if self._columns is not None else number
        if column is not None and column < len(self.postings.terms):
            yield slice(int(self.postings.starts[column]), int(self.postings.starts[column + 1]))


class _Counted(BM25Okapi):  # type: ignore[misc]  # rank_bm25 has no types
    """rank_bm25's statistics of texts that were counted before, so that it need not hold the texts.

    It is made of (rows, frequencies): how many texts there are, and how many of them hold each term.
    """

    def _initialize(self, corpus: tuple[int, dict[int, int]]) -> dict[int, int]:
        self.corpus_size, frequencies = corpus
        return frequencies


def _idf(frequencies: npt.NDArray[np.int64], rows: int) -> Scores:
    """What each term is worth; one in more than half of the rows gets a quarter of the average, one in none nothing."""
    worth = np.zeros(len(frequencies))
    there = np.flatnonzero(frequencies)
    if len(there):  # rank_bm25 divides by the number of terms
        counted = dict(zip(there.tolist(), frequencies[there].tolist(), strict=True))
        worth[there] = list(_Counted((rows, counted), epsilon=EPSILON).idf.values())
    return worth
