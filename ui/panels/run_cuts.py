"""What chosen recorded runs would have kept with other values of a setting, by judgments."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from rag_core.evaluation.recorded_cuts import Cuts, Setting, cuts_of, searches_of
from rag_core.evaluation.recorded_runs import run_key
from rag_core.evaluation.sets import LabelledSet
from rag_core.schema.trace import Trace
from rag_core.wording.recorded_cuts import cuts_sentence, left_out_sentence
from ui.panels import views

LABELS = {
    Setting.TOP_K: "Top-k",
    Setting.THRESHOLD: "Threshold",
    Setting.POOL: "Candidates to rerank (pool)",
    Setting.WEIGHT: "Weight of a search",
}


def show(traces: Sequence[Trace], labelled: LabelledSet) -> None:
    """A table of values once a setting is chosen: every run is replayed with each."""
    st.subheader("Replay with other values", anchor=False)
    searches = searches_of(traces)
    offered = [one for one in LABELS if searches or one is not Setting.WEIGHT]
    setting = st.segmented_control("Change", offered, key="run_cuts", format_func=LABELS.__getitem__)
    if setting is None:
        st.caption("Choose a setting: each run is replayed with its values. No model runs.")
        return
    search = ""
    if setting is Setting.WEIGHT:
        search = st.selectbox("Search", searches, key="run_cuts_search", help="All others have the weight 1.")
    runs = " ".join(map(run_key, traces))
    found = _found(list(traces), labelled, f"{runs} {labelled.fingerprint}", setting, search)
    if found.points:
        st.caption(views.markdown(cuts_sentence(found, setting, search)))
        frame = pd.DataFrame([one.model_dump(exclude={"fewer"}) for one in found.points])
        st.dataframe(
            frame,
            hide_index=True,
            key="run_cuts_table",
            column_config={
                "value": st.column_config.NumberColumn(LABELS[setting], format="%g"),
                "answered": st.column_config.NumberColumn("Runs with a relevant document", format="percent"),
                "relevant": st.column_config.NumberColumn("Relevant documents kept", format="percent"),
                "others": st.column_config.NumberColumn("Other documents kept", format="%.1f"),
            },
        )
    if found.reasons:
        st.warning(views.markdown(left_out_sentence(found)), icon=":material/block:")


@st.cache_data(max_entries=16, show_spinner="Replaying")
def _found(
    _traces: list[Trace],
    _labelled: LabelledSet,
    about: str,  # noqa: ARG001 - the key
    setting: Setting,
    search: str,
) -> Cuts:
    return cuts_of(_traces, _labelled, setting, search)
