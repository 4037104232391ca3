"""The training loss: which document answers (listwise, softly taught), and whether this one does (pointwise)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

POINTWISE_WEIGHT = 0.3
COSINE_SCALE = 10.0
LABEL_BONUS = 3.0


class AnswerLoss(nn.Module):
    """ListNet towards a softly taught target, plus 0.3 x binary cross-entropy on every pair.

    Each group's first document is the positive. The listwise target is softmax(10 x cosine + 3 x [positive]): the
    label decides, and among negatives those that the bi-encoder holds close (some of them unlabelled answers) keep a
    little mass instead of being driven to none. The pointwise part gives the logits a zero, so that their sigmoid
    can be calibrated into a probability.

    ListNet: Cao et al., "Learning to Rank: From Pairwise Approach to Listwise Approach", ICML 2007.
    """

    def __init__(self, model: Any, max_tokens: int) -> None:
        super().__init__()
        self.model = model
        self.max_tokens = max_tokens

    def forward(self, inputs: list[Any], labels: list[Tensor], **_: Any) -> Tensor:
        """inputs: (queries, documents per query), every group of one size; labels: cosines, (groups, documents)."""
        queries, documents = inputs
        logits = self.logits([(q, d) for q, group in zip(queries, documents, strict=True) for d in group])
        logits = logits.view(len(queries), -1)
        return listwise(logits, torch.stack(labels).to(logits.device)) + POINTWISE_WEIGHT * pointwise(logits)

    def logits(self, pairs: list[tuple[str, str]]) -> Tensor:
        """Raw scores; padded to multiples of 16 tokens, since few distinct shapes keep the allocator's memory warm."""
        tokens = self.model.tokenizer(
            [q for q, _ in pairs],
            [d for _, d in pairs],
            padding=True,
            truncation="only_second",
            max_length=self.max_tokens,
            pad_to_multiple_of=16,
            return_tensors="pt",
        )
        scores: Tensor = self.model(dict(tokens.to(self.model.device)))["scores"].view(-1)
        return scores.float()


def listwise(logits: Tensor, cosines: Tensor) -> Tensor:
    """Cross-entropy of softmax(logits) against the taught target; both (groups, documents)."""
    bonus = torch.zeros_like(cosines)
    bonus[:, 0] = LABEL_BONUS
    target = (COSINE_SCALE * cosines + bonus).softmax(dim=1)
    return -(target * logits.log_softmax(dim=1)).sum(dim=1).mean()


def pointwise(logits: Tensor) -> Tensor:
    """Binary cross-entropy where the first document of each group is the only relevant one."""
    relevant = torch.zeros_like(logits)
    relevant[:, 0] = 1.0
    return nn.functional.binary_cross_entropy_with_logits(logits, relevant)
