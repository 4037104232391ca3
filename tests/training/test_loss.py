"""The loss, against arithmetic done by hand."""

from __future__ import annotations

import math

import pytest
import torch

from training.loss import listwise, pointwise


def test_listwise_is_the_cross_entropy_against_the_target() -> None:
    logits, target, chances = torch.tensor([[2.0, 0.0]]), torch.tensor([[5.0, 0.5]]), torch.tensor([[1.0, 0.0]])
    weight = math.exp(5.0), math.exp(0.5)
    share = weight[0] / sum(weight), weight[1] / sum(weight)
    total = math.exp(2.0) + math.exp(0.0)
    expected = -(share[0] * math.log(math.exp(2.0) / total) + share[1] * math.log(1 / total))
    assert listwise(logits, target, chances).item() == pytest.approx(expected, rel=1e-5)


def test_a_list_in_which_nothing_answers_has_no_order_to_learn() -> None:
    logits, target = torch.tensor([[3.0, -1.0]]), torch.tensor([[0.5, 0.0]])
    assert listwise(logits, target, torch.zeros(1, 2)).item() == 0
    assert pointwise(logits, torch.zeros(1, 2)).item() > 1  # but it must score low


def test_pointwise_wants_the_relevant_high_and_the_rest_low() -> None:
    chances = torch.tensor([[1.0, 0.0, 0.0]])
    assert pointwise(torch.zeros(1, 3), chances).item() == pytest.approx(math.log(2))
    good, bad = torch.tensor([[9.0, -9.0, -9.0]]), torch.tensor([[-9.0, 9.0, 9.0]])
    assert pointwise(good, chances) < pointwise(bad, chances)


def test_a_shift_of_all_logits_moves_only_the_pointwise_part() -> None:
    logits, target, chances = torch.tensor([[1.0, -1.0]]), torch.tensor([[2.0, 0.0]]), torch.tensor([[1.0, 0.0]])
    shifted = listwise(logits + 5, target, chances).item()
    assert listwise(logits, target, chances).item() == pytest.approx(shifted, rel=1e-5)
    assert pointwise(logits, chances).item() != pytest.approx(pointwise(logits + 5, chances).item(), rel=1e-3)
