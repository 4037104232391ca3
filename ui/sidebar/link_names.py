"""The names that a link of Second Pass may hold. Any other is a setting that this version does not know: it is named
once and taken out of the address.

A control that is bound to the address needs its name here, or a reload loses it.
"""

from __future__ import annotations

import re
from difflib import get_close_matches

import streamlit as st

from rag_core.schema.spaces import ScoreSpace
from rag_core.wording.numbers import count_of, verb
from ui import links
from ui.panels import views
from ui.sidebar.controls import CONTROLS

UNKNOWN = "unknown_link_names"
"""Session key: the unknown names of the link, and the page that it opened."""
_OF_A_RUN = (
    "c",
    "q",
    "gen",
    "cal",
    "early",
    "v",
    "vs",
    "tenant",
    "source",
    "since",
    "where",
    "t_calibrated",
    *links.OF_RUN,
)
_OF_PAGES = {
    "Scores & threshold": ("set_size", "wrong_cost"),
    "Latency & cost": ("qpd", "cost_pool", "hosted", "gpu", "pps", "budget_ms"),
    "Compare": ("ra", "ka", "siga", "fpa", "compare_size"),
    "Evaluate": ("eval_size", "eval_metric"),
    "Triage": ("doc", "quote", "unlisted", "view", "case"),
    "Runs": ("run_project", "run_check", "run_feedback", "run_period", "run_text", "run_page"),
}
NAMES = frozenset([*CONTROLS, *_OF_A_RUN, *(name for names in _OF_PAGES.values() for name in names)])
FAMILIES = re.compile(
    rf"(t|ta|cut)_({'|'.join(ScoreSpace)})|x\d_(tenant|source|since|where|depth|weight|name)|lk_[0-9a-f]{{6}}"
)
"""Names with a part that depends on the reranker, the number of an extra search, or the live retriever."""
NOT_OURS = re.compile(
    r"(utm|mtm|pk|piwik|hsa|mc|vero|oly|)_\w+|\w*clid|gclsrc|gad_source|igshid|igsh|si", re.IGNORECASE
)
"""What mailers, networks and hosts add to any link."""


def read() -> None:
    """Where a session begins with a link, take what it does not know out of the address and out of what is kept of it
    for the next page, and remember what to name.

    Call it before anything asks whether the session begins with a link.
    """
    strange = [name for name in st.query_params if not known(name)]
    for name in strange:
        del st.query_params[name]
    if told := tuple(name for name in strange if not NOT_OURS.fullmatch(name)):
        st.session_state[UNKNOWN] = (told, "")
    if strange:
        links.keep()


def known(name: str) -> bool:
    """Whether a control or a page reads this parameter."""
    return name in NAMES or FAMILIES.fullmatch(name) is not None


def show(page: str) -> None:
    """Name what the link holds and this version does not know, on the page that it opened."""
    names, opened = st.session_state.get(UNKNOWN, ((), page))
    if opened not in ("", page):
        del st.session_state[UNKNOWN]
    elif names:
        st.session_state[UNKNOWN] = (names, page)
        st.warning(views.markdown(sentence(names)), icon=":material/link_off:")


def sentence(names: tuple[str, ...]) -> str:
    """What is said of them, with the known name that is nearest to a single one.

    >>> sentence(("treshold",))
    'The link holds 1 setting that this version does not know: treshold. It is left out.'
    """
    nearest = get_close_matches(names[0], sorted(NAMES), 1) if len(names) == 1 else []
    meant = f" Did you mean {nearest[0]}?" if nearest else ""
    left_out = verb(len(names), "It is", "They are")
    return (
        f"The link holds {count_of(len(names), 'setting')} that this version does not know: {', '.join(names)}. "
        f"{left_out} left out.{meant}"
    )
