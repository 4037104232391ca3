"""`second-pass evaluate`: is the reranker worth it on this set, and may this change be merged?

    evaluate SET_DIR                                             the set's own documents, indexed once and kept
    evaluate SET_DIR --collection Handbook --reranker none       a saved collection, another reranker
    evaluate SET_DIR --index Wiki                                an index of SECOND_PASS_INDEXES
    evaluate SET_DIR --where status=current --extra recent since=2026-09-01    a filter, a search beside the main one
    evaluate SET_DIR --first-pass late-interaction 100 --first-pass-weights 0.3 0.1 --pool 10
    evaluate SET_DIR --search 0.3                                the searches' own score beside relevance
    evaluate SET_DIR --before bm25.run --after reranked.run      rankings made elsewhere
    evaluate SET_DIR --fail-under nDCG@10=0.80 --baseline main.json

Reads arguments, shows progress on stderr, prints the report, writes files, gives a verdict.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rag_core.cli import named_index
from rag_core.cli.arguments import each_of, set_of
from rag_core.cli.documents import EMBEDDER_HELP, OWN_MODEL, library, progress, scoring_progress, told_what_was_sent
from rag_core.cli.early_checks import check_elsewhere, check_folder, check_rerankers, check_step
from rag_core.cli.evaluated_policy import DEPTH, WIDE_POOL, policy_from
from rag_core.cli.policy_options import FIRST_PASS, FIRST_PASS_WEIGHTS
from rag_core.cli.questions import RERANKER_HELP, add_cut, add_filter
from rag_core.corpus.collection import Collection
from rag_core.corpus.filter_check import check_filters
from rag_core.corpus.storage.own_model import key_for
from rag_core.errors import BadInput
from rag_core.evaluation import gate, metrics
from rag_core.evaluation.beir import read_folder
from rag_core.evaluation.export import curves_csv, queries_csv, to_markdown, to_trec
from rag_core.evaluation.files import File
from rag_core.evaluation.indexed import collection_for, unknown_documents
from rag_core.evaluation.outcome import EvaluationResult, of_candidates, of_measurements, of_runs
from rag_core.evaluation.report import AFTER, SPLIT, Report, check_judged
from rag_core.evaluation.score import score_set
from rag_core.evaluation.sets import LabelledSet
from rag_core.evaluation.table import read_csv
from rag_core.evaluation.vectorised_replay import step_names
from rag_core.pipeline.pipeline import Pipeline
from rag_core.retrieval.embedders.choosing import embedder_for
from rag_core.retrieval.embedders.protocol import Embedder
from rag_core.retrieval.engines.connected_collection import ConnectedCollection
from rag_core.schema.policy import DEFAULT_POOL, FULL_DEPTH, Policy
from rag_core.schema.written_filters import read_filter
from rag_core.settings import Settings
from rag_core.storage.database import Store
from rag_core.wording.metric_changes import CHANGED, against_baseline_text, shortfall_text

FORMATS = {"markdown": to_markdown, "json": Report.to_json, "csv": queries_csv}


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.usage = "%(prog)s SET [options]"
    parser.description = __doc__
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("set", nargs="?", type=Path, metavar="SET", help="a BEIR folder (queries, qrels, corpus) or a CSV")
    add("--collection", help="ask this saved collection instead of the set's own documents")
    named_index.add_option(parser)
    add_filter(parser)
    add("--embedder", metavar="KEY", help=EMBEDDER_HELP)
    add("--passages", action="store_true", help="the qrels name passages, not documents")
    add("--reranker", help=RERANKER_HELP)
    add(
        "--pool",
        type=int,
        help=f"how many candidates the reranker reads (default: {DEFAULT_POOL}; {WIDE_POOL} with --reranker or "
        "--first-pass)",
    )
    add("--depth", type=int, help=f"how many each search returns, up to {FULL_DEPTH} (default: {DEPTH})")
    add_cut(parser)
    several: dict[str, Any] = {"nargs": "+", "action": "append", "default": []}
    add(
        "--extra",
        **several,
        metavar=("NAME", "KEY=VALUE"),
        help="add a search to the main search: tenant=A,B source=A,B since=2026-09-01 where=FIELD=VALUE "
        "query='other words' depth=20 weight=0.5; once for each",
    )
    add("--first-pass", nargs=2, metavar=("RERANKER", "READS"), help=FIRST_PASS)
    add("--first-pass-weights", nargs=2, type=float, metavar=("DENSE", "LEXICAL"), help=FIRST_PASS_WEIGHTS)
    add(
        "--search",
        type=float,
        metavar="WEIGHT",
        help="the weight of the retrieval score next to relevance, 0 to 1 (no other signal)",
    )
    add("--limit", type=int, help="ask only so many of the queries, evenly spread")
    add("--before", type=Path, metavar="RUN", help="a TREC run of another system, before reranking")
    add("--after", type=Path, metavar="RUN", help="the TREC run after reranking")
    add("--candidates", type=Path, metavar="JSONL", help="candidates with scores, from another system")
    add("--metrics", **several, metavar="M@k", help=f"default: {' '.join(metrics.DEFAULT)}")
    add("--format", choices=FORMATS, default="markdown", help="what is printed (default: %(default)s)")
    add("--out", type=Path, metavar="DIR", help="write report.json, .md, .csv, curves.csv, qrels and run files here")
    add("--fail-under", **several, metavar="M@k=X", help="exit 1 where a mean is under its minimum")
    add("--baseline", type=Path, metavar="JSON", help="exit 1 where clearly worse than this saved report.json")
    add("--step", help="the step that the gate looks at (default: the order before the cut)")
    parser.set_defaults(run=run, stopped=" What was scored is kept. Run the same command again to continue.")


def run(given: argparse.Namespace) -> int:
    """Evaluate, print, write, judge. 0, or 1 where the gate says no."""
    given.set = set_of(given)
    requirements = [gate.parse(one) for one in each_of(given.fail_under)]
    baseline = Report.read(_text(given.baseline), str(given.baseline)) if given.baseline else None
    named = each_of(given.metrics) or metrics.DEFAULT
    names = [*(str(metrics.parse(one)) for one in named), *(one.metric for one in requirements)]
    if given.limit is not None and given.limit < 1:
        raise BadInput("--limit must be 1 or more.")
    check_folder(given.out)
    labelled = read_labelled(given.set, given.passages)
    if given.after and not given.before:
        raise BadInput("--after needs the run before reranking too. Add --before.")
    check_judged(labelled)
    if given.before or given.candidates:
        check_elsewhere(given)
        found = _elsewhere(given, labelled, names)
    else:
        policy, asked = _asked(given, labelled)
        check_step(given.step, step_names(policy))
        if baseline is not None:
            gate.check(baseline, gate.compared(requirements, names), given.step or AFTER, asked.by_id)
        found = _own(given, asked, names, policy)
    check_step(given.step, found.report.steps)
    sys.stdout.write(FORMATS[given.format](found.report))
    if given.out:
        write(given.out, found)
    return _verdict(found.report, requirements, baseline, given.step or found.report.after)


def read_labelled(place: Path, passages: bool = False) -> LabelledSet:
    """The set in a folder or a CSV file."""
    if place.is_dir():
        return read_folder(place, "passage" if passages else "document")
    return read_csv(File.at(place))


def _asked(given: argparse.Namespace, labelled: LabelledSet) -> tuple[Policy, LabelledSet]:
    """The settings of our own pipeline, and the queries that it is asked."""
    policy = policy_from(given)
    check_rerankers(policy)
    asked = labelled.only(_spread([query.id for query in labelled.asked], given.limit))
    check_judged(asked)
    return policy, asked


def _own(given: argparse.Namespace, asked: LabelledSet, names: Sequence[str], policy: Policy) -> EvaluationResult:
    """Ask our own pipeline: index, score in one pass, rank."""
    settings, where = Settings(), read_filter(given.where or ())
    embedder = model_of(given, settings)
    with told_what_was_sent():
        collection = searched(given, settings, embedder)
        check_filters((where, *(extra.where for extra in policy.extra_searches)), collection)
        pipeline = Pipeline(collection, embedder, Store.from_settings(settings).pair_cache())
        measurements = score_set(pipeline, asked, [policy], scoring_progress, where=where)
    return of_measurements(asked, measurements, policy, names, unknown_documents(asked, collection))


def model_of(given: argparse.Namespace, settings: Settings) -> Embedder:
    """The embedding model of what is asked: of the saved collection or the index, else the one that is named."""
    if given.embedder and (given.collection or given.index is not None):
        raise BadInput(OWN_MODEL)
    if given.index is not None:
        return named_index.model_of(given.index, settings)
    with named_index.telling_indexes(given.collection, settings):
        own = key_for(library(settings).manifest(given.collection), settings) if given.collection else given.embedder
    return embedder_for(own or settings.embedding_model, settings)


def searched(given: argparse.Namespace, settings: Settings, embedder: Embedder) -> Collection | ConnectedCollection:
    """What is asked: the index that is named, else a collection."""
    if given.index is None:
        return collection_for(given.set, library(settings), embedder, given.collection, progress)
    if given.collection:
        raise BadInput("Give either --index or --collection.")
    return named_index.connected(given.index, settings, embedder)


def _elsewhere(given: argparse.Namespace, labelled: LabelledSet, names: Sequence[str]) -> EvaluationResult:
    """Rankings made by another stack."""
    if given.candidates:
        return of_candidates(labelled, File.at(given.candidates), names)
    return of_runs(labelled, File.at(given.before), File.at(given.after) if given.after else None, names)


def write(folder: Path, found: EvaluationResult) -> None:
    """The report and everything it can be checked with, as files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "report.json": found.report.to_json(),
        "report.md": to_markdown(found.report),
        "queries.csv": queries_csv(found.report),
        "curves.csv": curves_csv(found.pools, found.policy, SPLIT),
        **to_trec(found.labelled, found.rankings),
    }
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    sys.stderr.write(f"Written to {folder}: {', '.join(files)}.\n")


def _verdict(found: Report, requirements: Sequence[gate.GateRequirement], baseline: Report | None, step: str) -> int:
    """Say what the gate says on stderr; its exit code."""
    failures, remarks = [shortfall_text(one) for one in gate.under(found, requirements, step)], list[str]()
    if baseline is not None:
        check = gate.worse(found, baseline, gate.compared(requirements, found.metrics), step)
        failures += [against_baseline_text(one) for one in check.compared if one.failed]
        remarks += [against_baseline_text(one) for one in check.compared if not one.failed]
        remarks += [CHANGED[one] for one in check.changed]
    for line in (*remarks, *(f"FAILED: {failure}" for failure in failures)):
        sys.stderr.write(f"{line}\n")
    return 1 if failures else 0


def _spread(ids: Sequence[str], limit: int | None) -> list[str]:
    """`limit` ids at even distances, so that every kind is there; all where there is no limit."""
    count = len(ids) if limit is None else min(limit, len(ids))
    return [ids[place * len(ids) // count] for place in range(count)]


def _text(path: Path) -> bytes:
    with File.at(path).open() as stream:
        return stream.read()
