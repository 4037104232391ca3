"""Every row of the engines' registry is whole, and what no row knows is refused in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import rag_core
from rag_core.corpus.storage.visible import VisibleCollections
from rag_core.errors import BadInput, CollectionError, MissingPackage
from rag_core.retrieval.engines.registry import ENGINES, EngineKind, engine_named, engine_of
from rag_core.schema.chunking import Chunking
from rag_core.settings import Settings
from tests.corpus.doubles import WordEmbedder, documents


def test_names_and_kinds_are_given_once() -> None:
    kinds = [kind for engine in ENGINES for kind in engine.kinds]
    assert len({engine.name for engine in ENGINES}) == len(ENGINES)
    assert len(set(kinds)) == len(kinds)


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.name)
def test_a_row_can_be_built(engine: EngineKind) -> None:
    assert engine.build(np.eye(3, dtype=np.float32), 10).kind in engine.kinds


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(BadInput, match=r"There is no engine 'none'\. Known are: .*faiss"):
        engine_named("none")
    with pytest.raises(CollectionError, match="of the kind 'none'"):
        engine_of("none")
    with pytest.raises(MissingPackage, match="The engine x needs the package no_such_package"):
        EngineKind("x", "a:B", ("x",), ("no_such_package",)).build(np.eye(3, dtype=np.float32), 10)


def test_the_setting_chooses_it_for_what_is_indexed_from_now_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECOND_PASS_ENGINE", "none")
    monkeypatch.setenv("SECOND_PASS_DATA_DIR", str(tmp_path))
    seen = VisibleCollections(Settings(), "ab" * 16)
    for index in (
        lambda: rag_core.index(texts=["A refund."], embedder=WordEmbedder()),
        lambda: seen.own.build("Shop", documents(1), Chunking(), WordEmbedder()),
        lambda: seen.shared.build("Shop", documents(1), Chunking(), WordEmbedder()),
    ):
        with pytest.raises(BadInput, match="There is no engine 'none'"):
            index()


class Half:
    kind = "half"

    @classmethod
    def build(cls, vectors: object, exact_limit: int) -> Half: ...  # type: ignore[empty-body]


def test_an_engine_that_lacks_a_member_is_refused() -> None:
    engine = EngineKind("half", f"{__name__}:Half", ("half",))
    with pytest.raises(BadInput, match="Half has no load and no rows and no search and no approximate and no save"):
        engine.build(np.eye(3, dtype=np.float32), 10)
