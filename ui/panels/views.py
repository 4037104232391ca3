"""Pieces that several pages show: the step strip, a passage, the error box. They compute nothing."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from rag_core.analysis.latency import duration, extras_ms
from rag_core.analysis.run_tables import share_table
from rag_core.analysis.search_contribution import sentence
from rag_core.errors import SecondPassError
from rag_core.report.escaped import emphasised
from rag_core.rerank.catalogue import entry_of
from rag_core.retrieval.tokenize import term_spans
from rag_core.schema.answers import Answer
from rag_core.schema.documents import Document, Passage
from rag_core.schema.records import LeftOut
from rag_core.schema.rerank_summary import RerankSummary
from rag_core.schema.steps import Step, StepName
from rag_core.schema.trace import Trace, not_rewritten
from rag_core.wording import headline as headline_text
from rag_core.wording.numbers import count_of, score_text, title_of
from rag_core.wording.run_captions import STEP_LABELS, rewritten_by
from ui.panels.marking import marked

STYLE = Path(__file__).with_name("style.css")


SHORT = {
    StepName.DENSE: "Dense",
    StepName.LEXICAL: "Lexical",
    StepName.ADJUSTED: "Final",
}
"""Steps in the head of a column, where that is shorter than the label."""


def style() -> None:
    """The style sheet of the pieces below; once per page."""
    st.html(STYLE)


def headline(sentence: str) -> None:
    """What happened, in one sentence, large."""
    st.html(f'<div class="sp-headline" data-testid="headline">{html.escape(sentence)}</div>')


def strip(trace: Trace, answer: Answer | None) -> None:
    """How many candidates went into and came out of each step, and its time."""
    steps = [_step(trace, step) for step in trace.steps]
    steps[2:2] = [_extra_step(trace)] if trace.extra_searches else []
    if answer:
        took, cited = duration(answer.timing.took_ms), count_of(len(answer.citations), "citation")
        steps.append(_cell("Answer", answer.kind, took, cited, bool(answer.warnings)))
    st.html(f'<div class="sp-strip" data-testid="stage-strip">{"".join(steps)}</div>')


def _step(trace: Trace, step: Step) -> str:
    report = trace.rerank
    came_out = {StepName.FUSED: len(trace.head), StepName.FIRST_PASS: len(trace.pool)}
    details = {
        StepName.DENSE: f"+ {duration(trace.embed.took_ms)} embedding",
        StepName.LEXICAL: f"{len(trace.terms)} terms matched",
        StepName.FUSED: f"{len(step.hits):,} distinct",
        StepName.FIRST_PASS: _reranked(trace.first_pass_summary or report),
        StepName.RERANKED: _reranked(report) + (f", {report.pairs_unread} not read" if report.stopped else ""),
        StepName.ADJUSTED: "on" if trace.policy.signals.on else "off: by relevance",
        StepName.KEPT: "nothing kept" if trace.unknown else "threshold, top-k",
    }
    took = duration(step.timing.took_ms)
    number = f"{step.inputs:,} → {came_out.get(step.name, len(step.hits)):,}"
    return _cell(STEP_LABELS[step.name], number, took, details[step.name], bool(step.warnings))


def _extra_step(trace: Trace) -> str:
    """All extra searches as one step: how many distinct passages they found, how long they took together."""
    steps = [step for run in trace.extra_searches for step in run.steps]
    found = {passage_id for step in steps for passage_id in step.by_passage}
    rewriting = f", + {duration(trace.rewriting.timing.took_ms)} rewriting" if trace.rewriting else ""
    told = f"{len(trace.extra_searches)} {'search' if len(trace.extra_searches) == 1 else 'searches'}{rewriting}"
    warn = any(step.warnings for step in steps)
    return _cell("Extra searches", f"{steps[0].inputs:,} → {len(found):,}", duration(extras_ms(trace)), told, warn)


def _reranked(report: RerankSummary) -> str:
    """What the reranker did, in few words."""
    scored, cached = report.pairs_scored, report.pairs_cached
    by = f" by {report.runs_on}" if report.runs_on else ""
    said = {
        "ran": f"{scored} scored{by}" + f", {cached} cached" * bool(cached),
        "cached": f"{cached} from the cache",
        "off": "off: fused order",
        "failed": "did not run",
        "idle": "nothing to score",
    }
    return said[report.status]


def _cell(label: str, number: str, took: str, detail: str, warn: bool) -> str:
    kind = "sp-step sp-warn" if warn else "sp-step"
    first, second, third, fourth = (html.escape(part) for part in (label, number, took, detail))
    return (
        f'<div class="{kind}"><b>{first}</b><span class="sp-n">{second}</span><small>{third}<br>{fourth}</small></div>'
    )


@contextmanager
def guard() -> Iterator[None]:
    """Shows the library's own errors as what they are: a sentence for the user."""
    try:
        yield
    except SecondPassError as exc:
        st.error(markdown(str(exc)), icon=":material/error:")


def left_out(noun: str, records: Sequence[LeftOut]) -> None:
    """A note for each stored record that cannot be read, where it would have been listed."""
    for one in records:
        st.warning(markdown(f"Left out: the {noun} {one}"), icon=":material/broken_image:")


def failure(trace: Trace) -> None:
    """A reranker that did not run in either pass, and a question that could not be rewritten, above everything else."""
    for step, _ in trace.rerank_passes:
        for warning in step.warnings:
            if warning.code == "rerank-failed":
                st.error(markdown(warning.message), icon=":material/error:")
    if trace.rewriting and trace.rewriting.failure:
        st.warning(markdown(not_rewritten(trace.rewriting.failure)), icon=":material/edit_off:")


def first_pass(trace: Trace) -> None:
    """What the first pass read and handed on, where there is one."""
    if trace.first_pass_summary:
        told = headline_text.first_pass(trace, lambda key: entry_of(key).label)
        st.caption(f":material/filter_list: {markdown(told)}")


def filtered(trace: Trace) -> None:
    """The run's filter in words, where it has one."""
    if trace.where:
        st.caption(f":material/filter_alt: Only passages with {markdown(str(trace.where))}.")


def notes(trace: Trace) -> None:
    """The other warnings of the run, by step."""
    lines = [
        f"**{STEP_LABELS[step.name]}:** {markdown(warning.message)}"
        for step in trace.steps
        for warning in step.warnings
        if warning.code != "rerank-failed"
    ]
    lines += [
        f"**Extra search {markdown(run.name)}:** {markdown(warning.message)}"
        for run in trace.extra_searches
        for step in run.steps
        for warning in step.warnings
    ]
    if lines:
        count = f"{len(lines)} {'note' if len(lines) == 1 else 'notes'} on this run"
        with st.expander(count, icon=":material/info:"):
            st.markdown("\n\n".join(lines))


def markdown(text: str) -> str:
    """Text that may hold names from documents, shown literally by Markdown."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+-.!|<>~$:" else c for c in text)


def passage_text(passage: Passage, terms: tuple[str, ...], seen_chars: int | None = None) -> None:
    """The passage in full: heading path, text with matched terms marked, the part that was not read greyed."""
    seen = None if seen_chars is None else seen_chars - (len(passage.model_text) - len(passage.text))
    body = emphasised(marked(passage.text, term_spans(passage.text, frozenset(terms)), seen))
    st.html(
        f'<div class="sp-path">{html.escape(passage.heading or passage.document_id)}</div>'
        f'<div class="sp-passage" data-testid="passage">{body}</div>'
    )


def document_facts(document: Document) -> dict[str, str]:
    """Source, date, tenant and metadata of a document that has them."""
    own = {"source": document.source, "updated": document.updated_at, "tenant": document.tenant}
    return {name: str(value) for name, value in {**own, **document.metadata}.items() if value not in (None, "")}


def facts_of(passage: Passage) -> pd.DataFrame:
    """The passage's document, place and metadata as a two-column table."""
    rows: dict[str, object] = {
        "Document": passage.document_id,
        "Characters": f"{passage.start:,} to {passage.end:,}",
        "Source": passage.source,
        "Updated": passage.updated_at,
        "Tenant": passage.tenant,
        **passage.metadata,
    }
    shown = {name: str(value) for name, value in rows.items() if value not in (None, "")}
    return pd.DataFrame({"Field": list(shown), "Value": list(shown.values())})


def way_table(trace: Trace, passage_id: str) -> pd.DataFrame:
    """The passage's way through the steps: a row per step with rank, of how many, and score with its space."""
    rows = [
        {
            "Stage": STEP_LABELS[step.step],
            "Rank": f"{step.rank} of {step.of}" if step.rank else "not there",
            "Score": score_text(step.score, step.space) if step.score is not None else "",
        }
        for step in trace.ranks_by_step(passage_id)
    ]
    rows[2:2] = [
        {
            "Stage": f"{run.name}: {step.name}",
            "Rank": f"{hit.rank} of {len(step.hits)}" if hit else "not there",
            "Score": score_text(hit.score, step.space) if hit else "",
        }
        for run in trace.extra_searches
        for step in run.steps
        for hit in [step.by_passage.get(passage_id)]
    ]
    return pd.DataFrame(rows)


def searches(trace: Trace) -> None:
    """What each search brought, where there are extra ones, and who wrote the rewritten queries."""
    if trace.extra_searches:
        st.subheader("What each search brought", anchor=False)
        st.caption(sentence(trace))
        st.dataframe(share_table(trace), hide_index=True, key="shares")
    if trace.rewriting and not trace.rewriting.failure:
        st.caption(markdown(rewritten_by(trace.rewriting)))


def candidate_label(trace: Trace, passage_id: str) -> str:
    """`1  Refunds for digital goods: EU` with the rank before the cut, or `–` where it was not read."""
    hit = trace[StepName.ADJUSTED].by_passage.get(passage_id)
    return f"{hit.rank if hit else '–'}  {title_of(trace.passages[passage_id])}"


def candidate_table(trace: Trace, table: pd.DataFrame, key: str, on_select: Callable[[], None]) -> None:
    """A row per candidate, its rank and score at every step; sortable; a click chooses a row."""
    digits = {"dense": 3, "lexical": 1, "fused": 4, "first_pass": 2, "reranked": 2, "adjusted": 3}
    columns: dict[str, Any] = {
        "outcome": st.column_config.TextColumn("Fate", width=120),
        "title": st.column_config.TextColumn("Passage", width=380),
    }
    if trace.extra_searches:
        columns["found_by"] = st.column_config.ListColumn("Found by", width=250)
    for step in trace.steps[:-1]:
        label = SHORT.get(step.name, STEP_LABELS[step.name])
        columns[f"{step.name}_rank"] = st.column_config.NumberColumn(f"{label} #")
        columns[f"{step.name}_score"] = st.column_config.NumberColumn(
            f"{label} {step.space}", format=f"%.{digits[step.name]}f"
        )
    columns["unseen_tokens"] = st.column_config.NumberColumn("Tokens unseen")
    found_by = ["found_by"] if trace.extra_searches else []
    first = ["adjusted_rank", "title", *found_by, "outcome", "adjusted_score", "reranked_rank", "reranked_score"]
    shown = table.assign(
        title=[title_of(trace.passages[passage_id]) for passage_id in table["passage_id"]],
        found_by=table["passage_id"].map(lambda passage_id: list(trace.found_by(passage_id))),
    )
    st.dataframe(
        shown,
        key=key,
        column_order=[*first, *(name for name in columns if name not in first)],
        column_config=columns,
        hide_index=True,
        height=340,
        on_select=on_select,
        selection_mode="single-row",
    )


def candidate(trace: Trace, passage_id: str) -> None:
    """The chosen candidate in full: text, facts, and its way through the steps."""
    passage = trace.passages[passage_id]
    pair = trace.pairs.get(passage_id)
    text, facts = st.columns([3, 2], gap="large")
    with text:
        if trace.extra_searches:
            st.caption(markdown(f"Found by {', '.join(trace.found_by(passage_id))}."))
        passage_text(passage, trace.terms, pair.seen_chars if pair else None)
        if pair and pair.unseen_tokens:
            st.caption(f"The reranker did not see the last {pair.unseen_tokens} tokens of this passage (greyed).")
    with facts:
        st.dataframe(way_table(trace, passage_id), hide_index=True, key="way")
        narrow = {"Field": st.column_config.TextColumn(width=80)}
        st.dataframe(facts_of(passage), hide_index=True, key="facts", column_config=narrow)
