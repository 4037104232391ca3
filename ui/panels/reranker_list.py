"""The catalogue as a table that you can filter and choose from. `reranker_card` shows one row in full."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from rag_core.rerank.entry import Entry, Requirement
from rag_core.rerank.registry import broken_plugins, kinds
from rag_core.rerank.requirements import missing_packages
from ui.panels import picking, views
from ui.sidebar import access

Row = tuple[Entry, str]

NEEDS: dict[Requirement, str] = {
    "nothing": "Needs a package",
    "key": "Needs a key",
    "address": "Needs a server",
    "download": "Needs a download",
    "code": "Needs your trust",
    "serving": "Needs a server",
    "another server": "Needs llama.cpp",
    "chat": "Needs a chat model",
}
"""What a reranker lacks, in few words."""

ELSEWHERE: tuple[Requirement, ...] = ("key", "address", "another server", "serving", "chat")
"""What runs behind a key or an address: that it is set up does not show that it answers."""


COLUMNS = (
    *("Reranker", "Status", "Kind", "Languages", "Parameters", "Download"),
    *("Licence", "Context", "Price", "Scores", "Maker"),
)


def sentence_case(kind: str) -> str:
    """`hosted` -> `Hosted`, `ColBERT` as it is."""
    return kind[:1].upper() + kind[1:]


def headline(rows: list[Row], label: str) -> str:
    """What is chosen, how many are ready or set up, and what the others need."""
    usable = [entry for entry, missing in rows if not missing]
    elsewhere = sum(entry.needs in ELSEWHERE for entry in usable)
    more = f" {elsewhere} set up with a key or an address," * bool(elsewhere)
    ready, lacking = len(usable) - elsewhere, len(rows) - len(usable)
    return f"{label} is chosen. {ready} ready,{more} {lacking} need a download, key or server."


def plugins() -> None:
    """A warning for each plug-in that could not be used."""
    for plugin in broken_plugins():
        st.warning(views.markdown(str(plugin)), icon=":material/extension_off:")


def filtered(rows: list[Row]) -> list[Row]:
    """The rows of the chosen kind. Draws the controls above the table."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        there = {entry.kind for entry, _ in rows}
        offered = ["all", *(kind for kind in kinds() if kind in there)]
        kind = st.segmented_control("Kind", offered, default="all", key="kind", format_func=sentence_case)
        ready = st.toggle("Ready only", key="ready")
    return [(e, m) for e, m in rows if kind in (None, "all", e.kind) and not (ready and m)]


def table(rows: list[Row], chosen: str) -> pd.DataFrame:
    """A row per reranker; `chosen` is the key of the sidebar's."""
    return pd.DataFrame(
        [
            {
                "Reranker": entry.label,
                "Status": status(entry, missing, chosen),
                "Kind": sentence_case(entry.kind),
                "Languages": sentence_case(entry.languages),
                "Parameters": entry.size.removesuffix(" parameters"),
                "Download": f"up to {entry.download_mb:,} MB" if missing and entry.download_mb else "",
                "Licence": "" if entry.kind == "hosted" else entry.licence,
                "Context": entry.context,
                "Price": f"${entry.price.dollars:g} / {entry.price.what.partition(' (')[0]}" if entry.price else "",
                "Scores": str(entry.space),
                "Maker": entry.maker,
            }
            for entry, missing in rows
        ],
        columns=list(COLUMNS),
    )


def status(entry: Entry, missing: str, chosen: str) -> str:
    """In few words: chosen, ready, set up (it has its key or address; use tells if it answers), or what it needs."""
    if missing:
        return NEEDS["nothing" if missing_packages(entry) else entry.needs]
    return "Chosen" if entry.key == chosen else "Set up" if entry.needs in ELSEWHERE else "Ready"


def choose(rows: list[Row], chosen: str) -> Row:
    """The table, and a select box for those who cannot click in it; returns the chosen row."""
    keys = [entry.key for entry, _ in rows]
    if st.session_state.get("look") not in keys:
        st.session_state["look"] = chosen if chosen in keys else keys[0]
    st.dataframe(
        table(rows, chosen),
        key="rerankers",
        hide_index=True,
        height=min(420, 38 + 35 * len(rows)),
        column_config={
            "Reranker": st.column_config.TextColumn(width=275, pinned=True),
            "Status": st.column_config.TextColumn(width=135),
            "Context": st.column_config.NumberColumn("Context (tokens)", format="localized"),
        },
        on_select=lambda: _clicked(keys),
        selection_mode=picking.MODE,
    )
    labels = access.labels({entry.key: entry for entry, _ in rows})
    st.selectbox("Details of", keys, key="look", format_func=lambda key: labels[key])
    return next(row for row in rows if row[0].key == st.session_state["look"])


def _clicked(keys: list[str]) -> None:
    """A click on a row shows that reranker."""
    row = picking.picked_row("rerankers")
    if row is not None:
        st.session_state["look"] = keys[row]
