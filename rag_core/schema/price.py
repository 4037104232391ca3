"""What a service or a machine costs, with the place and the month where the price was read."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rag_core.schema.base import Frozen


class Price(Frozen):
    """A published price.

    dollars  what `per` of what it `counts` costs
    what     the unit in words: `1,000 searches of up to 100 passages`
    counts   what is billed: searches, tokens or hours
    source   where the price was read; `read` says when
    """

    dollars: float
    what: str
    counts: Literal["search", "token", "hour"]
    per: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0
    source: str
    read: str
