"""Models that the `rerankers` package runs and that have no adapter of their own here: T5 rerankers, above all.

    PackagedReranker("t5", "unicamp-dl/InRanker-base")

Only models on this machine or of the hub: for services there is `hosted`, which looks at what they answer. The
package is optional (Apache-2.0); it is told everything explicitly, because it guesses a model's kind from its name.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rag_core.errors import BadInput, MissingPackage, ModelError, first_line
from rag_core.inference.batching import rows_for
from rag_core.inference.tokenizer import encodable
from rag_core.rerank.base import Scored
from rag_core.rerank.checks import check_finite
from rag_core.rerank.kinds import RerankerSpec
from rag_core.rerank.weights.hub import fetch, identity_here, loaded_as
from rag_core.schema.progress import Progress
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import PairScore

DECIMALS = 6

SPACES: dict[str, ScoreSpace] = {"t5": ScoreSpace.PROBABILITY, "cross-encoder": ScoreSpace.LOGIT}
"""The package's model types that can be used, and what their scores are: T5's is the probability of “true”."""


def _t5_options(name: str) -> dict[str, Any]:
    """The words that the model answers with: known for some models by name, else “false” and “true”."""
    from rerankers.models.t5ranker import PREDICTION_TOKENS

    no, yes = PREDICTION_TOKENS.get(name, PREDICTION_TOKENS["default"])
    return {"token_false": no, "token_true": yes}


OPTIONS: dict[str, Callable[[str], dict[str, Any]]] = {"t5": _t5_options, "cross-encoder": lambda _name: {}}


class PackagedReranker:
    """A model behind the `rerankers` package (the `Reranker` protocol). Loaded when first used; safe to share.

    The package does not say what it cut of a passage, so no `unseen_tokens` are counted. Scores are rounded to six
    decimals.
    """

    space: ScoreSpace
    runs_on = "torch, fp32"
    slice_size = 1
    identified = True

    def __init__(self, kind: str, name: str, device: str = "cpu") -> None:
        if kind not in SPACES:
            raise BadInput(f"There is no kind {kind!r} of the rerankers package here. Known are: {', '.join(SPACES)}.")
        self.space = SPACES[kind]
        self._kind = kind
        self._name = name
        self._device = device
        self._lock = threading.Lock()
        self._model: Any = None
        self._loaded_as = ""
        self._load_ms = 0.0

    @classmethod
    def from_spec(cls, spec: RerankerSpec) -> PackagedReranker:
        """The reranker of `rerankers:<kind>:<folder or hub name>`."""
        _, kind, name = spec.key.split(":", 2)
        return cls(kind, name, device=spec.device)

    @property
    def model(self) -> str:
        """`rerankers/<kind>/<name>@<hash of its files, or the hub's commit>`; `@absent` while it is not here."""
        return f"rerankers/{self._kind}/{self._loaded_as or identity_here(self._name)}"

    @property
    def load_ms(self) -> float:
        """What loading took, in milliseconds; 0 before it is loaded."""
        return self._load_ms

    def load(self) -> None:
        """Fetch and load the model if it is not loaded. Raises ModelError or MissingPackage."""
        with self._lock:
            if self._model is None:
                begin = time.perf_counter()
                self._model, self._loaded_as = loaded_as(self._name, fetch(self._name), self._load)
                self._load_ms = (time.perf_counter() - begin) * 1000

    def _load(self, folder: Path) -> Any:
        try:
            import rerankers
            import torch
        except ImportError as exc:
            raise MissingPackage("rerankers", "This reranker") from exc
        try:
            model = rerankers.Reranker(
                str(folder),
                model_type=self._kind,
                verbose=0,
                device=self._device,
                dtype=torch.float32,
                model_kwargs={"local_files_only": True, "use_safetensors": True},
                tokenizer_kwargs={"local_files_only": True},
                **OPTIONS[self._kind](self._name),
            )
        except Exception as exc:
            raise ModelError(f"The reranker {self._name} could not be loaded: {first_line(exc)}") from exc
        if model is None:  # the package's way to say that something of its own is not installed
            raise MissingPackage("transformers", f"A reranker of the kind {self._kind}")
        return model

    def score(self, query: str, passages: Sequence[str], progress: Progress | None = None) -> Scored:
        """Scores in `space`, in the passages' order. Raises ModelError."""
        self.load()
        asked, texts = encodable(query), [encodable(passage) for passage in passages]
        rows, scores = rows_for(self._device), [0.0] * len(texts)
        for start in range(0, len(texts), rows):
            places = range(start, min(start + rows, len(texts)))
            for place, score in self._ranked(asked, {place: texts[place] for place in places}):
                scores[place] = round(score, DECIMALS)
            if progress:
                progress(places.stop, len(texts))
        check_finite(scores, passages)
        return Scored(pairs=tuple(PairScore(score=score) for score in scores), batches=-(-len(texts) // rows))

    def _ranked(self, query: str, texts: dict[int, str]) -> list[tuple[int, float]]:
        try:
            with self._lock:  # the package says nothing of threads
                ranked = self._model.rank(query=query, docs=list(texts.values()), doc_ids=list(texts))
            found = [(int(one.doc_id), float(one.score)) for one in ranked.results]
        except Exception as exc:
            raise ModelError(f"The reranker {self._name} failed while it ran: {first_line(exc)}") from exc
        if sorted(place for place, _ in found) != sorted(texts):
            raise ModelError(f"The reranker {self._name} left passages out. Use another one.")
        return found
