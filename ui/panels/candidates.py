"""The candidates of a run as a table, and one passage in full."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from rag_core.report.escaped import emphasised
from rag_core.retrieval.engines.llama_index_nodes import OWN
from rag_core.retrieval.tokenize import term_spans
from rag_core.schema.documents import Document, Passage
from rag_core.schema.once import once
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.steps import StepName
from rag_core.schema.trace import Trace
from rag_core.schema.trace_record import RankAtStep
from rag_core.wording.first_pass import sum_text
from rag_core.wording.numbers import score_text, title_of, titles_of
from rag_core.wording.outcomes import outcome_text
from rag_core.wording.step_names import label_in, step_label
from ui.panels import picking, word_table
from ui.panels.marking import marked
from ui.panels.views import markdown

SHORT: dict[str, str] = {
    StepName.DENSE: "Dense",
    StepName.LEXICAL: "Lexical",
    StepName.ADJUSTED: "Final",
}
"""Steps in the head of a column, where that is shorter than the label."""
PREVIEW_CHARS = 240
WIDEST = 340
"""Pixels of a column of the table, at most, so that the ranks are seen without scrolling; 24 are its margins, and a
letter takes 6.2."""


def passage_text(
    passage: Passage, terms: tuple[str, ...], seen_chars: int | None = None, literal: bool = False
) -> None:
    """The passage in full: heading path, text with matched terms marked, the part that was not read greyed.

    literal: it is not Markdown, as what another pipeline recorded may not be.
    """
    seen = None if seen_chars is None else seen_chars - (len(passage.model_text) - len(passage.text))
    body = marked(passage.text, term_spans(passage.text, frozenset(terms)), seen)
    body = body if literal else emphasised(body)
    st.html(
        f'<div class="sp-path">{html.escape(passage.heading or passage.name)}</div>'
        f'<div class="sp-passage" data-testid="passage">{body}</div>'
    )


def document_facts(document: Document) -> dict[str, str]:
    """Source, date, tenant and metadata of a document that has them."""
    own = {"source": document.source, "updated": document.updated_at, "tenant": document.tenant}
    return {name: str(value) for name, value in {**own, **document.metadata}.items() if value not in (None, "")}


@once
def facts_of(passage: Passage) -> pd.DataFrame:
    """The passage's document, place and metadata as a two-column table."""
    rows: dict[str, object] = {
        "Document": passage.document_id,
        "Characters": f"{passage.start:,} to {passage.end:,}",
        "Source": passage.source,
        "Updated": passage.updated_at,
        "Tenant": passage.tenant,
    }
    shown = {name: str(value) for name, value in {**rows, **_further(rows, passage)}.items() if value not in (None, "")}
    return pd.DataFrame({"Field": list(shown), "Value": list(shown.values())})


def _further(rows: Mapping[str, object], passage: Passage) -> dict[str, object]:
    """The metadata without what the rows say already (`source` beside a Source of the same value), and without what
    only LlamaIndex reads."""
    said = {(name.casefold(), str(value)) for name, value in rows.items()}
    further = {name: value for name, value in passage.metadata.items() if name not in OWN}
    return {name: value for name, value in further.items() if (name.casefold(), str(value)) not in said}


def _score_text(trace: Trace, at: RankAtStep, passage_id: str) -> str:
    """A score with its space and, of a first pass that adds the searches' scores, what it is the sum of."""
    if at.score is None:
        return ""
    parts = trace[at.step].by_passage[passage_id].parts if at.step == StepName.FIRST_PASS else {}
    first = trace.policy.first_pass
    return score_text(at.score, at.space) + (f" = {sum_text(parts, first)}" if parts and first else "")


@once
def way_table(trace: Trace, passage_id: str) -> pd.DataFrame:
    """The passage's way through the steps: a row per step with rank, of how many, and score with its space."""
    rows = [
        {
            "Step": label_in(trace, step.step),
            "Rank": f"{step.rank} of {step.of}" if step.rank else "not ranked",
            "Score": _score_text(trace, step, passage_id),
        }
        for step in trace.ranks_by_step(passage_id)
    ]
    rows[2:2] = [
        {
            "Step": f"{run.name}: {step.name}",
            "Rank": f"{hit.rank} of {len(step.hits)}" if hit else "not ranked",
            "Score": score_text(hit.score, step.space) if hit else "",
        }
        for run in trace.extra_searches
        for step in run.steps
        for hit in [step.by_passage.get(passage_id)]
    ]
    return pd.DataFrame(rows)


@once
def candidate_labels(trace: Trace, ids: list[str]) -> dict[str, str]:
    """`1  Refunds for digital goods: EU` with the rank before the cut, or `–` where it was not read; by passage id."""
    places = trace.final_step.by_passage
    titles = titles_of(trace.passages[passage_id] for passage_id in ids)
    return {key: f"{places[key].rank if key in places else '–'}  {title}" for key, title in titles.items()}


def candidate_table(trace: Trace, table: pd.DataFrame, key: str, on_select: Callable[[], None]) -> None:
    """A row per candidate, its rank at every step in the order of the steps; the scores on request. A click chooses a
    row."""
    titled = _titled(trace, table)
    columns = _columns(trace, titled)
    everything = st.toggle("Show the scores of every step", key=f"{key}_scores")
    st.dataframe(
        titled,
        key=key,
        column_order=list(columns) if everything else _ranks_first(trace, columns),
        column_config=columns,
        hide_index=True,
        height=min(340, 38 + 35 * len(titled)),
        on_select=on_select,
        selection_mode=picking.MODE,
    )


@once
def _titled(trace: Trace, table: pd.DataFrame) -> pd.DataFrame:
    """The table with titles that tell the passages apart, and with the searches that found each; without the texts,
    which it does not show: a hidden column is sent too, and they are more than all the rest."""
    titles = titles_of(trace.passages[passage_id] for passage_id in table["passage_id"])
    return table.drop(columns="text").assign(
        title=table["passage_id"].map(titles),
        found_by=table["passage_id"].map(lambda passage_id: list(trace.found_by(passage_id))),
    )


@once
def _columns(trace: Trace, titled: pd.DataFrame) -> dict[str, Any]:
    """All columns: passage, what became of it, rank and score of each step in order. The first two are as wide as what
    they hold, up to `WIDEST`: titles tell the rows apart."""
    digits = {"dense": "%.3f", "lexical": "%.1f", "fused": "%.4f", "first_pass": "%.2f", "reranked": "%.2f"}
    columns: dict[str, Any] = {
        "title": st.column_config.TextColumn("Passage", width=width_of(titled["title"])),
        "outcome": st.column_config.TextColumn("Outcome", width=width_of(titled["outcome"])),
    }
    for step in trace.steps[:-1]:
        label = step.name if trace.origin else SHORT.get(step.name, step_label(step.name))
        # three significant digits, so that a probability of 0.0004 is not shown as 0.000
        whole = trace.origin or step.space is ScoreSpace.PROBABILITY
        form = "%.3g" if whole else digits.get(step.name, "%.3f")
        columns[f"{step.name}_rank"] = st.column_config.NumberColumn(f"{label} #", width=75)
        columns[f"{step.name}_score"] = st.column_config.NumberColumn(f"{label} {step.space}", format=form)
    if trace.extra_searches:
        columns["found_by"] = st.column_config.ListColumn("Found by", width=250)
    columns["unseen_tokens"] = st.column_config.NumberColumn("Tokens not read")
    return columns


def width_of(texts: pd.Series) -> int:
    """The pixels of a column that cuts none of these texts, up to `WIDEST`."""
    return min(WIDEST, 24 + round(6.2 * max(texts.str.len(), default=0)))


def _ranks_first(trace: Trace, columns: dict[str, Any]) -> list[str]:
    """Passage, the ranks, outcome and the last score; not the final rank where it is the reranker's again."""
    final, reranked = trace.final_step, trace.reranked_step
    again = final is not reranked and [hit.passage_id for hit in final.hits] == [
        hit.passage_id for hit in reranked.hits
    ]
    left_out = f"{final.name}_rank" if again else ""
    ranks = [name for name in columns if name.endswith("_rank") and name != left_out]
    found_by = ["found_by"] if trace.extra_searches else []
    return ["title", *ranks, "outcome", f"{final.name}_score", *found_by]


def preview(trace: Trace, passage_id: str) -> None:
    """The chosen candidate in two lines, for below the chart: its title, what became of it, how its text begins."""
    passage = trace.passages[passage_id]
    start = " ".join(passage.text.split())[:PREVIEW_CHARS]
    dots = "…" if len(start) == PREVIEW_CHARS else ""
    text = html.escape(start) if trace.origin else emphasised(html.escape(start))
    outcome = html.escape(outcome_text(trace, trace.outcome(passage_id)))
    st.html(
        f'<div class="sp-preview" data-testid="preview"><b>{html.escape(title_of(passage))}</b> '
        f"({outcome})<br>{text}{dots}</div>"
    )


def candidate(trace: Trace, passage_id: str) -> None:
    """The chosen candidate in full: text, facts, and its way through the steps."""
    passage = trace.passages[passage_id]
    pair = trace.pairs.get(passage_id)
    text, facts = st.columns([3, 2], gap="large")
    with text:
        if trace.extra_searches:
            st.caption(markdown(f"Found by {', '.join(trace.found_by(passage_id))}."))
        passage_text(passage, trace.terms, pair.seen_chars if pair else None, literal=trace.origin is not None)
        if pair and pair.unseen_tokens:
            st.caption(f"The reranker did not see the last {pair.unseen_tokens} tokens of this passage (greyed).")
    with facts:
        word_table.show(way_table(trace, passage_id))
        word_table.show(facts_of(passage))
