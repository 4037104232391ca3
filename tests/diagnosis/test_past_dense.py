"""An expected passage that dense search did not return: its own score says whether an approximate index missed it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from rag_core.corpus.collection import Collection
from rag_core.corpus.indexing import IndexingPlan, index_documents
from rag_core.diagnosis import Diagnosis, Expected, Location, Verdict, locate
from rag_core.diagnosis.past_dense import NO_VECTOR, OTHER_SCORES
from rag_core.diagnosis.reasons import Deeper, PastDense
from rag_core.errors import EngineGone, MissingPackage
from rag_core.pipeline.pipeline import Pipeline
from rag_core.pipeline.session import QuerySession
from rag_core.retrieval.engines.protocol import SearchResult
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from rag_core.schema.filters import Equal, Filter, Not
from rag_core.schema.policy import FULL_DEPTH, NO_RERANKER, Policy
from rag_core.schema.spaces import ScoreSpace
from rag_core.wording.rivals import note_text

POLICY = Policy(reranker=NO_RERANKER, depth=20, pool=10)
GROUPS, EACH, NUMBERS = 100, 70, 32


class Grouped:
    """A text `group 7` has the vector of that group, as every text of it: a graph of so many equal vectors falls apart.
    A question `group 7` has a vector near to it."""

    model, dimensions, max_tokens, load_ms = "grouped@1", NUMBERS, 256, 0.0

    def __init__(self) -> None:
        rng = np.random.default_rng(7)
        self.groups = rng.normal(size=(GROUPS, NUMBERS))
        self.asked = self.groups / np.linalg.norm(self.groups, axis=1, keepdims=True)
        self.asked = self.asked + 0.1 * rng.normal(size=(GROUPS, NUMBERS))

    def embed(self, texts: Sequence[str], progress: object = None) -> np.ndarray:
        return np.stack([unit(self.groups[number(text)]) for text in texts])

    def embed_query(self, query: str) -> np.ndarray:
        return unit(self.asked[number(query)])

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in re.finditer(r"\w+", text)]


def number(text: str) -> int:
    found = re.search(r"group (\d+)", text)
    return int(found[1]) if found else 0


def unit(vector: np.ndarray) -> np.ndarray:
    found: np.ndarray = (vector / np.linalg.norm(vector)).astype(np.float32)
    return found


EMBEDDER = Grouped()


def collection(exact_limit: int) -> Collection:
    plan = IndexingPlan(name="Groups", owner=None, chunking=Chunking(), exact_limit=exact_limit)
    documents = [
        Document(id=f"{group}-{one}", text=f"The group {group} has member {one}.", metadata={"even": not one % 2})
        for group in range(GROUPS)
        for one in range(EACH)
    ]
    return index_documents(plan, documents, EMBEDDER)


@pytest.fixture(scope="module")
def hnsw() -> Collection:
    return collection(exact_limit=0)


@pytest.fixture(scope="module")
def exact() -> Collection:
    return collection(exact_limit=10**6)


def diagnosed(searched: Collection, query: str, document: str, where: Filter | None = None) -> Diagnosis:
    session = QuerySession(Pipeline(searched, EMBEDDER), query, where)
    return session.diagnosed(session.trace(POLICY), locate(searched, Expected(document=document)))


def past(found: Diagnosis) -> PastDense:
    (note,) = [one for one in found.notes if isinstance(one, PastDense)]
    return note


def best(searched: Collection, query: str) -> list[str]:
    """The nearest documents, by comparing every vector."""
    order = np.argsort(-(np.asarray(searched.vectors) @ EMBEDDER.embed_query(query)), kind="stable")
    return [searched.passages[int(row)].document_id for row in order[:FULL_DEPTH]]


def missed_by(searched: Collection) -> tuple[str, str, float, float]:
    """A question, a document that the graph misses, its cosine, and the last that is returned."""
    for group in range(GROUPS):
        query = f"zzz group {group}"  # no lexical search finds what has none of its rarer words
        vector = EMBEDDER.embed_query(query)
        result = searched.dense(vector, FULL_DEPTH).hits
        last, returned = result[-1][1], {searched.passage(one).document_id for one, _ in result}
        for document in best(searched, query):
            cosine = float(EMBEDDER.groups[int(document.partition("-")[0])] @ vector)
            cosine /= float(np.linalg.norm(EMBEDDER.groups[int(document.partition("-")[0])]))
            if document not in returned and cosine > last + 0.01:
                return query, document, cosine, last
    raise AssertionError("The graph misses none of these groups: make them larger.")


def test_an_approximate_index_that_missed_it_is_found_out(hnsw: Collection, exact: Collection) -> None:
    query, document, cosine, last = missed_by(hnsw)
    note = past(diagnosed(hnsw, query, document))
    assert note.missed is True and note.own and note.end
    assert (note.own.score, note.end.score) == pytest.approx((cosine, last), abs=1e-5)
    assert (note.how, note.asked, note.returned) == ("HNSW graph, breadth 400", 200, 200)
    told = note_text(note)
    assert f"own cosine {cosine:.2f} is above that of rank 200, {last:.2f}: the approximate index missed it" in told
    assert not [one for one in diagnosed(exact, query, document).notes if isinstance(one, PastDense)]


def test_what_is_far_away_an_exact_search_would_not_have_returned_either(hnsw: Collection) -> None:
    query = "zzz group 3"
    far = np.argmin(np.asarray(hnsw.vectors) @ EMBEDDER.embed_query(query))
    note = past(diagnosed(hnsw, query, hnsw.passages[int(far)].document_id))
    assert note.missed is False and note.nearer == note.returned == FULL_DEPTH
    assert "it is below rank 200 of an exact search too" in note_text(note)


def test_an_exact_search_says_only_below_which_rank_it_is(exact: Collection) -> None:
    query = "zzz group 3"
    far = np.argmin(np.asarray(exact.vectors) @ EMBEDDER.embed_query(query))
    found = diagnosed(exact, query, exact.passages[int(far)].document_id)
    assert found.verdict is Verdict.MISSED_BY_BOTH and past(found).how == ""
    told = note_text(past(found))
    assert told.startswith(
        "It is below rank 200 of dense search, the deepest that is asked for. The list ends at cosine "
    )
    assert "approximate" not in told


def test_a_rank_that_was_measured_below_the_depth_is_told_as_it_is(exact: Collection) -> None:
    query = "zzz group 3"
    at = 57
    result = exact.dense(EMBEDDER.embed_query(query), FULL_DEPTH).hits
    document = exact.passage(result[at - 1][0]).document_id
    notes = diagnosed(exact, query, document).notes
    (deeper,) = [one for one in notes if isinstance(one, Deeper) and one.at.step == "dense"]
    assert (deeper.at.rank, deeper.depth) == (at, 20)
    assert (
        note_text(deeper) == f"Dense search has it 57th (cosine {result[at - 1][1]:.2f}); this run takes its first 20."
    )
    assert not [one for one in notes if isinstance(one, PastDense)]


def test_of_several_passages_the_one_that_a_list_has_is_told(exact: Collection) -> None:
    query = "zzz group 3"
    nearest = exact.dense(EMBEDDER.embed_query(query), FULL_DEPTH).hits
    far = exact.passages[int(np.argmin(np.asarray(exact.vectors) @ EMBEDDER.embed_query(query)))]
    both = (far, exact.passage(nearest[56][0]))
    location = Location(expected=Expected(document="both"), document_id="both", passages=both, spans=(None, None))
    session = QuerySession(Pipeline(exact, EMBEDDER), query)
    notes = session.diagnosed(session.trace(POLICY), location).notes
    assert [one.at.rank for one in notes if isinstance(one, Deeper) and one.at.step == "dense"] == [57]
    assert not [one for one in notes if isinstance(one, PastDense)]


def test_only_what_matches_the_filter_is_looked_at(exact: Collection) -> None:
    query, where = "zzz group 3", Filter(conditions=(Not(condition=Equal(field="even", value=True)),))
    found = diagnosed(exact, query, "9-2", where)
    assert found.verdict is Verdict.FILTERED_OUT and found.notes == ()


def test_a_passage_that_is_kept_is_not_looked_up(hnsw: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Collection, "vectors_by_id", None)
    kept = Pipeline(hnsw, EMBEDDER).run("zzz group 3", POLICY).kept[0].passage.document_id
    assert diagnosed(hnsw, "zzz group 3", kept).verdict is Verdict.KEPT


class Away(Collection):
    """Says how it searches, and does not give its vectors any more."""

    def vectors_by_id(self, ids: Sequence[str]) -> dict[str, np.ndarray]:
        raise EngineGone("db:5432")


class Refusing(Collection):
    """Refuses to give its vectors, by another error than an engine's."""

    def vectors_by_id(self, ids: Sequence[str]) -> dict[str, np.ndarray]:
        raise MissingPackage("psycopg", "A vector")


class Empty(Collection):
    """Gives no vectors."""

    def vectors_by_id(self, ids: Sequence[str]) -> dict[str, np.ndarray]:
        return {}


@pytest.mark.parametrize(
    ("kind", "why"), [(Away, "Nothing answers at db:5432"), (Refusing, "psycopg"), (Empty, NO_VECTOR)]
)
def test_what_cannot_be_read_cannot_be_told(kind: type[Collection], why: str, hnsw: Collection) -> None:
    query, document, *_ = missed_by(hnsw)
    searched = kind(hnsw.manifest, hnsw.texts, hnsw.vectors, hnsw.dense_index, hnsw.lexical_index, hnsw.files)
    note = past(diagnosed(searched, query, document))
    assert note.missed is None and note.own is None
    told = note_text(note)
    assert "Dense search is approximate here (HNSW graph, breadth 400): it may have missed this passage" in told
    assert "cannot be told" in told and why in told


def manhattan(vectors: np.ndarray, asked: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.abs(vectors - asked).sum(axis=1)
    return found


def euclidean(vectors: np.ndarray, asked: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.linalg.norm(vectors - asked, axis=1)
    return found


WAYS: dict[str, tuple[Callable[[np.ndarray, np.ndarray], np.ndarray], ScoreSpace]] = {
    "cosine": (lambda vectors, asked: vectors @ asked, ScoreSpace.COSINE),
    "product": (lambda vectors, asked: vectors @ asked, ScoreSpace.DOT),
    "euclidean": (euclidean, ScoreSpace.DISTANCE),
    "manhattan": (manhattan, ScoreSpace.DISTANCE),
    "squared": (lambda vectors, asked: euclidean(vectors, asked) ** 2, ScoreSpace.DISTANCE),
    "hamming": (lambda vectors, asked: ((vectors > 0) != (asked > 0)).sum(axis=1), ScoreSpace.UNKNOWN),
    "its own": (lambda vectors, asked: 1 / (1 + manhattan(vectors, asked)), ScoreSpace.UNKNOWN),
}


class Scored(Collection):
    """Compares every vector in one of these ways, and says no more than that it may be approximate."""

    way = "cosine"

    def dense(self, vector: np.ndarray, depth: int, where: Filter | None = None) -> SearchResult:
        score, space = WAYS[self.way]
        scores = score(np.asarray(self.vectors), vector)
        lower = space.lower_is_better or self.way == "hamming"
        order = np.argsort(scores if lower else -scores, kind="stable")[:depth]
        return SearchResult([(self.passages[int(row)].id, float(scores[row])) for row in order], space=space)

    def approximate(self, depth: int, where: Filter | None = None) -> str:
        return "its own index"


@pytest.mark.parametrize("way", WAYS)
def test_a_score_is_told_only_where_the_search_scores_so(
    way: str, exact: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The farthest of all is never called missed: all vectors were compared."""
    monkeypatch.setattr(Scored, "way", way)
    searched = Scored(exact.manifest, exact.texts, exact.vectors, exact.dense_index, exact.lexical_index, exact.files)
    asked = EMBEDDER.embed_query("zzz group 3")
    scores = WAYS[way][0](np.asarray(exact.vectors), asked)
    far = int(np.argmin(np.asarray(exact.vectors) @ asked))
    note = past(diagnosed(searched, "zzz group 3", exact.passages[far].document_id))
    if way in ("cosine", "product", "euclidean"):
        assert note.missed is False and note.own and note.own.score == pytest.approx(float(scores[far]), abs=1e-5)
    else:
        assert (note.missed, note.own, note.unread) == (None, None, OTHER_SCORES)
        assert f"which cannot be told. {OTHER_SCORES}" in note_text(note)
