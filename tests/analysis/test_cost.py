"""Hosted against self-hosted, by hand."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from rag_core.analysis.cost import (
    GPU,
    HOSTED,
    Load,
    Price,
    Rates,
    billed,
    break_even,
    hosted_a_query,
    monthly,
    queries_a_machine,
)
from rag_core.wording.analysis_captions import cost_caption

DAYS = 365 / 12


def test_a_month_either_way():
    cost = monthly(
        Load(queries_a_day=10_000, pool=50, peak=3), Rates(hosted_per_1000=2, machine_an_hour=0.5, pairs_a_second=100)
    )
    assert cost.hosted == pytest.approx(10_000 * DAYS * 2 / 1000)
    # one machine: 100 / 50 = 2 queries a second, a third of that on the mean, 86,400 seconds
    assert queries_a_machine(Load(queries_a_day=1, pool=50, peak=3), Rates(pairs_a_second=100)) == pytest.approx(
        2 / 3 * 86_400
    )
    assert (cost.machines, cost.own) == (1, pytest.approx(0.5 * 24 * DAYS))


def test_machines_are_enough_for_the_peak():
    rates = Rates(pairs_a_second=50)
    # 50 / 50 = 1 query a second: 86,400 a day carry one machine without a peak
    assert monthly(Load(queries_a_day=86_400, pool=50, peak=1), rates).machines == 1
    assert monthly(Load(queries_a_day=86_401, pool=50, peak=1), rates).machines == 2
    assert monthly(Load(queries_a_day=86_400, pool=50, peak=3), rates).machines == 3


def test_a_pool_over_a_hundred_is_two_searches():
    rates = Rates(hosted_per_1000=2, pairs_a_second=1)
    assert [hosted_a_query(pool, rates) for pool in (100, 101, 200)] == pytest.approx([0.002, 0.004, 0.004])


def test_break_even_is_where_both_cost_the_same():
    rates = Rates(hosted_per_1000=2, machine_an_hour=0.5, pairs_a_second=100)
    queries = break_even(Load(queries_a_day=1, pool=50), rates)
    assert queries == pytest.approx(0.5 * 24 / 0.002)
    cost = monthly(Load(queries_a_day=queries, pool=50), rates)
    assert cost.hosted == pytest.approx(cost.own)


def test_a_slow_machine_never_breaks_even():
    load, slow = Load(queries_a_day=1000, pool=100), Rates(pairs_a_second=1)
    assert break_even(load, slow) is None
    assert "never pays for itself" in cost_caption(load, slow)


def test_default_prices_say_where_they_were_read():
    for price in (HOSTED, GPU):
        assert price.dollars > 0 and price.source and "2026" in price.read


def test_a_bill_has_dollars_where_the_price_counts_what_was_billed():
    a_million = Price(dollars=0.05, what="1 million tokens", counts="token", per=1_000_000, source="x", read="2026")
    assert billed(1, 0, HOSTED) == "1 unit, $0.002"  # 2.00 / 1000
    assert billed(0, 40_000, a_million) == "40,000 tokens, $0.002"  # 40,000 * 0.05 / 1,000,000
    assert billed(3, 0, a_million) == "3 units"
    assert billed(0, 0, None) == "not said"


def test_nonsense_is_refused():
    with pytest.raises(ValidationError):
        Rates(pairs_a_second=0)
    with pytest.raises(ValidationError):
        Load(queries_a_day=10, pool=0)
