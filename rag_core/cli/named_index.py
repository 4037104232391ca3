"""`--index`: an index that somebody else keeps, by its name in SECOND_PASS_INDEXES, as the collection that is asked."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rag_core.cli.documents import library
from rag_core.errors import BadInput, CollectionError, EngineError
from rag_core.retrieval.embedders.protocol import Embedder
from rag_core.retrieval.engines.connected_collection import ConnectedCollection
from rag_core.retrieval.engines.every_index import every_index, index_named
from rag_core.retrieval.engines.model_check import check_model
from rag_core.retrieval.engines.named_indexes import NamedIndex
from rag_core.settings import Settings


def add_option(parser: argparse.ArgumentParser) -> None:
    """The option that names the index."""
    parser.add_argument(
        "--index",
        metavar="NAME",
        help="ask this connected index, a name of SECOND_PASS_INDEXES (docs/connect.md), "
        "or a collection that is kept in a database (docs/engines.md)",
    )


def model_of(name: str, settings: Settings) -> Embedder:
    """The embedding model of the index: the one that its entry names, else the one of the settings. Raises BadInput."""
    return _named(name, settings).model(settings)


def connected(name: str, settings: Settings, embedder: Embedder | None = None) -> ConnectedCollection:
    """The index as a collection. What its model check says against it is told on stderr. Raises BadInput."""
    found = _named(name, settings).collection(embedder or model_of(name, settings))
    with suppress(EngineError):  # the search that follows says it
        if found.capabilities.dense and not (check := check_model(found)).fits and check.verdict != "empty":
            sys.stderr.write(f"Note: {check}\n")
    return found


@contextmanager
def telling_indexes(name: str | None, settings: Settings) -> Iterator[None]:
    """Where no collection in files has that name: raise BadInput that names the option, if an index has it."""
    try:
        yield
    except CollectionError as exc:
        if name in every_index(settings)[0] and name not in library(settings).names():
            raise BadInput(f"“{name}” is no collection in files but an index. Name it with --index.") from exc
        raise


def _named(name: str, settings: Settings) -> NamedIndex:
    try:
        return index_named(name, settings)
    except BadInput as exc:
        if name in library(settings).names():
            raise BadInput(f"“{name}” is a collection in files. Name it with --collection.") from exc
        raise
