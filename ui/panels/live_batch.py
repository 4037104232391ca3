"""Many questions to a live retriever, each asked once, with a bar and Stop. What came back stays for the session."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import pandas as pd
import streamlit as st

from rag_core.runs.as_trace import trace_of
from rag_core.runs.live import LiveRetriever, ask_many
from rag_core.runs.live.many import Answered
from rag_core.runs.run import Run
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import count_of
from ui.panels import live_run, views, waiting

KEPT = "live_batches"
"""Session key: what came back last, by purpose, with what it is about."""

Answers = dict[Hashable, Answered]
"""What came back, by what tells it from the others."""


def answers(purpose: str, retriever: LiveRetriever, about: Hashable = None) -> Answers:
    """What came back so far, of this retriever as it is set now. about: what else makes it another batch."""
    batches: dict[str, tuple[Hashable, Answers]] = st.session_state.setdefault(KEPT, {})
    what = (retriever.name, retriever.config.model_dump_json(), live_run.results(retriever), about)
    if purpose not in batches or batches[purpose][0] != what:
        batches[purpose] = (what, {})
    return batches[purpose][1]


def ask(retriever: LiveRetriever, questions: Sequence[tuple[Hashable, str]], into: Answers) -> None:
    """Ask each of them, by its key. Any control that moves stops it; what has come back is kept."""
    with waiting.stoppable("asking", f"Asking {views.markdown(retriever.name)}") as bar:
        came = ask_many(retriever, [text for _, text in questions], live_run.results(retriever))
        for done, ((key, _), answer) in enumerate(zip(questions, came, strict=False), start=1):
            into[key] = answer
            bar.progress(done / len(questions), f"{done} of {count_of(len(questions), 'question')} asked")


def runs_of(some: Answers) -> list[Run]:
    """The runs of those that were answered."""
    return [found for _, found in some.values() if isinstance(found, Run)]


def traces_of(some: Answers) -> list[Trace]:
    """The same as traces."""
    return [trace_of(run) for run in runs_of(some)]


def say_failed(some: Answers) -> None:
    """The questions that got no answer, each with what went wrong."""
    rows: Sequence[tuple[str, str]] = [(question, why) for question, why in some.values() if isinstance(why, str)]
    if not rows:
        return
    with st.expander(f"{count_of(len(rows), 'question')} without an answer", icon=":material/error:"):
        st.dataframe(pd.DataFrame(rows, columns=["Question", "What went wrong"]), hide_index=True, key="live_failed")
