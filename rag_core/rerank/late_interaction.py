"""Late interaction: MaxSim over the packaged bi-encoder's token vectors. No training of its own, no download.

ColBERT's operator (Khattab and Zaharia, arXiv:2004.12832) over all-MiniLM-L6-v2, whose token vectors were trained
through their mean only: a working reranker, not a strong one. The operator itself is in `token_vectors`; where the
packaged folder lies, in `rag_core.retrieval.embedders.packaged`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from rag_core.errors import ModelError
from rag_core.inference import engine
from rag_core.inference.encoder import on_openvino
from rag_core.inference.texts import TextEncoder
from rag_core.rerank.base import Scored
from rag_core.rerank.checks import check_finite
from rag_core.rerank.kinds import RerankerSpec
from rag_core.rerank.token_vectors import TokenVectorCache, TokenVectors, maxsim, token_vectors
from rag_core.retrieval.embedders.packaged import PACKAGED_NAME, packaged_folder, weights_sha256
from rag_core.schema.progress import Progress
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import PairScore

MAX_TOKENS = 256
"""What all-MiniLM-L6-v2 reads of a text, [CLS] and [SEP] included."""

DECIMALS = 6
VERSION = "maxsim-1"
"""Part of the model's identity: change it with the formula."""


class LateInteractionReranker:
    """MaxSim over a bi-encoder's token vectors (the `Reranker` protocol), by default the packaged one's.

    Scores are rounded to six decimals. A query is read to 254 tokens, as a passage is.
    """

    space = ScoreSpace.MAXSIM
    slice_size = 1
    identified = True

    def __init__(self, folder: Path | None = None, device: str = "cpu") -> None:
        self._given = folder
        self._device = device
        self._lock = threading.RLock()
        self._load_ms = 0.0
        self._loaded_as = ""
        self._kept = TokenVectorCache()

    @classmethod
    def from_spec(cls, spec: RerankerSpec) -> LateInteractionReranker:
        """The reranker of `late-interaction`."""
        return cls(device=spec.device)

    @property
    def model(self) -> str:
        """`late-interaction/all-MiniLM-L6-v2@<weights' SHA-256>/maxsim-1`, and `/openvino-bf16` where that is what runs
        it; hashes the weights, loads nothing. Of the weights that were loaded, once they are."""
        return self._loaded_as or self._identity()

    def _identity(self) -> str:
        name = PACKAGED_NAME if self._given is None else self._folder.resolve().name
        mark = f"/openvino-{engine.best_precision()}" if on_openvino(self._folder, self._device) else ""
        return f"late-interaction/{name}@{weights_sha256(self._folder)[:12]}/{VERSION}{mark}"

    @property
    def runs_on(self) -> str:
        """What computes its scores on this machine, in words."""
        return f"OpenVINO, {engine.best_precision()}" if on_openvino(self._folder, self._device) else "torch, fp32"

    @property
    def load_ms(self) -> float:
        """What loading took, in milliseconds; 0 before it is loaded."""
        return self._load_ms

    @cached_property
    def _folder(self) -> Path:
        return self._given or packaged_folder()

    def load(self) -> None:
        """Load the encoder if it is not loaded. Raises ModelError or MissingPackage."""
        with self._lock:
            _ = self._encoder

    @cached_property
    def _encoder(self) -> TextEncoder:
        """The caller holds the lock."""
        begin = time.perf_counter()
        before = self._identity()
        loaded = TextEncoder(self._folder, self._device, MAX_TOKENS)
        if self._identity() != before:
            raise ModelError(f"The files in {self._folder} were replaced while they were loaded. Try again.")
        self._loaded_as = before
        self._load_ms = (time.perf_counter() - begin) * 1000
        return loaded

    def score(self, query: str, passages: Sequence[str], progress: Progress | None = None) -> Scored:
        """MaxSim of each passage. Passages whose token vectors are in memory cost a matrix product."""
        asked = self._read([query])[query]
        known = {text: kept for text in dict.fromkeys(passages) if (kept := self._kept.get(text))}
        fresh = [text for text in dict.fromkeys(passages) if text not in known]
        read = self._read(fresh, progress)
        self._kept.put(read)
        known |= read
        scores = [round(maxsim(asked, known[text]), DECIMALS) for text in passages]
        check_finite(scores, passages)
        return Scored(
            pairs=tuple(_pair(score, known[text]) for score, text in zip(scores, passages, strict=True)),
            tokens=sum(len(one.vectors) for one in read.values()),
            batches=len(read),
        )

    def _read(self, texts: Sequence[str], progress: Progress | None = None) -> dict[str, TokenVectors]:
        """Token vectors by text. Texts that the tokenizer finds nothing in get none, without a model."""
        if not texts:
            return {}
        self.load()
        read: dict[str, TokenVectors] = {}
        for place, one in self._encoder.read(texts):
            read[texts[place]] = token_vectors(texts[place], one.offsets, one.states[1:-1])
            if progress:
                progress(len(read), len(texts))
        return read


def _pair(score: float, passage: TokenVectors) -> PairScore:
    return PairScore(
        score=score,
        tokens=passage.tokens,
        unseen_tokens=passage.tokens - len(passage.vectors),
        seen_chars=passage.seen_chars,
    )
