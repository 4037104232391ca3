"""Session keys, the sidebar, and links that carry the state.

Every control of the sidebar is bound to a query parameter of the same key, so a link holds the whole run and the
settings survive a reload and a change of page. `SidebarState` is what the sidebar says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rag_core.corpus.sample import SAMPLE
from rag_core.generation.chat.access import ChatAccess
from rag_core.rerank.entry import Entry
from rag_core.schema.filters import Filter
from rag_core.schema.policy import (
    DEFAULT_RERANKER,
    FULL_DEPTH,
    SIGNAL_NAMES,
    THRESHOLD_STEP,
    EarlyStopping,
    Fusion,
    Policy,
    Rewrite,
    Signals,
)
from rag_core.schema.spaces import ScoreSpace
from rag_core.schema.threshold import Threshold, relevance_space
from ui import auth, caches, navigation
from ui.charts.palette import DARK, LIGHT, Palette
from ui.panels import views
from ui.sidebar import access, chat_settings, extra_searches, filtering, first_pass, rewriting
from ui.sidebar.apply_policy import adopt
from ui.sidebar.owner import owner, remember

LOGO = Path(__file__).with_name("logo.svg")
ICON = Path(__file__).with_name("icon.png")
RANKS_ONLY = "Fused ranks say nothing about relevance."
AUTHORITY = (
    ("policy", 1.0),
    ("sla", 1.0),
    ("error-reference", 0.9),
    ("help-center", 0.8),
    ("release-notes", 0.7),
    ("handbook", 0.6),
    ("marketing", 0.3),
    ("chat", 0.2),
)
"""Authority by source for the signals preset; every other source counts 0.5."""


@dataclass(frozen=True)
class SidebarState:
    """What the sidebar says: which collection, the policy, and the chat model that writes the answer, if one does.

    `owner` is the session that may see private collections, `where` the filter of every search.
    """

    collection: str
    policy: Policy
    owner: str
    chat: ChatAccess | None = None
    where: Filter | None = None


def page(title: str) -> None:
    """The frame of every page: style sheet, title and what the page answers. Each page stands by itself."""
    navigation.publish()
    st.set_page_config(page_title=f"{title} · Second Pass", page_icon=str(ICON), layout="wide")
    st.logo(str(LOGO), size="large")
    views.style()
    auth.guard()
    auth.badge()
    remember()
    st.title(title, anchor=False)
    st.caption(navigation.PURPOSES[title])


def palette() -> Palette:
    """The chart colours of the theme that the browser shows."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def collection_choice() -> str:
    """The collection to work on, chosen in the sidebar; the same key on every page."""
    sent = "go_to" in st.session_state
    if sent:
        st.session_state["c"] = st.session_state.pop("go_to")
    names = caches.collection_names(owner())
    asked = st.query_params.get("c")
    if asked and asked not in names and not sent:  # sent away from it, the link still names the one left behind
        st.warning(views.markdown(_not_here(asked)), icon=":material/link_off:")
        st.button("Use the sample corpus", key="use_sample", on_click=go_to_collection, args=(SAMPLE,))
        st.stop()  # a question in the link is about that collection, and is asked of no other
    return st.sidebar.selectbox("Collection", names, key="c", bind="query-params") or SAMPLE


def _not_here(name: str) -> str:
    """What to say of a link to a collection that this session does not see."""
    return (
        f"There is no collection {name} that you can see. It may be another person's, removed, or uploaded in another "
        "browser. Nothing was asked."
    )


def go_to_collection(name: str) -> None:
    """Choose this collection on the next run (a drawn control cannot be changed in the same run)."""
    st.session_state["go_to"] = name


def sidebar() -> SidebarState:
    """Draw the run's settings and read them. Moving one replays; only unscored pairs cost a model call."""
    collection = collection_choice()
    found = filtering.facets_of(collection, owner())
    with st.sidebar:
        for problem in caches.collection_problems(owner()):
            st.warning(views.markdown(str(problem)), icon=":material/broken_image:")
        where = filtering.main_filter(found)
        reranker = _reranker()
        narrowed = st.container()
        policy = Policy(
            reranker=reranker.key,
            **_search(),
            **_keep(reranker),
            signals=_signals(),
            extra_searches=extra_searches.extra_searches(found),
            rewrite=rewriting.rewrite(),
        )
        with narrowed:
            policy = first_pass.choose(policy)
        chat = chat_settings.choose()
        st.button("Reset settings", key="reset", on_click=_reset, icon=":material/restart_alt:", type="tertiary")
    return SidebarState(collection=collection, policy=policy, owner=owner(), chat=chat, where=where)


def asked_in_full(choice: SidebarState) -> SidebarState:
    """The choice without rewriting, its pool read to the end, where a page knows no other; says what is left out."""
    plain = choice.policy.with_(rewrite=Rewrite(), stopping=EarlyStopping())
    if choice.policy == plain:
        return choice
    st.caption(
        ":material/info: Rewriting and stopping early are left out: a set is evaluated on its questions as they are "
        "asked, their pools read to the end."
    )
    return replace(choice, policy=plain)


def _reranker() -> Entry:
    offered = access.usable()
    keys, labels = list(offered), access.labels(offered)
    asked = st.query_params.get("r")
    if asked and asked not in labels.values():
        st.warning(views.markdown(access.not_usable(asked)), icon=":material/link_off:")
    if st.session_state.get("r", keys[0]) not in offered:
        del st.session_state["r"]  # its key was forgotten, or its server removed
    key = st.selectbox(
        "Reranker",
        keys,
        index=keys.index(DEFAULT_RERANKER),
        format_func=lambda k: labels[k],
        key="r",
        bind="query-params",
    )
    views.left_out("fine-tuned model", access.models().left_out)
    return offered[key or DEFAULT_RERANKER]


def _search() -> dict[str, object]:
    pool = st.slider(
        "Pool",
        1,
        200,
        50,
        1,
        key="pool",
        bind="query-params",
        help="How many candidates the reranker reads: the first fused ones, or the best of a first pass.",
    )
    with st.expander("Search and fusion", icon=":material/search:"):
        depth = st.slider(
            "Depth", 1, FULL_DEPTH, 100, 1, key="depth", bind="query-params", help="How many each search returns."
        )
        dense = st.slider("Dense weight", 0.0, 3.0, 1.0, 0.1, key="dw", bind="query-params")
        lexical = st.slider("Lexical weight", 0.0, 3.0, 1.0, 0.1, key="lw", bind="query-params")
        k = st.slider("RRF k", 1, 200, 60, 1, key="rrfk", bind="query-params", help="Larger: ranks count more alike.")
    return {"pool": pool, "depth": depth, "fusion": Fusion(k=k, dense_weight=dense, lexical_weight=lexical)}


def threshold_for(
    reranker: Entry, label: str, key: str, told: str | None = None, box: DeltaGenerator | None = None
) -> Threshold:
    """A slider for the score that this reranker's candidates are judged by, which its label names; at first what the
    model was given. Disabled, and no threshold, where there are only fused ranks."""
    slider = (box or st).slider
    space = relevance_space(reranker.space)
    if space is ScoreSpace.RRF:
        slider(label, 0.0, 1.0, 0.0, key=f"{key}_off", disabled=True, help=RANKS_ONLY)
        return Threshold()
    at_first = float(reranker.default_threshold or 0.0)
    named, place = f"{label} ({space})", f"{key}_{space}"
    minimum = slider(named, 0.0, 1.0, at_first, THRESHOLD_STEP, "%.3f", key=place, bind="query-params", help=told)
    return Threshold(minimum=minimum or None, space=space)


def _keep(reranker: Entry) -> dict[str, object]:
    """Threshold and top-k."""
    told = "Candidates under it are not used; when none is left the answer is “I don't know”."
    threshold = threshold_for(reranker, "Threshold", "t", told)
    top_k = st.slider("Top-k", 1, 20, 5, key="k", bind="query-params", help="How many are kept for the answer.")
    return {"threshold": threshold, "top_k": top_k}


def _signals() -> Signals:
    preset = Signals()
    with st.expander("Signals", icon=":material/tune:"):
        on = st.toggle("Weigh search, freshness, authority, diversity", key="sig", bind="query-params")
        weights = {
            name: st.slider(
                name.capitalize(),
                0.0,
                1.0,
                getattr(preset, name),
                0.05,
                key=f"w_{name}",
                bind="query-params",
                disabled=not on,
            )
            for name in SIGNAL_NAMES
        }
    return Signals(on=on, sources=AUTHORITY, **weights)


def _reset() -> None:
    """Every setting of the sidebar back to its default; the question, the collection and the chat model stay.

    Each is set to a value: a control whose value is only taken away finds it again in the link.
    """
    entry = access.usable()[DEFAULT_RERANKER]
    threshold = Threshold(minimum=entry.default_threshold or None, space=relevance_space(entry.space))
    st.session_state.update({key: 0.0 for key in st.session_state if str(key).startswith("t_")})
    adopt(Policy(reranker=entry.key, threshold=threshold))
    filtering.put(None)
    extra_searches.forget()
    st.session_state.update({"early": "to the end", first_pass.READS: first_pass.READS_AT_FIRST, rewriting.WEIGHT: 1.0})
