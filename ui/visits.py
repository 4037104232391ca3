"""That somebody looks at collections counts as use; those of sessions that were not used for long are forgotten."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from rag_core.corpus.storage.private_collections import forget_sessions, visited


def noted(data_dir: Path, owner: str) -> None:
    """Write the visit down and forget old sessions, each at most once an hour."""
    _noted(data_dir, owner)
    _forgotten(data_dir)


@st.cache_data(ttl=3600)
def _forgotten(data_dir: Path) -> int:
    return forget_sessions(data_dir)


@st.cache_data(ttl=3600, max_entries=1000)
def _noted(data_dir: Path, owner: str) -> None:
    visited(data_dir, owner)
