"""A cross-encoder and late interaction combined: the weighted sum of both scores, as a logit.

The two make different mistakes: the cross-encoder reads question and passage together but was trained on little, MaxSim
compares words and was not trained at all.

    logit = a * calibrated logit of the cross-encoder + b * MaxSim + c        (weights: `blend_weights`)
"""

from __future__ import annotations

from collections.abc import Sequence

from rag_core.errors import ModelError
from rag_core.rerank.base import Reranker, Scored
from rag_core.rerank.blend_weights import BlendWeights
from rag_core.rerank.kinds import RerankerSpec
from rag_core.rerank.shipped import BLENDED, LATE_INTERACTION, MODELS
from rag_core.schema.progress import Progress
from rag_core.schema.spaces import ScoreSpace

DECIMALS = 6


class BlendReranker:
    """The weighted sum of a cross-encoder and late interaction (the `Reranker` protocol). Scores are logits.

    `unseen_tokens` are the cross-encoder's: it reads more of a passage than late interaction does.
    """

    space = ScoreSpace.LOGIT
    slice_size = 1

    def __init__(self, cross_encoder: Reranker, late_interaction: Reranker, weights: BlendWeights) -> None:
        self.parts = (cross_encoder, late_interaction)
        self._weights = weights

    @classmethod
    def from_spec(cls, spec: RerankerSpec) -> BlendReranker:
        """The reranker of `<shipped model>+late-interaction`. Raises ModelError if the model has no blend weights."""
        cross_encoder = spec.name.removesuffix(BLENDED)
        weights = BlendWeights.of(MODELS / cross_encoder)
        if weights is None:
            raise ModelError(f"The config.json of {cross_encoder} has no weights for a blend.")
        return cls(spec.part(cross_encoder), spec.part(LATE_INTERACTION), weights)

    @property
    def model(self) -> str:
        """Both models' identities and the weights."""
        (one, other), by = self.parts, self._weights
        return f"{by.cross_encoder} x {one.model} + {by.late_interaction} x {other.model} + {by.bias}"

    @property
    def identified(self) -> bool:
        """Whether both models are."""
        return all(part.identified for part in self.parts)

    @property
    def runs_on(self) -> str:
        """What computes both scores: `OpenVINO, bf16/int8 and bf16`."""
        said = [part.runs_on.partition(", ") for part in self.parts if part.runs_on]
        engines: dict[str, dict[str, None]] = {}
        for engine, _, how in said:
            engines.setdefault(engine, {}).update({how: None} if how else {})
        return "; ".join(f"{engine}, {' and '.join(hows)}" if hows else engine for engine, hows in engines.items())

    @property
    def load_ms(self) -> float:
        """How long loading both took, in milliseconds; 0 before they are loaded."""
        return sum(part.load_ms for part in self.parts)

    def load(self) -> None:
        """Load both unless they are loaded. Raises ModelError or MissingPackage."""
        for part in self.parts:
            part.load()

    def score(self, query: str, passages: Sequence[str], progress: Progress | None = None) -> Scored:
        """The combined logits. Raises ModelError if either part fails."""
        one, other = (part.score(query, passages, progress) for part in self.parts)
        return Scored(
            pairs=tuple(
                a.model_copy(update={"score": self.combined(a.score, b.score)})
                for a, b in zip(one.pairs, other.pairs, strict=True)
            ),
            tokens=one.tokens + other.tokens,
            batches=one.batches + other.batches,
            tokenise_ms=one.tokenise_ms + other.tokenise_ms,
            notes=(*one.notes, *other.notes),
        )

    def combined(self, cross_encoder: float, late_interaction: float) -> float:
        """The combined logit of a pair, from its two scores."""
        return round(self._weights.logit(cross_encoder, late_interaction), DECIMALS)
