"""Rankings made elsewhere: TREC run files, and JSON Lines of candidates with the scores of another RAG stack.

Reads and writes both; everything wrong is said at once, by file and line. What becomes of them is in `elsewhere.py`.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import numpy as np
from pydantic import Field, FiniteFloat, ValidationError

from rag_core.evaluation.cells import number_in, rows
from rag_core.evaluation.files import Faults, File, objects, summary
from rag_core.evaluation.sets import LabelledSet
from rag_core.schema.base import Frozen
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.validation import in_words

DEEPEST = 1000
"""How many documents a query's ranking keeps."""


class TrecRun(Frozen):
    """Ranked documents by query id, best first, with their scores. `notices`: what its reader must know."""

    name: str
    ranking: dict[str, tuple[tuple[str, FiniteFloat], ...]]
    notices: tuple[str, ...] = ()

    @property
    def documents(self) -> dict[str, list[str]]:
        """Document ids by query id, best first."""
        return {query: [item for item, _ in items] for query, items in self.ranking.items()}


class Candidate(Frozen):
    """One candidate of another stack: its score in each list that found it, and from each reranker that read it."""

    id: Annotated[str, Field(min_length=1)]
    document_id: str = ""
    title: str = ""
    found: dict[str, FiniteFloat] = {}
    scores: dict[str, FiniteFloat] = {}


CANDIDATES_LINE = (
    '{"query_id": "q1", "candidates": [{"id": "c1", "found": {"dense": 0.8}, "scores": {"my-reranker": 3.1}}]}: a list '
    "of candidates, each with its scores by search (found) and by reranker (scores)."
)


class Candidates(Frozen):
    """A line of a candidates file. `spaces` names the score space of a reranker, where it is one that we know.

    {"query_id": "q1", "spaces": {"ce": "logit"}, "candidates": [
      {"id": "c1", "document_id": "d1", "found": {"dense": 0.8, "lexical": 11.2}, "scores": {"ce": 3.1}}]}
    """

    query_id: Annotated[str, Field(min_length=1)]
    spaces: dict[str, ScoreSpace] = {}
    candidates: tuple[Candidate, ...]


def read_run(file: File, labelled: LabelledSet) -> TrecRun:
    """A TREC run file: query, Q0, document, rank, score, tag. Raises BadInput with every fault found.

    Documents are ordered as trec_eval orders them, whatever the rank column says: by score as a 32-bit float, equal
    ones by document id, last first. Queries that the set does not have are left out, with a notice.
    """
    faults = Faults(file.name)
    scores: dict[str, dict[str, float]] = {}
    strange: dict[str, int] = {}
    for number, cells in rows(file, faults, (5, 6), 4, number_in):
        row = _row(cells, number, faults)
        if row is None:
            continue
        query_id, item, score = row
        if query_id not in labelled.by_id:
            strange.setdefault(query_id, number)
            continue
        if item in scores.setdefault(query_id, {}):
            faults.add(number, f"document {item!r} is in the ranking of {query_id!r} twice.")
        scores[query_id][item] = score
    if not scores and not faults.faults:
        faults.add(1, f"no query of the set {labelled.name} is in this file.")
    faults.check()
    for query_id, number in strange.items():
        faults.note(number, f"the set {labelled.name} has no query {query_id!r}; its ranking is not used.")
    ranking = {query_id: _as_trec_eval(of_query) for query_id, of_query in scores.items()}
    tied = sum(_ties(items) for items in ranking.values())
    if tied:
        faults.notices.append(f"{file.name}: {tied} documents are tied with the one above; ordered as trec_eval does.")
    return TrecRun(name=Path(file.name).stem, ranking=ranking, notices=tuple(summary(faults.notices)))


def _row(cells: Sequence[str], number: int, faults: Faults) -> tuple[str, str, float] | None:
    """(query id, document id, score) of one line, or None after adding the fault."""
    if len(cells) not in (5, 6):
        faults.add(number, f"expected query, Q0, document, rank, score and tag, found {len(cells)} columns.")
        return None
    score = number_in(cells[4])
    if not math.isfinite(score):
        faults.add(number, f"the score {cells[4]!r} is not a finite number.")
        return None
    return cells[0], cells[2], score


def _as_trec_eval(scores: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    by_id = sorted(scores.items(), reverse=True)
    return tuple(sorted(by_id, key=lambda pair: -float(np.float32(pair[1])))[:DEEPEST])


def _ties(items: Sequence[tuple[str, float]]) -> int:
    as_read = [float(np.float32(score)) for _, score in items]
    return sum(one == other for one, other in itertools.pairwise(as_read))


def read_candidates(file: File, labelled: LabelledSet) -> tuple[dict[str, Candidates], tuple[str, ...]]:
    """A candidates file (see `Candidates`), by query id, and notices. Raises BadInput with every fault found."""
    faults = Faults(file.name)
    found: dict[str, Candidates] = {}
    for number, row in objects(file, faults):
        try:
            one = Candidates.model_validate_json(json.dumps(row))
        except (ValidationError, ValueError) as exc:
            faults.add(number, _first(exc))
            continue
        ids = [candidate.id for candidate in one.candidates]
        if one.query_id in found:
            faults.add(number, f"query {one.query_id!r} is in this file twice.")
        elif len(set(ids)) < len(ids):
            twice = next(item for at, item in enumerate(ids) if item in ids[:at])
            faults.add(number, f"candidate {twice!r} of query {one.query_id!r} is there twice.")
        elif one.query_id not in labelled.by_id:
            faults.note(number, f"the set {labelled.name} has no query {one.query_id!r}; its candidates are not used.")
        else:
            found[one.query_id] = one
    if not found and not faults.faults:
        faults.add(1, f"no query of the set {labelled.name} is in this file.")
    faults.check()
    return found, tuple(summary(faults.notices))


def _first(exc: Exception) -> str:
    if not isinstance(exc, ValidationError):
        return f"{exc}."
    return f"{in_words(exc)}. A line should look like {CANDIDATES_LINE}"


def write_run(ranking: Mapping[str, Sequence[str]], tag: str) -> str:
    """A TREC run file of a ranking. Scores count down from 1000, so that no reader sees ties where there are none."""
    rows = []
    for query_id, items in ranking.items():
        for rank, item in enumerate(items[:DEEPEST], start=1):
            rows.append(f"{trec_id(query_id)} Q0 {trec_id(item)} {rank} {DEEPEST + 1 - rank} {tag}\n")
    return "".join(rows)


def write_qrels(labelled: LabelledSet) -> str:
    """TREC qrels of the judged queries: query, 0, document, grade."""
    return "".join(
        f"{trec_id(query.id)} 0 {trec_id(item)} {grade}\n"
        for query in labelled.judged
        for item, grade in sorted(labelled.qrels[query.id].items())
    )


def trec_id(text: str) -> str:
    """An id without white space, which TREC's files cannot hold: `a b` becomes `a%20b`."""
    return "".join(quote(char, safe="") if char.isspace() else char for char in text)
