"""What chosen recorded runs would have kept with another top-k or threshold, by judgments."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from rag_core.evaluation.recorded_cuts import Cuts, Setting, cuts_of
from rag_core.evaluation.recorded_runs import run_key
from rag_core.evaluation.sets import LabelledSet
from rag_core.schema.trace import Trace
from rag_core.wording.recorded_cuts import cuts_sentence, left_out_sentence
from ui.panels import views

LABELS = {Setting.TOP_K: "Top-k", Setting.THRESHOLD: "Threshold"}


def show(traces: Sequence[Trace], labelled: LabelledSet) -> None:
    """A table of values once a setting is chosen: every run is replayed with each."""
    st.subheader("Keep more or fewer", anchor=False)
    setting = st.segmented_control("Change", list(LABELS), key="run_cuts", format_func=LABELS.__getitem__)
    if setting is None:
        st.caption("Choose a setting: each run is replayed with its values. No model runs.")
        return
    runs = " ".join(map(run_key, traces))
    found = _found(list(traces), labelled, f"{runs} {labelled.fingerprint}", setting)
    if found.points:
        st.caption(views.markdown(cuts_sentence(found, setting)))
        frame = pd.DataFrame([one.model_dump() for one in found.points])
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
def _found(_traces: list[Trace], _labelled: LabelledSet, about: str, setting: Setting) -> Cuts:  # noqa: ARG001 - the key
    return cuts_of(_traces, _labelled, setting)
