"""Texts to unit vectors by OpenVINO: the mean of a plain BERT's token states, as sentence-transformers pools them.

It loads in a fraction of a second, where importing sentence-transformers and torch takes several.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag_core.inference.texts import TextEncoder

if TYPE_CHECKING:
    from rag_core.schema.vectors import Vectors


class MeanPooled:
    """A bi-encoder in memory, in fp32, so that its vectors are those of sentence-transformers and may lie beside them.

    most: tokens that are read of a text. Raises ModelError or MissingPackage.
    """

    def __init__(self, folder: Path, most: int) -> None:
        self._encoder = TextEncoder(folder, "cpu", most, "fp32")

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors, float32, shape (len(texts), hidden), at least one text. Raises ModelError."""
        means = {place: one.states.mean(axis=0) for place, one in self._encoder.read(texts)}
        stacked = np.stack([means[place] for place in range(len(texts))])
        unit: Vectors = stacked / np.linalg.norm(stacked, axis=1, keepdims=True)
        return unit
