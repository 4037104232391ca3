"""Rerankers: which there are, which can be used now, what the others need, and how each does on a small trial."""

from __future__ import annotations

import streamlit as st

from ui.panels import reranker_add, reranker_card, reranker_list, views
from ui.sidebar import access, state


def main() -> None:
    """What is chosen, the catalogue, one reranker in full, and a way to add one."""
    state.page("Rerankers")
    chosen = state.sidebar().policy.reranker
    rows = access.listed()
    reranker_list.plugins()
    label = next(entry.label for entry, _ in rows if entry.key == chosen)
    views.headline(reranker_list.headline(rows, label))
    shown = reranker_list.filtered(rows)
    if shown:
        reranker_card.show(*reranker_list.choose(shown, chosen))
    else:
        st.info(
            "No reranker of this kind is ready. Turn off “Ready only” to see what each one needs.",
            icon=":material/search_off:",
        )
    reranker_add.show()


main()
