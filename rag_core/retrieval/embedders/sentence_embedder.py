"""The bi-encoder: texts to unit vectors, and the tokens it cuts a text into. Caching vectors is left to others.

The packaged model is `rag_core.retrieval.embedders.packaged`. Any other sentence-transformers model is given by its
folder or hub name; its weights must be safetensors, which cannot hold code.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag_core.errors import ModelError
from rag_core.inference.encoder import on_openvino
from rag_core.inference.tokenizer import encodable, load_tokenizer
from rag_core.rerank.weights.hub import fingerprint
from rag_core.retrieval.embedders.converted_states import run_converted
from rag_core.retrieval.embedders.mean_pooled import MeanPooled
from rag_core.retrieval.embedders.naming import EmbedderKey
from rag_core.retrieval.embedders.packaged import PACKAGED, PACKAGED_NAME, packaged_folder, weights_sha256
from rag_core.retrieval.embedders.packaged_encoder import packaged_encoder, passage_encoder, token_model
from rag_core.retrieval.embedders.prompts import implied_options, passage_prompt, prompts_in, room
from rag_core.retrieval.embedders.transformer import commit_of, sentence_transformer, uncut_tokenizer

if TYPE_CHECKING:
    from rag_core.inference.token_codes import TokenCodes
    from rag_core.schema.progress import Progress
    from rag_core.schema.vectors import Vectors

BATCH = 16
"""sentence-transformers' batches. Small ones of texts sorted by length beat large ones on a CPU: less padding."""
ENCODING = {"batch_size": BATCH, "normalize_embeddings": True, "show_progress_bar": False}

SLICE = 4 * BATCH
"""Texts between two reports of progress."""


class SentenceEmbedder:
    """A sentence-transformers bi-encoder (the `Embedder` protocol). Loaded when first used; safe to share by threads.

    On a CPU where OpenVINO is installed, that runs the packaged one whole, and the transformer of any other, converted
    once. Else sentence-transformers runs them in torch.

    SentenceEmbedder()                              the packaged model
    SentenceEmbedder("models/e5-small")             a folder
    SentenceEmbedder("BAAI/bge-small-en-v1.5")      from the hub, or its cache under HF_HUB_OFFLINE=1

    Questions and passages get the prompts that the model's own config has for them; `query` and `passage` are prompts
    of yours instead. `dimensions`: so many numbers of each vector, for a model that was trained to be cut (Matryoshka).
    """

    def __init__(
        self,
        model: str = PACKAGED,
        device: str = "cpu",
        dimensions: int | None = None,
        query: str | None = None,
        passage: str | None = None,
    ) -> None:
        self._asked = model
        self._key = EmbedderKey(model=model, dimensions=dimensions, query=query, passage=passage)
        self._device = device
        self._lock = threading.RLock()
        self._load_ms = 0.0
        self._loaded_as = ""
        self._not_converted = ""

    @property
    def name(self) -> str:
        """The key that gives it again: a folder with its whole path."""
        place = "" if self._asked == PACKAGED or self._folder is None else str(self._folder.resolve())
        return str(self._key.with_(model=place or self._asked))

    @property
    def model(self) -> str:
        """Name and 12 digits that tell one model from another: of a folder's files, or of the hub's commit.

        Of what was loaded, once it is, with the options and what the config implies. Raises ModelError where a hub
        model's commit cannot be told.
        """
        return self._loaded_as or self._identity()

    def _identity(self) -> str:
        if self._key.passage is not None or self._asked == PACKAGED:
            return self._version() + self._key.options
        prompts = prompts_in(self._folder) if self._folder else self._encoder.prompts
        return self._version() + implied_options(self._key, prompts)

    def _version(self) -> str:
        """Of what lies on this machine now. A folder counts with all that changes a vector, such as how it is pooled;
        the packaged model with its weights, for its other files come with them."""
        if self._asked == PACKAGED:
            return f"{PACKAGED_NAME}@{weights_sha256(packaged_folder())[:12]}"
        if self._folder is not None:
            weights_sha256(self._folder)  # raises where there are none
            return f"{self._folder.resolve().name}@{fingerprint(self._folder)[:12]}"
        return f"{self._asked}@{commit_of(self._asked, self._encoder)[:12]}"

    @cached_property
    def dimensions(self) -> int:
        """Length of a vector. Raises ModelError where it is asked for longer ones than the model makes."""
        whole = 384 if self._asked == PACKAGED else int(self._encoder.get_embedding_dimension())
        asked = self._key.dimensions or whole
        if asked > whole:
            raise ModelError(f"{self._asked} makes vectors of {whole} numbers. Ask for that many dimensions at most.")
        return asked

    @cached_property
    def max_tokens(self) -> int:
        """Tokens that the model reads of a text, special ones included, less what is put before it; the rest is cut."""
        most = 256 if self._asked == PACKAGED else self._encoder.max_seq_length
        return room(most, len(self.token_spans(self._passage_prompt)), self._asked)

    @property
    def _passage_prompt(self) -> str:
        """What is put before a passage: as asked for, else as the model's config says."""
        own = self._key.passage is not None or self._asked == PACKAGED
        return (self._key.passage or "") if own else passage_prompt(self._encoder.prompts)

    @property
    def load_ms(self) -> float:
        """What loading the model took, in milliseconds; 0 before it is loaded."""
        return self._load_ms

    def embed(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """Unit vectors of passages, float32, shape (len(texts), dimensions), in the order of `texts`."""
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        for start in range(0, len(order), SLICE):
            some = order[start : start + SLICE]
            vectors[some] = self._encode("encode_document", [texts[i] for i in some], self._passage_prompt)
            if progress:
                progress(start + len(some), len(order))
        return vectors

    def not_converted(self) -> str:
        """Why the loaded model runs in torch although OpenVINO would be faster; empty where nothing failed."""
        return self._not_converted

    def token_model(self) -> str:
        """Identity of the token vectors; empty where this model gives none, or reads more than the passage."""
        return token_model(self._device) if self._runs_on_openvino and not self._key.passage else ""

    def embed_with_tokens(self, texts: Sequence[str]) -> tuple[Vectors, list[TokenCodes]]:
        """What `embed` gives, and the token vectors of each text, from one pass of the model."""
        if not self.token_model():
            raise ModelError(f"The embedding model {self._asked} gives no token vectors here.")
        vectors, codes = self._encoder.vectors_with_tokens(texts)
        return self._checked(vectors), codes

    def embed_query(self, query: str) -> Vectors:
        """The unit vector of a query, float32, shape (dimensions,)."""
        vector: Vectors = self._encode("encode_query", [query], self._key.query)[0]
        return vector

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Character spans (start, end) of the text's tokens; special tokens left out, nothing truncated."""
        spans: list[tuple[int, int]] = self._tokenizer.encode(encodable(text), add_special_tokens=False).offsets
        return spans

    def _encode(self, method: str, texts: list[str], prompt: str | None) -> Vectors:
        """Their vectors, with the prompt put before each; None: the one of the model's config."""
        encoder = self._encoder
        try:
            if isinstance(encoder, MeanPooled):
                asked, of_question = [(prompt or "") + text for text in texts], method == "encode_query"
                vectors = encoder.question_vector(*asked) if of_question else encoder.passage_vectors(asked)
            else:
                vectors = getattr(encoder, method)(texts, prompt=prompt, **ENCODING)
        except (RuntimeError, ValueError, MemoryError) as exc:
            raise ModelError(f"The embedding model {self._asked} failed while it ran: {exc}") from exc
        return self._checked(vectors)

    def _checked(self, vectors: Vectors) -> Vectors:
        if not np.isfinite(vectors).all():
            raise ModelError(f"The embedding model {self._asked} gave vectors that are not numbers. Use another model.")
        if self._key.dimensions:
            vectors = vectors[:, : self.dimensions]
            vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors.astype(np.float32, copy=False)

    @property
    def _runs_on_openvino(self) -> bool:
        """Whether this is the packaged model, and runs on OpenVINO here."""
        return self._asked == PACKAGED and on_openvino(packaged_folder(), self._device)

    @cached_property
    def _folder(self) -> Path | None:
        """The local folder, or None for a hub name."""
        if self._asked == PACKAGED:
            return packaged_folder()
        return Path(self._asked) if Path(self._asked).is_dir() else None

    @property
    def _encoder(self) -> Any:
        with self._lock:
            return self._loaded

    @cached_property
    def _loaded(self) -> Any:
        started = time.perf_counter()
        before = self._identity() if self._folder else ""
        encoder = self._load()
        if before and self._identity() != before:
            raise ModelError(f"The files in {self._folder} were replaced while they were loaded. Try again.")
        self._loaded_as = before
        self._load_ms = (time.perf_counter() - started) * 1000
        return encoder

    def _load(self) -> Any:
        if self._runs_on_openvino:
            return MeanPooled(packaged_encoder(self._device), partial(passage_encoder, self._device))
        encoder = sentence_transformer(self._asked, self._folder, self._device)
        if self._device == "cpu":
            self._not_converted = run_converted(encoder, self._asked)
        return encoder

    @property
    def _tokenizer(self) -> Any:
        with self._lock:
            return self._uncut

    @cached_property
    def _uncut(self) -> Any:
        """A tokenizer of our own: the model's is told to truncate by whoever uses it last."""
        if self._folder is not None and (self._folder / "tokenizer.json").is_file():
            return load_tokenizer(self._folder)
        return uncut_tokenizer(self._asked, self._encoder)


_sharing = threading.Lock()
_shared: dict[tuple[str, str], SentenceEmbedder] = {}


def get_embedder(model: str = PACKAGED, device: str = "cpu") -> SentenceEmbedder:
    """The process's one embedder of that model, in this process, and device. `choosing` takes every key."""
    return embedder_of_key(EmbedderKey(model=model), device)


def embedder_of_key(key: EmbedderKey, device: str = "cpu") -> SentenceEmbedder:
    """The process's one embedder of a key that names a model in this process."""
    with _sharing:
        made = SentenceEmbedder(key.model, device, key.dimensions, key.query, key.passage)
        return _shared.setdefault((str(key), device), made)
