"""The sidebar: its controls, their state, and the links that carry it.

Every control is bound to a query parameter of the same key. So a link holds the whole run, and the settings survive a
reload and a change of page. `SidebarState` is what the sidebar is set to.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rag_core.corpus.sample import SAMPLE
from rag_core.errors import SecondPassError
from rag_core.generation.chat.access import ChatAccess
from rag_core.rerank.entry import Entry
from rag_core.schema.filters import Filter
from rag_core.schema.policy import DEFAULT_RERANKER, EarlyStopping, Policy, Rewrite
from rag_core.schema.scale import Scale as UnitScale
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.threshold import Threshold, can_cut, relevance_space
from rag_core.wording.thresholds import why_no_threshold
from ui import auth, caches, each_run, links, navigation
from ui.charts.palette import DARK, LIGHT, Palette
from ui.panels import views
from ui.sidebar import (
    access,
    calibrated,
    chat_settings,
    conditions,
    extra_searches,
    filtering,
    first_pass,
    link_names,
    link_values,
    old_links,
    search_settings,
    searched,
    signals,
    standard_reranker,
)
from ui.sidebar.apply_policy import adopt, say_not_taken
from ui.sidebar.calibrated import Scale
from ui.sidebar.controls import CONTROLS, changed, marked, slider
from ui.sidebar.owner import owner, remember

LOGO = Path(__file__).with_name("logo.svg")


@dataclass(frozen=True)
class SidebarState:
    """What the sidebar is set to.

    collection  the collection that is searched
    policy      the settings of the run
    owner       the token of the browser or account; it may see private collections
    chat        the chat model that writes the answer, if one does
    where       the filter of every search
    """

    collection: str
    policy: Policy
    owner: str
    chat: ChatAccess | None = None
    where: Filter | None = None

    @property
    def filter_key(self) -> str:
        """What tells its filter from another one; empty without one."""
        return self.where.model_dump_json() if self.where else ""


def page(title: str) -> None:
    """The frame of every page: style sheet, title and what the page answers. Call it first."""
    navigation.publish()
    each_run.forget()
    begins = links.KEPT not in st.session_state
    links.arrive()
    if begins:
        link_names.read()
        old_links.read()
    st.set_page_config(page_title=f"{title} · Second Pass", page_icon=str(navigation.ICON), layout="wide")
    st.logo(str(LOGO), size="large")
    views.style()
    auth.guard()
    with navigation.part_of_the_app():
        auth.badge()
    remember()
    with suppress(SecondPassError):  # the Runs page says what is wrong with it
        caches.collector()
    st.title(title, anchor=False)
    st.caption(navigation.PURPOSES[title])
    link_names.show(title)


def palette() -> Palette:
    """The chart colours of the theme that the browser shows."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def sidebar() -> SidebarState:
    """Draw the run's settings and read them. A change is a replay; only unscored pairs need the model."""
    with navigation.part_of_the_app():
        return _sidebar()


def _sidebar() -> SidebarState:
    collection = searched.collection_choice()
    found = filtering.facets_of(collection, owner())
    conditions.check(("", *extra_searches.PREFIXES))
    with st.sidebar:
        for problem in caches.visible(owner()).problems():
            st.warning(views.markdown(str(problem)), icon=":material/broken_image:")
        notes = st.container()
        where = filtering.main_filter(found, collection, owner())
        reranker = _reranker()
        scale = calibrated.choose(collection, reranker)
        passes = first_pass.choose(reranker.key)
        searching = search_settings.choose(collection)
        policy = Policy(
            reranker=reranker.key,
            **passes,
            **searching,
            **_keep(scale, passes["pool"]),
            calibration=scale.calibration,
            signals=signals.choose(found.authority or not caches.ready(collection)),
            **search_settings.beside(found, collection, searching["fusion"]),
        )
        chat = chat_settings.choose()
        with notes:
            link_values.show()
        _reset_button(reranker, scale)
    old_links.mark(lambda params: calibrated.unsaid(params) or standard_reranker.unsaid(params))
    links.keep()
    return SidebarState(collection=collection, policy=policy, owner=owner(), chat=chat, where=where)


def at_rest() -> SidebarState:
    """What the sidebar says while its controls are not drawn: the collection, and the settings at first."""
    return SidebarState(collection=st.session_state.get("c") or SAMPLE, policy=Policy(), owner=owner())


def _reset_button(reranker: Entry, scale: Scale) -> None:
    """Which settings you have changed, and the way back."""
    control = _threshold_control(scale.reranker, "t", scale.threshold)
    names = changed(control, standard_reranker.unchanged(reranker.key))
    if names:
        st.caption(views.markdown(f"* Changed: {', '.join(names)}."))
    st.button(
        "Reset settings",
        key="reset",
        on_click=_reset,
        icon=":material/restart_alt:",
        type="tertiary",
        help="Sets every setting to its default. The question, the collection and the chat model stay.",
    )


def asked_in_full(choice: SidebarState) -> SidebarState:
    """The choice without rewriting and early stopping, for pages that support neither; says so where it matters."""
    plain = choice.policy.with_(rewrite=Rewrite(), stopping=EarlyStopping())
    if plain.fused_by_engine:
        plain = plain.with_(fusion=plain.fusion.with_(by="here"))
        st.caption(":material/info: On this page the searches are fused here, not by the index itself.")
    if choice.policy.with_(fusion=plain.fusion) == plain:
        return replace(choice, policy=plain)
    st.caption(
        ":material/info: Rewriting and early stopping are off on this page: each question is used as written, and its "
        "whole pool is reranked."
    )
    return replace(choice, policy=plain)


def _reranker() -> Entry:
    offered = access.usable()
    keys, labels = list(offered), access.labels(offered)
    asked = st.query_params.get("r")
    if asked and asked not in labels.values():
        st.warning(views.markdown(access.not_usable(asked)), icon=":material/link_off:")
    default = standard_reranker.begin(offered)
    key = st.selectbox(
        marked(CONTROLS["r"].label, "r", default),
        keys,
        help=CONTROLS["r"].help,
        index=keys.index(DEFAULT_RERANKER),
        format_func=lambda k: labels[k],
        key="r",
        bind="query-params",
    )
    standard_reranker.offer()
    say_not_taken(key or DEFAULT_RERANKER)
    views.left_out("fine-tuned model", access.models().left_out)
    return offered[key or DEFAULT_RERANKER]


def threshold_for(
    reranker: Entry, label: str, key: str, told: str | None = None, box: DeltaGenerator | None = None, scale: str = ""
) -> Threshold:
    """A slider for the lowest relevance that is kept. The label names the score space; the default is the model's.
    scale: what its control is called after `key`, unless by the space.

    Where the scores say nothing of relevance, the slider is disabled, and there is no threshold.
    """
    draw = (box or st).slider
    space = relevance_space(reranker.space)
    unit = UnitScale(space=space)
    ends = (unit.low, unit.high)
    if not can_cut(space):
        draw(label, *ends, unit.low, key=f"{key}_off", disabled=True, help=why_no_threshold(space))
        return Threshold()
    place, at_first = _threshold_control(reranker, key, scale)
    link_values.number(place, f"{label} ({space})", *ends, by_page=box is not None)
    named = marked(f"{label} ({space})", place, at_first)
    minimum = draw(named, *ends, at_first, unit.step, "%.3f", key=place, bind="query-params", help=told)
    return Threshold(minimum=minimum or None, space=space)


def _threshold_control(reranker: Entry, key: str, scale: str = "") -> tuple[str, float]:
    """The key of the threshold slider for this reranker's scores, and the model's default threshold."""
    return f"{key}_{scale or relevance_space(reranker.space)}", float(reranker.default_threshold or 0.0)


def _keep(scale: Scale, pool: int) -> dict[str, object]:
    """Threshold and top-k; a note where more are to be kept than the pool has."""
    told = "Candidates that score lower are dropped. If none is left, the answer is “I don't know”."
    threshold = threshold_for(scale.reranker, "Threshold", "t", told, scale=scale.threshold)
    top_k = slider("k", 1, 20, 1)
    if top_k > pool:
        st.caption(f"The pool has {pool} candidates, so no more are kept. Make the pool larger.")
    return {"threshold": threshold, "top_k": top_k}


def _reset() -> None:
    """Set every setting to its default; the question, the collection and the chat model stay.

    Each gets a value: a control whose value is only removed reads it from the link again.
    """
    entry = access.usable()[DEFAULT_RERANKER]
    threshold = Threshold(minimum=entry.default_threshold or None, space=relevance_space(entry.space))
    st.session_state.update({key: 0.0 for key in (f"t_{space}" for space in ScoreSpace) if key in st.session_state})
    adopt(Policy(threshold=threshold))
    standard_reranker.reset(str(st.session_state.get("c") or SAMPLE))
    first_pass.reset()
    filtering.put(None)
    extra_searches.forget()
    link_values.forget()
    st.session_state["early"] = "off"
