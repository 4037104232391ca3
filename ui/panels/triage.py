"""The triage of one question: the form, the verdict and its evidence. All deciding is `rag_core.diagnosis`'s; what
would have kept the document is shown by `what_if`, why it scored so by `why`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from rag_core.corpus.collection import Collection
from rag_core.diagnosis import Diagnosis, Expected, Location, Verdict, locate
from rag_core.errors import BadInput
from rag_core.generation.chat.access import ChatAccess
from rag_core.pipeline.session import QuerySession
from rag_core.retrieval.engines.connected_collection import ConnectedCollection
from rag_core.schema.documents import Document
from rag_core.schema.trace import Trace
from rag_core.triage import Finding
from rag_core.wording.numbers import score_text
from rag_core.wording.rivals import note_text, why
from rag_core.wording.step_names import step_label
from rag_core.wording.verdicts import VERDICT_LABELS, sentence
from ui import caches, links
from ui.panels import history, loss_strip, retrying, spent, views, waiting, word_table
from ui.panels.answer import card, with_answer
from ui.sidebar.state import SidebarState

FIND, CASES = "Why was it not found?", "Cases"
"""The two views of the page."""

TAKEN = "doc_taken"
"""Session key: the document that a link named, once it is in the form."""

FORM, TYPED = "doc_form", "typed"
"""Session key: how the document is given; and its value where it is typed, not chosen of a list."""

DOCUMENT = "Document that should have answered"
LISTED = 5000
"""Up to this many documents are offered as a list; of more, the id or title is typed."""


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
    chat: ChatAccess | None = None

    @property
    def finding(self) -> Finding:
        """What a case keeps of it, beside the trace."""
        return Finding(location=self.location, diagnosis=self.diagnosis)


def form(choice: SidebarState) -> Asked | None:
    """The question, the document that should have answered it, and the words that do. None until both are given; then
    it says which one is missing."""
    searched = caches.engine(choice.collection, choice.owner)  # a form allows no button of indexing
    documents = searched.documents() if isinstance(searched, Collection) else None
    if isinstance(searched, ConnectedCollection):
        _take_from_list(searched)
    with st.form("triage", border=False):
        st.text_input("Question", key="q", bind="query-params", max_chars=4000, placeholder="As the user asked it")
        document = _document(documents)
        left, right = st.columns([4, 1], vertical_alignment="bottom")
        quote = left.text_input(
            "Sentence that answers (optional)",
            key="quote",
            bind="query-params",
            max_chars=10_000,
            placeholder="Copy it from the document: it shows whether chunking split it or the reranker did not read it",
        )
        pressed = right.form_submit_button(
            "Find out why", type="primary", icon=":material/troubleshoot:", key="find", width="stretch"
        )
    query = str(st.session_state.get("q") or "").strip()
    if query and document:
        return Asked(query, Expected(document=document, quote=quote.strip()))
    if pressed or query or document:
        missing = [
            words
            for given, words in ((query, "the question"), (document, "the document that should have answered"))
            if not given
        ]
        st.info(f"Enter {' and '.join(missing)}.", icon=":material/edit:")
    return None


def _document(documents: Sequence[Document] | None) -> str:
    """The expected document's id, or the title that was typed of one that the list does not have. An index that is
    connected to finds it by words too."""
    if documents is None:
        told = "Its id or title, the id of a passage, or some words of it"
        return str(
            st.text_input(DOCUMENT, key="doc", bind="query-params", max_chars=2000, placeholder=told) or ""
        ).strip()
    if len(documents) > LISTED:
        return st.text_input(DOCUMENT, key="doc", bind="query-params", placeholder="Id or title").strip()
    names = {document.id: f"{document.title} · {document.id}" for document in documents}
    _take_from_link(names)
    listed, unlisted = st.columns([4, 1], vertical_alignment="bottom")
    chosen = listed.selectbox(
        DOCUMENT,
        list(names),
        index=None,
        format_func=lambda one: names.get(one, one),
        key="doc",
        bind="query-params",
        placeholder="Type to search, by title or id",
    )
    with unlisted.popover("Not in the list", width="stretch"):
        typed = st.text_input("Its title or id", key="unlisted", bind="query-params", max_chars=500)
        st.caption("You see the nearest titles that the collection has.")
    return typed.strip() or chosen or ""


def _take_from_link(names: dict[str, str]) -> None:
    """A link, or a case, names a document by its id, or one that the list does not have (any more)."""
    st.session_state.pop(FORM, None)
    from_link = not st.session_state.get("doc")
    asked = st.session_state.get("doc") or st.query_params.get("doc")
    if not asked or asked in names.values() or asked == st.session_state.get(TAKEN):
        return
    st.session_state[TAKEN] = asked
    if asked in names:
        st.session_state["doc"] = asked
        links.put(doc=names[asked])
        if from_link:
            st.rerun()  # Streamlit drops what a link says of a field in another form than its own
    else:
        st.session_state.update(doc=None, unlisted=asked)


def _take_from_list(searched: ConnectedCollection) -> None:
    """A link, or the collection that was chosen before, names a document as its list does (`Title · id`), or as one
    that is not in it: here it is named by its id, where the index has that."""
    if st.session_state.get(FORM) == TYPED:
        return
    asked = _present("unlisted") or _present("doc")
    parts = asked.split(" · ")
    ids = [" · ".join(parts[start:]) for start in range(1, len(parts))]
    with suppress(BadInput):  # an index that cannot be asked for documents: the words stay as they are
        asked = next((one for one in ids if searched.known_documents([one])), asked)
    st.session_state.pop("unlisted", None)
    st.session_state.update({"doc": asked, FORM: TYPED})
    links.put(doc=asked, unlisted="")


def _present(key: str) -> str:
    """What the session, else the link, says of a field."""
    return str(st.session_state.get(key) or st.query_params.get(key) or "")


def welcome() -> None:
    """What the page will show, before anything was asked."""
    st.caption(
        "Enter a question that got a wrong answer, and the document that should have answered it. You see the step "
        "that lost the document, what outranked it there, and the smallest change that keeps it."
    )


def examine(choice: SidebarState, asked: Asked) -> Found:
    """Run the question, answer it, and find the document on its way."""
    location = locate(caches.engine(choice.collection, choice.owner), asked.expected)
    question = caches.question(choice, asked.query)
    trace = waiting.trace(question, choice.policy)
    if answer := waiting.answer(question, trace, choice.chat):
        trace = with_answer(trace, answer)
    history.remember(trace)
    return Found(question, trace, location, question.diagnosed(trace, location), choice.chat)


def verdict(found: Found) -> None:
    """The verdict: its name, its sentence, the strip of steps; then the answer that was given."""
    views.failure(found.trace)
    retrying.again(found.question, found.trace)
    told(found.diagnosis, found.trace)
    views.notes(found.trace)
    if found.trace.recorded_answer:
        card(found.trace, found.trace.recorded_answer, heading="The answer on these settings")
    spent.of_runs(found.trace)


def told(diagnosis: Diagnosis, trace: Trace) -> None:
    """The verdict's name, its sentence, the strip of steps, and what else to know of it."""
    badge(diagnosis)
    views.headline(sentence(diagnosis))
    views.filtered(trace)
    st.html(loss_strip.markup(diagnosis))
    for note in diagnosis.notes:
        st.caption(views.markdown(note_text(note)))


def badge(diagnosis: Diagnosis) -> None:
    """The verdict's name, coloured and with a mark."""
    icon, colour = (":material/cancel:", "orange") if diagnosis.lost else (":material/check_circle:", "blue")
    if diagnosis.verdict is Verdict.CANNOT_TELL:
        icon, colour = ":material/help:", "gray"
    st.badge(VERDICT_LABELS[diagnosis.verdict], icon=icon, color=colour)  # type: ignore[arg-type]


def evidence(diagnosis: Diagnosis) -> None:
    """What took its place and why, and its rank and score at every step."""
    if diagnosis.passage_id is None:
        return
    left, right = st.columns([3, 2], gap="large")
    with left:
        not_cited = diagnosis.verdict is Verdict.NOT_CITED
        st.subheader("What is cited instead" if not_cited else "What outranked it", anchor=False)
        if diagnosis.rivals:
            word_table.show(rivals(diagnosis))
        else:
            st.caption("The answer cites nothing." if not_cited else "No other passage took its place.")
    with right:
        st.subheader("Its rank at each step", anchor=False)
        word_table.show(way(diagnosis))


def rivals(diagnosis: Diagnosis) -> pd.DataFrame:
    """A row per rival: its rank at the step of the loss, passage, and why it stood there."""
    rows = [(rival.step.rank, rival.title, why(rival)) for rival in diagnosis.rivals]
    return pd.DataFrame(rows, columns=["Rank", "Passage", "Why"])


def way(diagnosis: Diagnosis) -> pd.DataFrame:
    """A row per step: rank of how many, and score with its space."""
    rows = [
        (
            step_label(step.step, diagnosis.recorded),
            f"{step.rank} of {step.of}" if step.rank else "not ranked",
            "" if step.score is None else score_text(step.score, step.space),
        )
        for step in diagnosis.way
    ]
    return pd.DataFrame(rows, columns=["Step", "Rank", "Score"])
