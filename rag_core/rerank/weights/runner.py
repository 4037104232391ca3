"""What every backend gives: a model in memory that maps token ids to logits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag_core.inference.bert import INPUTS

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ids = npt.NDArray[np.int64]
    Logits = npt.NDArray[np.float32]

Forward = Callable[["Ids", "Ids", "Ids"], "Logits"]
"""(token ids, attention mask, token types), each of shape (pairs, width) -> logits, shape (pairs, outputs)."""


@dataclass(frozen=True)
class Runner:
    """A model in memory. `forward` is safe to call from several threads; up to `max_concurrency` of them gain."""

    forward: Forward
    max_concurrency: int = 1


def named(names: set[str], ids: Ids, mask: Ids, types: Ids) -> dict[str, Ids]:
    """The inputs that a graph has, by name."""
    return {name: value for name, value in zip(INPUTS, (ids, mask, types), strict=True) if name in names}
