"""`second-pass calibrate`: make a reranker's scores probabilities on a collection, from labelled questions.

    calibrate SET_DIR --collection Handbook                        the default reranker on that collection
    calibrate SET_DIR --collection Handbook --reranker cohere:rerank-v3.5
    calibrate SET_DIR --collection Handbook --answer-from 2        grades 2 and up are answers
    calibrate SET_DIR --collection Handbook --try                  show how it would hold, keep nothing
    calibrate --collection Handbook --list                         what is kept for this collection
    calibrate --collection Handbook --remove cohere:rerank-v3.5
    calibrate --index Wiki --like Handbook                         use what is kept for another collection here too

Pairs that have been scored before are not scored again. What is kept is used by the app, and by `ask` and `inspect`
with --collection or --index, in place of the reranker's own scores, with the fitted threshold.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rag_core.cli import named_index
from rag_core.cli.documents import library, scoring_progress, told_what_was_sent
from rag_core.cli.early_checks import check_fits, check_rerankers
from rag_core.cli.evaluate import model_of, read_labelled, searched
from rag_core.cli.policy_options import policy_of
from rag_core.errors import BadInput
from rag_core.evaluation.calibrating import CalibrationFit, fit
from rag_core.evaluation.calibration_book import CalibrationBook, KeptCalibration
from rag_core.evaluation.gather import build
from rag_core.evaluation.indexed import unknown_documents
from rag_core.evaluation.reliability import Reliability
from rag_core.evaluation.score import score_set
from rag_core.pipeline.pipeline import Pipeline
from rag_core.retrieval.engines.every_index import every_index
from rag_core.settings import Settings
from rag_core.storage.database import Store
from rag_core.wording.calibrations import sentences


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = __doc__
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("set", nargs="?", type=Path, metavar="SET", help="a BEIR folder (queries.jsonl, qrels.tsv) or a CSV")
    add("--collection", metavar="NAME", help="the saved collection that the questions are asked of")
    named_index.add_option(parser)
    add("--passages", action="store_true", help="the qrels name passages, not documents")
    add("--reranker", help="which reranker (default: the default one, behind its first pass)")
    add("--pool", type=int, help="how many candidates the reranker reads")
    add("--answer-from", type=int, default=1, metavar="GRADE", help="the lowest grade that answers (default: 1)")
    add("--try", dest="dry", action="store_true", help="show how it would hold, and keep nothing")
    add("--list", dest="listed", action="store_true", help="show what is kept for this collection")
    add("--like", metavar="NAME", help="keep what NAME has, a collection or index with the same documents, here too")
    add("--remove", metavar="RERANKER", help="forget the calibration of this reranker")
    parser.set_defaults(
        run=run, embedder=None, stopped=" What was scored is kept. Run the same command again to continue."
    )


def run(given: argparse.Namespace) -> int:
    """List, remove, take over, or fit and keep. 0; 1 where there was nothing to remove or to take over."""
    book = CalibrationBook(Store.from_settings(Settings()))
    name = given.collection or given.index
    if name is None:
        raise BadInput("Name what the questions are asked of: --collection NAME, or --index NAME.")
    if given.collection and given.index:
        raise BadInput("Give either --index or --collection.")
    if given.listed:
        return _list(book, name)
    if given.remove:
        return _remove(book, name, given.remove)
    if given.like:
        _check_there(name)
        return _take_over(book, given.like, name)
    if given.set is None:
        raise BadInput("Give a folder or a CSV of labelled questions, or --list, --like or --remove.")
    found = _fitted(given)
    sys.stdout.write("\n".join([*sentences(found), "", *table(found.best)]) + "\n")
    if given.dry:
        sys.stderr.write("Nothing was kept (--try).\n")
        return 0
    book.keep(name, found)
    sys.stderr.write(f"Kept: {found.calibration.reranker} on {name}.\n")
    return 0


def table(found: Reliability) -> list[str]:
    """The reliability of the best candidates, as Markdown."""
    rows = [
        f"| {one.low:.2f} to {one.high:.2f} | {one.count} | {one.mean:.3f} | {one.right:.3f} |" for one in found.bins
    ]
    return ["| probability of the best | questions | mean | share right |", "|---|---|---|---|", *rows]


def _fitted(given: argparse.Namespace) -> CalibrationFit:
    settings = Settings()
    labelled = read_labelled(given.set, given.passages)
    asked = {"reranker": given.reranker, "pool": given.pool}
    policy = policy_of(**{name: value for name, value in asked.items() if value is not None})
    check_rerankers(policy)
    check_fits(policy, labelled, given.answer_from)
    embedder = model_of(given, settings)
    collection = searched(given, settings, embedder)
    pipeline = Pipeline(collection, embedder, Store.from_settings(settings).pair_cache())
    questions = labelled.only(query.id for query in labelled.asked)
    with told_what_was_sent():
        measurements = score_set(pipeline, questions, [policy], scoring_progress)
    for one in unknown_documents(questions, collection):
        sys.stderr.write(f"{one}\n")
    return fit(build(measurements, questions), policy, questions, given.answer_from)


def _list(book: CalibrationBook, collection: str) -> int:
    for one in _kept(book, collection):
        sys.stdout.write(f"{one.fit.calibration.reranker}, fitted {one.fitted_at:%Y-%m-%d}\n")
        sys.stdout.write("".join(f"  {line}\n" for line in sentences(one.fit)))
    return 0


def _take_over(book: CalibrationBook, other: str, collection: str) -> int:
    kept = _kept(book, other)
    for one in kept:
        book.take_over(one, collection, book)
        sys.stdout.write(f"{one.fit.calibration.reranker}: as on {one.origin}, kept on {collection} too.\n")
    return 0 if kept else 1


def _remove(book: CalibrationBook, collection: str, reranker: str) -> int:
    gone = book.remove(collection, reranker)
    if not gone:
        _check_there(collection)
    sys.stdout.write(f"{'Removed' if gone else 'There is no calibration'}: {reranker} on {collection}.\n")
    return 0 if gone else 1


def _kept(book: CalibrationBook, collection: str) -> tuple[KeptCalibration, ...]:
    """Those that can be read; what is wrong with each other one, or that there is none, is told. Raises BadInput where
    there is none, and no such collection or index."""
    kept = book.of_collection(collection)
    for note in kept.left_out:
        sys.stderr.write(f"Left out: {note}\n")
    if not kept.found and not kept.left_out:
        _check_there(collection)
        sys.stdout.write(f"No reranker is calibrated on {collection}.\n")
    return kept.found


def _check_there(name: str) -> None:
    """Raises BadInput, with the names that there are, where neither a collection nor an index has this one."""
    settings = Settings()
    indexes, problems = every_index(settings)
    names = [*library(settings).names(), *indexes, *problems]
    if name not in names:
        raise BadInput(f"There is no collection or index called {name!r}. There are: {', '.join(names) or 'none'}.")
