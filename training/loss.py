"""The training loss: which document answers (listwise), and whether this one does (pointwise).

What a list should look like is worked out before training, by `mix.py`.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

POINTWISE_WEIGHT = 0.5
AT_ONCE = 8
PAD_TO = 32


class AnswerLoss(nn.Module):
    """ListNet towards a soft target, plus 0.5 x binary cross-entropy on every pair.

    The listwise part tells candidates apart; a list in which nothing answers has no order to learn and is left out of
    it. The pointwise part gives the logits a zero, so that "nothing here answers" scores low and a sigmoid can be
    calibrated into a probability.

    ListNet: Cao et al., "Learning to Rank: From Pairwise Approach to Listwise Approach", ICML 2007.
    """

    def __init__(self, model: Any, max_tokens: int, bf16: bool = False, at_once: int = AT_ONCE) -> None:
        super().__init__()
        self.model = model
        self.max_tokens = max_tokens
        self.bf16 = bf16
        self.at_once = at_once

    def forward(self, inputs: list[Any], labels: list[Tensor], **_: Any) -> Tensor:
        """inputs: (queries, documents per query, targets per query), every group of one size; labels: chances."""
        queries, documents, targets = inputs
        with torch.autocast(self.model.device.type, torch.bfloat16, enabled=self.bf16):
            logits = self.logits([(q, d) for q, group in zip(queries, documents, strict=True) for d in group])
        logits = logits.view(len(queries), -1)
        chances = torch.stack(labels).to(logits.device)
        target = torch.tensor(targets, device=logits.device)
        return listwise(logits, target, chances) + POINTWISE_WEIGHT * pointwise(logits, chances)

    def logits(self, pairs: list[tuple[str, str]]) -> Tensor:
        """Raw scores in the order of the pairs, which are read by length, a few at a time: less padding."""
        order = sorted(range(len(pairs)), key=lambda i: len(pairs[i][0]) + len(pairs[i][1]))
        parts = [order[i : i + self.at_once] for i in range(0, len(order), self.at_once)]
        scores = torch.cat([self._read([pairs[i] for i in part]) for part in parts])
        return scores[torch.tensor(order, device=scores.device).argsort()]

    def _read(self, pairs: list[tuple[str, str]]) -> Tensor:
        """Padded to multiples of 32 tokens, since few distinct shapes keep the allocator's memory warm."""
        tokens = self.model.tokenizer(
            [q for q, _ in pairs],
            [d for _, d in pairs],
            padding=True,
            truncation="longest_first",
            max_length=self.max_tokens,
            pad_to_multiple_of=PAD_TO,
            return_tensors="pt",
        )
        scores: Tensor = self.model(dict(tokens.to(self.model.device)))["scores"].view(-1)
        return scores.float()


def listwise(logits: Tensor, target: Tensor, chances: Tensor) -> Tensor:
    """Cross-entropy of softmax(logits) against softmax(target), in lists with an answer; all (groups, documents)."""
    answered = (chances.max(dim=1).values > 0).float()
    each = -(target.softmax(dim=1) * logits.log_softmax(dim=1)).sum(dim=1)
    return (each * answered).sum() / len(logits)


def pointwise(logits: Tensor, chances: Tensor) -> Tensor:
    """Binary cross-entropy of every pair; both (groups, documents)."""
    return nn.functional.binary_cross_entropy_with_logits(logits, chances)
