"""The evaluation page's tables: steps, the two headline metrics, harmed queries; and its downloads."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from rag_core.evaluation import gate
from rag_core.evaluation.export import queries_csv, to_markdown
from rag_core.evaluation.report import HEADLINE, SPLIT, Report
from rag_core.wording.evaluations import evaluation_verdict, short_lists
from rag_core.wording.metric_changes import CHANGED, NO_INTERVAL, against_baseline_text, interval_text
from rag_core.wording.numbers import count_of
from ui import links
from ui.panels import views

SHOWN = 50
NAMES = {"adjusted": "final order", "kept": "kept"}


def headline(report: Report) -> None:
    """The verdict on what reaches the answer, then both metrics with interval, p-value and counts, before and after
    the cut."""
    views.headline(evaluation_verdict(report))
    compared = {f"{name}, order": report.comparisons[name] for name in HEADLINE}
    compared |= {f"{name}, kept for the answer": found for name, found in report.answered.items()}
    rows = []
    for name, found in compared.items():
        rows.append(
            {
                "Metric": name,
                "Before": found.before,
                "After": found.after,
                "Change": found.difference,
                "95% interval": interval_text(found),
                "p": found.p_value,
                "Better / equal / worse": f"{found.wins} / {found.ties} / {found.losses}",
            }
        )
    numbers = {name: st.column_config.NumberColumn(format="%.3f") for name in ("Before", "After", "p")}
    numbers["Change"] = st.column_config.NumberColumn(format="%+.3f")
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="eval_headline", column_config=numbers)
    if not all(found.bounded for found in compared.values()):
        st.caption(NO_INTERVAL)


def steps(report: Report) -> None:
    """Mean of every metric at every step, and what is judged of each list."""
    rows = [
        {"Step": NAMES.get(step, step), **{metric: report.mean(step, metric) for metric in report.metrics}}
        for step in report.steps
    ]
    st.subheader("Every step", anchor=False)
    counts = f"{count_of(report.judged, 'labelled question')}, {count_of(report.judgments, 'grade')}"
    st.caption(
        f"{counts}. Judged@10 is the share of the first ten that has a grade. No grade counts as not relevant."
        f"{short_lists(report)}"
    )
    columns = {metric: st.column_config.NumberColumn(format="%.3f") for metric in report.metrics}
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="eval_stages", column_config=columns)


def harmed(report: Report, collection: str) -> None:
    """Queries by change, the most harmed first, each with links to look at it."""
    metric = HEADLINE[-1]
    changes = [(one, change) for one, change in report.changes(metric) if abs(change) > 1e-9]
    losing = sum(change < 0 for _, change in changes)
    if not changes:
        return
    st.subheader("Questions that changed most", anchor=False)
    st.caption(
        f"Reranking lowers {metric} for {count_of(losing, 'question')} and raises it for {len(changes) - losing}."
    )
    rows = []
    for query_id, change in [*changes[:SHOWN], *changes[max(SHOWN, len(changes) - SHOWN) :]]:
        rows.append(
            {
                "Question": report.texts[query_id],
                "Before": report.values[report.before][metric][query_id],
                "After": report.values[report.after][metric][query_id],
                "Change": change,
                "Inspect": links.address("", q=report.texts[query_id], c=collection),
                "Triage": links.address("triage", q=report.texts[query_id], c=collection),
            }
        )
    columns = {name: st.column_config.NumberColumn(format="%.3f") for name in ("Before", "After")}
    columns["Change"] = st.column_config.NumberColumn(format="%+.3f")
    opened = {name: st.column_config.LinkColumn(display_text=name) for name in ("Inspect", "Triage")}
    st.dataframe(pd.DataFrame(rows), hide_index=True, key="eval_harmed", column_config={**columns, **opened})


def notices(report: Report, unknown: Sequence[str] = ()) -> None:
    """What a reader must know about the files and the set, folded away; but not what makes the figures wrong: judged
    documents that are not in the collection, or in no list of the recorded runs."""
    for one in unknown:
        st.warning(views.markdown(one), icon=":material/search_off:")
    rest = [one for one in report.notices if one not in unknown]
    if rest:
        with st.expander(f"{count_of(len(rest), 'note')} on this set", icon=":material/info:"):
            for one in rest:
                st.markdown(f"- {views.markdown(one)}")


def files(report: Report) -> None:
    """The report as JSON, CSV and Markdown, and a saved one to compare with."""
    st.subheader("Download", anchor=False)
    kinds = {
        "Report (JSON)": ("report.json", "application/json", report.to_json),
        "Questions (CSV)": ("queries.csv", "text/csv", lambda: queries_csv(report)),
        "Report (Markdown)": ("report.md", "text/markdown", lambda: to_markdown(report)),
    }
    with st.container(horizontal=True):
        for label, (name, mime, content) in kinds.items():
            st.download_button(
                label, data=content, file_name=name, mime=mime, key=f"eval_{name}", icon=":material/download:",
                on_click="ignore",
            )  # fmt: skip
    saved = st.file_uploader("Compare with a saved report (JSON)", type=["json"], key="eval_baseline")
    if saved is not None:
        with views.guard():
            _against(report, Report.read(saved.getvalue(), saved.name))


def _against(report: Report, baseline: Report) -> None:
    """Whether it is worse than a saved evaluation."""
    metric = SPLIT if SPLIT in report.metrics else HEADLINE[-1]
    check = gate.worse(report, baseline, [metric], report.after)
    for one in check.compared:
        if one.failed:
            st.error(views.markdown(against_baseline_text(one)), icon=":material/trending_down:")
        else:
            st.info(views.markdown(against_baseline_text(one)))
    for change in check.changed:
        st.info(CHANGED[change])
