"""The sidebar while a run of another pipeline is open: what can be replayed of it works, the rest says why not.

The settings for new questions are not drawn meanwhile; their controls are bound to the link and come back as they were.
"""

from __future__ import annotations

import hashlib

import streamlit as st

from rag_core.rerank.catalogue import entry_of
from rag_core.runs.replaying import Control, Obstacle, RunChange, candidates_of, obstacles, readable
from rag_core.runs.replaying.obstacles import lists_of
from rag_core.schema.policy import MOST_KEPT, NO_RERANKER
from rag_core.schema.scale import scale_of
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.threshold import Threshold, can_cut_recorded, relevance_space
from rag_core.schema.trace import Trace
from rag_core.wording.run_captions import own_unit
from rag_core.wording.run_replays import why_not
from ui.panels import views
from ui.sidebar import access
from ui.sidebar.controls import CONTROLS

AS_RECORDED = ""
ELSEWHERE = {
    Control.DEPTH: CONTROLS["depth"].label,
    Control.FIRST_PASS: CONTROLS["fp"].label,
    Control.STOPPING: "Early stopping",
    Control.SIGNALS: CONTROLS["sig"].label,
    Control.EXTRA_SEARCHES: CONTROLS["xn"].label,
    Control.REWRITE: CONTROLS["rw"].label,
    Control.WHERE: "Filter",
}
"""What each setting is called that no recorded run can be replayed with."""


def key_of(trace: Trace, name: str) -> str:
    """The key of a control for this run: another run begins as it was recorded."""
    named = f"{trace.origin.project}/{trace.origin.run_id}" if trace.origin else ""
    return f"run_{name}_{hashlib.sha256(f'{named}/{trace.query}'.encode()).hexdigest()[:8]}"


SETTINGS = "run_settings"
"""Session key: what the controls of recorded runs were set to. Streamlit forgets that on a change of page."""


def choose(trace: Trace) -> RunChange:
    """Draw the settings of the run and read what differs from the recording. They stay from page to page."""
    _bring_back(trace)
    change = _draw(trace)
    st.session_state.setdefault(SETTINGS, {})[key_of(trace, "")] = _set(trace)
    return change


def _set(trace: Trace) -> dict[str, object]:
    """What the controls of this run are set to, by their keys."""
    ending = key_of(trace, "").removeprefix("run_")
    return {
        str(key): value
        for key, value in st.session_state.items()
        if str(key).startswith("run_") and str(key).endswith(ending) and not str(key).startswith("run_off_")
    }


def _bring_back(trace: Trace) -> None:
    """Set the controls to what they were on the page before."""
    kept: dict[str, object] = st.session_state.get(SETTINGS, {}).get(key_of(trace, ""), {})
    st.session_state.update({key: value for key, value in kept.items() if key not in st.session_state})


def _draw(trace: Trace) -> RunChange:
    with st.sidebar:
        st.caption(":material/replay: Replay of the recorded run. Nothing is searched again.")
        reranker = _reranker(trace)
        found = obstacles(trace, reranker)
        pool = _pool(trace, found)
        weights = _fusion(trace, found)
        threshold = _threshold(trace, reranker, _space(trace, reranker, weights), found)
        top_k = _top_k(trace, reranker, pool, found)
        with st.expander("Not replayable", icon=":material/block:"):
            for control, label in ELSEWHERE.items():
                _off(trace, control, label, found[control])
        st.button(
            "As recorded",
            key="as_recorded",
            icon=":material/restart_alt:",
            type="tertiary",
            on_click=reset,
            args=(trace,),
        )
    return RunChange(reranker=reranker, pool=pool, weights=weights, threshold=threshold, top_k=top_k)


def adopt(trace: Trace, change: RunChange) -> None:
    """Set every control of this run to the change. For callbacks: a drawn control cannot be changed in the same run."""
    reset(trace)
    values: dict[str, object] = {"r": change.reranker, "pool": change.pool, "k": change.top_k}
    if change.threshold.minimum is not None:
        values[f"t_{change.threshold.space}"] = change.threshold.minimum
    if change.fuses:
        values |= {"fuse": True, **{f"w_{name}": weight for name, weight in (change.weights or {}).items()}}
    st.session_state.update({key_of(trace, name): value for name, value in values.items() if value is not None})


def reset(trace: Trace) -> None:
    """Set every control of this run to how it was recorded."""
    st.session_state.get(SETTINGS, {}).pop(key_of(trace, ""), None)
    for key in _set(trace):
        del st.session_state[key]


def _off(trace: Trace, control: Control, label: str, reason: Obstacle) -> None:
    """A control that is disabled, and why."""
    told = views.markdown(why_not(reason, trace))
    st.selectbox(label, ["As recorded"], disabled=True, key=key_of(trace, f"off_{control}"), help=told)


def _reranker(trace: Trace) -> str | None:
    label, reason = CONTROLS["r"].label, obstacles(trace).get(Control.RERANKER)
    if reason:
        _off(trace, Control.RERANKER, label, reason)
        st.caption(views.markdown(why_not(reason, trace)))
        return None
    offered = access.usable()
    labels = {AS_RECORDED: f"As recorded ({trace.reranked_step.name})", **access.labels(offered)}
    key = key_of(trace, "r")
    if st.session_state.get(key, AS_RECORDED) not in labels:
        del st.session_state[key]  # its key was forgotten, or its server removed
    told = "Reads the recorded candidates, and takes the place of the run's last reranker."
    return st.selectbox(label, list(labels), format_func=lambda one: labels[one], key=key, help=told) or None


def _pool(trace: Trace, found: dict[Control, Obstacle]) -> int | None:
    """How many of the recorded candidates are reranked; None for all of them."""
    label, most = CONTROLS["pool"].label, len(candidates_of(trace).hits)
    if reason := found.get(Control.POOL):
        _off(trace, Control.POOL, label, reason)
        return None
    if most < 2:
        return None
    told = "The first of the recorded candidates. There are no others: a pool can only shrink."
    chosen = st.slider(label, 1, most, most, key=key_of(trace, "pool"), help=told)
    return chosen if chosen < most else None


def _fusion(trace: Trace, found: dict[Control, Obstacle]) -> dict[str, float] | None:
    """The weight of each recorded search; None while they are not fused again."""
    with st.expander("Search and fusion", icon=":material/search:"):
        if reason := found.get(Control.FUSION):
            _off(trace, Control.FUSION, "Fusion weights", reason)
            return None
        told = "By reciprocal ranks. The recorded fusion may have used another method."
        if not st.toggle("Fuse the recorded searches again", key=key_of(trace, "fuse"), help=told):
            return None
        return {
            one.name: st.slider(
                f"Weight of {views.label(one.name)}", 0.0, 3.0, 1.0, 0.1, key=key_of(trace, f"w_{one.name}")
            )
            for one in lists_of(trace)
        }


def _space(trace: Trace, reranker: str | None, weights: dict[str, float] | None) -> ScoreSpace:
    """The space of the scores that a threshold would cut."""
    if reranker and reranker != NO_RERANKER:
        return relevance_space(entry_of(reranker).space)
    candidates = candidates_of(trace)
    if weights is not None and (reranker or candidates is trace.reranked_step):
        return ScoreSpace.RRF
    return candidates.space if reranker else trace.relevance_space


def _threshold(trace: Trace, reranker: str | None, space: ScoreSpace, found: dict[Control, Obstacle]) -> Threshold:
    """The lowest relevance that is kept."""
    reason = found.get(Control.THRESHOLD)
    if not reason and not can_cut_recorded(space):
        reason = Obstacle.RANKS
    if reason:
        _off(trace, Control.THRESHOLD, "Threshold", reason)
        return Threshold()
    scale, key = scale_of(space, _cut_scores(trace, reranker)), key_of(trace, f"t_{space}")
    if not scale.holds(st.session_state.get(key, scale.low)):
        del st.session_state[key]  # of the scores of another list
    minimum = st.slider(
        f"Threshold ({space})",
        scale.low,
        scale.high,
        scale.low,
        scale.step,
        f"%.{scale.decimals}f",
        key=key,
        help=own_unit(scale) or None,
    )
    return scale.threshold(minimum)


def _cut_scores(trace: Trace, reranker: str | None) -> list[float]:
    """The recorded scores that a threshold would cut; those of a reranker that runs here are from 0 to 1."""
    return [hit.score for hit in candidates_of(trace).hits] if reranker else list(trace.relevance.values())


def _top_k(trace: Trace, reranker: str | None, pool: int | None, found: dict[Control, Obstacle]) -> int | None:
    """How many are kept; None where that is as recorded, or as many of those as are left."""
    label = CONTROLS["k"].label
    if reason := found.get(Control.TOP_K):
        _off(trace, Control.TOP_K, label, reason)
        return None
    texts = reranker and reranker != NO_RERANKER
    listed = len(readable(trace) if texts else candidates_of(trace).hits) if reranker else len(trace.final_step.hits)
    most = min(MOST_KEPT, listed, pool or listed)
    recorded = len(trace.kept_step.hits)
    if most < 2:
        return None if recorded else 1
    kept = max(1, min(recorded, most))
    key = key_of(trace, "k")
    if st.session_state.get(key, 0) > most:
        del st.session_state[key]
    chosen = st.slider(label, 1, most, kept, key=key, help=CONTROLS["k"].help)
    return None if recorded and chosen == kept else chosen
