"""What reranking costs a month: a hosted service, paid by the search, against machines of one's own, paid by the hour.

Pure arithmetic on figures that the reader can change. The default prices are dated and say where they were read.
"""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field

from rag_core.rerank.hosted.prices import COHERE_RERANK_4_FAST
from rag_core.schema.base import Frozen
from rag_core.schema.price import Price

DAYS_A_MONTH = 365 / 12
HOURS_A_MONTH = 24 * DAYS_A_MONTH
SECONDS_A_DAY = 24 * 3600
PASSAGES_A_SEARCH = 100
"""Hosted services bill "one query with up to 100 documents" as one search; a larger pool is several."""

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


HOSTED = COHERE_RERANK_4_FAST
GPU = Price(
    dollars=0.82,
    what="one hour of a rented 48 GB GPU (RTX A6000, on demand, Verda)",
    counts="hour",
    source="verda.com/pricing",
    read="October 2026",
)


def billed(units: float, tokens: int, price: Price | None) -> str:
    """What a hosted service says it billed, with dollars where the price is known.

    >>> billed(2, 0, HOSTED)
    '2 units, $0.004'
    >>> billed(0, 52_000, None), billed(0, 0, HOSTED)
    ('52,000 tokens', 'not said')
    """
    said = [f"{units:,g} {'unit' if units == 1 else 'units'}"] if units else []
    said += [f"{tokens:,} tokens"] if tokens else []
    if dollars := dollars_of(units, tokens, price):
        said.append(f"${dollars:.2g}")
    return ", ".join(said) or "not said"


def dollars_of(units: float, tokens: int, price: Price | None) -> float | None:
    """What these units or tokens cost; None without a price, or where the service does not say what it counts."""
    counted = {"search": units, "token": tokens}.get(price.counts, 0) if price else 0
    return counted * price.dollars / price.per if price and counted else None


class Load(Frozen):
    """What is asked of the reranker. `peak`: how many times the mean the busiest minutes are."""

    queries_a_day: Positive
    pool: Annotated[int, Field(ge=1)]
    peak: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 3.0


class Rates(Frozen):
    """Prices in dollars and the measured speed of one machine."""

    hosted_per_1000: Positive = HOSTED.dollars
    machine_an_hour: Positive = GPU.dollars
    pairs_a_second: Positive


class Monthly(Frozen):
    """Dollars a month either way, and how many machines the load needs at its peak."""

    hosted: float
    own: float
    machines: int


def monthly(load: Load, rates: Rates) -> Monthly:
    """What the load costs a month either way; own machines run day and night and are enough for the peak."""
    machines = max(1, math.ceil(load.queries_a_day / queries_a_machine(load, rates) - 1e-9))
    return Monthly(
        hosted=load.queries_a_day * DAYS_A_MONTH * hosted_a_query(load.pool, rates),
        own=machines * rates.machine_an_hour * HOURS_A_MONTH,
        machines=machines,
    )


def hosted_a_query(pool: int, rates: Rates) -> float:
    """Dollars of one hosted query: a pool of 150 counts as two searches."""
    return math.ceil(pool / PASSAGES_A_SEARCH) * rates.hosted_per_1000 / 1000


def queries_a_machine(load: Load, rates: Rates) -> float:
    """Queries a day (mean) that one machine carries through the peak."""
    return rates.pairs_a_second / load.pool / load.peak * SECONDS_A_DAY


def break_even(load: Load, rates: Rates) -> float | None:
    """Queries a day from which one machine of one's own is as cheap as the hosted service.

    None where it never is: at its full load the machine still costs more than those queries would, hosted.
    """
    queries = rates.machine_an_hour * 24 / hosted_a_query(load.pool, rates)
    return queries if queries <= queries_a_machine(load, rates) else None
