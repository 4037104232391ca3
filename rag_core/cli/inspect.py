"""`second-pass inspect [QUESTION [FOLDER]]`: every step of one run, asked here or recorded by another pipeline.

    second-pass inspect "How long do refunds take?" handbook             a folder of your own
    second-pass inspect "How long do refunds take?" --collection Handbook
    second-pass inspect "How long do refunds take?" --index Wiki         an index of SECOND_PASS_INDEXES
    second-pass inspect --run runs.jsonl                                 the newest run of a file
    second-pass inspect "How long do refunds take?" --run spans.json     the run with this query
    second-pass inspect --run runs.jsonl --json                          for scripts
    second-pass inspect --retriever my_app:search "How long do refunds take?"         a function or an address, live
    second-pass inspect --retriever http://localhost:8000 "Refunds?" --reranker late-interaction

Prints which run it is, what happened in a sentence, each step with what went in and came out, and the kept passages.

Exit codes: 0 something was kept, 1 nothing was kept, 2 the input cannot be used.
"""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from typing import Any

from rag_core.analysis.latency import duration
from rag_core.cli.passages import filter_lines, passage_text
from rag_core.cli.questions import add_question_or_run, asked
from rag_core.cli.run_choice import described, id_of
from rag_core.report.verdict_text import WIDTH, table
from rag_core.schema.steps import Step
from rag_core.schema.trace import Trace
from rag_core.schema.written_filters import written_filter
from rag_core.wording.headline import headline, whole_headline
from rag_core.wording.numbers import score_text
from rag_core.wording.run_notes import note_lines, noted

HEADS = ("step", "kind", "in", "out", "first score", "time")


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = __doc__
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_question_or_run(parser)
    parser.add_argument("--json", action="store_true", help="print the same as JSON")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Ask or open, print; 1 where nothing was kept."""
    trace = asked(given).trace
    sys.stdout.write(f"{json.dumps(facts(trace), indent=2, ensure_ascii=False) if given.json else report(trace)}\n")
    return 1 if trace.unknown else 0


def report(trace: Trace) -> str:
    """Which recorded run it is, the headline, the steps, the warnings and the kept passages, as plain text."""
    notes = [textwrap.fill(one, WIDTH) for one in note_lines(trace)]
    kept = [passage_text(number, one) for number, one in enumerate(trace.kept, start=1)]
    which = [textwrap.fill(described(trace), WIDTH)] if trace.origin else []
    told = [*which, textwrap.fill(whole_headline(trace), WIDTH), *filter_lines(trace)]
    return "\n\n".join([*told, steps_text(trace), *notes, *kept])


def steps_text(trace: Trace) -> str:
    """A line for each step."""
    return table([HEADS, *(_row(step) for step in trace.steps)])


def _row(step: Step) -> tuple[str, ...]:
    first = score_text(step.hits[0].score, step.space) if step.hits else ""
    came = "?" if step.hits_in is None else str(step.hits_in)
    said = {"inferred": " (inferred)", "unavailable": " (not recorded)"}.get(step.evidence, "")
    return f"{step.name}{said}", step.kind, came, str(len(step.hits)), first, duration(step.took_ms)


def facts(trace: Trace) -> dict[str, Any]:
    """What `report` says, for a script. `ask --json` gives the whole trace."""
    return {
        "query": trace.query,
        "run_id": id_of(trace) or None,
        "asked_at": trace.measured_at.isoformat(),
        "pipeline": trace.collection.name,
        "where": written_filter(trace.where),
        "headline": headline(trace),
        "steps": [_step(step) for step in trace.steps],
        "kept": [
            {
                "passage_id": one.passage.id,
                "document_id": one.passage.document_id,
                "title": one.passage.title,
                "rank": one.rank,
                "ranks": one.ranks,
                "score": one.score,
                "space": one.space,
            }
            for one in trace.kept
        ],
        "warnings": [
            {"step": step, "code": one.code, "message": one.message} for step, one in noted(trace, lambda _, name: name)
        ],
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "kind": step.kind,
        "inputs": list(step.inputs),
        "in": step.hits_in,
        "out": len(step.hits),
        "space": step.space,
        "first_score": step.hits[0].score if step.hits else None,
        "took_ms": step.took_ms,
        "evidence": step.evidence,
        "model": step.model,
    }
