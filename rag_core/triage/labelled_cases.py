"""Triage cases as a labelled set: what people expected, as grades."""

from __future__ import annotations

from collections.abc import Iterable

from rag_core.errors import BadInput
from rag_core.evaluation.sets import LabelledSet, Query
from rag_core.triage.case import Case

CASES = "Triage cases"


def set_of_cases(cases: Iterable[Case]) -> LabelledSet:
    """A query per different question, its expected documents as grade 1; `kind` is the first case's verdict.

    Raises BadInput where there is no case.
    """
    queries: dict[str, Query] = {}
    qrels: dict[str, dict[str, int]] = {}
    for case in cases:
        query_id = queries[case.query].id if case.query in queries else f"case-{case.id[:8]}"
        fields = {"status": str(case.status)}
        queries.setdefault(case.query, Query(id=query_id, text=case.query, kind=str(case.verdict), fields=fields))
        qrels.setdefault(query_id, {}).update(dict.fromkeys(case.documents, 1))
    if not queries:
        raise BadInput("There is no triage case yet. Save some in Triage, and they become labelled queries here.")
    return LabelledSet(name=CASES, queries=tuple(queries.values()), qrels=qrels)
