"""A cost is counts times price; what is not known is not estimated."""

from __future__ import annotations

import pytest

from rag_core.generation.chat.price import KNOWN, TokenPrice, cost, dollars_text

PRICE = TokenPrice(sent=2.0, written=8.0)


def test_cost_is_tokens_times_price() -> None:
    assert cost(PRICE, 1_000_000, 0) == 2.0
    assert cost(PRICE, 3_000, 500) == pytest.approx(3_000 * 2e-6 + 500 * 8e-6)


@pytest.mark.parametrize(("price", "sent", "written"), [(None, 1, 1), (PRICE, None, 1), (PRICE, 1, None)])
def test_without_price_or_count_there_is_no_cost(price: TokenPrice | None, sent: int | None, written: int | None):
    assert cost(price, sent, written) is None


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "$0"), (0.0000063, "$0.0000063"), (0.1, "$0.10"), (12.346, "$12.35"), (1234.5, "$1,234.50")],
)
def test_small_amounts_keep_two_digits(amount: float, text: str) -> None:
    assert dollars_text(amount) == text


def test_every_known_price_says_where_and_when() -> None:
    assert all(price.source and price.read for price in KNOWN.values())
