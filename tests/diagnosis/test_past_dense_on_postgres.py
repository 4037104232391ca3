"""A table of Postgres whose IVFFlat index misses rows: Triage says so from the stored vector of the expected one."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest
from pydantic import SecretStr

from rag_core.diagnosis import Diagnosis, Expected, locate
from rag_core.diagnosis.reasons import PastDense
from rag_core.pipeline.pipeline import Pipeline
from rag_core.pipeline.session import QuerySession
from rag_core.retrieval.engines.connected_collection import ConnectedCollection
from rag_core.retrieval.engines.index_config import Distance, IndexConfig, IndexFields
from rag_core.retrieval.engines.index_kinds import connect
from rag_core.schema.policy import FULL_DEPTH, NO_RERANKER, Policy
from rag_core.schema.spaces import ScoreSpace
from rag_core.wording.rivals import note_text
from tests.retrieval.engines.postgres_server import READER, PostgresServer

ROWS, NUMBERS, LISTS = 4000, 16, 400
OPERATORS: dict[Distance, str] = {"cosine": "vector_cosine_ops", "dot": "vector_ip_ops", "l2": "vector_l2_ops"}
RNG = np.random.default_rng(11)
VECTORS = RNG.normal(size=(ROWS, NUMBERS)).astype(np.float32)
QUESTION = RNG.normal(size=NUMBERS).astype(np.float32)
EMBEDDER = SimpleNamespace(
    model="random@1", key="random", dimensions=NUMBERS, max_tokens=256, load_ms=0.0, embed_query=lambda _: QUESTION
)
pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def table(pgvector_server: PostgresServer) -> Iterator[PostgresServer]:
    """Rows at random, of which the index has few lists looked at: 10 probes of 400, until there are enough rows."""
    pgvector_server.sql(f"CREATE TABLE scattered (id text PRIMARY KEY, body text, embedding vector({NUMBERS}))")
    rows = [(f"row-{at}", f"words of {at}", str(vector.tolist())) for at, vector in enumerate(VECTORS)]
    pgvector_server.sql("INSERT INTO scattered VALUES (%s, %s, %s)", rows)
    pgvector_server.sql(f"ALTER ROLE {READER[0]} SET enable_seqscan = off")
    yield pgvector_server
    pgvector_server.sql(f"ALTER ROLE {READER[0]} RESET enable_seqscan")
    pgvector_server.sql("DROP TABLE scattered")


@pytest.fixture(params=list(OPERATORS))
def distance(request: pytest.FixtureRequest, table: PostgresServer) -> Iterator[Distance]:
    """How the index compares."""
    made = f"USING ivfflat (embedding {OPERATORS[request.param]}) WITH (lists = {LISTS})"
    table.sql(f"CREATE INDEX scattered_index ON scattered {made}")
    table.sql("ANALYZE scattered")
    yield request.param
    table.sql("DROP INDEX scattered_index")


def searched(server: PostgresServer, exact: bool = False) -> ConnectedCollection:
    fields = IndexFields(id="id", text="body", vector="embedding")
    config = IndexConfig(
        kind="pgvector", name="Scattered", address=server.address(), index="scattered", fields=fields, exact=exact
    )
    return ConnectedCollection(connect(config, SecretStr(READER[1])), config, EMBEDDER)  # type: ignore[arg-type]


def diagnosed(found: ConnectedCollection, document: str) -> Diagnosis:
    session = QuerySession(Pipeline(found, EMBEDDER), "anything")  # type: ignore[arg-type]
    trace = session.trace(Policy(reranker=NO_RERANKER, depth=20))
    return session.diagnosed(trace, locate(found, Expected(document=document)))


def by_comparing(distance: Distance) -> tuple[np.ndarray, np.ndarray]:
    """The rows, nearest first, and their scores."""
    if distance == "l2":
        scores = np.linalg.norm(VECTORS - QUESTION, axis=1)
        return np.argsort(scores, kind="stable"), scores
    scores = VECTORS @ QUESTION
    if distance == "cosine":
        scores = scores / (np.linalg.norm(VECTORS, axis=1) * np.linalg.norm(QUESTION))
    return np.argsort(-scores, kind="stable"), scores


def test_a_row_that_the_index_misses_is_found_out_and_a_far_one_is_not_blamed_on_it(
    table: PostgresServer, distance: Distance
) -> None:
    index = searched(table)
    order, scores = by_comparing(distance)
    hits = index.dense(QUESTION, FULL_DEPTH).hits
    returned = {one for one, _ in hits}
    missed = next(int(row) for row in order[:FULL_DEPTH] if f"row-{row}" not in returned)
    note = note_of(diagnosed(index, f"row-{missed}"))
    assert note.missed is True and note.own and note.end and note.how == "IVFFlat, 10 probes"
    assert note.own.score == pytest.approx(float(scores[missed]), abs=1e-4)
    assert note.end.score == pytest.approx(hits[-1][1], abs=1e-6)
    side = "below" if note.own.space is ScoreSpace.DISTANCE else "above"
    assert f"is {side} that of rank 200" in note_text(note) and "the approximate index missed it" in note_text(note)
    far = note_of(diagnosed(index, f"row-{int(order[-1])}"))
    assert far.missed is False and far.nearer == far.returned == FULL_DEPTH
    assert "it is below rank 200 of an exact search too" in note_text(far)
    exact = diagnosed(searched(table, exact=True), f"row-{missed}")
    assert not [one for one in exact.notes if isinstance(one, PastDense)]  # it is in the list now


def note_of(found: Diagnosis) -> PastDense:
    (note,) = [one for one in found.notes if isinstance(one, PastDense)]
    return note
