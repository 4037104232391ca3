"""A reranker that failed is asked again when somebody says so, not each time that the page is drawn.

What is remembered is one session's: which reranker failed on which question, and what the session might use then.
Another question, another key or another server is another try.
"""

from __future__ import annotations

from collections.abc import Hashable

import streamlit as st

from rag_core.rerank.access import Credentials
from rag_core.schema.measurement import Measurement
from rag_core.schema.policy import Policy
from rag_core.schema.trace import Trace
from ui.sidebar import access

FAILED = "failed_rerankers"


def given_up(measurement: Measurement, policy: Policy) -> frozenset[str]:
    """The rerankers of the policy that failed on this question when this session last asked them."""
    mine, known = access.current(), _failed()
    return frozenset(one for one in _rerankers(policy) if known.get(_asked(measurement, one)) == mine)


def remember(measurement: Measurement, policy: Policy) -> None:
    """Keep which of the policy's rerankers have failed by now."""
    for one in _rerankers(policy):
        tried = measurement.rerankings.get(one)
        if tried and tried.failure:
            _failed()[_asked(measurement, one)] = access.current()


def again(*traces: Trace) -> None:
    """The way to try again, where a reranker failed in one of these runs."""
    failed = [report.name for trace in traces for _, report in trace.rerank_passes if report.status == "failed"]
    if failed:
        st.button("Try again", key="rerank_again", icon=":material/refresh:", on_click=_forget, args=(set(failed),))


def _failed() -> dict[Hashable, Credentials]:
    found: dict[Hashable, Credentials] = st.session_state.setdefault(FAILED, {})
    return found


def _asked(measurement: Measurement, reranker: str) -> Hashable:
    return measurement.collection.fingerprint, measurement.query, measurement.where, reranker


def _rerankers(policy: Policy) -> list[str]:
    return [policy.reranker, *([policy.first_pass.reranker] if policy.first_pass else [])]


def _forget(rerankers: set[str]) -> None:
    """The next run asks these again, whatever the question."""
    for asked in [asked for asked in _failed() if asked[-1] in rerankers]:  # type: ignore[index]
        del _failed()[asked]
