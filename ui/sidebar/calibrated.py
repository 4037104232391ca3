"""The sidebar's switch between a reranker's own scores and its calibrated probability on the chosen collection.

It is there where a calibration is kept (Evaluate page, or `second-pass calibrate`). A link without it means the
reranker's own scores, as links did before; a visit without any link begins with it on.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from rag_core.errors import UnreadableRecord
from rag_core.evaluation.calibration_book import CalibrationBook, KeptCalibration
from rag_core.rerank.entry import Entry
from rag_core.rerank.installed_default import STANDARD
from rag_core.schema.calibration import Calibration
from rag_core.schema.policy import Policy
from rag_core.schema.spaces import ScoreSpace
from rag_core.wording.calibrations import threshold_sentence
from ui import caches
from ui.links import Params
from ui.panels import views
from ui.sidebar import indexes, link_values, searched

KEY = "cal"
THRESHOLD = "calibrated"
"""The threshold's control is `t_calibrated`: a link's `t_probability` is of a model's own probability."""
NOT_HERE = (
    "A calibrated probability is asked for, which is not kept here for this reranker and collection. Its own scores are"
    " used, with its own threshold."
)
FITTED_AGAIN = (
    "The calibration that these settings had is not the one that is kept here now. The one that is kept is used."
)
ASKED_FOR = "asked_calibration"
"""Session key: the calibration of the policy that was set last."""


def book(collection: str) -> CalibrationBook:
    """The calibrations of this collection: everybody's, or over a private collection its owner's alone."""
    return CalibrationBook(caches.store(), indexes.seen_by(collection))


def kept(collection: str, reranker: str) -> KeptCalibration | None:
    """What is kept for this reranker on this collection; a note where it cannot be read. A live retriever has none."""
    if searched.is_live(collection):
        return None
    try:
        return book(collection).find(collection, reranker)
    except UnreadableRecord as exc:
        st.warning(views.markdown(f"The calibration of {reranker} is left out. {exc}"), icon=":material/warning:")
        return None


@dataclass(frozen=True)
class Scale:
    """What the threshold cuts: the reranker's own scores, or its calibrated probability.

    reranker  the reranker with the space and the default threshold of what is cut
    threshold  what its control is called, behind `t_`, unless by the space
    """

    reranker: Entry
    threshold: str = ""
    calibration: Calibration | None = None


def choose(collection: str, reranker: Entry) -> Scale:
    """Draw the switch where there is a calibration; the reranker's own scores where it is off."""
    _begin()
    found, asked = kept(collection, reranker.key), _asked_for(reranker.key)
    if found is None:
        if asked or (KEY in st.query_params and KEY not in st.session_state):
            st.caption(f":material/link_off: {NOT_HERE}")
        if reranker.key == STANDARD:
            st.caption("Its scores are not calibrated on this collection. Calibrate it on the Evaluate page.")
        return Scale(reranker)
    if asked and asked != found.fit.calibration:
        st.caption(f":material/link_off: {FITTED_AGAIN}")
    fitted = f"Fitted on {found.fit.questions} labelled questions on {found.fitted_at:%Y-%m-%d}."
    told = views.markdown(f"{fitted} {threshold_sentence(found.fit)}")
    link_values.switch(KEY, "Calibrated probability")
    on = st.toggle("Calibrated probability", key=KEY, bind="query-params", help=told)
    if not on:
        return Scale(reranker)
    changes = {"space": ScoreSpace.PROBABILITY, "default_threshold": found.fit.threshold.minimum}
    return Scale(reranker.model_copy(update=changes), THRESHOLD, found.fit.calibration)


def threshold_name(policy: Policy) -> str:
    """What the control of a policy's threshold is called, behind `t_`."""
    return THRESHOLD if policy.calibration else str(policy.threshold.space)


def put(policy: Policy) -> None:
    """Set the switch to the policy. For callbacks."""
    st.session_state.update({KEY: policy.calibration is not None, ASKED_FOR: policy.calibration})


def turn_on(minimum: float) -> None:
    """Use the calibration from now on, with this threshold. For callbacks."""
    st.session_state.update({KEY: True, ASKED_FOR: None, f"t_{THRESHOLD}": minimum})


def reset(collection: str, reranker: str) -> None:
    """Use the reranker's calibration with its threshold where one is kept. For callbacks."""
    st.session_state[ASKED_FOR] = None
    if found := kept(collection, reranker):
        turn_on(found.fit.threshold.minimum)


def unsaid(params: Params) -> bool:
    """Whether the switch is off and a visit by this link would begin with it on."""
    return not params and st.session_state.get(KEY) is False


def _begin() -> None:
    """Where a session begins without a link, a calibration counts."""
    if KEY not in st.session_state and not st.query_params:
        st.session_state[KEY] = True


def _asked_for(reranker: str) -> Calibration | None:
    """The calibration of the policy that was set last, if it is of this reranker."""
    asked: Calibration | None = st.session_state.get(ASKED_FOR)
    return asked if asked and asked.reranker == reranker else None
