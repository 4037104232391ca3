"""The settings that `second-pass evaluate` measures: as `ask` has them, and what only an evaluation may name."""

from __future__ import annotations

import argparse
import sys

from rag_core.cli.extra_search_options import extra_search
from rag_core.cli.policy_options import first_pass_of, policy_of
from rag_core.cli.questions import kept_by
from rag_core.rerank.installed_default import default_reranker, passes_of
from rag_core.schema.policy import DEFAULT_RERANKER, SIGNAL_NAMES, Policy
from rag_core.settings import Settings

DEPTH = 100
WIDE_POOL = 100
"""The pool of a run whose reranker or first pass is named."""


def policy_from(given: argparse.Namespace) -> Policy:
    """The policy. Its threshold is the reranker's own, or the fitted one of the collection, unless one is given: what
    is kept for the answer is then what the app keeps. Raises BadInput for an option that is out of range."""
    default = default_reranker(Settings().data_dir)
    passes = _passes(given)
    if not passes and default != DEFAULT_RERANKER:
        passes = dict(passes_of(default, given.top_k, given.pool))
    more = {"top_k": given.top_k, "pool": given.pool}
    return policy_of(
        **{name: value for name, value in more.items() if value is not None} | passes,
        depth=DEPTH if given.depth is None else given.depth,
        extra_searches=tuple(map(extra_search, given.extra)),
        **_signals(given),
        **kept_by(given, given.reranker or default),
    )


def _passes(given: argparse.Namespace) -> dict[str, object]:
    """The reranker, the first pass and the pool, where one of the first two is named; the pool is then 100."""
    first_pass = first_pass_of(given.first_pass, given.first_pass_weights)
    if not (given.reranker or first_pass):
        return {}
    pool = WIDE_POOL if given.pool is None else given.pool
    if given.first_pass and given.first_pass[1] == str(pool):
        sys.stderr.write(f"The first pass hands on all {pool} that it reads. A smaller --pool lets it cut.\n")
    asked = {"reranker": given.reranker, "pool": pool, "first_pass": first_pass}
    return {name: value for name, value in asked.items() if value is not None}


def _signals(given: argparse.Namespace) -> dict[str, object]:
    """The search signal, where it is asked for."""
    if given.search is None:
        return {}
    return {"signals": {**dict.fromkeys(SIGNAL_NAMES, 0.0), "on": True, "relevance": 1.0, "search": given.search}}
