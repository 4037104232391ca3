"""Triage cases: a question, the document that should have answered, and where it was lost, kept to be run again.

book = CaseBook(store)
case = book.save(case_of(trace, findings, note="...", by="ana"))
then_and_now = rerun(case, QuerySession(pipeline, case.query, case.trace.where), collection, policy)
"""

from rag_core.jobs import Job, JobBook, JobControl
from rag_core.triage.case import Case, Finding, Rerun, RerunOutcome, Status, case_of
from rag_core.triage.case_book import CaseBook, CaseSummary
from rag_core.triage.differences import Difference, differences
from rag_core.triage.exchange import Imported, ImportResult, export_cases, export_lines, import_cases, read_cases
from rag_core.triage.rerun import rerun, rerun_all

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
    "Status",
    "case_of",
    "differences",
    "export_cases",
    "export_lines",
    "import_cases",
    "read_cases",
    "rerun",
    "rerun_all",
]
