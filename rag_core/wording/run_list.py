"""What the list of recorded runs says: its columns, what its checks are called, its times in a sentence."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

import pandas as pd

from rag_core.analysis.latency import duration
from rag_core.analysis.times_of_runs import DAY, HOUR, MINUTE, TimesOfRuns
from rag_core.runs.importers.source import OpenedRuns
from rag_core.runs.store.retention import Retention
from rag_core.runs.store.run_book import Project
from rag_core.runs.store.summary import RunSummary
from rag_core.runs.values import Feedback
from rag_core.wording.numbers import count_of, score_text, told_apart

CHECKS: dict[str, str] = {
    "reranker-idle": "Reranker changed nothing",
    "rerank-failed": "Reranker failed",
    "step-failed": "A step failed",
    "ties": "Tied scores",
    "passages-cut": "Passages truncated",
    "near-duplicates": "Near-duplicates kept",
    "nothing-kept": "Nothing kept",
    "slow-step": "One slow step",
    "incomplete-trace": "Trace incomplete",
    "trace-cut": "Trace cut",
    "passages-left-out": "Passages left out",
    "not-recorded": "Partly recorded",
    "passage-twice": "Passage listed twice",
    "ranks-repeat": "Ranks repeat",
    "dropped-before": "Runs dropped before it",
}
"""What each note is called, by its code."""

COLUMN_LABELS: dict[str, str] = {
    "query": "Query",
    "run": "Id of the run",
    "passage_id": "Id of the passage",
    "text": "Text",
    "title": "Title",
    "step": "List",
    "rank": "Rank",
    "score": "Score",
    "kept": "Kept",
}
"""What each part of a table of candidates is called."""

PERIODS: dict[str, timedelta | None] = {
    "All": None,
    "Last hour": timedelta(hours=1),
    "Last 24 hours": timedelta(days=1),
    "Last 7 days": timedelta(days=7),
    "Last 30 days": timedelta(days=30),
}

COLUMNS = ("Time (UTC)", "Query", "Checks", "Best relevance", "Took (ms)", "Feedback", "Project", "Steps")
NAMED = 5
"""Projects that a sentence names."""

UNITS = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"))


def check_label(code: str) -> str:
    """What a note is called; one that a producer invented by its own code.

    >>> check_label("ties"), check_label("budget-over")
    ('Tied scores', 'Budget over')
    """
    return CHECKS.get(code) or code.replace("-", " ").capitalize()


def run_table(rows: Sequence[RunSummary]) -> pd.DataFrame:
    """The list as it is shown, a row for each run."""
    return pd.DataFrame(
        [
            (
                row.started_at,
                row.query,
                ", ".join(map(check_label, row.notes)),
                best_text(row),
                row.took_ms,
                feedback_text(row.feedback),
                row.project,
                row.steps,
            )
            for row in rows
        ],
        columns=list(COLUMNS),
    )


def best_text(row: RunSummary) -> str:
    """`probability 0.91`; empty where no score was recorded."""
    return "" if row.best is None else score_text(row.best, row.space)


def feedback_text(feedback: Iterable[Feedback]) -> str:
    """`thumbs: up, correct: no (It is about another plan.)`."""
    return ", ".join(f"{one.name}: {one.value}{f' ({one.comment})' if one.comment else ''}" for one in feedback)


def feedback_labels(keys: Iterable[str]) -> dict[str, str]:
    """`thumbs: down` by the key of each feedback. What is usually said of a bad answer comes first; that is an order
    only, since no value is known to be bad."""
    said = {key: json.loads(key) for key in keys}
    order = sorted(said, key=lambda key: str(said[key]["value"]).lower() not in SAID_OF_BAD)
    called = {key: f"{said[key]['name']}: {said[key]['value']}" for key in order}
    return told_apart(called, {key: key for key in order})


SAID_OF_BAD = {"down", "thumbs down", "thumbs-down", "bad", "negative", "dislike", "wrong", "incorrect", "false", "no"}
"""Values that come first where feedback is listed."""


def run_names(rows: Sequence[RunSummary]) -> dict[tuple[str, str], str]:
    """What each run is called in a list to choose from, by project and id: no two alike."""
    keys = {(row.project, row.id): row for row in rows}
    return told_apart(
        {key: " ".join(row.query.split())[:80] or "(empty query)" for key, row in keys.items()},
        {key: f"{row.started_at:%Y-%m-%d %H:%M:%S}" for key, row in keys.items()},
        {key: row.project for key, row in keys.items()},
        {key: row.id for key, row in keys.items()},
    )


def size_sentence(number: int, projects: Sequence[Project], filtered: bool) -> str:
    """`1,204 runs of 3 projects.`, or how many of them match the filters."""
    every = sum(one.runs for one in projects)
    of = f"{count_of(every, 'run')} of {count_of(len(projects), 'project')}"
    return f"{number:,} of {of} match." if filtered else f"{of}."


def checks_sentence(counts: Mapping[str, int]) -> str:
    """How often each check found something, the most frequent first."""
    if not counts:
        return "The health checks found nothing in these runs."
    return " · ".join(f"{check_label(code)}: {number:,}" for code, number in counts.items())


def times_sentence(times: TimesOfRuns) -> str:
    """The percentiles of the total time, and what a point of the strip is."""
    if not times.runs:
        return "No time was recorded for these runs."
    half, most, nearly_all = (duration(times.whole[name]) for name in ("p50", "p90", "p99"))
    if times.runs == 1:
        return f"The one run with a recorded time took {half}."
    told = f"Half of the {times.runs:,} timed runs took at most {half}, 90% at most {most}, 99% at most {nearly_all}."
    return f"{told} A point is {_stretch(times.width_s)}." if len(times.table) > 1 else told


def imported_sentence(opened: OpenedRuns, replaced: int = 0) -> str:
    """`12 runs imported into support-bot, shop. 3 of them replaced a run with the same id.`"""
    projects = list(dict.fromkeys(run.project for run in opened.runs))
    more = f" and {count_of(len(projects) - NAMED, 'other project')}" if len(projects) > NAMED else ""
    told = f"{count_of(len(opened.runs), 'run')} imported into {', '.join(projects[:NAMED])}{more}."
    return f"{told} {replaced:,} of them replaced a run with the same id." if replaced else told


def expiring_sentence(rule: Retention, number: int) -> str:
    """What the rule deletes next, said where runs were imported."""
    deleted = f"By this rule, {count_of(number, 'run')} will be deleted within the hour."
    change = "To keep them, change the rule under “Keep and delete”, then import again."
    return f"{retention_sentence(rule)} {deleted} {change}"


def _stretch(width_s: int) -> str:
    size, name = next(unit for unit in UNITS if width_s >= unit[0])
    return count_of(width_s // size, name)


def retention_sentence(rule: Retention) -> str:
    """What is kept: `Runs are kept for 30 days, and the newest 1,000 of each project only.`"""
    if rule.days is None:
        kept = "All runs" if rule.number is None else f"The newest {rule.number:,} runs of each project"
        return f"{kept} are kept."
    newest = f", and the newest {rule.number:,} of each project only" if rule.number is not None else ""
    return f"Runs are kept for {count_of(rule.days, 'day')}{newest}."


def local_sentence(new: int, path: str) -> str:
    """Runs that a program on this machine has recorded and the list does not have."""
    return f"{count_of(new, 'recorded run')} in {path} {'is' if new == 1 else 'are'} not in this list."
