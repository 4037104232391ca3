"""Any sentence-transformers cross-encoder with one output, from a folder or the model hub. Scores are logits.

    CrossEncoderReranker("cross-encoder/ms-marco-MiniLM-L6-v2")
    CrossEncoderReranker("models/mine", backend="onnx", max_length=256)

Where the model lies is `hub`, what runs it `backends`, what it reads of a passage `tokenise`, what its config says of
its scores `calibration`.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag_core.errors import BadInput, ModelError, SecondPassError, first_line
from rag_core.inference.batching import Batch, batches, rows_for, run_batches
from rag_core.inference.tokenizer import load_tokenizer
from rag_core.rerank.base import Scored
from rag_core.rerank.checks import check_finite
from rag_core.rerank.kinds import RerankerSpec
from rag_core.rerank.platt import PlattScaling
from rag_core.rerank.shipped import MODELS
from rag_core.rerank.weights.backends import DESCRIBED, LOADERS, MARKS, Backend, resolve_backend, why_torch
from rag_core.rerank.weights.hub import fetch, identity_here, loaded_as
from rag_core.rerank.weights.runner import Runner
from rag_core.rerank.weights.tokenise import Pair, encode_pairs, limit_of
from rag_core.schema.progress import Progress
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import PairScore

if TYPE_CHECKING:
    from rag_core.rerank.weights.runner import Ids

DECIMALS = 6
LEAST_LENGTH = 16


@dataclass(frozen=True)
class _Loaded:
    """A model in memory. `limit`: tokens of a pair that it reads."""

    runner: Runner
    tokenizer: Any
    limit: int
    pad_id: int
    calibration: PlattScaling


class CrossEncoderReranker:
    """A cross-encoder (the `Reranker` protocol). Loaded when first used; safe to share between threads.

    backend            `auto` (OpenVINO where it can run this model, converted once if need be, else torch), `torch`
                       (fp32), `bf16`, `onnx` (the folder must hold the exported file), `openvino` (it must hold one, or
                       a plain BERT), `int8` (a plain BERT with its int8 file) or `converted`
    trust_remote_code  run Python code that comes with the model; off unless its user says so
    max_length         tokens of a pair; None: as many as the model takes
    Scores are calibrated where the model's config says how, and rounded to six decimals.
    """

    space = ScoreSpace.LOGIT
    slice_size = 1
    identified = True

    def __init__(
        self,
        name: str,
        backend: Backend = "auto",
        device: str = "cpu",
        trust_remote_code: bool = False,
        max_length: int | None = None,
    ) -> None:
        if backend not in ("auto", *LOADERS):
            raise BadInput(f"There is no backend {backend!r}. Known are: auto, {', '.join(LOADERS)}.")
        if max_length is not None and max_length < LEAST_LENGTH:
            raise BadInput(f"A limit of {max_length} tokens leaves no room for a passage. Give {LEAST_LENGTH} or more.")
        self._name = name
        self._backend = backend
        self._device = device
        self._trust = trust_remote_code
        self._max_length = max_length
        self._lock = threading.Lock()
        self._model: _Loaded | None = None
        self._loaded_as = ""
        self._load_ms = 0.0

    @classmethod
    def from_spec(cls, spec: RerankerSpec) -> CrossEncoderReranker:
        """The reranker of `cross-encoder:<folder or hub name>`, or of a model that ships with the project."""
        shipped = MODELS / spec.name
        return cls(str(shipped) if shipped.is_dir() else spec.name, device=spec.device, trust_remote_code=spec.trusted)

    @property
    def model(self) -> str:
        """Name, hash of its files (or the hub's commit), and whatever else changes a score. Loads nothing.

        Of the files that were loaded, once they are: those that lie there later are another model's. Ends with
        `@absent` as long as the model is not on this machine.
        """
        return self._loaded_as or self._in_full(identity_here(self._name))

    def _in_full(self, identity: str) -> str:
        return identity + MARKS[self._runs()]() + (f"/{self._max_length} tokens" if self._max_length else "")

    @property
    def runs_on(self) -> str:
        """What computes its scores on this machine, in words: `OpenVINO, bf16`. Loads nothing."""
        runs = self._runs()
        why = why_torch(self._name) if runs == "torch" and self._backend == "auto" else ""
        return DESCRIBED[runs]() + (f" (not converted to OpenVINO: {why})" if why else "")

    def _runs(self) -> Backend:
        return resolve_backend(self._backend, self._name, self._device)

    @property
    def load_ms(self) -> float:
        """What loading took, in milliseconds; 0 before it is loaded."""
        return self._load_ms

    def load(self) -> None:
        """Fetch and load the model if it is not loaded. Raises ModelError or MissingPackage."""
        self._loaded()

    def _loaded(self) -> _Loaded:
        with self._lock:
            if self._model is None:
                begin = time.perf_counter()
                folder = fetch(self._name, self._trust)
                loaded, identity = loaded_as(self._name, folder, self._load)
                self._loaded_as = self._in_full(identity)
                self._load_ms = (time.perf_counter() - begin) * 1000
                self._model = loaded
            return self._model

    def _load(self, folder: Path) -> _Loaded:
        calibration = PlattScaling.of(folder)
        config = json.loads((folder / "config.json").read_text("utf-8"))
        _check_head(self._name, config)
        try:
            runner = LOADERS[self._runs()](folder, self._device, self._trust)
        except SecondPassError:
            raise
        except Exception as exc:
            raise ModelError(f"The cross-encoder {self._name} could not be loaded: {first_line(exc)}") from exc
        limit = limit_of(folder, config)
        return _Loaded(
            runner=runner,
            tokenizer=load_tokenizer(folder, self._trust),
            limit=min(limit, self._max_length or limit),
            pad_id=config.get("pad_token_id") or 0,
            calibration=calibration,
        )

    def score(self, query: str, passages: Sequence[str], progress: Progress | None = None) -> Scored:
        """Calibrated logits; the same for a pair whatever it is scored with. Raises ModelError."""
        model = self._loaded()
        begin = time.perf_counter()
        pairs = encode_pairs(model.tokenizer, query, passages, model.limit)
        tokenise_ms = (time.perf_counter() - begin) * 1000
        scores = [0.0] * len(pairs)
        ran = done = 0
        cut = list(batches([len(pair.ids) for pair in pairs], rows_for(self._device), model.limit))[::-1]
        found = run_batches(partial(self._logits, model, pairs), cut, model.runner.max_concurrency)
        for (_, places), logits in zip(cut, found, strict=True):
            for place, logit in zip(places, logits, strict=True):
                scores[place] = round(model.calibration.apply(logit), DECIMALS)
            ran, done = ran + 1, done + len(places)
            if progress:
                progress(done, len(pairs))
        check_finite(scores, passages)
        return Scored(
            pairs=tuple(_verdict(score, pair) for score, pair in zip(scores, pairs, strict=True)),
            tokens=sum(len(pair.ids) for pair in pairs),
            batches=ran,
            tokenise_ms=tokenise_ms,
        )

    def _logits(self, model: _Loaded, pairs: Sequence[Pair], batch: Batch) -> list[float]:
        """One logit per pair of the batch."""
        width, places = batch
        try:
            logits = model.runner.forward(*_padded([pairs[place] for place in places], width, model.pad_id))
        except Exception as exc:
            raise ModelError(f"The cross-encoder {self._name} failed while it ran: {first_line(exc)}") from exc
        if logits.ndim != 2 or logits.shape[1] != 1:
            raise ModelError(_several_outputs(self._name, logits.shape[-1]))
        return [float(logit) for logit in logits[:, 0]]


def _padded(pairs: Sequence[Pair], width: int, pad_id: int) -> tuple[Ids, Ids, Ids]:
    """Token ids, attention mask and token types, each int64 of shape (pairs, width)."""
    import numpy as np

    ids = np.full((len(pairs), width), pad_id, dtype=np.int64)
    mask = np.zeros_like(ids)
    types = np.zeros_like(ids)
    for row, pair in enumerate(pairs):
        ids[row, : len(pair.ids)] = pair.ids
        mask[row, : len(pair.ids)] = 1
        types[row, : len(pair.ids)] = pair.type_ids
    return ids, mask, types


def _verdict(score: float, pair: Pair) -> PairScore:
    return PairScore(score=score, tokens=pair.tokens, unseen_tokens=pair.unseen_tokens, seen_chars=pair.seen_chars)


def _check_head(name: str, config: dict[str, Any]) -> None:
    """Raises ModelError for a model without a trained one-output head: loading would put a random one on it."""
    architecture = (config.get("architectures") or ["a model without a head"])[0]
    if not architecture.endswith("ForSequenceClassification"):
        raise ModelError(
            f"{name} is not a cross-encoder (its config names {architecture}), so it has no trained relevance score. "
            "Give a sequence classification model with one output."
        )
    outputs = len(config.get("id2label") or {}) or config.get("num_labels", 2)
    if outputs != 1:
        raise ModelError(_several_outputs(name, outputs))


def _several_outputs(name: str, outputs: int) -> str:
    return f"{name} gives {outputs} outputs a pair: it is a classifier. A reranker gives one score; use another model."
