"""How a reranker of each kind is made, from its key in full. Sharing instances is the catalogue's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from rag_core.errors import BadInput, ModelError
from rag_core.generation.chat.access import ChatAccess
from rag_core.rerank.base import Reranker
from rag_core.rerank.entry import Kind, unmet_requirement
from rag_core.rerank.known import COLBERT, CROSS_ENCODER, OLLAMA
from rag_core.rerank.llm_grader import LanguageModelReranker

BLENDED = "+late-interaction"
"""Behind a shipped model's name: that model and late interaction, added."""

MODELS = Path(__file__).parent.parent / "models"
"""The models that ship with the project, a folder each."""


@dataclass(frozen=True)
class RerankerSpec:
    """A reranker to be made: its key in full, where it runs, how to get one that it is made of by its key, the caller's
    own key for it, whether its code may run, the caller's chat model."""

    name: str
    device: str
    part: Callable[[str], Reranker]
    secret: SecretStr | None = None
    trusted: bool = False
    chat: ChatAccess | None = None


def _cross_encoder(order: RerankerSpec) -> Reranker:
    from rag_core.rerank.cross_encoder import CrossEncoderReranker

    folder = MODELS / order.name
    model = str(folder) if folder.is_dir() else order.name.removeprefix(CROSS_ENCODER)
    return CrossEncoderReranker(model, device=order.device, trust_remote_code=order.trusted)


def _colbert(order: RerankerSpec) -> Reranker:
    from rag_core.rerank.colbert import ColbertReranker

    return ColbertReranker(order.name.removeprefix(COLBERT), device=order.device, trust_remote_code=order.trusted)


def _packaged(order: RerankerSpec) -> Reranker:
    from rag_core.rerank.t5 import PackagedReranker

    _, kind, name = order.name.split(":", 2)
    return PackagedReranker(kind, name, device=order.device)


def _late_interaction(order: RerankerSpec) -> Reranker:
    from rag_core.rerank.late_interaction import LateInteractionReranker

    return LateInteractionReranker(device=order.device)


def _blend(order: RerankerSpec) -> Reranker:
    from rag_core.rerank.blend import BlendReranker, Weights

    cross_encoder, late_interaction = order.name.removesuffix(BLENDED), BLENDED.removeprefix("+")
    weights = Weights.of(MODELS / cross_encoder)
    if weights is None:
        raise ModelError(f"The config.json of {cross_encoder} holds no weights for a blend.")
    return BlendReranker(order.part(cross_encoder), order.part(late_interaction), weights)


def _served(order: RerankerSpec) -> Reranker:
    from rag_core.rerank.hosted.service import HostedReranker

    if order.name == OLLAMA.key:
        raise BadInput(unmet_requirement(OLLAMA))
    return HostedReranker.named(order.name, order.secret)


def _language_model(order: RerankerSpec) -> Reranker:
    return LanguageModelReranker.named(order.name, order.chat)


def _none(_order: RerankerSpec) -> Reranker:
    raise BadInput("No reranker is chosen, so there is nothing that could score. The fused order stays.")


MAKERS: dict[Kind, Callable[[RerankerSpec], Reranker]] = {
    "none": _none,
    "late interaction": _late_interaction,
    "ColBERT": _colbert,
    "cross-encoder": _cross_encoder,
    "blend": _blend,
    "rerankers package": _packaged,
    "hosted": _served,
    "own server": _served,
    "language model": _language_model,
}
