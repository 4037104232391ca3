"""The answer without reranking beside the answer with it: one sentence on what differs, both cards, their passages."""

from __future__ import annotations

import html

import streamlit as st

from rag_core.analysis.reranker_ablation import only_in
from rag_core.generation.chat.access import ChatAccess
from rag_core.generation.quoting import chooser_for
from rag_core.pipeline.session import QuerySession
from rag_core.rerank.catalogue import entry_of
from rag_core.schema.answers import Answer
from rag_core.schema.trace import Trace
from rag_core.wording.comparisons import reranking_difference
from rag_core.wording.numbers import count_of, titles_of
from ui.panels import spent, waiting
from ui.panels.answer import card
from ui.sidebar import link_values

LABEL = "Compare with the answer without reranking"


def wanted(trace: Trace) -> bool:
    """Draw the switch; whether the two are to be shown. Only where a reranker ran: else there is nothing to compare."""
    if trace.rerank.status not in ("ran", "cached"):
        return False
    link_values.switch("vs", LABEL, by_page=True)
    on = st.toggle(
        LABEL,
        key="vs",
        bind="query-params",
        help="Answers the same question from the passages in fused order. Nothing is reranked again. A chat model is "
        "asked a second time.",
    )
    link_values.show("vs")
    return on


def show(question: QuerySession, trace: Trace, chat: ChatAccess | None) -> Answer | None:
    """Both sides; gives the reranked run's answer. An answer that could not be made says so in its place."""
    plain = question.without_reranking(trace.policy)
    told = st.container()
    left, right = st.columns(2, gap="medium")
    with right:
        after = waiting.answer(question, trace, chat)
        if after is not None:
            label = entry_of(trace.policy.reranker).label
            card(trace, after, heading=f"Reranked by {label}")
            st.html(passages(trace, plain, after))
    with left:
        before = waiting.answer(question, plain, chat, chooser_for(trace))
        if before is not None:
            card(plain, before, key="answer_plain", heading="Without reranking")
            if after is None or before.prompt != after.prompt:  # a prompt is sent once, and no two are alike
                spent.of_answer(before)
            st.html(passages(plain, trace, before))
    if before is not None and after is not None:
        said = html.escape(reranking_difference(plain, trace, before, after))
        told.html(f'<div class="sp-headline" data-testid="two-answers">{said}</div>')
    return after


def passages(one: Trace, other: Trace, answer: Answer) -> str:
    """The passages that one side's answer is made from, as HTML: cited or not, and which the other side never saw."""
    kept, new = one.kept_step.hits, set(only_in(one, other))
    cited = {citation.passage_id for citation in answer.citations}
    fused = one.fused_step.by_passage
    titles = titles_of(one.passages[hit.passage_id] for hit in kept)
    rows = []
    for hit in kept:
        tags = [f"fused rank {fused[hit.passage_id].rank}"]
        tags += ["cited"] if hit.passage_id in cited else []
        tags += ["only on this side"] if hit.passage_id in new else []
        name = html.escape(titles[hit.passage_id])
        strong = f"<b>{name}</b>" if hit.passage_id in new else name
        rows.append(f"<li>{strong}<br><small>{' · '.join(tags)}</small></li>")
    title = f"Made from {count_of(len(kept), 'passage')}" if kept else "No passage was kept"
    return f'<div class="sp-path">{title}</div><ol class="sp-list">{"".join(rows)}</ol>'
