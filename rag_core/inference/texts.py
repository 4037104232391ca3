"""Encode texts: tokenise, truncate to the model's limit, batch, and return the hidden state of every token."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag_core.errors import ModelError, first_line
from rag_core.inference.batching import Batch, batches, rows_for, run_batches
from rag_core.inference.encoder import load_encoder
from rag_core.inference.tokenizer import encodable, load_tokenizer

if TYPE_CHECKING:
    from rag_core.inference.encoder import States
    from rag_core.inference.engine import Precision


REMEMBERED = 16
"""Questions that an encoder remembers."""


@dataclass(frozen=True)
class Read:
    """An encoded text; [CLS] comes first and [SEP] last in both fields.

    offsets  (start, end) in characters of every token of the text
    states   hidden states of the tokens within the limit, float32, shape (tokens, hidden)
    """

    offsets: list[tuple[int, int]]
    states: States


class TextEncoder:
    """An encoder and its tokenizer, loaded from a folder. Safe to share between threads.

    most       tokens per text, [CLS] and [SEP] included; longer texts are truncated
    precision  of OpenVINO; None: the best on this CPU

    Raises ModelError or MissingPackage.
    """

    def __init__(self, folder: Path, device: str, most: int, precision: Precision | None = None) -> None:
        self._folder = folder
        self._encoder = load_encoder(folder, device, precision)
        self._tokenizer = load_tokenizer(folder)
        self._rows = rows_for(device)
        self._most = most
        self._remembering = threading.Lock()
        self._remembered: OrderedDict[str, Read] = OrderedDict()

    def read(self, texts: Sequence[str]) -> Iterator[tuple[int, Read]]:
        """Yield (index, encoded text), the longest text first. Raises ModelError."""
        encodings = [self._tokenizer.encode(encodable(text)) for text in texts]
        ids = [self._cut(encoding.ids) for encoding in encodings]
        shapes = list(batches([len(one) for one in ids], self._rows, self._most))[::-1]
        for (_, places), states in zip(
            shapes, run_batches(partial(self._states, ids), shapes, self._encoder.max_concurrency), strict=True
        ):
            for place, state in zip(places, states, strict=True):
                yield place, Read(encodings[place].offsets, state[: len(ids[place])])

    def read_one(self, text: str) -> Read:
        """A question, encoded. The last `REMEMBERED` are not read again: dense search and late interaction both need
        it. Raises ModelError."""
        with self._remembering:
            if text in self._remembered:
                self._remembered.move_to_end(text)
                return self._remembered[text]
        ((_, read),) = self.read([text])
        with self._remembering:
            self._remembered[text] = read
            if len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)
        return read

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """(start, end) in characters of every token of the text, [CLS] and [SEP] left out; runs no model."""
        found: list[tuple[int, int]] = self._tokenizer.encode(encodable(text)).offsets
        return found[1:-1]

    def _cut(self, ids: list[int]) -> list[int]:
        """Truncate to the limit; [CLS] and [SEP] stay."""
        return ids if len(ids) <= self._most else [*ids[: self._most - 1], ids[-1]]

    def _states(self, ids: list[list[int]], batch: Batch) -> States:
        """Hidden states of a batch, float32, shape (texts, width, hidden)."""
        width, places = batch
        tokens = np.zeros((len(places), width), np.int64)
        seen = np.zeros_like(tokens)
        for row, place in enumerate(places):
            tokens[row, : len(ids[place])] = ids[place]
            seen[row, : len(ids[place])] = 1
        try:
            return self._encoder.states(tokens, seen)
        except Exception as exc:
            raise ModelError(f"The encoder in {self._folder} failed while it ran: {first_line(exc)}") from exc
