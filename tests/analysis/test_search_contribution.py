"""What each search of a run brought, counted by hand."""

from __future__ import annotations

from rag_core.analysis.search_contribution import SearchShare, search_shares
from rag_core.pipeline.replay import replay
from rag_core.wording.analysis_captions import extra_search_sentence
from tests.pipeline.test_extra_searches import POLICY, measured


def test_shares_count_candidates_pool_and_kept():
    """Main finds a, b; recent finds c, b. Fused: b, a, c; the pool holds two, one is kept."""
    trace = replay(measured(), POLICY.with_(pool=2, top_k=1))
    assert search_shares(trace) == (
        SearchShare(name="main", found=2, only=1, pooled=2, kept=1, kept_only=0),
        SearchShare(name="recent", found=2, only=1, pooled=1, kept=1, kept_only=0),
    )
    assert extra_search_sentence(trace) == "None of the 1 kept passages were found by an extra search alone."


def test_what_only_an_extra_search_found_is_said():
    trace = replay(measured(), POLICY)
    assert [one.kept_only for one in search_shares(trace)] == [1, 1]
    assert extra_search_sentence(trace) == "1 of the 3 kept passages was found by an extra search alone."
