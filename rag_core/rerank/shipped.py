"""The rerankers that ship with the project and need no download, as entries of the catalogue."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from rag_core.rerank.blend_weights import BlendWeights
from rag_core.rerank.entry import Entry
from rag_core.rerank.platt import PlattScaling
from rag_core.schema.calibration import BestProbability
from rag_core.schema.policy import NO_RERANKER
from rag_core.schema.spaces import ScoreSpace

MODELS = Path(__file__).parent.parent / "models"
"""The models that ship with the project, a folder each."""

NONE = NO_RERANKER
LATE_INTERACTION = "late-interaction"
BLENDED = f"+{LATE_INTERACTION}"
"""What the key of a shipped model ends with when it is combined with late interaction."""

NO_RERANKING = Entry(
    key=NONE,
    label="No reranker",
    kind="none",
    space=ScoreSpace.RRF,
    note="Candidates stay in fused order.",
)

MAXSIM = Entry(
    key=LATE_INTERACTION,
    label="Late interaction (MaxSim)",
    kind="late interaction",
    model="all-MiniLM-L6-v2",
    maker="sentence-transformers",
    licence="Apache-2.0",
    size="22.7M parameters",
    languages="English",
    context=256,
    space=ScoreSpace.MAXSIM,
    note="Compares every word of the question with every word of the passage. Needs no download and no training.",
)


def cross_encoders() -> tuple[Entry, ...]:
    """One entry per folder of `rag_core/models` that holds a model, the newest first (by name)."""
    return tuple(_cross_encoder(folder) for folder in _folders())


def blends() -> tuple[Entry, ...]:
    """The same models combined with late interaction, for those that have the weights of a blend."""
    return tuple(_blend(folder, weights) for folder in _folders() if (weights := BlendWeights.of(folder)))


@cache
def best_probability(key: str) -> BestProbability | None:
    """What the shipped reranker of that key was fitted to give the best passage of a question; None for all others."""
    if not key.endswith(BLENDED) or MODELS / key.removesuffix(BLENDED) not in _folders():
        return None
    weights = BlendWeights.of(MODELS / key.removesuffix(BLENDED))
    return weights.best if weights else None


def _folders() -> list[Path]:
    return sorted((path.parent for path in MODELS.glob("*/config.json")), reverse=True)


def label_of(name: str) -> str:
    """What a shipped cross-encoder is called; links hold it."""
    return f"{name} (ships with Second Pass)"


def _cross_encoder(folder: Path) -> Entry:
    return Entry(
        key=folder.name,
        label=label_of(folder.name),
        kind="cross-encoder",
        model=folder.name,
        maker="Second Pass",
        licence="Apache-2.0",
        size="22.7M parameters",
        languages="English",
        context=512,
        space=ScoreSpace.LOGIT,
        default_threshold=PlattScaling.of(folder).default_threshold,
        note="A cross-encoder: reads question and passage together and gives probabilities. Its training set is small; "
        "on labelled sets it ranks below late interaction (see its model card).",
    )


def _blend(folder: Path, weights: BlendWeights) -> Entry:
    return Entry(
        key=folder.name + BLENDED,
        label="Cross-encoder + MaxSim",
        kind="blend",
        model=folder.name + BLENDED,
        maker="Second Pass",
        licence="Apache-2.0",
        size="2 × 22.7M parameters",
        languages="English",
        context=512,
        space=ScoreSpace.LOGIT,
        default_threshold=weights.default_threshold,
        note="Adds the cross-encoder's logit and MaxSim, which make different mistakes. Ranks as well as late "
        "interaction (see the model card) and gives probabilities. Takes the time of both.",
    )
