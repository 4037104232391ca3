"""`second-pass triage [QUESTION [FOLDER]] --expect DOCUMENT`: at which step the right document was lost.

    second-pass triage "How long do refunds take?" handbook --expect refunds.md
    second-pass triage "How long do refunds take?" --collection Handbook --expect refunds.md --quote "30 days"
    second-pass triage "How long do refunds take?" --index Wiki --expect refunds.md    of SECOND_PASS_INDEXES
    second-pass triage --run runs.jsonl --expect refunds.md              a recorded run of any pipeline
    second-pass triage --run spans.json --expect refunds.md --json       for scripts
    second-pass triage "Refunds?" --retriever my_app:search --expect refunds.md       a live retriever
    second-pass triage --case 4f2a                                       a saved case, again
    second-pass triage --case 4f2a --index Wiki                          the same, on another collection

Prints the verdict, the document's rank at each step, what outranked it, and the smallest change that keeps it. It looks
at retrieval up to what is kept; no answer is made. In a recorded run the document is named by its id, title or source.
A name that no document of the collection has is refused; in a recorded run, one that is nearly that of another.
A case is answered too, and its re-run is kept: the Triage page shows it.

Exit codes: 0 the document was kept, 1 it was lost or that cannot be told, 2 the input cannot be used.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from rag_core.cli import case_rerun
from rag_core.cli.known_document import checked
from rag_core.cli.passages import filter_lines
from rag_core.cli.questions import Asked, add_question_or_run, asked
from rag_core.diagnosis import (
    Diagnosis,
    Expected,
    Rule,
    Verdict,
    WhatIf,
    diagnose,
    locate,
    locate_in_run,
    remedies,
    symptoms,
    what_would_keep_in_run,
)
from rag_core.errors import BadInput
from rag_core.report.verdict_text import verdict_text
from rag_core.schema.written_filters import written_filter
from rag_core.wording.fixes import change_texts, what_if_sentence
from rag_core.wording.headline import headline
from rag_core.wording.recorded_verdicts import to_record
from rag_core.wording.remedies import advice, fix_name
from rag_core.wording.rivals import note_text, why
from rag_core.wording.verdicts import sentence


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = __doc__
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_question_or_run(parser)
    parser.add_argument("--expect", metavar="DOCUMENT", help="the document that should have answered")
    parser.add_argument("--quote", default="", help="the words of it that answer")
    case_rerun.add_option(parser)
    parser.add_argument("--json", action="store_true", help="print the same as JSON")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Ask or open, diagnose, print; 0 where the document was kept."""
    if given.case is not None:
        return case_rerun.run_case(given)
    if not (given.expect or "").strip():
        raise BadInput("Name the document that should have answered: --expect DOCUMENT.")
    expected = Expected(document=given.expect, quote=given.quote)
    question = asked(given)
    found, what_if, fixes = diagnosed(question, expected)
    shown = (
        json.dumps(facts(question, found, what_if, fixes), indent=2, ensure_ascii=False)
        if given.json
        else "\n\n".join([*filter_lines(question.trace), verdict_text(found, what_if, fixes)])
    )
    sys.stdout.write(f"{shown}\n")
    return 0 if found.verdict is Verdict.KEPT else 1


def told(question: Asked, expected: Expected) -> dict[str, Any]:
    """What `--json` prints. Raises BadInput for a document that is not there under this name."""
    return facts(question, *diagnosed(question, expected))


def diagnosed(question: Asked, expected: Expected) -> tuple[Diagnosis, WhatIf, tuple[Rule, ...]]:
    """The verdict, what would have kept the document, and which fixes fit."""
    trace = question.trace
    location = locate(question.collection, expected) if question.collection else locate_in_run(trace, expected)
    location = checked(location, trace, trace.collection.name if question.collection else "")
    found = question.session.diagnosed(trace, location) if question.session else diagnose(trace, location)
    if question.session:
        what_if = question.session.what_if(question.policy, location)
    else:
        what_if = what_would_keep_in_run(trace, found)
    return found, what_if, remedies(symptoms(trace, location, found))


def facts(question: Asked, found: Diagnosis, what_if: WhatIf, fixes: tuple[Rule, ...]) -> dict[str, Any]:
    """What `verdict_text` says, for a script."""
    return {
        "query": question.trace.query,
        "pipeline": question.trace.collection.name,
        "where": written_filter(question.trace.where),
        "headline": headline(question.trace),
        "verdict": found.verdict,
        "kept": found.verdict is Verdict.KEPT,
        "sentence": sentence(found),
        "passage_id": found.passage_id,
        "before": found.before.step if found.before else None,
        "lost_at": found.after.step if found.after and found.lost else None,
        "ranks": [one.model_dump(mode="json") for one in found.way],
        "ahead": [
            {"passage_id": one.passage_id, "title": one.title, "rank": one.step.rank, "why": why(one)}
            for one in found.rivals
        ],
        "what_would_keep": {
            "sentence": what_if_sentence(what_if),
            "changes": [[change_texts(change) for change in one.changes] for one in what_if.found],
        },
        "fixes": [{"fix": fix_name(one), "advice": advice(one)} for one in fixes],
        "notes": [note_text(one) for one in found.notes],
        "needs": [to_record(one) for one in found.needs],
    }
