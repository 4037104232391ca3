"""What a page has sent to services that may bill for it: of a run, or of other work on the page, as a caption."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from rag_core.analysis.paid_calls import answer_calls, calls_by_service, paid_calls
from rag_core.rerank.metering import Meter, metered
from rag_core.schema.answers import Answer
from rag_core.schema.trace import Trace
from rag_core.wording.paid_calls import paid_text
from ui.panels import views

KEPT = "spent"


def of_runs(*traces: Trace) -> None:
    """The requests of these runs of one question; nothing where none was sent."""
    _show(paid_text(paid_calls(*traces)))


def of_answer(answer: Answer) -> None:
    """The requests of an answer that stands beside the run's own."""
    _show(paid_text(answer_calls(answer)))


@contextmanager
def counted(work: str) -> Iterator[None]:
    """Count what is sent inside under this name, until the same work starts again. What a click stops stays counted."""
    meter = st.session_state.setdefault(KEPT, {})[work] = Meter()
    with metered(meter):
        yield


def of_work(work: str) -> None:
    """The requests of the work of that name when it last ran in this session."""
    meter: Meter | None = st.session_state.get(KEPT, {}).get(work)
    _show(paid_text(calls_by_service(meter.spent)) if meter else "")


def _show(said: str) -> None:
    if said:
        st.caption(f":material/receipt_long: {views.markdown(said)}")
