"""`second-pass ask QUESTION [FOLDER]`: index a folder in memory, ask it one question, show what happened.

    second-pass ask "How do I reset two-factor authentication?"             the sample corpus
    second-pass ask "How long do refunds take?" handbook --top-k 3         a folder of your own
    second-pass ask "How long do refunds take?" --collection Handbook      a collection that `index` has saved
    second-pass ask "How long do refunds take?" --index Wiki               an index of SECOND_PASS_INDEXES
    second-pass ask "How long do refunds take?" handbook --where status=current --where "reviewed>=2026-01-01"
    second-pass ask "How long do refunds take?" handbook --json            the whole trace, as JSON

Prints a sentence on what reranking did, the answer with its citations, and the passages kept for it, each with its rank
at every step; then how many requests went to services, if any.
"""

from __future__ import annotations

import argparse
import sys
import textwrap

from rag_core.analysis.paid_calls import paid_calls
from rag_core.cli.passages import filter_lines, passage_text
from rag_core.cli.questions import add_options, collection_from, pipeline_over, policy_from, saying_what_is_left
from rag_core.corpus.filter_check import check_filter
from rag_core.pipeline.pipeline import checked_query
from rag_core.report.verdict_text import WIDTH
from rag_core.schema.answers import Answer
from rag_core.schema.trace import Trace
from rag_core.schema.written_filters import read_filter
from rag_core.settings import Settings
from rag_core.wording.headline import whole_headline
from rag_core.wording.paid_calls import paid_text
from rag_core.wording.run_notes import note_lines


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = __doc__
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("question", help="what you want to know")
    add_options(parser)
    add("--json", action="store_true", help="print the whole trace as JSON, for the app's “Open a saved run”")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Index or open, ask, print."""
    checked_query(given.question)  # before anything is indexed
    policy, where = policy_from(given), read_filter(given.where or ())
    settings = Settings()
    with saying_what_is_left(given):
        collection = collection_from(given, settings)
        check_filter(where, collection)
        trace = pipeline_over(collection, settings).run(given.question, policy, where)
    sys.stdout.write(f"{trace.to_json() if given.json else report(trace)}\n")
    return 0


def report(trace: Trace) -> str:
    """The headline, the warnings, the answer and the kept passages, as plain text."""
    warnings = [textwrap.fill(one, WIDTH) for one in note_lines(trace)]
    kept = [passage_text(number, one) for number, one in enumerate(trace.kept, start=1)]
    answer = trace.answer()
    paid = paid_text(paid_calls(trace.model_copy(update={"recorded_answer": answer})))
    told = [textwrap.fill(whole_headline(trace), WIDTH), *filter_lines(trace), *warnings, _answer(answer), *kept]
    return "\n\n".join([*told, textwrap.fill(paid, WIDTH)] if paid else told)


def _answer(answer: Answer) -> str:
    lines = answer.text.splitlines()
    return "\n".join(textwrap.fill(line, WIDTH) for line in lines)
