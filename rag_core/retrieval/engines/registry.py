"""Every engine that can hold an embedded collection's vectors, a row each. To add one, write its module and its row.

The module holds a class with the members of `VectorIndex` and the classmethods of `VectorEngine` (`protocol`); its test
inherits `tests/retrieval/engines/conformance.py`. An index that somebody else keeps is no row: implement `Engine`.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pkgutil import resolve_name
from typing import TYPE_CHECKING, cast

from rag_core.errors import BadInput, CollectionError, MissingPackage
from rag_core.retrieval.engines.protocol import VectorEngine, VectorIndex
from rag_core.schema.protocols import listed, missing_members

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from rag_core.schema.vectors import Vectors


@dataclass(frozen=True)
class EngineKind:
    """One engine.

    name      what the setting `engine` calls it
    factory   `module:Class`; imported when an index is made or read
    kinds     the values of `VectorIndex.kind` that it gives, which collections are saved under
    packages  modules that it needs
    """

    name: str
    factory: str
    kinds: tuple[str, ...]
    packages: tuple[str, ...] = ()

    def build(self, vectors: Vectors, exact_limit: int) -> VectorIndex:
        """Index the vectors. Raises BadInput or MissingPackage."""
        return self._engine().build(vectors, exact_limit)

    def load(self, folder: Path, vectors: Vectors) -> VectorIndex:
        """Read a saved index over its vectors. Raises CollectionError or MissingPackage."""
        return self._engine().load(folder, vectors)

    def _engine(self) -> VectorEngine:
        for package in self.packages:
            if find_spec(package) is None:
                raise MissingPackage(package, f"The engine {self.name}")
        made = resolve_name(self.factory)
        if missing := [*missing_members(VectorEngine, made), *missing_members(VectorIndex, made)]:
            raise BadInput(f"The engine {self.name} cannot be used: {self.factory} has no {listed(missing)}.")
        return cast(VectorEngine, made)


ENGINES = (
    EngineKind(
        name="faiss",
        factory="rag_core.retrieval.engines.faiss_index:DenseIndex",
        kinds=("exact", "hnsw"),
        packages=("faiss",),
    ),
)
DEFAULT_ENGINE = "faiss"


def engine_named(name: str) -> EngineKind:
    """The engine of that name. Raises BadInput where there is none."""
    for engine in ENGINES:
        if engine.name == name:
            return engine
    raise BadInput(f"There is no engine {name!r}. Known are: {_names(engine.name for engine in ENGINES)}.")


def engine_of(kind: str) -> EngineKind:
    """The engine that reads this kind of index. Raises CollectionError where there is none."""
    for engine in ENGINES:
        if kind in engine.kinds:
            return engine
    known = _names(kind for engine in ENGINES for kind in engine.kinds)
    raise CollectionError(f"Its index is of the kind {kind!r}, and only {known} can be read here. Re-index it.")


def _names(names: Iterable[str]) -> str:
    return ", ".join(names)
