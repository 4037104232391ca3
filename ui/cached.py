"""Every cache of the app, in wrappers of a few lines. Models and collections are shared by all sessions, read-only."""

from __future__ import annotations

import streamlit as st
from rag_core.store import Store

from rag_core.config import Settings
from rag_core.retrieval.base import Embedder
from rag_core.retrieval.embed import get_embedder

SAMPLE = "Sample corpus"


@st.cache_resource
def settings() -> Settings:
    """The process's settings, from the environment."""
    return Settings()


@st.cache_resource
def store() -> Store:
    """The database."""
    return Store.from_settings(settings())


def embedder() -> Embedder:
    """The bi-encoder, loaded once per process."""
    return get_embedder(settings().embedding_model, settings().device)
