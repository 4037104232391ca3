"""Texts to unit vectors by OpenVINO: the mean of a plain BERT's token states, as sentence-transformers pools them.

It loads in a fraction of a second, where importing sentence-transformers and torch takes several.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from rag_core.inference.token_codes import passage_codes

if TYPE_CHECKING:
    from rag_core.inference.texts import TextEncoder
    from rag_core.inference.token_codes import TokenCodes
    from rag_core.schema.vectors import Vectors


class MeanPooled:
    """A bi-encoder over an encoder in fp32, so that its vectors are those of sentence-transformers and may lie beside
    them."""

    def __init__(self, encoder: TextEncoder) -> None:
        self._encoder = encoder

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (len(texts), hidden), at least one text. Raises ModelError."""
        means = {place: one.states.mean(axis=0) for place, one in self._encoder.read(texts)}
        return _unit([means[place] for place in range(len(texts))])

    def vectors_with_tokens(self, texts: Sequence[str]) -> tuple[Vectors, list[TokenCodes]]:
        """The same unit vectors, and each text's token vectors, from one pass. Raises ModelError."""
        read = {
            place: (one.states.mean(axis=0), passage_codes(one.offsets, one.states))
            for place, one in self._encoder.read(texts)
        }
        ordered = [read[place] for place in range(len(texts))]
        return _unit([mean for mean, _ in ordered]), [codes for _, codes in ordered]


def _unit(means: Sequence[Vectors]) -> Vectors:
    stacked = np.stack(means)
    unit: Vectors = stacked / np.linalg.norm(stacked, axis=1, keepdims=True)
    return unit
