"""What every kind of index behind HTTP says where something else answers, or nothing that it can use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr

from rag_core.errors import BadInput, EngineError, EngineGone, MissingIndex
from rag_core.retrieval.engines.index_config import IndexConfig, IndexFields
from rag_core.retrieval.engines.index_kinds import KINDS, IndexKind
from rag_core.retrieval.engines.protocol import IndexEngine
from tests.retrieval.engines.http_server import KEY, HttpServer

REST = [kind for kind in KINDS if "httpx" in kind.packages]
QUERY = np.ones(4, np.float32)
ANSWERS: dict[str, tuple[int, Any]] = {
    "an object with nothing": (200, {}),
    "an object with something else": (200, {"status": "ok", "result": None, "data": None}),
    "a list": (200, []),
    "a number": (200, 3),
    "null": (200, "null"),
    "a web page": (200, "<!doctype html><title>Sign in</title>"),
    "a redirect": (302, ""),
    "a failure": (500, "oops"),
    "too many requests": (429, {"message": "slow down"}),
}


@pytest.fixture
def server() -> Iterator[HttpServer]:
    made = HttpServer(lambda _: (200, {}))
    yield made
    made.stop()


def config(kind: IndexKind, address: str) -> IndexConfig:
    return IndexConfig(kind=kind.name, address=address, index="Shop", fields=IndexFields(text="body", vector="dense"))


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("kind", REST, ids=lambda kind: kind.name)
def test_another_server_at_the_address_is_said_in_words(kind: IndexKind, answer: str, server: HttpServer) -> None:
    server.answers = lambda _: ANSWERS[answer]
    given = config(kind, server.address)
    index = kind.connect(given, SecretStr(KEY))
    asks: list[Callable[[IndexEngine], object]] = [
        lambda one: one.dense(QUERY, 3), lambda one: one.passages_by_id(["a"]), lambda one: one.count(),
        lambda one: one.listed(3), lambda one: one.dimensions(),
    ]  # fmt: skip
    failed = 0
    for ask in (*asks, lambda _: kind.describe(given, SecretStr(KEY)), lambda _: kind.indexes(given, SecretStr(KEY))):
        try:
            ask(index)
        except EngineError as exc:
            failed += 1
            assert KEY not in str(exc)
    index.close()
    assert failed >= 5


@pytest.mark.parametrize("kind", REST, ids=lambda kind: kind.name)
def test_an_answer_without_a_length_that_ends_half_way_is_a_connection_that_broke(
    kind: IndexKind, server: HttpServer
) -> None:
    server.answers = lambda _: (200, '{"result": {"points": [{"id": "a')
    index = kind.connect(config(kind, server.address), None)
    with pytest.raises(EngineGone, match="ends half-way"):
        index.count()
    index.close()


@pytest.mark.parametrize("kind", REST, ids=lambda kind: kind.name)
def test_an_index_that_is_not_there_and_a_server_before_it_that_is_not(kind: IndexKind, server: HttpServer) -> None:
    index = kind.connect(config(kind, server.address), None)
    for status, wanted in ((404, MissingIndex), (503, EngineGone)):
        answer: tuple[int, Any] = (200, {"code": 100}) if (kind.name, status) == ("milvus", 404) else (status, {})
        server.answers = lambda _, answer=answer: answer  # type: ignore[misc]
        with pytest.raises(wanted):
            index.dense(QUERY, 3)
    index.close()


@pytest.mark.parametrize("kind", REST, ids=lambda kind: kind.name)
def test_an_address_that_cannot_be_one_is_refused_at_once(kind: IndexKind) -> None:
    for address in ("ftp://localhost:1", "http://localhost:1/?a=b", "http://localhost:1#x", "localhost:6333"):
        with pytest.raises(BadInput, match=r"must look like|no \? and no #"):
            kind.connect(config(kind, address), None)
