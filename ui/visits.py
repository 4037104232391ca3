"""That somebody looks at collections counts as use; those of sessions that were not used for long are forgotten."""

from __future__ import annotations

import time
from pathlib import Path

import streamlit as st

from rag_core.corpus.storage.private_collections import forget_sessions, visited

HOUR_S = 3600
NOTED = "visit_noted"
"""Session key: whose visit was written down, and in which hour."""


def noted(data_dir: Path, owner: str) -> None:
    """Write the visit down, once an hour in each session, and forget old sessions, once an hour in all."""
    now = time.time() // HOUR_S
    if st.session_state.get(NOTED) == (owner, now):  # a run of a page asks this twenty times
        return
    visited(data_dir, owner)
    _forgotten(data_dir)
    st.session_state[NOTED] = owner, now


@st.cache_data(ttl=HOUR_S)
def _forgotten(data_dir: Path) -> int:
    return forget_sessions(data_dir)
