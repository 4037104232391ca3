"""The report of a case opens alone, says then and now, and holds no markup that people or documents brought."""

from __future__ import annotations

from datetime import UTC, datetime

from rag_core.report.case import case_report
from rag_core.triage import Rerun, RerunOutcome
from tests.triage.samples import LOST, a_case

EVIL = "<script>alert(1)</script>"


def test_it_says_what_was_expected_where_it_was_lost_and_what_people_say():
    case = a_case(f"how long? {EVIL}", note=EVIL, tags=("sso",), by="ana")
    report = case_report(case)
    assert "<script" not in report and report.count("&lt;script&gt;") >= 3
    for told in ("Cut by top-k", "sso", "ana", "2 of 3", case.documents[0]):
        assert told in report


def test_the_last_rerun_stands_below_with_what_changed():
    case, now = a_case(), a_case(policy=LOST.with_(top_k=2))
    run = Rerun(
        id="a" * 32,
        case_id=case.id,
        at=datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        outcome=RerunOutcome.FIXED,
        trace=now.trace,
        findings=now.findings,
    )
    report = case_report(case, [run])
    assert "Re-run 2026-01-02 03:04 UTC: fixed" in report
    assert "<td>top k</td><td>1</td><td>2</td>" in report


def test_a_rerun_that_could_not_be_made_says_why():
    case = a_case()
    run = Rerun(id="a" * 32, case_id=case.id, at=case.created_at, outcome=RerunOutcome.FAILED, error="it is <gone>")
    assert "it is &lt;gone&gt;" in case_report(case, [run])
