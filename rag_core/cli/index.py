"""`second-pass index FOLDER --name NAME`: index a folder of documents and keep the collection.

second-pass index handbook --name Handbook             in the data folder, where the app shows it to everybody
second-pass index handbook --name Handbook --replace   again: only passages whose text has changed are embedded
second-pass index news --name Handbook --add           more documents; one whose id is there takes its place
second-pass index handbook --name Small --embedder "openai:text-embedding-3-small?dimensions=512"   sends the passages
second-pass ask "How long do refunds take?" --collection Handbook

second-pass index handbook --name Wiki --store Team    in Postgres or Milvus, a name of SECOND_PASS_STORES
second-pass ask "How long do refunds take?" --index Wiki
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rag_core.cli.documents import EMBEDDER_HELP, library, progress, read_folder, told_what_was_sent
from rag_core.corpus.loading.load import Loaded
from rag_core.corpus.storage.collection_store import checked_name, free_name
from rag_core.corpus.storage.own_model import key_for
from rag_core.corpus.stored_indexing import IntoStore, index_into_store
from rag_core.errors import BadInput
from rag_core.retrieval.embedders.choosing import embedder_for
from rag_core.retrieval.embedders.protocol import Embedder, why_not_converted
from rag_core.retrieval.engines.every_index import StoredCollections, every_index
from rag_core.retrieval.engines.stores import NamedStore, store_named
from rag_core.schema.chunking import Chunking
from rag_core.settings import Settings
from rag_core.wording.file_notes import note_line
from rag_core.wording.numbers import count_of
from rag_core.wording.step_warnings import not_converted


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = __doc__
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("folder", type=Path, help="a folder of documents")
    add("--name", required=True, help="what the collection is called")
    add("--embedder", metavar="KEY", help=EMBEDDER_HELP)
    add("--store", metavar="NAME", help="keep it in this database, a name of SECOND_PASS_STORES (docs/engines.md)")
    there = parser.add_mutually_exclusive_group()
    there.add_argument("--replace", action="store_true", help="take the place of the collection of that name")
    there.add_argument("--add", action="store_true", help="add to the collection of that name")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Read, index, save, say where."""
    settings = Settings()
    store = store_named(given.store, settings.stores) if given.store else None
    name = _checked_name(given, store, settings)  # before anything is read
    loaded = read_folder(given.folder)
    said = {str(problem) for problem in loaded.problems}
    for file in loaded.files:
        for note in file.notes:
            if f"{file.name}, {note.where}: {note.reason}" not in said:
                sys.stderr.write(f"{note_line(file, note)}\n")
    with told_what_was_sent():
        told = _into_store(given, name, store, loaded, settings) if store else _into_files(given, loaded, settings)
    sys.stdout.write(f"{told}\n")
    return 0


def _checked_name(given: argparse.Namespace, store: NamedStore | None, settings: Settings) -> str:
    """What the collection is called. Raises BadInput, CollectionError or EngineError where what is named cannot take it
    as it is asked to."""
    if store:
        name = _name_in(store, given.name, settings)
        if not (given.add or given.replace):
            IntoStore(store, settings.data_dir).check_free(name, "Add --replace or --add, or name another.")
        return name
    if stored := StoredCollections(settings.data_dir).find(given.name):
        raise BadInput(f"{given.name} is kept in the store {stored.store}. Name it with --store, or take another name.")
    kept = library(settings)
    if given.add and given.embedder:
        raise BadInput("A collection is added to with its own embedding model. Leave --embedder out.")
    if given.add:
        kept.manifest(given.name)
    elif not given.replace and checked_name(given.name) in kept.names():
        raise BadInput(f"There is a collection called {given.name!r} already. Add --replace or --add, or name another.")
    return str(given.name)


def _name_in(store: NamedStore, name: str, settings: Settings) -> str:
    """What a collection of that name is called in the store. Raises BadInput where something else has the name."""
    known = StoredCollections(settings.data_dir).find(name)
    if known is None:
        return free_name(name, [*library(settings).names(), *every_index(settings)[0]])
    if known.store != store.name:
        raise BadInput(f"{name} is in the store {known.store}. Name that one, or choose another name.")
    return known.name


def _into_files(given: argparse.Namespace, loaded: Loaded, settings: Settings) -> str:
    """Index into the data folder; what there is then."""
    kept = library(settings)
    if given.add:
        embedder = embedder_for(key_for(kept.manifest(given.name), settings), settings)
        made = kept.add(given.name, loaded.documents, embedder, progress, files=loaded.files)
    else:
        embedder, replace = _model(given, settings), given.replace
        made = kept.build(
            given.name, loaded.documents, Chunking(), embedder, progress, replace=replace, files=loaded.files
        )
    _say_if_slow(embedder)
    counts = f"{count_of(made.manifest.documents, 'document')}, {count_of(made.manifest.passages, 'passage')}"
    return f"{made.manifest.name}: {counts}, in {kept.root}"


def _into_store(given: argparse.Namespace, name: str, store: NamedStore, loaded: Loaded, settings: Settings) -> str:
    """Index into the store; what was written, and where."""
    known = StoredCollections(settings.data_dir).find(name)
    embedder = _model(given, settings, known.embedder if known else "")
    written = index_into_store(
        name, store, loaded.documents, embedder, None, settings.data_dir, progress,
        files=loaded.files, new=not (given.add or given.replace), whole=given.replace,
        token_bytes=settings.token_vectors_bytes,
    )  # fmt: skip
    _say_if_slow(embedder)
    table = StoredCollections(settings.data_dir).table_name(name, store.name)
    return f"{name}: {written}, in {store.config(table, '').place}"


def _say_if_slow(embedder: Embedder) -> None:
    """Say why the model that embedded is slower than it might be, where it is."""
    if why := why_not_converted(embedder):
        sys.stderr.write(f"\n{not_converted(why)}\n")


def _model(given: argparse.Namespace, settings: Settings, own: str = "") -> Embedder:
    """The embedding model that is named, else the collection's own, else that of the settings."""
    return embedder_for(given.embedder or own or settings.embedding_model, settings)
