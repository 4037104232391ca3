"""Labelled sets and rankings of another system from uploaded files. What is made of them is in `evaluation`."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rag_core.evaluation.beir import read_set
from rag_core.evaluation.files import File
from rag_core.evaluation.outcome import EvaluationResult, of_candidates, of_runs
from rag_core.evaluation.sets import LabelledSet
from rag_core.evaluation.table import read_csv
from rag_core.wording.numbers import count_of
from ui.panels import views

UPLOADED = "eval_set"
"""Session key: the set that was uploaded last. The field of files is empty again after a change of page."""


def from_files() -> LabelledSet | None:
    """A set that was uploaded, in this session: a CSV, or queries and qrels in BEIR's layout."""
    found = _given()
    if found is not None:
        st.session_state[UPLOADED] = found
        return found
    kept: LabelledSet | None = st.session_state.get(UPLOADED)
    if kept is not None:
        told = f"In use: {kept.name}, {count_of(len(kept.queries), 'question')}, which you uploaded in this session."
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(views.markdown(told))
            st.button("Remove", key="eval_forget", icon=":material/close:", on_click=_forget)
    return kept


def uploaded() -> bool:
    """Whether this session has uploaded a set that is still in use."""
    return UPLOADED in st.session_state


def _forget() -> None:
    st.session_state.pop(UPLOADED, None)


def _given() -> LabelledSet | None:
    """The set of the files in the field."""
    files = st.file_uploader(
        "A CSV (query, document_id, grade), or queries.jsonl and qrels.tsv together",
        type=["csv", "json", "jsonl", "tsv", "txt", "trec", "gz"],
        accept_multiple_files=True,
        key="eval_files",
        on_change=_forget,
        max_upload_size=100,
    )
    given = [File.uploaded(one.name, one.getvalue()) for one in files or []]
    by_end = {file.ending: file for file in given}
    if "csv" in by_end:
        _say_used(given, [by_end["csv"]])
        return read_csv(by_end["csv"])
    qrels = next((by_end[end] for end in ("tsv", "trec", "txt") if end in by_end), None)
    asked = by_end.get("jsonl") or by_end.get("json")
    if asked and qrels:
        _say_used(given, [asked, qrels])
        return read_set(asked, qrels, asked.name.rpartition(".")[0])
    if by_end:
        st.info("Add both files: the questions (JSONL) and their grades (TSV).", icon=":material/upload_file:")
    return None


def _say_used(given: Sequence[File], used: Sequence[File]) -> None:
    """Which files make the set, where more were given than it is made of."""
    if len(given) > len(used):
        told = (
            f"Only {' and '.join(one.name for one in used)} is used: one set at a time. Remove it to use another file."
        )
        if len(used) > 1:
            told = told.replace(" is used", " are used").replace("Remove it", "Remove them")
        st.info(views.markdown(told), icon=":material/upload_file:")


def elsewhere(questions: LabelledSet) -> EvaluationResult | None:
    """Rankings that another stack made, from uploaded files; None where there are none yet."""
    left, right = st.columns(2)
    before = left.file_uploader("Before reranking (TREC run), or candidates (JSONL)", key="eval_before")
    after = right.file_uploader("After reranking (TREC run)", key="eval_after")
    if before is None:
        return None
    first = File.uploaded(before.name, before.getvalue())
    if first.ending == "jsonl":
        return of_candidates(questions, first)
    return of_runs(questions, first, File.uploaded(after.name, after.getvalue()) if after else None)
