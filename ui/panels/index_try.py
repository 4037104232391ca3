"""Try an index before it is connected: a question to it, and the check of its model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st
from pydantic import SecretStr

from rag_core.errors import BadInput, SecondPassError
from rag_core.pipeline.pipeline import checked_query
from rag_core.retrieval.engines.index_config import IndexConfig, index_config_of
from rag_core.retrieval.engines.named_indexes import NamedIndex
from rag_core.wording.connected_indexes import found_rows, tried_sentence
from ui import caches, index_caches
from ui.panels import views
from ui.sidebar import indexes

TRIED = "index_tried"
"""Session key: the sentence of the last try and the rows that it found, or the sentence of an error."""

ROWS = 3
"""Passages that a try shows."""


def keep(given: Mapping[str, Any], secret: SecretStr | None, question: str) -> None:
    """Try it, and keep what came of it for `show`."""
    st.session_state[TRIED] = _tried(given, secret, question)


def forget() -> None:
    """Show no try any more."""
    st.session_state.pop(TRIED, None)


def _tried(
    given: Mapping[str, Any], secret: SecretStr | None, question: str
) -> tuple[str, list[dict[str, object]]] | str:
    """What it found, or what is wrong."""
    try:
        if not question.strip():
            raise BadInput("Enter a question to try.")
        config: IndexConfig = index_config_of(dict(given))
        with st.spinner("Searching"):
            collection = NamedIndex(config, secret).collection(caches.embedder(config.embedder))
            try:
                check = indexes.checked(collection)
                found = index_caches.tried(collection, checked_query(question), ROWS)
            finally:
                collection.index.close()
        return tried_sentence(found, config, check), found_rows(found)
    except SecondPassError as exc:
        return str(exc)


def show() -> None:
    """What the last try gave: a sentence and the first passages, or what is wrong."""
    found = st.session_state.get(TRIED)
    if isinstance(found, str):
        st.error(views.markdown(found), icon=":material/error:")
    elif found is not None:
        st.success(views.markdown(found[0]), icon=":material/check_circle:")
        st.dataframe(found[1], hide_index=True, key="ix_tried_rows")
