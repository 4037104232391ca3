"""The training loss: which document answers (listwise, softly taught), and whether this one does (pointwise).

The teacher is any reranker of `rag_core`; `train.py` takes late interaction, which needs no training of its own.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from rag_core.rerank.base import Reranker

POINTWISE_WEIGHT = 0.3
TEACHER_SCALE = 15.0
LABEL_BONUS = 2.0


class AnswerLoss(nn.Module):
    """ListNet towards a softly taught target, plus 0.3 x binary cross-entropy on every pair.

    The listwise target is softmax(15 x the teacher's score + 2 x label), with a teacher of score space 0 to 1: the
    label decides most, and negatives that the teacher holds close (some of them unlabelled answers) keep some mass
    instead of being driven to none. The pointwise part gives the logits a zero, so that their sigmoid can be
    calibrated into a probability.

    ListNet: Cao et al., "Learning to Rank: From Pairwise Approach to Listwise Approach", ICML 2007.
    """

    def __init__(self, model: Any, teacher: Reranker, max_tokens: int, bf16: bool = False) -> None:
        super().__init__()
        self.model = model
        self.teacher = teacher
        self.max_tokens = max_tokens
        self.bf16 = bf16

    def forward(self, inputs: list[Any], labels: list[Tensor], **_: Any) -> Tensor:
        """inputs: (queries, documents per query), every group of one size; labels: 1 where relevant, else 0."""
        queries, documents = inputs
        with torch.autocast(self.model.device.type, torch.bfloat16, enabled=self.bf16):
            logits = self.logits([(q, d) for q, group in zip(queries, documents, strict=True) for d in group])
            taught = torch.tensor([self._taught(q, group) for q, group in zip(queries, documents, strict=True)])
        logits = logits.view(len(queries), -1)
        relevant = torch.stack(labels).to(logits.device)
        return listwise(logits, relevant, taught.to(logits.device)) + POINTWISE_WEIGHT * pointwise(logits, relevant)

    def _taught(self, query: str, documents: list[str]) -> list[float]:
        return [pair.score for pair in self.teacher.score(query, documents).pairs]

    def logits(self, pairs: list[tuple[str, str]]) -> Tensor:
        """Raw scores; padded to multiples of 16 tokens, since few distinct shapes keep the allocator's memory warm."""
        tokens = self.model.tokenizer(
            [q for q, _ in pairs],
            [d for _, d in pairs],
            padding=True,
            truncation="longest_first",
            max_length=self.max_tokens,
            pad_to_multiple_of=16,
            return_tensors="pt",
        )
        scores: Tensor = self.model(dict(tokens.to(self.model.device)))["scores"].view(-1)
        return scores.float()


def listwise(logits: Tensor, relevant: Tensor, taught: Tensor) -> Tensor:
    """Cross-entropy of softmax(logits) against the softly taught target; all (groups, documents)."""
    target = (TEACHER_SCALE * taught + LABEL_BONUS * relevant).softmax(dim=1)
    return -(target * logits.log_softmax(dim=1)).sum(dim=1).mean()


def pointwise(logits: Tensor, relevant: Tensor) -> Tensor:
    """Binary cross-entropy of every pair; both (groups, documents)."""
    return nn.functional.binary_cross_entropy_with_logits(logits, relevant)
