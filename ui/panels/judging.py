"""Judge while reading: one passage of the pool at a time, graded 0 to 3 by click or key, unjudged ones counted."""

from __future__ import annotations

import streamlit as st

from rag_core.evaluation.bench import Bench
from rag_core.evaluation.judgments import GRADES, JudgmentBook
from rag_core.evaluation.sets import LabelledSet, Query
from rag_core.pipeline.replay import replay
from rag_core.schema.documents import Passage
from rag_core.schema.trace import Trace
from rag_core.wording.numbers import titles_of, verb
from ui import auth
from ui.panels import candidates as candidates_panel
from ui.panels import evaluation
from ui.sidebar.state import SidebarState


@st.fragment
def judging(choice: SidebarState, questions: LabelledSet, of: Bench) -> None:
    """The question, the next passage that nobody judged, the four grades. Figures follow when the page runs again."""
    queries = [query for query in questions.queries if query.id in of.measurements]
    if not queries:
        st.caption("Evaluate the questions first. Then you can grade the passages that were found.")
        return
    query = st.selectbox(
        "Question to grade", queries, format_func=lambda one: one.text, key="judge_query", placeholder="Choose one"
    )
    book = evaluation.judgments(choice)
    now = book.added_to(questions)
    trace = replay(of.measurements[query.id], choice.policy)
    pool = in_final_order(trace, now)
    grades = now.qrels.get(query.id, {})
    unjudged = [item for item in pool if item not in grades]
    st.progress(
        1 - len(unjudged) / max(len(pool), 1),
        f"{len(unjudged)} of {len(pool)} {questions.level}s in the pool {verb(len(unjudged), 'has', 'have')} no grade.",
    )
    item = _chosen(query, pool, unjudged, grades)
    if item is not None:
        _passage(trace, pool[item], now, query, item, book)
    if st.button("Apply grades", key="judge_apply", icon=":material/refresh:"):
        st.rerun()


def in_final_order(trace: Trace, questions: LabelledSet) -> dict[str, Passage]:
    """What can be judged (a document's id, or a passage's) -> its best passage, in the order before the cut."""
    found: dict[str, Passage] = {}
    for hit in trace.final_step.hits:
        passage = trace.passages[hit.passage_id]
        found.setdefault(passage.id if questions.level == "passage" else passage.document_id, passage)
    return found


def _chosen(query: Query, pool: dict[str, Passage], unjudged: list[str], grades: dict[str, int]) -> str | None:
    """The passage to read: the one picked, else the first that nobody judged."""
    if not pool:
        st.caption("Nothing was found for this question.")
        return None
    places = {item: place for place, item in enumerate(pool, start=1)}
    titles = titles_of(pool.values())

    def label(item: str) -> str:
        grade = f"grade {grades[item]}" if item in grades else "no grade"
        return f"{places[item]}. {titles[pool[item].id]} · {grade}"

    first = unjudged[0] if unjudged else next(iter(pool))
    key = f"judge_item_{query.id}_{len(unjudged)}"
    return st.selectbox("Passage", list(pool), index=places[first] - 1, format_func=label, key=key)


def _passage(
    trace: Trace, passage: Passage, questions: LabelledSet, query: Query, item: str, book: JudgmentBook
) -> None:
    """The passage in full, and a button a grade that answers to the keys 0 to 3."""
    candidates_panel.passage_text(passage, trace.terms)
    with st.container(horizontal=True):
        for grade, meaning in GRADES.items():
            st.button(
                f"{grade} · {meaning}",
                key=f"grade_{grade}",
                shortcut=str(grade),
                on_click=book.judge,
                args=(questions, query.id, item, grade, auth.author()),
            )
        st.button(
            "Undo", key="grade_back", icon=":material/undo:", on_click=book.take_back,
            args=(questions, query.id, item), type="tertiary",
        )  # fmt: skip
