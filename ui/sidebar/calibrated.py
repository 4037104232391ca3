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
from ui.sidebar.owner import owner

KEY = "cal"
THRESHOLD = "calibrated"
"""The threshold's control is `t_calibrated`: a link's `t_probability` is of a model's own probability."""
CUT = f"t_{THRESHOLD}"
OFFERED = 3
"""Calibrations of other collections that are offered."""
NOT_HERE = (
    "A calibrated probability is asked for, which is not kept here for this reranker and collection. Its own scores are"
    " used, with its own threshold."
)
FITTED_AGAIN = (
    "The calibration that these settings had is not the one that is kept here now. The one that is kept is used."
)
DRAWN = "calibrated_drawn"
"""Session key: the collection and the reranker whose switch was drawn last."""
BEFORE = "calibrated_before"
"""Session key: that reranker, with switch and threshold as they were before a collection without them was chosen."""
CALIBRATED_ON = (
    "It is calibrated on {}, not on this collection. A calibration holds for the same documents and the same kind of "
    "questions."
)
NAMELESS = " They do not see the names of your private collection and of the questions that it was fitted on."
ASKED_FOR = "asked_calibration"
"""Session key: the calibration of the policy that was set last."""


def book(collection: str) -> CalibrationBook:
    """The calibrations of this collection: everybody's, or over a private collection its owner's alone."""
    return CalibrationBook(caches.store(), indexes.seen_by(collection))


def kept(collection: str, reranker: str) -> KeptCalibration | None:
    """What is kept for this reranker on this collection; a note where it cannot be read. A live retriever has none."""
    return None if searched.is_live(collection) else _found(book(collection), collection, reranker)


def _found(of: CalibrationBook, collection: str, reranker: str) -> KeptCalibration | None:
    try:
        return of.find(collection, reranker)
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
        linked = KEY in st.query_params and KEY not in st.session_state
        if asked or linked or _held(collection, reranker.key).get(KEY):
            st.caption(f":material/link_off: {NOT_HERE}")
        offered = not searched.is_live(collection) and _offer(collection, reranker.key)
        if reranker.key == STANDARD and not offered:
            st.caption("Its scores are not calibrated on this collection. Calibrate it on the Evaluate page.")
        return Scale(reranker)
    _as_before(collection, reranker.key)
    if asked and asked != found.fit.calibration:
        st.caption(f":material/link_off: {FITTED_AGAIN}")
    of = f" of {found.origin}" if found.collection != collection else ""
    fitted = f"Fitted on {found.fit.questions} labelled questions{of} on {found.fitted_at:%Y-%m-%d}."
    told = views.markdown(f"{fitted} {threshold_sentence(found.fit)}")
    link_values.switch(KEY, "Calibrated probability")
    on = st.toggle("Calibrated probability", key=KEY, bind="query-params", help=told)
    if not on:
        return Scale(reranker)
    changes = {"space": ScoreSpace.PROBABILITY, "default_threshold": found.fit.threshold.minimum}
    return Scale(reranker.model_copy(update=changes), THRESHOLD, found.fit.calibration)


def _held(collection: str, reranker: str) -> dict[str, object]:
    """Switch and threshold of this reranker as they were on the collection that was chosen before; empty where none
    were."""
    drawn = st.session_state.pop(DRAWN, ("", ""))
    if drawn[0] != collection and drawn[1] == reranker:
        held = {key: st.session_state[key] for key in (KEY, CUT) if key in st.session_state}
        st.session_state[BEFORE] = (reranker, held)
    of, held = st.session_state.get(BEFORE, ("", {}))
    return held if of == reranker else {}


def _as_before(collection: str, reranker: str) -> None:
    """Set both as they were, back on a collection that has a calibration, unless the link says them."""
    held = _held(collection, reranker)
    for key in held.keys() - st.query_params.keys():
        st.session_state.setdefault(key, held[key])
    st.session_state.pop(BEFORE, None)
    st.session_state[DRAWN] = (collection, reranker)


def _offer(collection: str, reranker: str) -> bool:
    """Say on which other collections the reranker is calibrated, with a button to use such a calibration here."""
    everyone = not indexes.seen_by(collection)
    books = (CalibrationBook(caches.store()), CalibrationBook(caches.store(), owner()))
    others = {name: one for one in books for name in one.collections(reranker) if name != collection}
    if others:
        st.caption(views.markdown(CALIBRATED_ON.format(", ".join(f"“{name}”" for name in others))))
    for name, of in list(others.items())[:OFFERED]:
        nameless = NAMELESS if everyone and of is books[1] else ""
        st.button(
            f"Use that of {views.label(name)}",
            key=f"cal_of_{name}",
            on_click=_take_over,
            args=(of, name, collection, reranker),
            type="tertiary",
            icon=":material/content_copy:",
            help=f"It is kept for this collection too, for everyone who sees it.{nameless}",
        )
    return bool(others)


def _take_over(of: CalibrationBook, name: str, collection: str, reranker: str) -> None:
    """Keep it for this collection too, and use it with its threshold. For callbacks."""
    if found := _found(of, name, reranker):
        book(collection).take_over(found, collection, of)
        turn_on(found.fit.threshold.minimum)
        held = _held(collection, reranker)
        st.session_state.update({CUT: held[CUT]} if CUT in held else {})


def threshold_name(policy: Policy) -> str:
    """What the control of a policy's threshold is called, behind `t_`."""
    return THRESHOLD if policy.calibration else str(policy.threshold.space)


def put(policy: Policy) -> None:
    """Set the switch to the policy. For callbacks."""
    st.session_state.update({KEY: policy.calibration is not None, ASKED_FOR: policy.calibration})


def turn_on(minimum: float) -> None:
    """Use the calibration from now on, with this threshold. For callbacks."""
    st.session_state.update({KEY: True, ASKED_FOR: None, CUT: minimum})


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
