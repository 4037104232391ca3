"""The signals in the sidebar: a switch, and the weight of each."""

from __future__ import annotations

import streamlit as st

from rag_core.schema.policy import SIGNAL_NAMES, Signals
from ui.sidebar import link_values
from ui.sidebar.controls import CONTROLS, label_of, slider

NO_AUTHORITY = (
    "Authority changes nothing here: no document states one. To use it, give documents a number from 0 to 1 as "
    "`authority` in their metadata (front matter, a column, or `metadata.csv`)."
)


def choose(authority: bool) -> Signals:
    """Draw the signals and read them. authority: whether any document of the collection states one."""
    with st.expander("Signals", icon=":material/tune:"):
        link_values.switch("sig", CONTROLS["sig"].label)
        on = st.toggle(label_of("sig"), key="sig", bind="query-params", help=CONTROLS["sig"].help)
        off = {"authority"} if on and not authority else set() if on else set(SIGNAL_NAMES)
        weights = {name: slider(f"w_{name}", 0.0, 1.0, 0.05, disabled=name in off) for name in SIGNAL_NAMES}
        if on and not authority:
            st.caption(NO_AUTHORITY)
    return Signals(on=on, **weights)
