"""Triage cases: a question, the document that should have answered, and where it was lost, kept to be run again.

book = CaseBook(store)
case = book.save(case_of(trace, findings, note="...", by="ana"))
then_and_now = rerun(case, pipeline, collection, policy)
"""

from rag_core.cases.book import CaseBook, CaseSummary
from rag_core.cases.case import Case, Finding, Outcome, Rerun, Status, case_of
from rag_core.cases.differences import Difference, differences
from rag_core.cases.exchange import Imported, export_cases, read_cases
from rag_core.cases.jobs import Control, Job, JobBook
from rag_core.cases.rerun import rerun, rerun_all

__all__ = [
    "Case",
    "CaseBook",
    "CaseSummary",
    "Control",
    "Difference",
    "Finding",
    "Imported",
    "Job",
    "JobBook",
    "Outcome",
    "Rerun",
    "Status",
    "case_of",
    "differences",
    "export_cases",
    "read_cases",
    "rerun",
    "rerun_all",
]
