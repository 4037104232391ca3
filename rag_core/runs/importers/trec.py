"""TREC runs with their corpus: a folder with `queries.jsonl`, `corpus.jsonl` (BEIR's forms) and `*.run` or `*.trec`.

Each file is a list, called by its name without the end. Lines are `query Q0 passage rank score tag`; the order is that
of the scores, ties in the file's order.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rag_core.errors import BadInput, SecondPassError
from rag_core.evaluation.beir import read_corpus, read_queries
from rag_core.evaluation.files import Faults, File, lines
from rag_core.runs.importers.columns import StepMeaning, guess_meaning
from rag_core.runs.importers.source import OpenedRuns, Problems
from rag_core.runs.passage_book import content_key
from rag_core.runs.sent import run_from
from rag_core.runs.values import StepKind

ENDS = (".run", ".trec")
Ranking = dict[str, list[tuple[str, float]]]
"""Passages with their scores by query id."""


def open_folder(folder: Path, *, steps: Mapping[str, StepMeaning] | None = None, project: str = "") -> OpenedRuns:
    """A run for each query that a list ranks. Raises BadInput where the folder lacks a file or nothing can be read."""
    files = sorted(path for path in folder.iterdir() if path.suffix in ENDS)
    if not files:
        raise BadInput(f"{folder} has no TREC runs: no file ends in {' or '.join(ENDS)}.")
    problems, faults = Problems(), Faults("queries.jsonl")
    queries = {one.id: one.text for one in read_queries(File.at(folder / "queries.jsonl"), faults)}
    for fault in faults.faults:
        problems.add("queries", fault)
    lists = {path.stem: _ranking(path, problems) for path in files}
    meant = {name: (steps or {}).get(name) or guess_meaning(name, None) for name in lists}
    order = sorted(lists, key=lambda name: list(StepKind).index(meant[name].kind))
    wanted = {item for ranking in lists.values() for items in ranking.values() for item, _ in items}
    passages = _passages(folder / "corpus.jsonl", wanted)
    runs = []
    for query_id in dict.fromkeys(one for name in order for one in lists[name]):
        if query_id not in queries:
            problems.add(f"query {query_id}", "it is not in queries.jsonl.")
            continue
        found = [(name, lists[name][query_id]) for name in order if query_id in lists[name]]
        try:
            runs.append(run_from(_sent(query_id, queries[query_id], found, meant, passages, project or folder.name)))
        except SecondPassError as exc:
            problems.add(f"query {query_id}", exc)
    return OpenedRuns(tuple(runs), problems.all(), "trec")


def _ranking(path: Path, problems: Problems) -> Ranking:
    """The lines of a file, best first for each query."""
    ranking: Ranking = {}
    faults = Faults(path.name)
    for number, line in lines(File.at(path), faults):
        cells = line.split()
        try:
            query_id, _, item, _, score, *_ = cells
            ranking.setdefault(query_id, []).append((item, float(score)))
        except ValueError:
            problems.add(f"line {number} of {path.name}", "it is not `query Q0 passage rank score tag`.")
    for notice in faults.notices:
        problems.add("encoding", notice)
    return {query_id: sorted(items, key=lambda one: -one[1]) for query_id, items in ranking.items()}


def _passages(corpus: Path, wanted: set[str]) -> dict[str, dict[str, Any]]:
    """The texts of the passages that are ranked; none where there is no corpus."""
    if not corpus.is_file():
        return {}
    documents = (one for one in read_corpus(File.at(corpus)) if one.id in wanted)
    return {one.id: {"text": one.text or None, "title": one.title} for one in documents}


def _sent(
    query_id: str, query: str, lists: list[tuple[str, list[tuple[str, float]]]], meant: Mapping[str, StepMeaning],
    passages: Mapping[str, dict[str, Any]], project: str,
) -> dict[str, Any]:  # fmt: skip
    steps: list[dict[str, Any]] = []
    for name, items in lists:
        searches = [one["name"] for one in steps if one["kind"] is StepKind.SEARCH]
        reads = {StepKind.SEARCH: [], StepKind.FUSION: searches}
        hits = [{"passage_id": item, "score": score, **passages.get(item, {})} for item, score in items[:10_000]]
        inputs = reads.get(meant[name].kind, [one["name"] for one in steps[-1:]])
        steps.append({"name": name, "inputs": inputs, "hits": hits, **dict(meant[name])})
    identifier = content_key(f"{project}\n{query_id}").replace("content", "trec")
    attributes = {"query_id": query_id}
    return {"id": identifier, "project": project, "query": query, "steps": steps, "attributes": attributes,
            "source": "trec"}  # fmt: skip
