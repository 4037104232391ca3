"""Evaluate the lists of recorded runs, and what they kept, by judgments of their queries.

    found = evaluate_runs(traces, labelled)
    found.report.mean("dense", "nDCG@10"), found.unjudged

Each run is a query of its own, so that one that was asked twice counts twice. Nothing is searched or scored here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag_core.errors import BadInput
from rag_core.evaluation import metrics
from rag_core.evaluation.report import Report, report
from rag_core.evaluation.sets import LabelledSet, Query
from rag_core.schema.steps import Evidence, Step, StepName
from rag_core.schema.trace import Trace
from rag_core.wording.evaluations import never_found
from rag_core.wording.numbers import count_of


@dataclass(frozen=True)
class RunsEvaluation:
    """What the runs with judgments come to.

    report    over these runs, each a query of its own
    unjudged  the runs that have none, as `project/id` with their query
    expected  the best graded document of each judged run
    unknown   what the report's notices say of relevant documents that no list of these runs has: they may be called
              otherwise there
    """

    report: Report
    unjudged: dict[str, str]
    expected: dict[str, str]
    unknown: tuple[str, ...] = ()

    @property
    def one_list(self) -> bool:
        """True where the runs have one list and keep all of it, so that nothing is to be compared."""
        values = self.report.values
        return len(values.keys() - {StepName.KEPT}) == 1 and values[self.report.before] == values[self.report.after]


def run_key(trace: Trace) -> str:
    """`project/id`."""
    return f"{trace.origin.project}/{trace.origin.run_id}" if trace.origin else trace.query


def evaluate_runs(
    traces: Sequence[Trace], labelled: LabelledSet, names: Sequence[str] = metrics.DEFAULT
) -> RunsEvaluation:
    """The metrics of every list that all judged runs have, and of what they kept, with the change from the list that
    the last reranker read to the last list. Raises BadInput where no run's query has a judgment.

    A query is found by its text, whatever its case and spacing; queries that differ in no more share their grades.
    """
    by_text = grades_by_text(labelled)
    judged = [one for one in traces if same_text(one.query) in by_text]
    unjudged = {run_key(one): one.query for one in traces if same_text(one.query) not in by_text}
    if not judged:
        raise BadInput(
            f"None of the {count_of(len(traces), 'run')} asks a question that {labelled.name} has grades for. Save "
            "cases of these runs in Triage, or add a file with grades of their questions."
        )
    common = [one.name for one in judged[0].steps if all(_list(run, one.name) for run in judged)]
    lists = [name for name in common if name not in {run.kept_step.name for run in judged}]
    rankings = {
        name: {run_key(run): documents_of(run, step, labelled) for run in judged if (step := _list(run, name))}
        for name in lists
    }
    rankings[StepName.KEPT] = {run_key(run): documents_of(run, run.kept_step, labelled) for run in judged}
    before, after = _compared(judged[0], [*rankings])
    grades = {run_key(run): by_text[same_text(run.query)] for run in judged}
    unknown = _unknown(judged, grades, labelled)
    made = report(
        LabelledSet(
            name=labelled.name,
            queries=tuple(Query(id=run_key(run), text=run.query) for run in judged),
            qrels=grades,
            level=labelled.level,
            notices=labelled.notices,
        ),
        rankings,
        names,
        before,
        after,
        notices=(*unknown, *_notices(judged, lists)),
    )
    best = {run: max(given, key=given.__getitem__) for run, given in grades.items() if any(given.values())}
    return RunsEvaluation(made, unjudged, best, unknown)


def grades_by_text(labelled: LabelledSet) -> dict[str, dict[str, int]]:
    """The grades by the text that a query is found by; the highest where several such queries grade the same."""
    found: dict[str, dict[str, int]] = {}
    for one in labelled.judged:
        grades = found.setdefault(same_text(one.text), {})
        for item, grade in labelled.qrels[one.id].items():
            grades[item] = max(grade, grades.get(item, grade))
    return found


def same_text(query: str) -> str:
    """What a query is found by, whatever its case and spacing."""
    return re.sub(r"\s+", " ", query).strip().casefold()


def _unknown(runs: Sequence[Trace], grades: Mapping[str, Mapping[str, int]], labelled: LabelledSet) -> tuple[str, ...]:
    """A notice where documents are graded relevant that none of the runs has in any list."""
    there = {item for run in runs for step in run.steps for item in documents_of(run, step, labelled)}
    relevant = dict.fromkeys(item for given in grades.values() for item, grade in given.items() if grade > 0)
    where = f"any list of {'this run' if len(runs) == 1 else f'these {len(runs):,} runs'}"
    return never_found([item for item in relevant if item not in there], labelled.level, where)


def _list(run: Trace, name: str) -> Step | None:
    """The run's step of that name; None where there is none, or it was not recorded."""
    return next((one for one in run.steps if one.name == name and one.evidence is not Evidence.UNAVAILABLE), None)


def documents_of(run: Trace, step: Step, labelled: LabelledSet) -> list[str]:
    """The documents of a list in its order, each once; its passages where the judgments are of passages."""
    ids = [hit.passage_id for hit in step.hits]
    return list(dict.fromkeys(ids if labelled.level == "passage" else (run.passages[one].document_id for one in ids)))


def _compared(run: Trace, names: Sequence[str]) -> tuple[str, str]:
    """What the last reranker read and the last list; the first and the last where these are not in all runs."""
    wanted = (run.pool_step.name, run.final_step.name)
    return wanted if set(wanted) <= set(names) and wanted[0] != wanted[1] else (names[0], names[-1])


def _notices(runs: Sequence[Trace], lists: Sequence[str]) -> tuple[str, ...]:
    """What a reader must know: lists that some runs do not have, and what was kept where that was not recorded."""
    others = {one.name for run in runs for one in run.steps if one is not run.kept_step} - set(lists)
    inferred = sum(run.kept_step.evidence is not Evidence.RECORDED for run in runs)
    missing = f"Not every run has these lists, so they are not measured: {', '.join(sorted(others))}."
    kept = f"{count_of(inferred, 'run')} did not record what was kept: the last list counts as kept."
    return (*([missing] if others else []), *([kept] if inferred else []))
