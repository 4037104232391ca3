"""All cases: the filtered list, and the link to one. Running the open ones again is in `case_reruns`."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from rag_core.diagnosis import Verdict
from rag_core.schema.records import Listing
from rag_core.triage import CaseSummary, Status
from rag_core.wording.numbers import count_of, told_apart
from rag_core.wording.verdicts import VERDICT_LABELS
from ui import caches, visitors
from ui.panels import picking, views

LINKED = "case"
"""The parameter of a link that names a case."""

ADDRESSED = "case_in_address"
"""Session key: the case that the address names, as far as the page knows."""
GONE = "case_gone"
"""Session key: true where the link that was opened names a case that is not in the list, until one is chosen."""

FILTERS = ("case_status", "case_verdict", "case_tag", "case_text")


def table() -> str | None:
    """The filters and the list; gives the id of the chosen case."""
    listed = _found()
    rows = [row for row in listed.found if shown(row)]
    views.left_out("case", listed.left_out)
    if closed := len(listed.found) - len(rows):
        st.info(views.markdown(_closed(closed)), icon=":material/lock:")
    _take_from_link([row.id for row in rows])
    if st.session_state.get(GONE):
        st.warning("The case of this link does not exist, was deleted, or is hidden by the filters.")
    if not rows:
        filtered = any(st.session_state.get(key) for key in FILTERS)
        if not closed:
            st.caption("No case matches." if filtered else "No cases yet. Find a lost document and save it as a case.")
        return None
    key = f"cases_{st.session_state.get('cases_deleted', 0)}"  # no row is chosen anew once one is deleted
    st.dataframe(
        frame(rows),
        hide_index=True,
        key=key,
        on_select=lambda: _choose(rows, key),
        column_config={"Saved": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm")},
        selection_mode=picking.MODE,
    )
    ids = [row.id for row in rows]
    labels = _labels(rows)
    if st.session_state.get("case") not in ids:
        st.session_state["case"] = ids[0]
    chosen = st.selectbox("Open a case", ids, key="case", format_func=lambda one: labels[one], on_change=_found_another)
    if st.session_state.get(ADDRESSED) != chosen:
        st.session_state[ADDRESSED] = st.query_params[LINKED] = chosen
    return chosen


def address(case_id: str) -> str:
    """The full link to a case."""
    return f"{(st.context.url or '/triage').rstrip('/')}?{LINKED}={case_id}"


def linked() -> bool:
    """True where the link that was opened names a case and no view."""
    return LINKED in st.query_params and "view" not in st.query_params


def forget_link() -> None:
    """Take the case out of the address, where none is shown."""
    st.session_state.pop(ADDRESSED, None)
    _found_another()
    if LINKED in st.query_params:
        del st.query_params[LINKED]


def _take_from_link(ids: Sequence[str]) -> None:
    """Choose the case of the link that was opened, once; remember where it is not there."""
    asked = st.query_params.get(LINKED)
    if not asked or asked == st.session_state.get(ADDRESSED):
        return
    st.session_state[ADDRESSED] = asked
    st.session_state[GONE] = asked not in ids
    if asked in ids:
        st.session_state["case"] = asked


def _found_another() -> None:
    """Somebody has chosen a case: what the link named matters no more."""
    st.session_state.pop(GONE, None)


def _labels(rows: Sequence[CaseSummary]) -> dict[str, str]:
    """What each case is called in the list to choose from: no two alike, for a browser knows them by that."""
    return told_apart(
        {row.id: f"{row.query[:80]} · {', '.join(row.documents)[:60]}" for row in rows},
        {row.id: f"{row.created_at:%Y-%m-%d %H:%M}" for row in rows},
        {row.id: row.id[:8] for row in rows},
    )


def _found() -> Listing[CaseSummary]:
    with st.container(horizontal=True):
        status = st.selectbox("Status", list(Status), index=None, key="case_status", placeholder="All")
        verdicts = list(Verdict)
        verdict = st.selectbox(
            "Verdict",
            verdicts,
            index=None,
            key="case_verdict",
            placeholder="All",
            format_func=VERDICT_LABELS.__getitem__,
        )
        tag = st.text_input("Tag", key="case_tag")
        text = st.text_input("Search", key="case_text", placeholder="In question, note, document, tag")
    return caches.case_book().find(status=status, verdict=verdict, tag=tag.strip() or None, text=text.strip())


def _closed(number: int) -> str:
    """How many cases this visitor may not see, why, and what would show them."""
    are = "is" if number == 1 else "are"
    return f"{count_of(number, 'case')} of recorded runs {are} not listed. {visitors.why_no_runs()}"


def shown(row: CaseSummary) -> bool:
    """False for the case of a recorded run where visitors may not read what other people asked."""
    return not (row.recorded and visitors.why_no_runs())


def frame(rows: Sequence[CaseSummary]) -> pd.DataFrame:
    """The list as it is shown."""
    return pd.DataFrame(
        [
            (
                row.query,
                ", ".join(row.documents),
                VERDICT_LABELS[row.verdict],
                str(row.status),
                f"{row.outcome}, on {row.elsewhere}" if row.elsewhere else str(row.outcome or ""),
                ", ".join(row.tags),
                f"{row.collection} (recorded)" if row.recorded else row.collection,
                row.created_by,
                row.created_at,
            )
            for row in rows
        ],
        columns=["Question", "Expected", "Verdict", "Status", "Last re-run", "Tags", "Collection", "By", "Saved"],
    )


def _choose(rows: Sequence[CaseSummary], key: str) -> None:
    row = picking.picked_row(key)
    if row is not None:
        st.session_state["case"] = rows[row].id
        _found_another()
