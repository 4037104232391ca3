"""Runs from a file: an export of another program, or a table whose columns are guessed and can be corrected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from rag_core.runs.importers.columns import NAMES, Columns, StepMeaning
from rag_core.runs.importers.registry import FORMATS, TABLE, TREC, WITHOUT_PROJECT
from rag_core.runs.importers.source import OpenedRuns, Source
from rag_core.runs.importers.uploads import LABELS, Corrections, Look, lists_of, look_at, open_uploads, project_of
from rag_core.runs.store.retention import Retention, retention, surplus
from rag_core.runs.values import Direction, Space, StepKind
from rag_core.wording.numbers import count_of
from rag_core.wording.run_list import COLUMN_LABELS, expiring_sentence, imported_sentence, retention_sentence
from ui import caches, visitors
from ui.panels import views

TYPES = ["json", "jsonl", "csv", "tsv", "parquet", "run", "trec", "gz"]
MOST_MB = 200
NOTE = "run_note"
"""Session key: what the last import did, for the page's next run."""

SHOWN = 20
"""Problems of a file that are listed."""


@dataclass(frozen=True)
class Imported:
    """What an import did: how many of its runs replaced another, and how many runs the rule deletes next."""

    opened: OpenedRuns
    replaced: int
    rule: Retention
    expiring: int


def show(open_at_first: bool = False) -> None:
    """The file, what it looks like, what can be corrected, and the button that imports it."""
    with st.expander("Import a file", icon=":material/upload_file:", expanded=open_at_first):
        if refused := visitors.why_runs_stay():
            st.caption(refused)
            return
        number = st.session_state.get("run_imports", 0)  # after an import the box is empty again
        files = st.file_uploader(
            "Export of runs",
            type=TYPES,
            accept_multiple_files=True,
            key=f"run_files_{number}",
            max_upload_size=MOST_MB,
            help="Run records, OTLP JSON, Phoenix or Langfuse (with the files of annotations or scores), "
            "a table with a row for each candidate, or TREC runs with their queries.jsonl and corpus.jsonl.",
        )
        if files:
            with views.guard():
                _import(files)


def _import(files: Sequence[UploadedFile]) -> None:
    ids = "_".join(file.file_id for file in files)
    sources = [Source(file.name, file.getvalue()) for file in files]
    look = _looked_at(sources, ids, None)
    if look.format != TREC:
        formats = [*FORMATS, TABLE]
        place = formats.index(look.format)
        chosen = st.selectbox("Format", formats, place, key=f"run_format_{ids}", format_func=lambda one: LABELS[one])
        if chosen != look.format:
            look = _looked_at(sources, ids, chosen)
    said = Corrections(project=_project(look, sources, ids))
    if look.format in (TABLE, TREC):
        said = _corrections(look, sources, ids, said.project)
    rule = retention(caches.store())
    if rule != Retention():
        st.caption(views.markdown(f"{retention_sentence(rule)} This applies to imported runs too."))
    if st.button("Import", key="run_import", type="primary", icon=":material/upload:"):
        with st.spinner("Importing"):
            keep(open_uploads(sources, look.format, said))
        st.session_state["run_imports"] = st.session_state.get("run_imports", 0) + 1
        st.rerun()


def keep(opened: OpenedRuns) -> None:
    """Put the runs into the list, and what that did into the note for the page's next run."""
    rule, replaced = retention(caches.store()), caches.run_book().add_many(opened.runs)
    st.session_state[NOTE] = Imported(opened, replaced, rule, surplus(caches.store(), rule))


def _project(look: Look, sources: list[Source], ids: str) -> str:
    """What the runs belong to, where their format may not say it; empty for what it says."""
    known = WITHOUT_PROJECT.get(look.format) or (project_of(sources) if look.format in (TABLE, TREC) else "")
    if not known:
        return ""
    told = "What the runs belong to, where the file does not say it."
    given = st.text_input("Project", key=f"run_project_{ids}", placeholder=known, max_chars=200, help=told)
    return (given or "").strip()


def _corrections(look: Look, sources: list[Source], ids: str, project: str) -> Corrections:
    """The columns of a table, what each list is, and the project."""
    columns = _columns(look, ids) if look.format == TABLE else look.columns
    lists = _lists(sources, ids, columns)
    st.caption("What each list is. Choose what its scores mean where you know it; that is never guessed.")
    steps = {name: _meaning(name, guessed, ids) for name, guessed in lists.items()}
    return Corrections(columns=columns if look.format == TABLE else None, steps=steps, project=project)


def _columns(look: Look, ids: str) -> Columns:
    """A box for each part of a candidate, with the column that its name suggests."""
    st.caption(f"The columns, guessed by their names. Correct what is wrong ({len(look.header)} columns).")
    guessed: dict[str, str | None] = dict(look.columns)
    chosen: dict[str, str | None] = {}
    boxes = st.columns(3)
    for number, part in enumerate(NAMES):
        place = look.header.index(guessed[part]) if guessed[part] in look.header else None
        chosen[part] = boxes[number % 3].selectbox(
            COLUMN_LABELS[part], look.header, place, key=f"run_column_{part}_{ids}", placeholder="None"
        )
    return Columns.model_validate(chosen).checked(look.header)


def _meaning(name: str, guessed: StepMeaning, ids: str) -> StepMeaning:
    """What one list is: its kind, what its scores mean, and where that does not say it, which are better."""
    label, kind, space, better = st.columns([2, 2, 2, 2], vertical_alignment="bottom")
    label.markdown(f"**{views.markdown(name)}**")
    kinds, spaces = list(StepKind), list(Space)
    chosen = kind.selectbox("Kind", kinds, kinds.index(guessed.kind), key=f"run_kind_{name}_{ids}")
    scores = space.selectbox("Scores", spaces, spaces.index(guessed.space), key=f"run_space_{name}_{ids}")
    directions: list[Direction] = ["higher", "lower"]
    direction: Direction | None = None
    if scores is Space.UNKNOWN:
        direction = better.selectbox("Better", directions, None, key=f"run_better_{name}_{ids}", placeholder="Unknown")
    return StepMeaning(kind=chosen, space=scores, direction=direction)


def say_imported() -> None:
    """What the last import did, which runs go soon, and what it could not read."""
    done: Imported | None = st.session_state.pop(NOTE, None)
    if done is None:
        return
    st.success(views.markdown(imported_sentence(done.opened, done.replaced)), icon=":material/check_circle:")
    if done.expiring:
        st.warning(views.markdown(expiring_sentence(done.rule, done.expiring)), icon=":material/auto_delete:")
    for note in done.opened.notes:
        st.info(views.markdown(note), icon=":material/info:")
    if problems := done.opened.problems:
        with st.expander(f"{count_of(len(problems), 'part')} could not be read", icon=":material/warning:"):
            st.markdown("\n".join(f"- {views.markdown(one)}" for one in problems[:SHOWN]))


@st.cache_data(max_entries=8, show_spinner="Reading the file")
def _looked_at(_sources: list[Source], ids: str, format: str | None) -> Look:  # noqa: A002, ARG001 - the ids are the key
    return look_at(_sources, format)


@st.cache_data(max_entries=8, show_spinner="Reading the file", hash_funcs={Columns: Columns.model_dump_json})
def _lists(_sources: list[Source], ids: str, columns: Columns) -> dict[str, StepMeaning]:  # noqa: ARG001 - as above
    return lists_of(_sources, columns)
