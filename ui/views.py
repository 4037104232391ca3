"""Pieces that several pages show: the stage strip, a passage, the error box. They compute nothing."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from rag_core import narrative
from rag_core.config import MAIN
from rag_core.errors import SecondPassError
from rag_core.generation.price import dollars_text
from rag_core.latency import duration, extras_ms
from rag_core.narrative import counted, score_text, title_of
from rag_core.provenance import sentence, shares
from rag_core.rerank.catalogue import entry_of
from rag_core.retrieval.tokens import term_spans
from rag_core.trace import RerankReport, Rewriting, Trace, not_rewritten
from rag_core.types import Answer, Chunk, Document, Stage, StageName
from ui.marking import marked

STYLE = Path(__file__).with_name("style.css")

LABELS = {
    StageName.DENSE: "Dense search",
    StageName.LEXICAL: "Lexical search",
    StageName.FUSED: "Fusion",
    StageName.SCREENED: "First pass",
    StageName.RERANKED: "Rerank",
    StageName.ADJUSTED: "Signals",
    StageName.KEPT: "Keep",
}

SHORT = {
    StageName.DENSE: "Dense",
    StageName.LEXICAL: "Lexical",
    StageName.ADJUSTED: "Final",
}
"""Stages in the head of a column, where that is shorter than the label."""


def style() -> None:
    """The style sheet of the pieces below; once per page."""
    st.html(STYLE)


def headline(sentence: str) -> None:
    """What happened, in one sentence, large."""
    st.html(f'<div class="sp-headline" data-testid="headline">{html.escape(sentence)}</div>')


def strip(trace: Trace, answer: Answer | None) -> None:
    """How many candidates went into and came out of each step, and its time."""
    steps = [_step(trace, stage) for stage in trace.stages]
    steps[2:2] = [_extra_step(trace)] if trace.extras else []
    if answer:
        took, cited = duration(answer.timing.took_ms), counted(len(answer.citations), "citation")
        steps.append(_cell("Answer", answer.kind, took, cited, bool(answer.warnings)))
    st.html(f'<div class="sp-strip" data-testid="stage-strip">{"".join(steps)}</div>')


def _step(trace: Trace, stage: Stage) -> str:
    report = trace.rerank
    came_out = {StageName.FUSED: len(trace.head), StageName.SCREENED: len(trace.pool)}
    details = {
        StageName.DENSE: f"+ {duration(trace.embed.took_ms)} embedding",
        StageName.LEXICAL: f"{len(trace.terms)} terms matched",
        StageName.FUSED: f"{len(stage.hits):,} distinct",
        StageName.SCREENED: _reranked(trace.screening or report),
        StageName.RERANKED: _reranked(report) + (f", {report.pairs_unread} not read" if report.stopped else ""),
        StageName.ADJUSTED: "on" if trace.policy.signals.on else "off: by relevance",
        StageName.KEPT: "nothing kept" if trace.unknown else "threshold, top-k",
    }
    took = duration(stage.timing.took_ms)
    number = f"{stage.inputs:,} → {came_out.get(stage.name, len(stage.hits)):,}"
    return _cell(LABELS[stage.name], number, took, details[stage.name], bool(stage.warnings))


def _extra_step(trace: Trace) -> str:
    """All extra searches as one step: how many distinct passages they found, how long they took together."""
    stages = [stage for run in trace.extras for stage in run.stages]
    found = {chunk_id for stage in stages for chunk_id in stage.by_chunk}
    rewriting = f", + {duration(trace.rewriting.timing.took_ms)} rewriting" if trace.rewriting else ""
    told = f"{len(trace.extras)} {'search' if len(trace.extras) == 1 else 'searches'}{rewriting}"
    warn = any(stage.warnings for stage in stages)
    return _cell("Extra searches", f"{stages[0].inputs:,} → {len(found):,}", duration(extras_ms(trace)), told, warn)


def _reranked(report: RerankReport) -> str:
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


def failure(trace: Trace) -> None:
    """A reranker that did not run in either pass, and a question that could not be rewritten, above everything else."""
    for stage, _ in trace.passes:
        for warning in stage.warnings:
            if warning.code == "rerank-failed":
                st.error(markdown(warning.message), icon=":material/error:")
    if trace.rewriting and trace.rewriting.failure:
        st.warning(markdown(not_rewritten(trace.rewriting.failure)), icon=":material/edit_off:")


def first_pass(trace: Trace) -> None:
    """What the first pass read and handed on, where there is one."""
    if trace.screening:
        told = narrative.first_pass(trace, lambda key: entry_of(key).label)
        st.caption(f":material/filter_list: {markdown(told)}")


def filtered(trace: Trace) -> None:
    """The run's filter in words, where it has one."""
    if trace.where:
        st.caption(f":material/filter_alt: Only passages with {markdown(str(trace.where))}.")


def notes(trace: Trace) -> None:
    """The other warnings of the run, by stage."""
    lines = [
        f"**{LABELS[stage.name]}:** {markdown(warning.message)}"
        for stage in trace.stages
        for warning in stage.warnings
        if warning.code != "rerank-failed"
    ]
    lines += [
        f"**Extra search {markdown(run.name)}:** {markdown(warning.message)}"
        for run in trace.extras
        for stage in run.stages
        for warning in stage.warnings
    ]
    if lines:
        count = f"{len(lines)} {'note' if len(lines) == 1 else 'notes'} on this run"
        with st.expander(count, icon=":material/info:"):
            st.markdown("\n\n".join(lines))


def markdown(text: str) -> str:
    """Text that may hold names from documents, shown literally by Markdown."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+-.!|<>~$:" else c for c in text)


def emphasised(escaped: str) -> str:
    """Markdown's `**bold**` and `` `code` `` of already escaped text as HTML; nothing else of Markdown."""
    bold = re.sub(r"\*\*([^*<>\n]+)\*\*", r"<b>\1</b>", escaped)
    return re.sub(r"`([^`<>\n]+)`", r"<code>\1</code>", bold)


def passage(chunk: Chunk, terms: tuple[str, ...], seen_chars: int | None = None) -> None:
    """The passage in full: heading path, text with matched terms marked, the part that was not read greyed."""
    seen = None if seen_chars is None else seen_chars - (len(chunk.reading) - len(chunk.text))
    body = emphasised(marked(chunk.text, term_spans(chunk.text, frozenset(terms)), seen))
    st.html(
        f'<div class="sp-path">{html.escape(chunk.heading or chunk.document_id)}</div>'
        f'<div class="sp-passage" data-testid="passage">{body}</div>'
    )


def document_facts(document: Document) -> dict[str, str]:
    """Source, date, tenant and metadata of a document that has them."""
    own = {"source": document.source, "updated": document.updated_at, "tenant": document.tenant}
    return {name: str(value) for name, value in {**own, **document.metadata}.items() if value not in (None, "")}


def facts_of(chunk: Chunk) -> pd.DataFrame:
    """The chunk's document, place and metadata as a two-column table."""
    rows: dict[str, object] = {
        "Document": chunk.document_id,
        "Characters": f"{chunk.start:,} to {chunk.end:,}",
        "Source": chunk.source,
        "Updated": chunk.updated_at,
        "Tenant": chunk.tenant,
        **chunk.metadata,
    }
    shown = {name: str(value) for name, value in rows.items() if value not in (None, "")}
    return pd.DataFrame({"Field": list(shown), "Value": list(shown.values())})


def way_table(trace: Trace, chunk_id: str) -> pd.DataFrame:
    """The chunk's way through the stages: a row per stage with rank, of how many, and score with its space."""
    rows = [
        {
            "Stage": LABELS[step.stage],
            "Rank": f"{step.rank} of {step.of}" if step.rank else "not there",
            "Score": score_text(step.score, step.space) if step.score is not None else "",
        }
        for step in trace.way_of(chunk_id)
    ]
    rows[2:2] = [
        {
            "Stage": f"{run.name}: {stage.name}",
            "Rank": f"{hit.rank} of {len(stage.hits)}" if hit else "not there",
            "Score": score_text(hit.score, stage.space) if hit else "",
        }
        for run in trace.extras
        for stage in run.stages
        for hit in [stage.by_chunk.get(chunk_id)]
    ]
    return pd.DataFrame(rows)


def share_table(trace: Trace) -> pd.DataFrame:
    """A row per search: the words and the part of the collection that it looked for, and how much it brought."""
    asked = {MAIN: (trace.query, trace.where), **{run.name: (run.query, run.where) for run in trace.extras}}
    return pd.DataFrame(
        [
            {
                "Search": one.name,
                "Looked for": asked[one.name][0],
                "Looked in": str(asked[one.name][1] or "the whole collection"),
                "Found": one.found,
                "Found alone": one.only,
                "In the pool": one.pooled,
                "Kept": one.kept,
                "Kept alone": one.kept_only,
            }
            for one in shares(trace)
        ]
    )


def searches(trace: Trace) -> None:
    """What each search brought, where there are extra ones, and who wrote the rewritten queries."""
    if trace.extras:
        st.subheader("What each search brought", anchor=False)
        st.caption(sentence(trace))
        st.dataframe(share_table(trace), hide_index=True, key="shares")
    if trace.rewriting and not trace.rewriting.failure:
        st.caption(markdown(rewritten_by(trace.rewriting)))


def rewritten_by(one: Rewriting) -> str:
    """`2 queries written by llama3.2 in 1.2 s: 84 tokens sent, 20 written, $0.0002.`"""
    counts = (one.prompt_tokens, one.completion_tokens)
    tokens = "" if None in counts else f": {counts[0]} tokens sent, {counts[1]} written"
    price = "" if one.dollars is None else f", {dollars_text(one.dollars)}"
    wrote = f"{len(one.queries)} {'query' if len(one.queries) == 1 else 'queries'} written"
    said = wrote if one.queries else "The question was only repeated"
    return f"{said} by {one.model} in {duration(one.timing.took_ms)}{tokens}{price}."


def candidates(trace: Trace) -> pd.DataFrame:
    """The candidate table as it is shown: a row per candidate in the final order, then the first pass's, then fused."""
    frame = trace.to_frame()
    if frame.empty:
        return frame
    places = frame["chunk_id"].map(trace.places).fillna(10**6)
    return frame.assign(order=places).sort_values(["order", "fused_rank"]).drop(columns="order").reset_index(drop=True)


def candidate_label(trace: Trace, chunk_id: str) -> str:
    """`1  Refunds for digital goods: EU` with the rank before the cut, or `–` where it was not read."""
    hit = trace[StageName.ADJUSTED].by_chunk.get(chunk_id)
    return f"{hit.rank if hit else '–'}  {title_of(trace.chunks[chunk_id])}"


def candidate_table(trace: Trace, table: pd.DataFrame, key: str, on_select: Callable[[], None]) -> None:
    """A row per candidate, its rank and score at every stage; sortable; a click chooses a row."""
    digits = {"dense": 3, "lexical": 1, "fused": 4, "screened": 2, "reranked": 2, "adjusted": 3}
    columns: dict[str, Any] = {
        "fate": st.column_config.TextColumn("Fate", width=120),
        "title": st.column_config.TextColumn("Passage", width=380),
    }
    if trace.extras:
        columns["found_by"] = st.column_config.ListColumn("Found by", width=250)
    for stage in trace.stages[:-1]:
        label = SHORT.get(stage.name, LABELS[stage.name])
        columns[f"{stage.name}_rank"] = st.column_config.NumberColumn(f"{label} #")
        columns[f"{stage.name}_score"] = st.column_config.NumberColumn(
            f"{label} {stage.space}", format=f"%.{digits[stage.name]}f"
        )
    columns["unseen_tokens"] = st.column_config.NumberColumn("Tokens unseen")
    found_by = ["found_by"] if trace.extras else []
    first = ["adjusted_rank", "title", *found_by, "fate", "adjusted_score", "reranked_rank", "reranked_score"]
    shown = table.assign(
        title=[title_of(trace.chunks[chunk_id]) for chunk_id in table["chunk_id"]],
        found_by=table["chunk_id"].map(lambda chunk_id: list(trace.found_by(chunk_id))),
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


def candidate(trace: Trace, chunk_id: str) -> None:
    """The chosen candidate in full: text, facts, and its way through the stages."""
    chunk = trace.chunks[chunk_id]
    pair = trace.pairs.get(chunk_id)
    text, facts = st.columns([3, 2], gap="large")
    with text:
        if trace.extras:
            st.caption(markdown(f"Found by {', '.join(trace.found_by(chunk_id))}."))
        passage(chunk, trace.terms, pair.seen_chars if pair else None)
        if pair and pair.unseen_tokens:
            st.caption(f"The reranker did not see the last {pair.unseen_tokens} tokens of this passage (greyed).")
    with facts:
        st.dataframe(way_table(trace, chunk_id), hide_index=True, key="way")
        narrow = {"Field": st.column_config.TextColumn(width=80)}
        st.dataframe(facts_of(chunk), hide_index=True, key="facts", column_config=narrow)
