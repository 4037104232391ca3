"""Which texts hold which term how often: the part of a lexical index that stays when others are added.

Arrays, so that they can be mapped into memory from files. What a term is, is `tokenize`'s to say, and what it is worth
`bm25`'s, which knows all parts.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

_TERMS, _META = "terms.json", "lexical.json"
_ARRAYS = ("starts", "rows", "counts", "lengths")


@dataclass(frozen=True)
class Postings:
    """Postings of texts; a term's are `rows[starts[i]:starts[i + 1]]`, in row order, and the same of `counts`.

    terms    each term once, in the order in which the texts bring them
    starts   int64, shape (terms + 1,)
    rows     int32: texts that hold the term
    counts   unsigned: how often; in as few bytes as the largest needs
    lengths  int32, shape (texts,): how many tokens each text has
    """

    terms: Sequence[str]
    starts: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int32]
    counts: npt.NDArray[Any]
    lengths: npt.NDArray[np.int32]

    @classmethod
    def of_tokens(cls, texts: Iterable[Sequence[str]]) -> Postings:
        """Of the texts' tokens. Takes a few bytes a distinct term of each text, and no text is needed twice."""
        from scipy.sparse import csr_matrix

        numbers: dict[str, int] = {}
        columns, counts, ends, lengths = array("i"), array("I"), array("q", [0]), array("i")
        for tokens in texts:
            found = Counter(tokens)
            columns.extend([numbers.setdefault(term, len(numbers)) for term in found])
            counts.extend(found.values())
            ends.append(len(columns))
            lengths.append(len(tokens))
        most = max(counts, default=0)
        small = np.array(counts, np.min_scalar_type(most))
        shape = (len(lengths), len(numbers))
        matrix = csr_matrix((small, np.array(columns, np.int32), np.array(ends, np.int64)), shape=shape).tocsc()
        return cls(
            tuple(numbers),
            matrix.indptr.astype(np.int64),
            matrix.indices.astype(np.int32),
            matrix.data,
            np.array(lengths, np.int32),
        )

    def save(self, folder: Path, tokenizer: int) -> None:
        """Write the arrays, the terms, and which tokenizer made them."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in _ARRAYS:
            np.save(folder / f"{name}.npy", getattr(self, name), allow_pickle=False)
        (folder / _TERMS).write_text(json.dumps(list(self.terms)), encoding="utf-8")
        (folder / _META).write_text(json.dumps({"tokenizer": tokenizer, "rows": len(self.lengths)}), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Postings:
        """Map what `save` wrote. Raises OSError, ValueError or TypeError where it is damaged."""
        terms = json.loads((folder / _TERMS).read_text(encoding="utf-8"))
        arrays = [np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in _ARRAYS]
        starts, rows, counts, lengths = arrays
        if not len(terms) + 1 == len(starts) or not starts[-1] == len(rows) == len(counts):
            raise ValueError("its parts do not fit together")
        return cls(terms, starts, rows, counts, lengths)


def read_meta(folder: Path) -> tuple[int, int]:
    """Which tokenizer made the index in the folder, and of how many texts. Raises OSError, ValueError, KeyError or
    TypeError where it is damaged."""
    meta = json.loads((folder / _META).read_text(encoding="utf-8"))
    return int(meta["tokenizer"]), int(meta["rows"])
