"""The loss, against arithmetic done by hand."""

from __future__ import annotations

import math

import pytest
import torch

from training.loss import listwise, pointwise


def test_listwise_is_the_cross_entropy_against_the_taught_target() -> None:
    logits, relevant, taught = torch.tensor([[2.0, 0.0]]), torch.tensor([[1.0, 0.0]]), torch.tensor([[0.5, 0.4]])
    weight = math.exp(15 * 0.5 + 2), math.exp(15 * 0.4)
    target = weight[0] / sum(weight), weight[1] / sum(weight)
    total = math.exp(2.0) + math.exp(0.0)
    expected = -(target[0] * math.log(math.exp(2.0) / total) + target[1] * math.log(1 / total))
    assert listwise(logits, relevant, taught).item() == pytest.approx(expected, rel=1e-5)


def test_pointwise_wants_the_relevant_high_and_the_rest_low() -> None:
    relevant = torch.tensor([[1.0, 0.0, 0.0]])
    assert pointwise(torch.zeros(1, 3), relevant).item() == pytest.approx(math.log(2))
    good, bad = torch.tensor([[9.0, -9.0, -9.0]]), torch.tensor([[-9.0, 9.0, 9.0]])
    assert pointwise(good, relevant) < pointwise(bad, relevant)


def test_a_shift_of_all_logits_moves_only_the_pointwise_part() -> None:
    logits, relevant, taught = torch.tensor([[1.0, -1.0]]), torch.tensor([[1.0, 0.0]]), torch.zeros(1, 2)
    shifted = listwise(logits + 5, relevant, taught).item()
    assert listwise(logits, relevant, taught).item() == pytest.approx(shifted, rel=1e-5)
    assert pointwise(logits, relevant).item() != pytest.approx(pointwise(logits + 5, relevant).item(), rel=1e-3)
