"""How a connected index comes to the lexical score of a passage, in its own words; asked for while it is open."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from rag_core.errors import SecondPassError
from rag_core.retrieval.engines.connected_collection import ConnectedCollection
from rag_core.retrieval.engines.protocol import Engine
from rag_core.retrieval.engines.score_parts import ScorePart
from rag_core.schema.steps import StepName
from rag_core.schema.trace import Trace
from ui.panels import views, word_table


def show(trace: Trace, passage_id: str, engine: Engine) -> None:
    """A box below a passage that the lexical search of an index found, where the index explains its scores."""
    if not isinstance(engine, ConnectedCollection) or not engine.explains:
        return
    lexical = next((step for step in trace.steps if step.name == StepName.LEXICAL), None)
    if lexical is None or passage_id not in lexical.by_passage:
        return
    box = st.popover("How the index scores its words", icon=":material/functions:", key="explained", on_change="rerun")
    if not box.open:
        return
    with box:
        try:
            explained = engine.explained(trace.query, passage_id)
        except SecondPassError as exc:
            st.error(views.markdown(str(exc)), icon=":material/cloud_off:")
            return
        if explained is None:
            st.caption("The index does not find this passage by these words any more.")
        else:
            word_table.show(table(explained))


def table(explained: ScorePart) -> pd.DataFrame:
    """A row per part, each part below the one that it belongs to."""
    rows = [(f"{'› ' * depth}{part.text}", f"{part.value:.4g}") for depth, part in explained.walked()]
    return pd.DataFrame(rows, columns=["In the index's words", "Worth"])
