"""The loss, against arithmetic done by hand."""

from __future__ import annotations

import math

import pytest
import torch

from training.loss import listwise, pointwise


def test_listwise_is_the_cross_entropy_against_the_taught_target() -> None:
    logits = torch.tensor([[2.0, 0.0]])
    cosines = torch.tensor([[0.5, 0.4]])
    weight = math.exp(10 * 0.5 + 3), math.exp(10 * 0.4)
    target = weight[0] / sum(weight), weight[1] / sum(weight)
    total = math.exp(2.0) + math.exp(0.0)
    expected = -(target[0] * math.log(math.exp(2.0) / total) + target[1] * math.log(1 / total))
    assert listwise(logits, cosines).item() == pytest.approx(expected, rel=1e-5)


def test_pointwise_wants_the_first_high_and_the_rest_low() -> None:
    logits = torch.tensor([[0.0, 0.0, 0.0]])
    assert pointwise(logits).item() == pytest.approx(math.log(2))
    assert pointwise(torch.tensor([[9.0, -9.0, -9.0]])) < pointwise(torch.tensor([[-9.0, 9.0, 9.0]]))


def test_a_shift_of_all_logits_moves_only_the_pointwise_part() -> None:
    logits, cosines = torch.tensor([[1.0, -1.0]]), torch.zeros(1, 2)
    assert listwise(logits, cosines).item() == pytest.approx(listwise(logits + 5, cosines).item(), rel=1e-5)
    assert pointwise(logits).item() != pytest.approx(pointwise(logits + 5).item(), rel=1e-3)
