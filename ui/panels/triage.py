"""The triage of one question: the form, the verdict and its evidence. All deciding is `rag_core.diagnosis`'s; what
would have kept the document is shown by `what_if`, why it scored so by `why`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from rag_core.diagnosis import LABELS, Diagnosis, Expected, Location, Verdict, diagnose, locate
from rag_core.pipeline.session import QuerySession
from rag_core.schema.documents import Document
from rag_core.schema.trace import Trace
from rag_core.triage import Finding
from rag_core.wording.numbers import score_text
from rag_core.wording.run_captions import step_label
from ui import caches
from ui.panels import history, loss_strip, retrying, spent, views, waiting
from ui.panels.answer import card
from ui.sidebar.state import SidebarState

LISTED = 5000
"""Up to this many documents are offered as a list; of more, the id or title is typed."""

WRAPPED = 80
"""Height of a row in which the longest reason stands whole, in lines (pixels)."""

SHOWN = 6
"""How many changes of settings are shown."""


@dataclass(frozen=True)
class Asked:
    """What the form says."""

    query: str
    expected: Expected


@dataclass(frozen=True)
class Found:
    """One question's run, where the expected document is in the collection, and what became of it."""

    question: QuerySession
    trace: Trace
    location: Location
    diagnosis: Diagnosis

    @property
    def finding(self) -> Finding:
        """What a case keeps of it, beside the trace."""
        return Finding(location=self.location, diagnosis=self.diagnosis)


def form(choice: SidebarState) -> Asked | None:
    """The question, the document that should have answered it, and the words that do. None until both are given."""
    documents = caches.collection(choice.collection, choice.owner).documents()  # a form allows no button of indexing
    with st.form("triage", border=False):
        left, right = st.columns(2)
        left.text_input("Question", key="q", bind="query-params", max_chars=4000, placeholder="As the user asked it")
        with right:
            document = _document(documents)
        left, right = st.columns([4, 1], vertical_alignment="bottom")
        quote = left.text_input(
            "Sentence that answers (optional)",
            key="quote",
            bind="query-params",
            max_chars=10_000,
            placeholder="Copy it from the document: it shows whether chunking split it or the reranker did not read it",
        )
        right.form_submit_button(
            "Find out why", type="primary", icon=":material/troubleshoot:", key="find", width="stretch"
        )
    query = str(st.session_state.get("q") or "").strip()
    if not query or not document:
        return None
    return Asked(query, Expected(document=document, quote=quote.strip()))


def _document(documents: Sequence[Document]) -> str:
    """The expected document's id, or what was typed where the list does not have it."""
    label = "Document that should have answered"
    if len(documents) > LISTED:
        return st.text_input(label, key="doc", bind="query-params", placeholder="Id or title").strip()
    titles = {document.id: f"{document.title} · {document.id}" for document in documents}
    return (
        st.selectbox(
            label,
            list(titles),
            index=None,
            format_func=lambda one: titles.get(one, one),
            key="doc",
            bind="query-params",
            placeholder="Type to search, by title or id",
            accept_new_options=True,
        )
        or ""
    )


def welcome() -> None:
    """What the page will show, before anything was asked."""
    st.caption(
        "Enter a question that got a wrong answer, and the document that should have answered it. You see the step "
        "that lost the document, what outranked it there, and the smallest change that keeps it."
    )


def examine(choice: SidebarState, asked: Asked) -> Found:
    """Run the question, answer it, and find the document on its way."""
    location = locate(caches.collection(choice.collection, choice.owner), asked.expected)
    question = caches.question(choice, asked.query)
    trace = waiting.trace(question, choice.policy)
    if answer := waiting.answer(question, trace, choice.chat):
        trace = trace.model_copy(update={"recorded_answer": answer})
    history.remember(trace)
    return Found(question, trace, location, diagnose(trace, location))


def verdict(found: Found) -> None:
    """The verdict: its name, its sentence, the strip of steps; then the answer that was given."""
    views.failure(found.trace)
    retrying.again(found.question, found.trace)
    badge(found.diagnosis)
    views.headline(found.diagnosis.sentence)
    views.filtered(found.trace)
    st.html(loss_strip.markup(found.diagnosis))
    for note in found.diagnosis.notes:
        st.caption(views.markdown(note))
    views.notes(found.trace)
    if found.trace.recorded_answer:
        card(found.trace, found.trace.recorded_answer, heading="The answer on these settings")
    spent.of_runs(found.trace)


def badge(diagnosis: Diagnosis) -> None:
    """The verdict's name, coloured and with a mark."""
    icon, colour = (":material/cancel:", "orange") if diagnosis.lost else (":material/check_circle:", "blue")
    st.badge(LABELS[diagnosis.verdict], icon=icon, color=colour)  # type: ignore[arg-type]


def evidence(found: Found) -> None:
    """What took its place and why, and its rank and score at every step."""
    if found.diagnosis.passage_id is None:
        return
    left, right = st.columns([3, 2], gap="large")
    with left:
        not_cited = found.diagnosis.verdict is Verdict.NOT_CITED
        st.subheader("What is cited instead" if not_cited else "What outranked it", anchor=False)
        if found.diagnosis.rivals:
            shown = {"Rank": st.column_config.NumberColumn(width=40), "Passage": st.column_config.TextColumn(width=230)}
            table = rivals(found.diagnosis)
            st.dataframe(table, hide_index=True, key="rivals", column_config=shown, row_height=WRAPPED)
        else:
            st.caption("The answer cites nothing." if not_cited else "It was not outranked.")
    with right:
        st.subheader("Its rank at each step", anchor=False)
        st.dataframe(way(found.diagnosis), hide_index=True, key="way")


def rivals(diagnosis: Diagnosis) -> pd.DataFrame:
    """A row per rival: its rank at the step of the loss, passage, and why it stood there."""
    rows = [(rival.step.rank, rival.title, rival.why) for rival in diagnosis.rivals]
    return pd.DataFrame(rows, columns=["Rank", "Passage", "Why"])


def way(diagnosis: Diagnosis) -> pd.DataFrame:
    """A row per step: rank of how many, and score with its space."""
    rows = [
        (
            step_label(step.step),
            f"{step.rank} of {step.of}" if step.rank else "not ranked",
            "" if step.score is None else score_text(step.score, step.space),
        )
        for step in diagnosis.way
    ]
    return pd.DataFrame(rows, columns=["Step", "Rank", "Score"])
