"""The passes in the sidebar: a cheap reranker that narrows the pool, what the searches add to its scores, and how many
of its best the chosen one reads.

Late interaction by default. There is none without a reranker, and none by the reranker that is chosen itself: the pool
then is the first of the fused order. `rag_core.wording.headline.first_pass` says what it did.
"""

from __future__ import annotations

from typing import TypedDict

import streamlit as st

from rag_core.errors import BadInput
from rag_core.rerank.catalogue import called
from rag_core.schema.policy import DEFAULT_FIRST_PASS, FULL_DEPTH, NO_RERANKER, FirstPass, Policy
from rag_core.wording.first_pass import added_text
from ui.panels import views
from ui.sidebar import access, link_values
from ui.sidebar.controls import CONTROLS, label_of, slider

KEY, READS = "fp", "fpn"
DEFAULTS, OTHERS = ("fpd", "fpl"), ("fpod", "fpol")
"""What the dense and the lexical search add: to the default first pass, whose weights were chosen for it, and to any
other. Each keeps its own."""
POOL, BEST = "pool", "best"
"""The pool of the fused order, and of a first pass: each keeps its own size."""
OFF = ""
LEFT_OUT = "first_pass_left_out"
"""Session key: what of the first pass that was set last cannot be drawn, and the (reranker, first pass) that are chosen
instead (empty until drawn)."""


class Passes(TypedDict):
    """The policy's fields that the controls here set."""

    first_pass: FirstPass | None
    pool: int


def choose(reranker: str) -> Passes:
    """Draw the first pass and the pool of this reranker; the policy's fields that they set. Where they do not fit
    together, a warning says why the run has no first pass."""
    first_pass = _first_pass(reranker)
    pool = slider(BEST if first_pass else POOL, 1, FULL_DEPTH, 1)
    if first_pass:
        link_values.number(POOL, CONTROLS[POOL].label, 1, FULL_DEPTH)  # an old link names it, and it is not drawn
    try:
        Policy(reranker=reranker).with_(first_pass=first_pass, pool=pool)
    except BadInput as exc:
        st.warning(f"{exc} The run has no first pass until then.", icon=":material/filter_list_off:")
        first_pass = None
    return {"first_pass": first_pass, "pool": pool}


def put(policy: Policy) -> None:
    """Set the controls to the policy's passes. For callbacks.

    Without a reranker only the pool is set: the first pass is not drawn, and is there again with the next reranker.
    """
    first_pass = policy.first_pass
    st.session_state.pop(LEFT_OUT, None)
    if policy.reranker == NO_RERANKER:
        st.session_state[POOL] = policy.pool
    elif first_pass and first_pass.reranker == policy.reranker:  # without weights, it only reads more candidates
        st.session_state.update({KEY: OFF, POOL: first_pass.pool})
        if first_pass.adds_searches:
            st.session_state[LEFT_OUT] = (_no_weights(first_pass), ())
    elif first_pass and first_pass.reranker in access.usable():
        st.session_state.update({KEY: first_pass.reranker, READS: first_pass.pool, BEST: policy.pool})
        st.session_state.update(zip(_weights(first_pass.reranker), (first_pass.dense, first_pass.lexical), strict=True))
    else:
        st.session_state.update({KEY: OFF, POOL: policy.pool})
        if first_pass:
            why = access.not_usable(called(first_pass.reranker))
            st.session_state[LEFT_OUT] = (f"{why} The run has no first pass.", ())


def reset() -> None:
    """Set every control of the passes to its default. For callbacks."""
    st.session_state.update({key: CONTROLS[key].default for key in (KEY, READS, *DEFAULTS, *OTHERS, POOL, BEST)})


def undrawn(reranker: str) -> set[str]:
    """The keys of the controls that are not there with this reranker and the chosen first pass."""
    if reranker == NO_RERANKER:
        return {KEY, READS, *DEFAULTS, *OTHERS, BEST}
    chosen = st.session_state.get(KEY, CONTROLS[KEY].default)
    if chosen in (OFF, reranker):
        return {READS, *DEFAULTS, *OTHERS, BEST}
    return {POOL, *({*DEFAULTS, *OTHERS} - {*_weights(chosen)})}


def _weights(first_pass: str) -> tuple[str, str]:
    """The keys of what the dense and the lexical search add to this first pass."""
    return DEFAULTS if first_pass == DEFAULT_FIRST_PASS.reranker else OTHERS


def _no_weights(first_pass: FirstPass) -> str:
    """Why what the searches add is left out where the first pass is by the reranker itself."""
    return (
        f"The settings have {called(first_pass.reranker)}{added_text(first_pass)} as the first pass of the same "
        "reranker. The sidebar has none of that kind, so what the searches add is left out."
    )


def _say_left_out(*chosen: str) -> None:
    """Say what of the policy's first pass was left out, until you choose another reranker or first pass."""
    why, instead = st.session_state.get(LEFT_OUT, ("", ()))
    if instead not in ((), chosen):
        del st.session_state[LEFT_OUT]
    elif why:
        st.session_state[LEFT_OUT] = (why, chosen)
        st.warning(views.markdown(why), icon=":material/filter_list_off:")


def _first_pass(reranker: str) -> FirstPass | None:
    """The controls: a reranker or none, how many fused candidates it reads, and what the searches add."""
    if reranker == NO_RERANKER:
        st.selectbox(label_of(KEY), ["Off"], key=f"{KEY}_off", disabled=True, help="There is none without a reranker.")
        return None
    offered = {key: entry for key, entry in access.usable().items() if key != NO_RERANKER}
    labels = access.labels(offered)
    asked = st.query_params.get(KEY)
    if asked and asked not in ("Off", *labels.values()):
        st.warning(views.markdown(access.not_usable(asked)), icon=":material/link_off:")
    if st.session_state.get(KEY, OFF) not in (OFF, *offered):
        del st.session_state[KEY]  # its key was forgotten, or its server removed
    keys = [OFF, *offered]
    key = st.selectbox(
        label_of(KEY),
        keys,
        index=keys.index(str(CONTROLS[KEY].default)),
        format_func=lambda name: labels.get(name, "Off"),
        key=KEY,
        bind="query-params",
        help=CONTROLS[KEY].help,
    )
    _say_left_out(reranker, key)
    if key == reranker:
        st.caption("The first pass is left out: the reranker itself is the same one.")
    if not key or key == reranker:
        return None
    link_values.number(READS, CONTROLS[READS].label, 1, 2 * FULL_DEPTH)
    reads = st.slider(
        label_of(READS),
        1,
        2 * FULL_DEPTH,
        int(CONTROLS[READS].default),
        1,
        key=READS,
        bind="query-params",
        help=CONTROLS[READS].help,
    )
    dense, lexical = (slider(weight, 0.0, 1.0, 0.05) for weight in _weights(key))
    return FirstPass(reranker=key, pool=reads, dense=dense, lexical=lexical)
