"""`--retriever`: a question that a live retriever answers, and what another reranker makes of its candidates."""

from __future__ import annotations

import argparse

from rag_core.cli.policy_options import check_minimum, threshold_of
from rag_core.errors import BadInput, ModelError
from rag_core.rerank.catalogue import entry_of, get_reranker
from rag_core.runs.as_trace import trace_of
from rag_core.runs.live import LiveRetriever
from rag_core.runs.live.choosing import KEY, retriever_of
from rag_core.runs.live.config import MOST
from rag_core.runs.replaying import RunChange, candidates_of, readable, replay_run, score_run
from rag_core.schema.policy import MOST_KEPT, NO_RERANKER, Policy
from rag_core.schema.threshold import Threshold, minimum_of, relevance_space
from rag_core.schema.trace import Trace
from rag_core.settings import Settings


def add_option(parser: argparse.ArgumentParser) -> None:
    """The option that names the retriever."""
    parser.add_argument(
        "--retriever", metavar="WHICH",
        help="ask a live retriever: an address, module:function, a name of SECOND_PASS_RETRIEVERS, or a .json file "
        f"(docs/connect.md); --pool is how many results it is asked for, {KEY} the key of an address",
    )  # fmt: skip


def asked_live(given: argparse.Namespace) -> Trace:
    """The answer of the retriever; with --reranker, --threshold or --top-k, its replay under these."""
    if given.folder or given.collection or given.index is not None or given.file or given.run_id:
        raise BadInput("Give either --retriever, --run or the documents to search.")
    if not given.question:
        raise BadInput("Give a question for the retriever.")
    settings = Settings()
    return asked_of(retriever_of(given.retriever, settings.retrievers), given, settings)


def asked_of(retriever: LiveRetriever, given: argparse.Namespace, settings: Settings) -> Trace:
    """The same, of a retriever that is known. Raises BadInput for an option that is out of range, or not its own."""
    if given.where:
        raise BadInput("A live retriever filters by what its own request says (docs/connect.md). Leave the filter out.")
    if given.pool is not None and not 1 <= given.pool <= MOST:
        raise BadInput(f"--pool should be from 1 to {MOST}: so many results are asked for.")
    if given.top_k is not None and not 1 <= given.top_k <= MOST_KEPT:
        raise BadInput(f"--top-k should be from 1 to {MOST_KEPT}.")
    check_minimum(given.threshold)
    if given.reranker:
        space = relevance_space(entry_of(given.reranker).space)  # a bad option is refused before anything is asked
        check_minimum(given.threshold, space)
    trace = trace_of(retriever.ask(given.question, given.pool))
    if given.reranker is None and given.threshold is None and given.top_k is None:
        return trace
    return _replayed(trace, given.reranker, given.threshold, given.top_k, settings)


def _replayed(
    trace: Trace, reranker: str | None, minimum: float | None, top_k: int | None, settings: Settings
) -> Trace:
    """The run under these settings; where nothing was found, as it is."""
    if not candidates_of(trace).hits:
        return trace
    if reranker in (None, NO_RERANKER):
        space = trace.relevance_space
        threshold = Threshold(minimum=minimum_of(minimum, space), space=space)
        return replay_run(trace, RunChange(reranker=reranker, threshold=threshold, top_k=top_k))
    scores = score_run(trace, get_reranker(reranker, settings))
    if scores.failure:
        raise ModelError(scores.failure)
    kept = top_k or min(Policy().top_k, len(readable(trace)))
    return replay_run(
        trace, RunChange(reranker=reranker, threshold=threshold_of(reranker, minimum), top_k=kept), scores
    )
