"""`second-pass ask QUESTION [FOLDER]`: index a folder in memory, ask it one question, show what happened.

    second-pass ask "How long do I have to ask for a refund?"              the sample corpus
    second-pass ask "How long do refunds take?" handbook --top-k 3         a folder of your own
    second-pass ask "How long do refunds take?" --collection Handbook      a collection that `index` has saved
    second-pass ask "How long do refunds take?" handbook --json            the whole trace, as JSON

Prints a sentence on what reranking did, the answer with its citations, and the passages kept for it, each with its rank
at every step; then how many requests went to services, if any.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from pathlib import Path

from rag_core.analysis.paid_calls import paid_calls
from rag_core.api import index
from rag_core.cli.documents import library, read_folder
from rag_core.cli.policy_options import policy_of, threshold_of
from rag_core.corpus.collection import Collection
from rag_core.errors import BadInput
from rag_core.pipeline.pipeline import Pipeline
from rag_core.retrieval.embedders.sentence_embedder import get_embedder
from rag_core.schema.answers import Answer
from rag_core.schema.policy import DEFAULT_RERANKER
from rag_core.schema.ranked_passage import RankedPassage
from rag_core.schema.trace import Trace
from rag_core.settings import Settings
from rag_core.wording.headline import headline
from rag_core.wording.numbers import count_of, score_text, title_of
from rag_core.wording.paid_calls import paid_text

WIDTH = 100
LINES = 4
"""Lines that are printed of a passage."""


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = __doc__
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("question", help="what you want to know")
    add("folder", nargs="?", type=Path, help="a folder of documents (default: the sample corpus)")
    add("--collection", metavar="NAME", help="ask this saved collection instead of a folder")
    add("--top-k", type=int, default=5, help="how many passages are kept (default: %(default)s)")
    add("--pool", type=int, default=50, help="how many candidates the reranker reads (default: %(default)s)")
    add("--reranker", default=DEFAULT_RERANKER, help="default: %(default)s")
    add("--threshold", type=float, help="the lowest score that is kept; 0 keeps all (default: the reranker's own)")
    add("--json", action="store_true", help="print the whole trace as JSON, for the app's “Open a saved run”")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Index or open, ask, print."""
    settings = Settings()
    threshold = threshold_of(given.reranker, given.threshold)
    policy = policy_of(top_k=given.top_k, pool=given.pool, reranker=given.reranker, threshold=threshold)
    pipeline = Pipeline(_collection(given, settings), get_embedder(settings.embedding_model, settings.device))
    trace = pipeline.run(given.question, policy)
    sys.stdout.write(f"{trace.to_json() if given.json else report(trace)}\n")
    return 0


def _collection(given: argparse.Namespace, settings: Settings) -> Collection:
    embedder = get_embedder(settings.embedding_model, settings.device)
    if given.collection:
        if given.folder:
            raise BadInput("Give either a folder or --collection.")
        return library(settings).open(given.collection, embedder)
    folder = given.folder or settings.sample_dir / "documents"
    documents = read_folder(folder).documents
    sys.stderr.write(f"Indexing {count_of(len(documents), 'document')} of {folder}\n")
    name = given.folder.resolve().name if given.folder else "Sample corpus"
    return index(texts=documents, name=name, embedder=embedder)


def report(trace: Trace) -> str:
    """The headline, the warnings, the answer and the kept passages, as plain text."""
    warnings = [textwrap.fill(f"Note: {one.message}", WIDTH) for one in trace.warnings]
    kept = [_passage(number, one) for number, one in enumerate(trace.kept, start=1)]
    answer = trace.answer()
    paid = paid_text(paid_calls(trace.model_copy(update={"recorded_answer": answer})))
    told = [textwrap.fill(headline(trace), WIDTH), *warnings, _answer(answer), *kept]
    return "\n\n".join([*told, textwrap.fill(paid, WIDTH)] if paid else told)


def _answer(answer: Answer) -> str:
    lines = answer.text.splitlines()
    return "\n".join(textwrap.fill(line, WIDTH) for line in lines)


def _passage(number: int, kept: RankedPassage) -> str:
    """`[1] Title (document)`, its rank at each step and its score, and the beginning of its text."""
    ranks = ", ".join(f"{step} {rank}" for step, rank in kept.ranks.items())
    score = "" if kept.score is None else f"; {score_text(kept.score, kept.space)}"
    text = textwrap.wrap(kept.text, WIDTH - 4, max_lines=LINES, placeholder=" ...")
    lines = (f"ranks: {ranks}{score}", *text)
    return f"[{number}] {title_of(kept.passage)} ({kept.passage.document_id})\n" + textwrap.indent(
        "\n".join(lines), "    "
    )
