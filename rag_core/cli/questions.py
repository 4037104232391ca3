"""What the commands about one question share: its options, and its run: asked here, asked of a live retriever, or
recorded by another pipeline."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rag_core.api import index
from rag_core.cli import live_question, named_index
from rag_core.cli.documents import EMBEDDER_HELP, OWN_MODEL, library, read_folder
from rag_core.cli.policy_options import calibrated_threshold, policy_of, threshold_of
from rag_core.cli.run_choice import chosen
from rag_core.corpus.collection import Collection
from rag_core.corpus.filter_check import check_filter
from rag_core.corpus.storage import own_model
from rag_core.errors import BadInput, ModelError
from rag_core.evaluation.calibrating import CalibrationFit
from rag_core.evaluation.calibration_book import CalibrationBook
from rag_core.pipeline.pipeline import Pipeline, checked_query
from rag_core.pipeline.session import QuerySession
from rag_core.rerank.installed_default import default_reranker, passes_of
from rag_core.retrieval.embedders.choosing import embedder_for
from rag_core.retrieval.engines.connected_collection import ConnectedCollection
from rag_core.runs.opening import open_path
from rag_core.schema.policy import DEFAULT_FIRST_PASS, DEFAULT_POOL, DEFAULT_RERANKER, Policy
from rag_core.schema.trace import Trace
from rag_core.schema.written_filters import FORMS, read_filter
from rag_core.settings import Settings
from rag_core.storage.database import Store
from rag_core.wording.numbers import count_of

RERANKER_HELP = (
    f"default: {DEFAULT_RERANKER}, on the best of a first pass ({DEFAULT_FIRST_PASS.reranker} over "
    f"{DEFAULT_FIRST_PASS.pool}), or what is the default of this installation; one that you name reads the fused order"
)
POOL_HELP = (
    f"how many candidates the reranker reads (default: {DEFAULT_POOL}; {Policy(first_pass=None).pool} with --reranker)"
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Where the documents are, and the settings of the run."""
    add = parser.add_argument
    add("folder", nargs="?", type=Path, help="a folder of documents (default: the sample corpus)")
    add("--collection", metavar="NAME", help="ask this saved collection instead of a folder")
    named_index.add_option(parser)
    add("--embedder", metavar="KEY", help=EMBEDDER_HELP)
    add("--words-only", action="store_true", help="search the saved collection by words alone, without its model")
    add("--pool", type=int, help=POOL_HELP)
    add("--reranker", help=RERANKER_HELP)
    add_cut(parser)
    add_filter(parser)


def add_cut(parser: argparse.ArgumentParser) -> None:
    """The options that say what is kept."""
    add = parser.add_argument
    add("--top-k", type=int, help=f"how many passages are kept (default: {Policy().top_k})")
    add("--threshold", type=float, help="the lowest score that is kept; 0 keeps all (default: the reranker's own)")
    add(
        "--uncalibrated",
        action="store_true",
        help="use the reranker's own scores where it is calibrated on the collection (second-pass calibrate)",
    )


def add_filter(parser: argparse.ArgumentParser) -> None:
    """The option that filters what is searched."""
    parser.add_argument(
        "--where",
        action="append",
        metavar="CONDITION",
        help=f"search only passages with this: {FORMS} (docs/concepts.md); once for each condition. Of several values "
        "of one field one is enough, and all else must hold",
    )


def add_question_or_run(parser: argparse.ArgumentParser) -> None:
    """A question with its options, or a recorded run."""
    parser.add_argument(
        "question", nargs="?", help="what you want to know; with --run, the query of the run to look at"
    )
    add_options(parser)
    parser.add_argument(
        "--run", dest="file", type=Path, metavar="FILE",
        help="look at a recorded run: a saved trace, run records, an export or a table (docs/connect.md)",
    )  # fmt: skip
    parser.add_argument(
        "--run-id", metavar="ID", help="which run of the file, by its id or the beginning of it (default: the newest)"
    )
    live_question.add_option(parser)


SETTINGS = ("top_k", "pool", "reranker", "threshold", "embedder", "words_only", "uncalibrated", "where")
"""The options that set how a question is asked; None or False where they are not given."""


@dataclass(frozen=True)
class Asked:
    """One question's run. A recorded one, and one of a live retriever, has no session and no collection."""

    trace: Trace
    policy: Policy
    session: QuerySession | None = None
    collection: Collection | ConnectedCollection | None = None


def asked(given: argparse.Namespace) -> Asked:
    """The run that the arguments ask for. Raises BadInput where they contradict each other, or nothing can be read."""
    if given.retriever is not None:
        trace = live_question.asked_live(given)
        return Asked(trace, trace.policy)
    if given.file:
        if given.folder or given.collection or given.index is not None:
            raise BadInput("Give either --run or the documents to search.")
        if given_too := [f"--{name.replace('_', '-')}" for name in SETTINGS if is_given(getattr(given, name))]:
            raise BadInput(
                f"{', '.join(given_too)} cannot be given with --run: a recorded run is told as it was recorded. Leave "
                "it out, or replay the run under other settings on the Inspect page or with `replay_run`."
            )
        trace = recorded(given.file, given.question, given.run_id)
        return Asked(trace, trace.policy)
    if given.run_id is not None:
        raise BadInput("--run-id names a run of a file. Give the file with --run.")
    if not given.question:
        raise BadInput("Give a question, or a recorded run with --run FILE.")
    checked_query(given.question)  # before anything is indexed
    policy, settings, where = policy_from(given), Settings(), read_filter(given.where or ())
    with saying_what_is_left(given):
        collection = collection_from(given, settings)
        check_filter(where, collection)
        session = QuerySession(pipeline_over(collection, settings), given.question, where)
        return Asked(session.trace(policy), policy, session, collection)


def is_given(value: object) -> bool:
    """Whether an option was given: a number that is 0 was."""
    return value is not None and value is not False


def recorded(path: Path, query: str | None, run_id: str | None) -> Trace:
    """The run of a file that has this query and id; the newest of several. What cannot be read is named on stderr."""
    opened = open_path(path)
    for problem in opened.problems:
        sys.stderr.write(f"Left out: {problem}\n")
    return chosen(opened.traces, query, run_id, path.name)


def policy_from(given: argparse.Namespace) -> Policy:
    """The settings of the run. Raises BadInput for a setting that is out of range."""
    default = default_reranker(Settings().data_dir)
    asked = {"top_k": given.top_k, "pool": given.pool, "reranker": given.reranker}
    more = {name: value for name, value in asked.items() if value is not None}
    if not given.reranker and default != DEFAULT_RERANKER:
        more |= passes_of(default, given.top_k, given.pool)
    return policy_of(**more, **kept_by(given, given.reranker or default))


def kept_by(given: argparse.Namespace, reranker: str) -> dict[str, object]:
    """The threshold of the run. Where the reranker is calibrated on the collection, its probabilities and its fitted
    threshold, unless --uncalibrated. Raises BadInput for a threshold that is outside the scale of the scores."""
    fit = None if given.uncalibrated else _calibrated(given.collection or given.index, reranker)
    if fit is None:
        return {"threshold": threshold_of(reranker, given.threshold)}
    return {"threshold": calibrated_threshold(fit, given.threshold), "calibration": fit.calibration}


def _calibrated(collection: str | None, reranker: str) -> CalibrationFit | None:
    """What is kept for this reranker on the saved collection or the index, if one is asked."""
    if not collection:
        return None
    kept = CalibrationBook(Store.from_settings(Settings())).find(collection, reranker)
    return kept.fit if kept else None


def pipeline_over(collection: Collection | ConnectedCollection, settings: Settings) -> Pipeline:
    """The pipeline over a collection or index, with the model that made its vectors."""
    if isinstance(collection, ConnectedCollection):
        return Pipeline(collection, collection.embedder)
    return Pipeline(collection, own_model.embedder_over(collection, settings))


@contextmanager
def saying_what_is_left(given: argparse.Namespace) -> Iterator[None]:
    """A failure of the model of a saved collection says that it can be searched without."""
    try:
        yield
    except ModelError as exc:
        if not given.collection or given.words_only:
            raise
        raise ModelError(f"{exc} With --words-only, {given.collection} is searched by words alone.") from exc


def collection_from(given: argparse.Namespace, settings: Settings) -> Collection | ConnectedCollection:
    """The saved collection, the connected index, or the folder indexed in memory."""
    if given.index is not None:
        if given.folder or given.collection:
            raise BadInput("Give either --index or the documents to search.")
        if given.embedder:
            raise BadInput("An index is asked with the embedding model of its entry. Leave --embedder out.")
        if given.words_only:
            raise BadInput("--words-only needs --collection.")
        return named_index.connected(given.index, settings)
    return opened(given, settings)


def opened(given: argparse.Namespace, settings: Settings) -> Collection:
    """The saved collection, or the folder indexed in memory."""
    if given.collection:
        if given.folder:
            raise BadInput("Give either a folder or --collection.")
        if given.embedder:
            raise BadInput(OWN_MODEL)
        with named_index.telling_indexes(given.collection, settings):
            return own_model.opened(library(settings), given.collection, settings, by_words=given.words_only)[0]
    if given.words_only:
        raise BadInput("--words-only needs --collection.")
    embedder = embedder_for(given.embedder or settings.embedding_model, settings)
    folder = given.folder or settings.sample_dir / "documents"
    documents = read_folder(folder).documents
    sys.stderr.write(f"Indexing {count_of(len(documents), 'document')} of {folder}\n")
    name = given.folder.resolve().name if given.folder else "Sample corpus"
    return index(texts=documents, name=name, embedder=embedder)
