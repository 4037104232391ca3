"""What a chat answer cost: the server's own token counts at a price that the user gave or that has a source.

A count or a price that is not known gives no cost: nothing is estimated.
"""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field

from rag_core.schema.answers import Answer
from rag_core.schema.base import Frozen

MILLION = 1_000_000

Dollars = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]


class TokenPrice(Frozen):
    """Dollars a million tokens, sent and written. `source` and `read` say where and when, unless the user gave it."""

    sent: Dollars
    written: Dollars
    source: str = ""
    read: str = ""


KNOWN = {
    ("https://api.openai.com/v1", "gpt-4o-mini"): TokenPrice(
        sent=0.15,
        written=0.60,
        source="huggingface.co/datasets/gemmozero/ai-pricing-matrix-2026",
        read="September 2026",
    )
}
"""Prices with a source, by address and model."""


def cost(price: TokenPrice | None, sent: int | None, written: int | None) -> float | None:
    """Dollars; None where the price or a count is not known.

    >>> cost(TokenPrice(sent=0.15, written=0.60), 2_000, 500)
    0.0006
    """
    if price is None or sent is None or written is None:
        return None
    return (sent * price.sent + written * price.written) / MILLION


def priced(answer: Answer, price: TokenPrice | None) -> Answer:
    """The answer with its cost at this price; without one where it is not known."""
    return answer.model_copy(update={"dollars": cost(price, answer.prompt_tokens, answer.completion_tokens)})


def dollars_text(amount: float) -> str:
    """Two digits that say something, whole cents from a dollar on.

    >>> dollars_text(0.0006), dollars_text(0.01234), dollars_text(1.5), dollars_text(0)
    ('$0.00060', '$0.012', '$1.50', '$0')
    """
    if amount <= 0:
        return "$0"
    decimals = max(2, 1 - math.floor(math.log10(amount)))
    return f"${amount:,.{decimals}f}"
