"""`--index`: an index that somebody else keeps, by its name in SECOND_PASS_INDEXES, as the collection that is asked."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress

from rag_core.errors import EngineError
from rag_core.retrieval.embedders.protocol import Embedder
from rag_core.retrieval.engines.connected_collection import ConnectedCollection
from rag_core.retrieval.engines.every_index import index_named
from rag_core.retrieval.engines.model_check import check_model
from rag_core.settings import Settings


def add_option(parser: argparse.ArgumentParser) -> None:
    """The option that names the index."""
    parser.add_argument(
        "--index", metavar="NAME", help="ask this connected index, a name of SECOND_PASS_INDEXES (docs/connect.md)"
    )


def model_of(name: str, settings: Settings) -> Embedder:
    """The embedding model of the index: the one that its entry names, else the one of the settings. Raises BadInput."""
    return index_named(name, settings).model(settings)


def connected(name: str, settings: Settings, embedder: Embedder | None = None) -> ConnectedCollection:
    """The index as a collection. What its model check says against it is told on stderr. Raises BadInput."""
    found = index_named(name, settings).collection(embedder or model_of(name, settings))
    with suppress(EngineError):  # the search that follows says it
        if found.capabilities.dense and not (check := check_model(found)).fits and check.verdict != "empty":
            sys.stderr.write(f"Note: {check}\n")
    return found
