"""Caches of connected indexes. What was found in one is shared by those only who share the connection."""

from __future__ import annotations

import streamlit as st

from rag_core.corpus.facets import Facets, facets
from rag_core.pipeline.pipeline import Pipeline
from rag_core.pipeline.session import QuerySession
from rag_core.retrieval.engines.connected_collection import ConnectedCollection
from rag_core.retrieval.engines.model_check import ModelCheck, check_model
from rag_core.schema.filters import Filter
from rag_core.schema.policy import NO_RERANKER, Policy
from rag_core.schema.trace import Trace

FACETED = 1000
"""Passages of a connected index that are read for the values of its filter."""


@st.cache_resource(max_entries=32, ttl=600, show_spinner=False)
def of_facets(scope: str, config: str, _found: ConnectedCollection) -> Facets:  # noqa: ARG001 - keyed by these
    """What a connected index can be filtered by, as far as its first passages say it: by days only where it can compare
    them. Raises EngineError."""
    able = _found.capabilities
    there = facets(_found.index.listed(FACETED)) if able.listing else Facets()
    return there if "dated" in able.conditions else there.with_(first=None, last=None)


@st.cache_resource(max_entries=32, ttl=600, show_spinner="Checking its model")
def model_check(scope: str, config: str, _found: ConnectedCollection) -> ModelCheck:  # noqa: ARG001 - keyed by these
    """Whether a connected index's vectors are of its model. Raises EngineError."""
    return check_model(_found)


def tried(found: ConnectedCollection, query: str, most: int) -> Trace:
    """A question to an index that is not connected yet, without a reranker; nothing is kept."""
    return Pipeline(found, found.embedder).run(query, Policy(reranker=NO_RERANKER, top_k=most))


@st.cache_resource(max_entries=100, show_spinner=False)
def question(
    key: tuple[str, ...],  # noqa: ARG001 - the cache is keyed by it and by who wrote
    query: str,
    where: Filter | None,
    writer: tuple[str, str],  # noqa: ARG001
    _searched: ConnectedCollection,
) -> QuerySession:
    """The question to it. Whoever asks it brings a pipeline with keys (`QuerySession.using`)."""
    return QuerySession(Pipeline(_searched, _searched.embedder), query, where)


def forget() -> None:
    """Drop what is kept of every connected index: the questions to it hold its connection, and with it its secret."""
    for cache in (of_facets, model_check, question):
        cache.clear()
