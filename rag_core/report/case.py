"""A case as one HTML file that a ticket or a mail can carry: what was asked, what was answered, where it was lost, and
what came of it since."""

from __future__ import annotations

from collections.abc import Sequence

from rag_core.report.html import answer_section
from rag_core.report.page import escape, page, section, table
from rag_core.schema.trace import Trace
from rag_core.triage.case import Case, Finding, Rerun
from rag_core.triage.differences import differences
from rag_core.wording.elsewhere import elsewhere_text
from rag_core.wording.first_pass import first_pass_text
from rag_core.wording.numbers import score_text, titles_of
from rag_core.wording.step_names import step_label
from rag_core.wording.verdicts import VERDICT_LABELS, sentence

WHEN = "%Y-%m-%d %H:%M UTC"


def case_report(case: Case, runs: Sequence[Rerun] = ()) -> str:
    """The report of a case, with its last re-run where there is one. `runs`: the newest first."""
    parts = [
        f"<h1>{escape(case.query)}</h1>",
        *(f'<p class="lead">{escape(sentence(one.diagnosis))}</p>' for one in case.findings),
        _facts(case),
        *_run(case.trace, case.findings),
    ]
    if runs:
        parts += [f"<h1>Re-run {runs[0].at:{WHEN}}: {escape(runs[0].outcome)}</h1>", *_again(case, runs[0])]
    return page(case.query, parts)


def _facts(case: Case) -> str:
    rows = [
        ["Expected", ", ".join(case.documents)],
        ["Verdict", VERDICT_LABELS[case.verdict]],
        ["Status", str(case.status)],
        ["Note", case.note],
        ["Tags", ", ".join(case.tags)],
        ["Collection", case.trace.collection.name],
        ["Saved", f"{case.created_at:{WHEN}}{f' by {case.created_by}' if case.created_by else ''}"],
    ]
    return section("Case", table([row for row in rows if row[1]]))


def _run(trace: Trace, findings: Sequence[Finding]) -> list[str]:
    """The answer, the ranks of each expected document, what was kept, and the settings that decide it."""
    return [answer_section(trace), *map(_ranks, findings), _kept(trace, findings), _settings(trace)]


def _ranks(finding: Finding) -> str:
    rows = [
        [
            step_label(one.step, finding.diagnosis.recorded),
            f"{one.rank} of {one.of}" if one.rank else "not there",
            "" if one.score is None else score_text(one.score, one.space),
        ]
        for one in finding.diagnosis.way
    ]
    name = finding.location.title or finding.location.expected.document
    verdict = f"<p>{escape(VERDICT_LABELS[finding.diagnosis.verdict])}</p>"
    return section(f"Where “{name}” stood", verdict + (table(rows, ["Step", "Rank", "Score"]) if rows else ""))


def _kept(trace: Trace, findings: Sequence[Finding]) -> str:
    """The passages that were given to the answer, in full, the expected ones marked."""
    expected = {passage_id for finding in findings for passage_id in finding.location.passage_ids}
    titles, space = titles_of(one.passage for one in trace.kept), trace.kept_step.space
    shown = [
        f"<details><summary>{hit.rank}. {escape(titles[hit.passage_id])}"
        f"{' (expected)' if hit.passage_id in expected else ''} <small>{escape(score_text(hit.score, space))}</small>"
        f'</summary><div class="passage">{escape(trace.passages[hit.passage_id].text)}</div></details>'
        for hit in trace.kept_step.hits
    ]
    return section("Kept for the answer", "".join(shown) or "<p>Nothing was kept.</p>")


def _settings(trace: Trace) -> str:
    policy, first = trace.policy, trace.policy.first_pass
    rows: list[list[object]] = [
        ["Reranker", policy.reranker],
        ["First pass", first_pass_text(first) if first else "none"],
        ["Candidates to rerank", policy.pool],
        ["Threshold", "none" if policy.threshold.minimum is None else policy.threshold.minimum],
        ["Passages kept (top-k)", policy.top_k],
        ["Filter", str(trace.where) if trace.where else "none"],
    ]
    return section("Settings", table(rows))


def _again(case: Case, run: Rerun) -> list[str]:
    where = [f"<p>{escape(said)}</p>"] if (said := elsewhere_text(case, run)) else []
    if run.trace is None:
        return [*where, f"<p>{escape(run.error)}</p>"]
    changed = [[one.what, one.then, one.now] for one in differences(case.trace, run.trace)]
    return [
        *where,
        *_run(run.trace, run.findings),
        section("Differences", table(changed, ["What", "Then", "Now"]) if changed else "<p>None.</p>"),
    ]
