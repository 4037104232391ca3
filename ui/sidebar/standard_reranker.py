"""The reranker that this installation begins with, and the offer to download the standard one with one click.

The offer stands where the reranker is chosen. Nothing is asked before the click; where no hub can be reached, it says
so then.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

import streamlit as st

from rag_core.errors import BadInput, SecondPassError
from rag_core.rerank.catalogue import called, entry_of
from rag_core.rerank.installed_default import STANDARD, default_reranker, make_default
from rag_core.rerank.requirements import missing_packages, unmet_requirement
from rag_core.rerank.weights.download import download
from rag_core.schema.policy import DEFAULT_RERANKER
from rag_core.schema.spaces import ScoreSpace
from ui import caches, visitors
from ui.links import Params
from ui.panels import views
from ui.sidebar import access, calibrated, first_pass, old_links

NEXT = "reranker_next"
"""Session key: what the next run chooses (a drawn control cannot be changed in the same run)."""
NAMING = {"r", "q", old_links.VERSION}
"""Parameters of a link that is to a run or says which reranker it means, the shipped one where it names none."""
WHAT = (
    "A published cross-encoder as large as the shipped one, trained on half a million queries. Downloads its weights "
    "from the model hub and makes it the default of this installation. Nothing is asked before you click."
)


def installed() -> str:
    """The key of this installation's default; the shipped one with a note where its file cannot be used."""
    try:
        return default_reranker(caches.settings().data_dir)
    except BadInput as exc:
        st.warning(views.markdown(str(exc)), icon=":material/warning:")
        return DEFAULT_RERANKER


def begin(offered: Collection[str]) -> str:
    """Choose the installation's default where a session begins without a link to a run, and what was just downloaded;
    let go of one that is offered no longer.

    Returns the default. One that cannot be used here is named, and the shipped one is chosen.
    """
    default = installed()
    if key := st.session_state.pop(NEXT, None):
        st.session_state["r"] = key
    if st.session_state.get("r", DEFAULT_RERANKER) not in offered:
        del st.session_state["r"]  # its key was forgotten, or its server removed
    if default == DEFAULT_RERANKER:
        return default
    if default not in offered:
        why = unmet_requirement(entry_of(default), access.current()) or "It is not offered here."
        told = (
            f"The default reranker of this installation, {called(default)}, cannot be used. {why} The shipped one is."
        )
        st.warning(views.markdown(told), icon=":material/warning:")
        return DEFAULT_RERANKER
    if "r" not in st.session_state and not NAMING & set(st.query_params):
        st.session_state["r"] = default
    return default


def unsaid(params: Params) -> bool:
    """Whether the shipped reranker is chosen and a visit by this link would begin with the installation's own."""
    if st.session_state.get("r") != DEFAULT_RERANKER or NAMING & params.keys():
        return False
    with suppress(BadInput):  # `begin` has said so
        return default_reranker(caches.settings().data_dir) != DEFAULT_RERANKER
    return False


def offer() -> None:
    """The button, where the weights are not here and a visitor may have them downloaded; then its progress."""
    entry = entry_of(STANDARD)
    if visitors.why_no_downloads() or missing_packages(entry) or not unmet_requirement(entry, access.current()):
        return
    label = f"Get {entry.label} ({entry.download_mb} MB)"
    if not st.button(label, key="standard_get", icon=":material/download:", type="tertiary", help=WHAT):
        return
    bar = st.progress(0.0, "Asking the model hub")
    try:
        download(entry.model, progress=lambda done, total: _show(bar, done, total))
        make_default(caches.settings().data_dir, STANDARD)
    except SecondPassError as exc:
        bar.empty()
        st.error(views.markdown(f"{exc} The chosen reranker stays."), icon=":material/cloud_off:")
        return
    st.session_state[NEXT] = STANDARD
    st.rerun()


def unchanged(chosen: str) -> set[str]:
    """The keys of controls that are not drawn, and the reranker's where the installation's default is chosen."""
    return first_pass.undrawn(chosen) | ({"r"} if chosen == installed() else set())


def reset(collection: str) -> None:
    """Choose the installation's default, with its calibration on this collection where one is kept. For callbacks."""
    default = installed()
    if default != DEFAULT_RERANKER and default in access.usable():
        st.session_state.update({"r": default, f"t_{ScoreSpace.PROBABILITY}": 0.0})
    calibrated.reset(collection, st.session_state["r"])


def make(key: str) -> None:
    """Make it the default of this installation. For callbacks."""
    make_default(caches.settings().data_dir, key)


def _show(bar: st.delta_generator.DeltaGenerator, done: int, total: int) -> None:
    bar.progress(done / max(total, 1), f"{done / 1e6:,.0f} of {total / 1e6:,.0f} MB")
