"""Whether an embedding model made an index's vectors: one stored passage is embedded again and compared.

check_model(collection).fits
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from rag_core.retrieval.engines.connected_collection import ConnectedCollection
from rag_core.retrieval.engines.llama_index_nodes import NODE, embedded_text, node_of
from rag_core.schema.base import Frozen
from rag_core.schema.documents import Passage

FITS, NEAR = 0.99, 0.9
"""Cosines from which on it is the same model reading the same text, and from which on nearly so (a quantised model, or
a text that was prefixed). Two texts of one model seldom reach 0.9, and two models 0.1."""

LOOKED_AT = 20
"""Passages among which one with enough text is chosen."""


class ModelCheck(Frozen):
    """What came out.

    verdict    fits, near, differs (another model, or another text), dimensions (another length), empty (no passage)
    cosine     between the stored vector and the one that is made here; None where it could not be compared
    stored, made  lengths of both
    """

    verdict: Literal["fits", "near", "differs", "dimensions", "empty"]
    passage: str = ""
    cosine: float | None = None
    stored: int = 0
    made: int = 0
    model: str = ""

    @property
    def fits(self) -> bool:
        """Whether a dense search makes sense."""
        return self.verdict in ("fits", "near")

    @property
    def _shortened(self) -> str:
        return ", or it was asked for shorter ones (dimensions)" if self.stored < self.made else ""

    def __str__(self) -> str:
        about = (
            f"The passage {self.passage}, embedded again here, has cosine {self.cosine or 0:.3f} with its stored vector"
        )
        return {
            "fits": f"{about}: the model {self.model} made these vectors.",
            "near": f"{about}: nearly the same model and text. Its ranking may differ a little from yours.",
            "differs": f"{about}: another model made these vectors, or of another text. "
            f"A dense search with {self.model} would find passages at random.",
            "dimensions": f"Its vectors have {self.stored} numbers, and {self.model} makes {self.made}: "
            f"another model made them{self._shortened}. No dense search is possible with it.",
            "empty": "There is no passage with a text and a vector to compare, so the model was not checked.",
        }[self.verdict]


def check_model(collection: ConnectedCollection) -> ModelCheck:
    """Embeds one stored passage again, with and without its heading. Raises EngineError, ModelError."""
    index, embedder = collection.index, collection.embedder
    stored, made, model = index.dimensions(), embedder.dimensions, _plain(embedder.model)
    if stored and stored != made:
        return ModelCheck(verdict="dimensions", stored=stored, made=made, model=model)
    passages = sorted(index.listed(LOOKED_AT), key=lambda one: abs(len(one.text) - 300))
    vectors = index.vectors_by_id([one.id for one in passages])
    one = next((one for one in passages if one.text.strip() and one.id in vectors), None)
    if one is None:
        return ModelCheck(verdict="empty", stored=stored, made=made, model=model)
    cosine = max(_cosine(again, vectors[one.id]) for again in embedder.embed(list(_texts(one))))
    verdict: Literal["fits", "near", "differs"] = "fits" if cosine >= FITS else "near" if cosine >= NEAR else "differs"
    return ModelCheck(verdict=verdict, passage=one.id, cosine=cosine, stored=stored, made=made, model=model)


def _texts(passage: Passage) -> dict[str, None]:
    """What may have been embedded: the text alone, or with title and heading, or as LlamaIndex does it."""
    whole = embedded_text(node_of(passage.metadata.get(NODE)), passage.text)
    return dict.fromkeys((passage.text, passage.model_text, f"{passage.title} {passage.text}".strip(), whole))


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / length if length else 0.0


def _plain(model: str) -> str:
    """A model's name without its content hash."""
    return model.partition("@")[0]
