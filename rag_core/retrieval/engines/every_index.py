"""The indexes that everyone can search: those of SECOND_PASS_INDEXES, and the collections that were made in a store.

<data folder>/stored/<hash>.json     which collection is in which store; neither its address nor its password
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, Field

from rag_core.corpus.storage.token_book import TokenBook
from rag_core.errors import BadInput
from rag_core.installation.offered import one_offered
from rag_core.retrieval.engines.named_indexes import NamedIndex, read_named
from rag_core.retrieval.engines.stores import VARIABLE, NamedStore, read_stores
from rag_core.schema.base import Frozen
from rag_core.schema.records import Listing, RecordFormat, listing
from rag_core.settings import Settings
from rag_core.storage.files import replace_text


class StoredCollection(Frozen):
    """A collection in a store. embedder: the key of its model. written_at: when documents were last written from here.

    store: a name of SECOND_PASS_STORES. made_as: the name that its table was made for, where it was renamed since.
    """

    version: Literal[1] = 1
    name: str
    store: str
    embedder: str
    made_as: str = ""
    written_at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))

    @property
    def table_name(self) -> str:
        """The name that its table was made for."""
        return self.made_as or self.name


STORED = RecordFormat(
    noun="note of a collection in a store",
    model=StoredCollection,
    version=1,
    accepts="Index into the store again; what is there is not touched.",
)


class StoredCollections:
    """The notes in a data folder."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "stored"

    def all(self) -> Listing[StoredCollection]:
        """Every one by name, and what is wrong with each other note."""
        found = listing((path.stem[:8], partial(_read, path)) for path in sorted(self._folder.glob("*.json")))
        return Listing(tuple(sorted(found.found, key=lambda one: one.name)), found.left_out)

    def find(self, name: str) -> StoredCollection | None:
        """The one of that name; None where there is none."""
        return next((one for one in self.all().found if one.name == name), None)

    def table_name(self, name: str, store: str) -> str:
        """The name that the table of a collection there was made for, or would be. Raises BadInput where that table is
        another collection's, which was renamed."""
        known = self.all().found
        if mine := next((one for one in known if (one.name, one.store) == (name, store)), None):
            return mine.table_name
        if other := next((one for one in known if (one.table_name, one.store) == (name, store)), None):
            raise BadInput(f"What was made as {name} in {store} is called {other.name} now. Choose another name.")
        return name

    def rename(self, name: str, new_name: str) -> None:
        """Call it otherwise; its table keeps its name. Raises BadInput where there is none of that name, or one of the
        new one."""
        found = self.find(name)
        if found is None:
            raise BadInput(f"There is no collection {name} in a store.")
        if self.find(new_name):
            raise BadInput(f"The name {new_name} is taken. Choose another one.")
        made_as = "" if found.table_name == new_name else found.table_name
        self.keep(found.with_(name=new_name, made_as=made_as))
        self.forget(name)

    def keep(self, collection: StoredCollection) -> None:
        """Write it down, in place of the one of its name."""
        self._folder.mkdir(parents=True, exist_ok=True)
        replace_text(self._file(collection.name), collection.model_dump_json())

    def forget(self, name: str) -> None:
        """Remove the note of that name. The table stays."""
        self._file(name).unlink(missing_ok=True)

    def _file(self, name: str) -> Path:
        return self._folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.json"


def _read(path: Path) -> StoredCollection:
    return STORED.read(path.read_bytes())


def every_index(
    settings: Settings, environ: Mapping[str, str] = os.environ
) -> tuple[dict[str, NamedIndex], dict[str, str]]:
    """All of them by name, and what is wrong with each that cannot be searched; of two with one name, the one in a
    store. Raises BadInput where the file of indexes cannot be used."""
    found, problems = read_named(settings.indexes, environ)
    stored = StoredCollections(settings.data_dir).all()
    problems |= {left.name: str(left) for left in stored.left_out}
    stores = cache(lambda: read_stores(settings.stores, environ))
    for one in stored.found:
        try:
            store = one_offered(one.store, stores(), "store", VARIABLE)
            found[one.name] = in_store(store, one, settings)
        except BadInput as exc:
            problems[one.name] = f"The collection “{one.name}” cannot be searched: {exc}"
    return found, problems


def in_store(store: NamedStore, collection: StoredCollection, settings: Settings) -> NamedIndex:
    """The collection as an index that is searched; token vectors of its passages are kept in the data folder."""
    config = store.config(collection.table_name, collection.embedder).with_(name=collection.name)
    most = settings.token_vectors_bytes
    tokens = TokenBook(settings.data_dir, config.identity, most) if most else None
    return NamedIndex(config, store.secret, store.name, collection.written_at.isoformat(), tokens)


def index_named(name: str, settings: Settings, environ: Mapping[str, str] = os.environ) -> NamedIndex:
    """The index of that name. Raises BadInput, with the names that there are."""
    return one_offered(name, every_index(settings, environ), "index", "SECOND_PASS_INDEXES")
