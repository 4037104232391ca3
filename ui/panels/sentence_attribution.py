"""Why this score: the sentences that earned it, for the expected passage and one that stands above it."""

from __future__ import annotations

import streamlit as st

from rag_core.analysis.sentence_attribution import Attribution
from rag_core.schema.policy import NO_RERANKER
from rag_core.schema.trace import Trace
from rag_core.wording.analysis_captions import contrast
from rag_core.wording.numbers import title_of
from ui import caches
from ui.panels import candidates as candidates_panel
from ui.panels import sentence_marks, spent, views, waiting
from ui.panels.triage import Found


def show(found: Found) -> None:
    """Sentence by sentence: what earned the score of the expected passage, and of one that stands above it."""
    trace, expected = found.trace, found.diagnosis.passage_id
    if expected is None or expected not in trace.passages or trace.policy.reranker == NO_RERANKER:
        return
    st.subheader("Why this score", anchor=False)
    others = [hit.passage_id for hit in trace.final_step.hits if hit.passage_id != expected]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        labels = candidates_panel.candidate_labels(trace, others)
        other = st.selectbox("Compared with", others, key="other", format_func=labels.__getitem__)
        start = st.button("Explain by sentence", key="explain", icon=":material/segment:")
    pair = tuple(one for one in (expected, other) if one)
    key = ("why", trace.collection.fingerprint, trace.query, trace.policy.reranker, pair)
    if start:
        with spent.counted("why"):
            st.session_state[key[0]] = (key, _explained(trace, pair))
    spent.of_work("why")
    kept = st.session_state.get("why")
    if kept and kept[0] == key:
        _side_by_side(kept[1])


def _explained(trace: Trace, passage_ids: tuple[str, ...]) -> list[Attribution]:
    made = []
    with waiting.stoppable("why", "Scoring sentences") as bar:
        for number, passage_id in enumerate(passage_ids):
            title = title_of(trace.passages[passage_id])

            def progress(done: int, total: int, base: int = number, title: str = title) -> None:
                part = (base + done / max(total, 1)) / len(passage_ids)
                bar.progress(part, views.markdown(f"Scoring the sentences of {title}, {done} of {total}"))

            made.append(caches.why(trace, trace.passages[passage_id], progress))
    return made


def _side_by_side(attributions: list[Attribution]) -> None:
    if len(attributions) == 2:
        st.caption(views.markdown(contrast(*attributions)))
    for column, attribution in zip(st.columns(len(attributions), gap="large"), attributions, strict=True):
        with column:
            st.html(sentence_marks.markup(attribution))
    st.caption(
        "Blue and bold raises the score, orange and dashed lowers it. The number is the change without the sentence."
    )
