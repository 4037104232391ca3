"""Trained late interaction: MaxSim over the token vectors of a ColBERT checkpoint, from a folder or the model hub.

    ColbertReranker("answerdotai/answerai-colbert-small-v1")

sentence-transformers' MultiVectorEncoder reads them: its own saves, PyLate's, and Stanford's. The untrained stand-in
over the packaged bi-encoder is `late_interaction`; the operator is in `token_vectors`.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag_core.errors import MissingPackage, ModelError, first_line
from rag_core.inference.batching import rows_for
from rag_core.inference.tokenizer import encodable, load_tokenizer
from rag_core.rerank.base import Scored
from rag_core.rerank.checks import check_finite
from rag_core.rerank.kinds import RerankerSpec
from rag_core.rerank.token_vectors import TokenVectorCache, TokenVectors, maxsim
from rag_core.rerank.weights.hub import fetch, identity_here, loaded_as
from rag_core.schema.progress import Progress
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import PairScore

if TYPE_CHECKING:
    from rag_core.schema.vectors import Vectors

DECIMALS = 6
STANFORD = "HF_ColBERT"
TRAINED = ("Dense", "MultiVectorMask")
"""Modules that a saved multi-vector model has and a plain encoder has not."""


@dataclass(frozen=True)
class _Loaded:
    """A model in memory. `tokenizer` only counts; `room`: tokens of a passage that the model reads; None: all."""

    encoder: Any
    tokenizer: Any
    room: int | None


class ColbertReranker:
    """A ColBERT model (the `Reranker` protocol). Loaded when first used; safe to share between threads.

    Scores are the mean over the query's vectors of the best cosine to a vector of the passage, -1 to 1: ColBERT's sum
    divided by the number of query vectors, which leaves every order as it is. Rounded to six decimals.
    """

    space = ScoreSpace.MAXSIM
    runs_on = "torch, fp32"
    slice_size = 1
    identified = True

    def __init__(self, name: str, device: str = "cpu", trust_remote_code: bool = False) -> None:
        self._name = name
        self._device = device
        self._trust = trust_remote_code
        self._lock = threading.RLock()
        self._model: _Loaded | None = None
        self._loaded_as = ""
        self._load_ms = 0.0
        self._kept: TokenVectorCache[TokenVectors] = TokenVectorCache()

    @classmethod
    def from_spec(cls, spec: RerankerSpec) -> ColbertReranker:
        """The reranker of `colbert:<folder or hub name>`."""
        return cls(spec.name, device=spec.device, trust_remote_code=spec.trusted)

    @property
    def model(self) -> str:
        """`colbert/<name>@<hash of its files, or the hub's commit>`; `@absent` while it is not on this machine."""
        return f"colbert/{self._loaded_as or identity_here(self._name)}"

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
                loaded, self._loaded_as = loaded_as(self._name, fetch(self._name, self._trust), self._load)
                self._load_ms = (time.perf_counter() - begin) * 1000
                self._model = loaded
            return self._model

    def _load(self, folder: Path) -> _Loaded:
        _check_trained(self._name, folder)
        try:
            from sentence_transformers import MultiVectorEncoder
        except ImportError as exc:
            raise MissingPackage("sentence_transformers", "A ColBERT model") from exc
        try:
            encoder = MultiVectorEncoder(
                str(folder),
                device=self._device,
                local_files_only=True,
                trust_remote_code=self._trust,
                model_kwargs={"use_safetensors": True, "dtype": "float32"},
            ).eval()
        except Exception as exc:
            raise ModelError(f"The ColBERT model {self._name} could not be loaded: {first_line(exc)}") from exc
        return _Loaded(encoder=encoder, tokenizer=load_tokenizer(folder, self._trust), room=_room(encoder))

    def score(self, query: str, passages: Sequence[str], progress: Progress | None = None) -> Scored:
        """MaxSim of each passage. Passages whose vectors are in memory cost a matrix product. Raises ModelError."""
        if not passages:
            return Scored(pairs=())
        model = self._loaded()
        known = {text: kept for text in dict.fromkeys(passages) if (kept := self._kept.get(text))}
        fresh = [text for text in dict.fromkeys(passages) if text not in known]
        asked = self._vectors(model, [query], "encode_query")[0]
        read: dict[str, TokenVectors] = {}
        for some in _batches(fresh, rows_for(self._device)):
            vectors = self._vectors(model, some, "encode_document")
            read |= {text: _measured(model, text, one) for text, one in zip(some, vectors, strict=True)}
            if progress:
                progress(len(read), len(fresh))
        self._kept.put(read)
        known |= read
        query_vectors = _all_count(asked)
        scores = [round(maxsim(query_vectors, known[text]), DECIMALS) for text in passages]
        check_finite(scores, passages)
        return Scored(
            pairs=tuple(_pair(score, known[text], model.room) for score, text in zip(scores, passages, strict=True)),
            tokens=sum(len(one.vectors) for one in read.values()),
            batches=len(_batches(fresh, rows_for(self._device))),
        )

    def _vectors(self, model: _Loaded, texts: Sequence[str], method: str) -> list[Vectors]:
        """Unit vectors of each text, shape (vectors, dimensions): of the query's tokens or of a passage's."""
        try:
            with self._lock:  # its tokenizer is told how to cut before each batch, which threads must not mix
                found: list[Vectors] = getattr(model.encoder, method)(
                    [encodable(text) for text in texts],
                    batch_size=len(texts),
                    convert_to_numpy=True,
                    normalize_embeddings=True,
                    show_progress_bar=False,
                )
        except Exception as exc:
            raise ModelError(f"The ColBERT model {self._name} failed while it ran: {first_line(exc)}") from exc
        return found


def _batches(texts: Sequence[str], rows: int) -> list[list[str]]:
    """The texts by length, `rows` at a time, so that little is padded."""
    order = sorted(texts, key=len)
    return [order[start : start + rows] for start in range(0, len(order), rows)]


def _room(encoder: Any) -> int | None:
    """Tokens of a passage that are read, special tokens and the passage's marker not counted."""
    limit = getattr(encoder[0], "document_length", None) or encoder.max_seq_length
    if limit is None:
        return None
    marker = encoder.tokenizer(encoder.prompts.get("document") or "", add_special_tokens=False)["input_ids"]
    room: int = limit - encoder.tokenizer.num_special_tokens_to_add() - len(marker)
    return max(0, room)


def _measured(model: _Loaded, text: str, vectors: Vectors) -> TokenVectors:
    """The vectors with the count of the tokens that the passage has, and where reading ended."""
    offsets = model.tokenizer.encode(encodable(text), add_special_tokens=False).offsets
    cut = model.room is not None and len(offsets) > model.room
    seen_chars = (offsets[model.room - 1][1] if model.room else 0) if cut else None
    return _all_count(vectors, tokens=len(offsets), seen_chars=seen_chars)


def _all_count(vectors: Vectors, tokens: int = 0, seen_chars: int | None = None) -> TokenVectors:
    """Vectors that all count in MaxSim: the model has left out what it leaves out."""
    import numpy as np

    return TokenVectors(
        vectors=vectors, words=np.ones(len(vectors), dtype=np.bool_), tokens=tokens, seen_chars=seen_chars
    )


def _pair(score: float, passage: TokenVectors, room: int | None) -> PairScore:
    unseen = 0 if room is None else max(0, passage.tokens - room)
    return PairScore(score=score, tokens=passage.tokens, unseen_tokens=unseen, seen_chars=passage.seen_chars)


def _check_trained(name: str, folder: Path) -> None:
    """Raises ModelError for an encoder without a projection: loading would put a random one on it."""
    modules = folder / "modules.json"
    kinds = [one["type"].rpartition(".")[2] for one in json.loads(modules.read_text())] if modules.is_file() else []
    config = json.loads((folder / "config.json").read_text()) if (folder / "config.json").is_file() else {}
    architectures = config.get("architectures") or []
    if not set(kinds) & set(TRAINED) and STANFORD not in architectures:
        raise ModelError(
            f"{name} is not a ColBERT model: it has no projection of token vectors that was trained. "
            "Give a ColBERT checkpoint of sentence-transformers, PyLate or Stanford."
        )
