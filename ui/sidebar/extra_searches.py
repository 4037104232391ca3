"""Extra searches in the sidebar: how many, and each one's filter, depth, weight and name. All of it is in the link.

`views` shows what they found.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rag_core.corpus.facets import Facets
from rag_core.schema.policy import FULL_DEPTH, RESERVED, ExtraSearch
from ui.panels import views
from ui.sidebar import filtering, link_values
from ui.sidebar.controls import CONTROLS, label_of
from ui.sidebar.owner import owner

MOST = 3
COUNT = "xn"
DEPTH, WEIGHT = 50, 1.0
"""Of a search at first."""


def prefix(number: int) -> str:
    """What the keys of the n-th extra search begin with: `x1_`."""
    return f"x{number}_"


PREFIXES = tuple(prefix(number) for number in range(1, MOST + 1))


def extra_searches(found: Facets, collection: str) -> tuple[ExtraSearch, ...]:
    """Draw the controls and read them. Draws nothing where the collection has no field to filter by."""
    for at in PREFIXES:
        filtering.say_unknown(found, at)
    if not any(filtering.offered(found, collection, at) for at in PREFIXES):
        return ()
    with st.expander("Extra searches", icon=":material/library_add:"):
        st.caption(
            "Search a part of the collection again, for example only recent documents. What an extra search finds is "
            "fused and reranked with the rest."
        )
        told = CONTROLS[COUNT].help
        link_values.choice(COUNT, CONTROLS[COUNT].label, [str(one) for one in range(MOST + 1)])
        count = st.selectbox(label_of(COUNT), range(MOST + 1), key=COUNT, bind="query-params", help=told) or 0
        chosen: list[ExtraSearch] = []
        for number in range(1, count + 1):
            one = _one(found, collection, number, [*RESERVED, *(other.name for other in chosen)])
            chosen += [one] if one else []
    return tuple(chosen)


def put(extra_searches: Sequence[ExtraSearch]) -> None:
    """Set the controls to these searches, as far as they have places. For callbacks."""
    st.session_state[COUNT] = min(len(extra_searches), MOST)
    for at, one in zip(PREFIXES, extra_searches, strict=False):
        filtering.put(one.where, at)
        st.session_state.update({f"{at}name": one.name, f"{at}depth": one.depth, f"{at}weight": one.weight})


def forget() -> None:
    """Set each search's controls to their defaults; how many there are is `put`'s. For callbacks."""
    for at in PREFIXES:
        filtering.put(None, at)
        st.session_state.update({f"{at}name": "", f"{at}depth": DEPTH, f"{at}weight": WEIGHT})


def _one(found: Facets, collection: str, number: int, taken: Sequence[str]) -> ExtraSearch | None:
    """One search's controls; None while it has no filter, or its weight is 0."""
    at = prefix(number)
    with st.container(border=True, key=f"extra{number}"):
        place = st.container()
        where = filtering.fields(found, collection, at)
        if where:
            filtering.say_unknown_fields(where, collection, owner())
        for told in (link_values.number, link_values.within):
            told(f"{at}depth", f"Results (depth) of extra search {number}", 10, FULL_DEPTH)
            told(f"{at}weight", f"Weight of extra search {number}", 0.0, 3.0)
        depth = st.slider(
            "Results (depth)",
            10,
            FULL_DEPTH,
            DEPTH,
            10,
            key=f"{at}depth",
            bind="query-params",
            help="How many passages this search adds at most to the dense and to the lexical results.",
        )
        weight = st.slider(
            "Weight",
            0.0,
            3.0,
            WEIGHT,
            0.1,
            key=f"{at}weight",
            bind="query-params",
            help="Multiplies the dense and the lexical weight. 0 switches this search off.",
        )
        own = str(where or f"Search {number}")[:60]
        typed = place.text_input(
            "Name",
            key=f"{at}name",
            bind="query-params",
            placeholder=own,
            max_chars=60,
            help="What the results call this search.",
        )
        name = (typed or "").strip() or own
        if where is None:
            st.caption(":material/arrow_upward: Add a filter to enable this search.")
            return None
        if name in taken:
            name = f"{name[:50]} ({number})"
            st.caption(views.markdown(f"This name is taken. The search is called {name}."))
    return ExtraSearch(name=name, where=where, depth=depth, weight=weight) if weight else None
