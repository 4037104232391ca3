"""Begins a new question while the settings are still being drawn, where they are those of the run before.

Drawing the settings takes as long as searching and the first pass. What is begun is the work that the page then joins
(`QuerySession.scoring`), so nothing is asked twice. Only what stays on this machine is begun: a service may bill.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import streamlit as st

from rag_core.errors import SecondPassError
from rag_core.pipeline.session import QuerySession
from rag_core.rerank.access import Credentials
from rag_core.rerank.catalogue import entry_of
from rag_core.retrieval.embedders.hosted.service import HostedEmbedder
from ui import caches
from ui.panels.progressive_rerank import is_stopped
from ui.sidebar import access, indexes, link_names
from ui.sidebar.state import SidebarState

LAST = "last_asked"
"""Session key: the run before."""
HERE = ("nothing", "download", "code")
"""What a reranker needs (`Entry.needs`) that runs on this machine."""


@dataclass(frozen=True)
class Asked:
    """A run: what the controls were set to, what this session could use, and what that came to."""

    controls: dict[str, Any]
    access: Credentials
    choice: SidebarState


def remember(choice: SidebarState) -> None:
    """The controls as they are come to this choice. Call it where a question is asked."""
    st.session_state[LAST] = Asked(_controls(), access.current(), choice)


@contextmanager
def begun(opened: bool) -> Iterator[None]:
    """Draw the settings in here, and ask. What was begun ends after its present step, unless the page has joined it.

    opened: a run is open, so that nothing is asked.
    """
    with ExitStack() as watched:
        with suppress(SecondPassError):  # the page comes to it and says so
            if not opened and (last := _last()) and (question := _new_question(last)):
                watched.enter_context(question.scoring(last.policy))
        yield


def _last() -> SidebarState | None:
    """The choice of the run before, where the controls will come to it again and it stays on this machine."""
    last: Asked | None = st.session_state.get(LAST)
    if last is None or last.access != access.current() or not last.controls.items() <= _controls().items():
        return None  # a control that the page drew further down, after it had asked, does not count
    choice, policy = last.choice, last.choice.policy
    rerankers = [policy.reranker, *([policy.first_pass.reranker] if policy.first_pass else [])]
    stays = all(entry_of(one).needs in HERE for one in rerankers) and not policy.rewrite.on
    return choice if stays and not indexes.find(choice.collection) and caches.ready(choice.collection) else None


def _new_question(choice: SidebarState) -> QuerySession | None:
    """The question in the box, where nobody has asked it yet."""
    if not (query := str(st.session_state.get("q") or "").strip()):
        return None
    question = caches.question(choice, query)
    stays = not isinstance(question.pipeline.embedder, HostedEmbedder)
    new = question.measurement is None and not is_stopped(question, choice.policy)
    return question if stays and new else None


def _controls() -> dict[str, Any]:
    """What every control is set to that a link names, the question aside."""
    return {key: st.session_state[key] for key in map(str, st.session_state) if key != "q" and link_names.known(key)}
