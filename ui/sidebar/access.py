"""What this session may use: the keys that you typed, the rerankers that you added, the models whose code you trust.

It is kept in this session's state only: not in links, caches, traces or logs, and no other session sees it. Keys for
all sessions come from the environment; Streamlit adds `.streamlit/secrets.toml` to it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import streamlit as st
from pydantic import SecretStr

from rag_core.errors import BadInput
from rag_core.finetune.models import FineTuneResult, fine_tuned_models
from rag_core.generation.chat.access import ChatAccess, from_environment
from rag_core.rerank import catalogue
from rag_core.rerank.access import Credentials, credential_scope
from rag_core.rerank.base import Reranker
from rag_core.rerank.catalogue import get_reranker
from rag_core.rerank.entry import Entry
from rag_core.rerank.hosted.identity import start_session
from rag_core.rerank.retired import no_longer_ships
from rag_core.schema.base import new_id
from rag_core.schema.records import Listing
from rag_core.settings import Settings, current_settings
from ui import each_run, visitors
from ui.each_run import once_a_run

KEY = "access"
CHAT = "chat_access"
ASKER = "asker"


def current() -> Credentials:
    """This session's access. A frozen value: a thread may go on with it."""
    if KEY not in st.session_state:
        st.session_state[KEY] = Credentials()
        start_session()
    found: Credentials = st.session_state[KEY]
    mine = usable_chat_model()
    if found.chat != mine:
        found = replace(found, chat=mine)
        _set(found)
    return found


def chat_model() -> ChatAccess | None:
    """The chat model that you set up in this session, else the environment's, else None.

    Raises BadInput for a bad environment.
    """
    mine: ChatAccess | None = st.session_state.get(CHAT)
    return mine or from_environment(os.environ)


def usable_chat_model() -> ChatAccess | None:
    """The same; None where the environment's cannot be used, which the sidebar says."""
    try:
        return chat_model()
    except BadInput:
        return None


def asker() -> str:
    """This session's name, and another one as soon as it may use something else: what failed for it is tried again."""
    known: tuple[Credentials, str] | None = st.session_state.get(ASKER)
    if known is None or known[0] != current():
        known = st.session_state[ASKER] = (current(), new_id())
    return known[1]


@once_a_run
def usable() -> dict[str, Entry]:
    """The rerankers that this session can use now, by key. Everyone can use those that were fine-tuned here."""
    return catalogue.usable(_with_fine_tuned())


def listed() -> list[tuple[Entry, str]]:
    """Every reranker with a name, each with what this session still needs for it."""
    return catalogue.listed(_with_fine_tuned())


def rerankers(settings: Settings) -> Callable[[str], Reranker]:
    """Makes a reranker of this session by its key. A thread may go on with it.

    The key may come from a trace or a case that somebody else made. Where visitors may not name what they like, it
    raises BadInput for any that is not offered here: such a key holds an address, a folder or a hub name.
    """
    mine, refused = current(), visitors.why_nothing_of_ones_own()
    offered = frozenset(entry.key for entry, _ in listed()) if refused else frozenset()

    def make(key: str) -> Reranker:
        if refused and key not in offered:
            raise BadInput(f"The reranker {key} is not offered here. {refused}")
        return get_reranker(key, settings, mine)

    return make


def not_usable(label: str) -> str:
    """The message for a link to a reranker that this session cannot use. Links hold labels."""
    if gone := no_longer_ships(label):
        return gone
    why = next((missing for entry, missing in listed() if entry.label == label), "")
    return f"The reranker {label} is not available here. {why or 'Add it on the Rerankers page first.'}"


def _with_fine_tuned() -> Credentials:
    mine = current()
    made = [one.key for one in models().found]
    return replace(mine, added=tuple(dict.fromkeys((*mine.added, *made))))


@once_a_run
def models() -> Listing[FineTuneResult]:
    """The models that were fine-tuned here, with a note for each one that cannot be read."""
    return fine_tuned_models(fine_tuned())


def fine_tuned() -> Path:
    """The folder of the models that were fine-tuned in the app."""
    return current_settings().data_dir.resolve() / "rerankers"


def labels(offered: Mapping[str, Entry]) -> dict[str, str]:
    """The label of each reranker by key. Where two labels are equal, the key follows in brackets."""
    counts = Counter(entry.label for entry in offered.values())
    return {key: one.label if counts[one.label] == 1 else f"{one.label} ({key})" for key, one in offered.items()}


def keep_key(reranker: str, secret: str) -> None:
    """Use this key for the reranker's service or server, in this session only."""
    mine = current()
    _set(replace(mine, keys={**mine.keys, credential_scope(reranker): SecretStr(secret)}))


def forget_key(reranker: str) -> None:
    """Forget the key that `keep_key` stored."""
    mine = current()
    _set(replace(mine, keys={at: key for at, key in mine.keys.items() if at != credential_scope(reranker)}))


def add(reranker: str) -> None:
    """Add this reranker to this session. Raises BadInput for an unknown key, or where visitors may not."""
    _check_allowed()
    catalogue.entry_of(reranker)
    mine = current()
    if reranker not in mine.added:
        _set(replace(mine, added=(*mine.added, reranker)))


def remove(reranker: str) -> None:
    """Remove it from this session."""
    mine = current()
    _set(replace(mine, added=tuple(one for one in mine.added if one != reranker)))


def trust(model: str, on: bool) -> None:
    """Allow this model's own Python code to run here, or forbid it. Raises BadInput where visitors may not."""
    if on:
        _check_allowed()
    mine = current()
    _set(replace(mine, trusted=mine.trusted | {model} if on else mine.trusted - {model}))


def _check_allowed() -> None:
    if refused := visitors.why_nothing_of_ones_own():
        raise BadInput(refused)


def _set(mine: Credentials) -> None:
    st.session_state[KEY] = mine
    each_run.forget()
