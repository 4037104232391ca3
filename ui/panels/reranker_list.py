"""The catalogue as a table to filter and choose in. What can be done with one of its rows is in `reranker_card`."""

from __future__ import annotations

from typing import get_args

import pandas as pd
import streamlit as st

from rag_core.rerank.entry import Entry, Kind, Requirement
from rag_core.wording.numbers import count_of
from ui.sidebar import access

Row = tuple[Entry, str]

STATUS: dict[Requirement, str] = {
    "nothing": "Missing packages",
    "key": "Needs a key",
    "address": "Needs a server's address",
    "download": "Needs a download",
    "code": "Runs its own code",
    "serving": "Needs a server that runs it",
    "another server": "Not through Ollama",
    "chat": "Needs a chat model",
}
"""What stands between a reranker and its use, in few words, where something does."""


KINDS = tuple(kind for kind in get_args(Kind) if kind != "none")


def sentence_case(kind: str) -> str:
    """`hosted` -> `Hosted`, `ColBERT` as it is."""
    return kind[:1].upper() + kind[1:]


def headline(rows: list[Row], label: str) -> str:
    """What is chosen and how many there are."""
    ready = sum(not missing for _, missing in rows)
    return f"{label} is chosen. {count_of(ready, 'reranker')} can be used now, {len(rows) - ready} more are known."


def filtered(rows: list[Row]) -> list[Row]:
    """The rows of the chosen kind; the controls stand above the table."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        there = {entry.kind for entry, _ in rows}
        kinds = ["all", *(kind for kind in KINDS if kind in there)]
        kind = st.segmented_control("Kind", kinds, default="all", key="kind", format_func=sentence_case)
        ready = st.toggle("Usable now only", key="ready")
    return [(e, m) for e, m in rows if kind in (None, "all", e.kind) and not (ready and m)]


def table(rows: list[Row], chosen: str) -> pd.DataFrame:
    """A row per reranker; `chosen` is the key of the sidebar's."""
    return pd.DataFrame(
        [
            {
                "Reranker": entry.label,
                "Now": status(entry, missing, chosen),
                "Kind": sentence_case(entry.kind),
                "Size": entry.size.removesuffix(" parameters"),
                "Licence": "" if entry.kind == "hosted" else entry.licence,
                "Languages": sentence_case(entry.languages),
                "Context": entry.context,
                "Price": f"${entry.price.dollars:g} / {entry.price.what.partition(' (')[0]}" if entry.price else "",
                "Scores": str(entry.space),
                "Maker": entry.maker,
            }
            for entry, missing in rows
        ],
        columns=["Reranker", "Now", "Kind", "Size", "Licence", "Languages", "Context", "Price", "Scores", "Maker"],
    )


def status(entry: Entry, missing: str, chosen: str) -> str:
    """In few words: chosen, usable, or what it needs."""
    if missing:
        return STATUS[entry.needs]
    return "Chosen" if entry.key == chosen else "Usable"


def choose(rows: list[Row], chosen: str) -> Row:
    """The table and, for those who do not click in tables, a select box; the row that is looked at."""
    keys = [entry.key for entry, _ in rows]
    if st.session_state.get("look") not in keys:
        st.session_state["look"] = chosen if chosen in keys else keys[0]
    st.dataframe(
        table(rows, chosen),
        key="rerankers",
        hide_index=True,
        height=min(420, 38 + 35 * len(rows)),
        column_config={
            "Reranker": st.column_config.TextColumn(width=270, pinned=True),
            "Now": st.column_config.TextColumn(width=170),
            "Context": st.column_config.NumberColumn("Context (tokens)", format="localized"),
            "Size": st.column_config.TextColumn("Parameters"),
        },
        on_select=lambda: _clicked(keys),
        selection_mode="single-row",
    )
    labels = access.labels({entry.key: entry for entry, _ in rows})
    st.selectbox("Reranker in full", keys, key="look", format_func=lambda key: labels[key])
    return next(row for row in rows if row[0].key == st.session_state["look"])


def _clicked(keys: list[str]) -> None:
    """A click on a row looks at that reranker."""
    places = st.session_state["rerankers"].selection.rows
    if places:
        st.session_state["look"] = keys[places[0]]
