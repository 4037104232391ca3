"""TREC runs with their corpus: files `queries.jsonl`, `corpus.jsonl` (BEIR's forms) and `*.run` or `*.trec`.

Each file, which may be packed as `.gz`, is a list, called by its name without the end, or with it where that is what
tells two apart. Lines are `query Q0 passage rank score tag`; the order is that of the scores, best first by what the
list's scores mean (the highest, where nobody says), ties in the file's order. Ranks that say otherwise are noted.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path, PurePath
from typing import Any

from rag_core.errors import BadInput, SecondPassError
from rag_core.evaluation.beir import read_corpus, read_queries
from rag_core.evaluation.files import Faults, File, lines
from rag_core.runs.importers.columns import StepMeaning, guess_meaning
from rag_core.runs.importers.source import OpenedRuns, Problems
from rag_core.runs.passage_book import content_key
from rag_core.runs.recorder.shapes import cleaned
from rag_core.runs.run import MAX_HITS
from rag_core.runs.sent import run_from
from rag_core.runs.values import StepKind

ENDS = (".run", ".trec")
PACKED = ".gz"
QUERIES, CORPUS = "queries.jsonl", "corpus.jsonl"
LONGEST_NAME = 180
"""Characters of a list's name."""

Ranking = dict[str, list[tuple[str, float]]]
"""Passages with their scores by query id."""

Line = tuple[str, float, float]
"""A passage, its score and its rank, NaN where that is no number."""


def open_folder(folder: Path, *, steps: Mapping[str, StepMeaning] | None = None, project: str = "") -> OpenedRuns:
    """The runs of the files in a folder, as `open_files`."""
    paths = sorted(path for path in folder.iterdir() if path.is_file())
    if not any(is_list(path.name) for path in paths):
        raise BadInput(f"{folder} has no TREC runs: no file ends in {' or '.join(ENDS)}.")
    files = [replace(File.at(path), name=path.name) for path in paths]
    return open_files(files, steps=steps, project=project or folder.name)


def open_files(files: Sequence[File], *, project: str, steps: Mapping[str, StepMeaning] | None = None) -> OpenedRuns:
    """A run for each query that a list ranks. Raises BadInput where a file is missing, two are called the same, or
    nothing can be read."""
    named, problems = list_names([file.name for file in files]), Problems()
    asked = _file(files, QUERIES)
    if asked is None:
        raise BadInput(f"There is no {QUERIES} among the files. Add it: it has the queries of the runs.")
    queries = _queries(asked, problems)
    meant = {name: (steps or {}).get(name) or guess_meaning(name, None) for name in named.values()}
    notes: list[str] = []
    lists = {
        name: _ranking(file, meant[name].better == "lower", problems, notes)
        for file in files
        if (name := named.get(file.name)) is not None
    }
    order = sorted(lists, key=lambda name: list(StepKind).index(meant[name].kind))
    wanted = {item for ranking in lists.values() for items in ranking.values() for item, _ in items}
    passages = _passages(_file(files, CORPUS), wanted, problems)
    of = _content_hash([file for file in files if file is asked or file.name in named])
    runs = []
    for query_id in dict.fromkeys(one for name in order for one in lists[name]):
        if query_id not in queries:
            problems.add(f"query {query_id}", f"it is not in {QUERIES}.")
            continue
        found = [(name, lists[name][query_id]) for name in order if query_id in lists[name]]
        identifier = content_key(f"{project}\n{of}\n{query_id}").replace("content", "trec")
        sent = {"id": identifier, "project": cleaned(project, 200), "query": queries[query_id], "source": "trec"}
        attributes = {"query_id": query_id}
        try:
            runs.append(run_from(sent | {"steps": _steps(found, meant, passages), "attributes": attributes}))
        except SecondPassError as exc:
            problems.add(f"query {query_id}", exc)
    return OpenedRuns(tuple(runs), problems.all(), "trec", tuple(notes))


def is_list(file_name: str) -> bool:
    """True for the name of a file of rankings.

    >>> is_list("BM25.RUN"), is_list("dense.run.gz"), is_list("queries.jsonl")
    (True, True, False)
    """
    return PurePath(_unpacked(file_name)).suffix.lower() in ENDS


def _unpacked(file_name: str) -> str:
    """The name without the end that says that the file is packed."""
    return file_name[: -len(PACKED)] if file_name.lower().endswith(PACKED) else file_name


def list_names(file_names: Sequence[str]) -> dict[str, str]:
    """What the list of each file of rankings is called, by the file's name. Raises BadInput where two are called the
    same.

    >>> list_names(["bm25.run.gz", "dense.run", "dense.trec", "corpus.jsonl"])
    {'bm25.run.gz': 'bm25', 'dense.run': 'dense.run', 'dense.trec': 'dense.trec'}
    """
    chosen = [name for name in file_names if is_list(name)]
    stem_of = {name: PurePath(_unpacked(name)).stem for name in chosen}
    stems = Counter(stem_of[name] for name in chosen)
    named = {name: cleaned(stem if stems[stem] == 1 else name, LONGEST_NAME) for name, stem in stem_of.items()}
    twice = [name for name, times in Counter(file_names).items() if times > 1]
    twice += [name for name, times in Counter(named.values()).items() if times > 1]
    if twice:
        raise BadInput(f"Two files are called {twice[0]}. Rename one of them.")
    return named


def _file(files: Sequence[File], name: str) -> File | None:
    """The file of that name, else the same packed as `.gz`."""
    wanted = (name, f"{name}{PACKED}")
    return next((file for one in wanted for file in files if file.name.lower() == one), None)


def _queries(file: File, problems: Problems) -> dict[str, str]:
    """The queries by their ids."""
    faults = Faults(QUERIES)
    queries = {one.id: one.text for one in read_queries(file, faults)}
    for fault in faults.faults:
        problems.add("queries", fault)
    return queries


def _content_hash(files: Sequence[File]) -> str:
    """A hash of the files, so that other rankings make other runs."""
    parts = hashlib.sha256()
    for file in sorted(files, key=lambda one: one.name):
        parts.update(f"{file.name}\n{file.size}\n".encode("utf-8", "surrogatepass"))
        with file.open() as stream:
            while some := stream.read(2**20):
                parts.update(some)
    return parts.hexdigest()


def _ranking(file: File, lower: bool, problems: Problems, notes: list[str]) -> Ranking:
    """The lines of a file, best first for each query, as many as a step may have. `lower`: lower scores are better."""
    ranking: dict[str, list[Line]] = {}
    faults = Faults(file.name)
    for number, line in lines(file, faults):
        cells = line.split()
        try:
            query_id, _, item, rank, score, *_ = cells
            ranking.setdefault(query_id, []).append((item, _finite(score), _rank(rank)))
        except ValueError:
            problems.add(f"line {number} of {file.name}", "it is not `query Q0 passage rank score tag`.")
    for notice in faults.notices:
        problems.add("encoding", notice)
    if longer := [query_id for query_id, items in ranking.items() if len(items) > MAX_HITS]:
        named = f"{longer[0]} and {len(longer) - 1:,} more" if len(longer) > 1 else longer[0]
        problems.add(
            file.name, f"more than {MAX_HITS:,} passages for query {named}. The best {MAX_HITS:,} are imported."
        )
    for items in ranking.values():
        items.sort(key=lambda one: one[1] if lower else -one[1])
    if other := [query_id for query_id, items in ranking.items() if _disagrees(items)]:
        named = f"query {other[0]}" + (f" and {len(other) - 1:,} more" if len(other) > 1 else "")
        best = "lowest" if lower else "highest"
        notes.append(
            f"{file.name}: its ranks are not in the order of its scores for {named}. The scores count, the {best}"
            " first. Where that is the wrong way round, say what its scores mean."
        )
    return {query_id: [line[:2] for line in items[:MAX_HITS]] for query_id, items in ranking.items()}


def _rank(cell: str) -> float:
    """The rank; NaN for what is no number, which costs nothing: the scores make the order."""
    try:
        return float(cell)
    except ValueError:
        return math.nan


def _disagrees(items: Sequence[Line]) -> bool:
    """True where a passage with a better score than the next has a worse rank."""
    return any(first[1] != second[1] and first[2] > second[2] for first, second in pairwise(items))


def _finite(score: str) -> float:
    """The score. Raises ValueError for what is no finite number."""
    value = float(score)
    if not math.isfinite(value):
        raise ValueError(score)
    return value


def _passages(corpus: File | None, wanted: set[str], problems: Problems) -> dict[str, dict[str, Any]]:
    """The texts of the passages that are ranked; none where there is no corpus. A line that cannot be read costs
    itself only."""
    found: dict[str, dict[str, Any]] = {}
    try:
        for one in read_corpus(corpus) if corpus else ():
            if one.id in wanted:
                found[one.id] = {"text": one.text or None, "title": one.title}
    except BadInput as exc:  # said once all lines are read
        for fault in str(exc).splitlines():
            problems.add("corpus", fault)
    return found


def _steps(
    lists: list[tuple[str, list[tuple[str, float]]]], meant: Mapping[str, StepMeaning],
    passages: Mapping[str, dict[str, Any]],
) -> list[dict[str, Any]]:  # fmt: skip
    """The lists as steps. A fusion reads the searches, any other step the one before it."""
    steps: list[dict[str, Any]] = []
    for name, items in lists:
        searches = [one["name"] for one in steps if one["kind"] is StepKind.SEARCH]
        reads = {StepKind.SEARCH: [], StepKind.FUSION: searches}
        hits = [{"passage_id": item, "score": score, **passages.get(item, {})} for item, score in items]
        inputs = reads.get(meant[name].kind, [one["name"] for one in steps[-1:]])
        steps.append({"name": name, "inputs": inputs, "hits": hits, **dict(meant[name])})
    return steps
