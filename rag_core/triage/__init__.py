"""Triage cases: a question, the document that should have answered, and where it was lost, kept to be run again.

book = CaseBook(store)
case = book.save(case_of(trace, findings, note="...", by="ana"))
then_and_now = rerun(case, QuerySession(pipeline, case.query, case.trace.where), collection, policy)
then_and_now = rerun_recorded(case, policy, RunScorer(get_reranker))      # of a recorded run: a replay of the record
"""

from rag_core.jobs import Job, JobBook, JobControl
from rag_core.runs.replaying import RunScorer
from rag_core.triage.asked_again import ask_again
from rag_core.triage.case import Case, Finding, Rerun, RerunOutcome, Status, case_of
from rag_core.triage.case_book import CaseBook, CaseSummary
from rag_core.triage.differences import Difference, differences
from rag_core.triage.exchange import Imported, ImportResult, export_cases, export_lines, import_cases, read_cases
from rag_core.triage.rerun import rerun, rerun_all
from rag_core.triage.run_fixes import RunFix, fixes_in_run
from rag_core.triage.run_rerun import rerun_recorded
from rag_core.triage.run_settings import change_for, not_replayed

__all__ = [
    "Case",
    "CaseBook",
    "CaseSummary",
    "Difference",
    "Finding",
    "ImportResult",
    "Imported",
    "Job",
    "JobBook",
    "JobControl",
    "Rerun",
    "RerunOutcome",
    "RunFix",
    "RunScorer",
    "Status",
    "ask_again",
    "case_of",
    "change_for",
    "differences",
    "export_cases",
    "export_lines",
    "fixes_in_run",
    "import_cases",
    "not_replayed",
    "read_cases",
    "rerun",
    "rerun_all",
    "rerun_recorded",
]
