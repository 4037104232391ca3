"""What this session may use: keys that were typed in it, rerankers that it named, models whose code it trusts.

It stands in the session's state and nowhere else: not in links, caches, traces or logs, and no other session sees it.
Keys of the whole process come from the environment, or from `.streamlit/secrets.toml`, which Streamlit puts there.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import streamlit as st
from pydantic import SecretStr

from rag_core.errors import BadInput
from rag_core.finetune.models import FineTuneResult, fine_tuned_models
from rag_core.generation.chat.access import ChatAccess, from_environment
from rag_core.rerank import catalogue
from rag_core.rerank.access import Credentials, credential_scope
from rag_core.rerank.entry import Entry
from rag_core.rerank.hosted.identity import start_session
from rag_core.schema.base import new_id
from rag_core.schema.records import Listing
from rag_core.settings import Settings

KEY = "access"
CHAT = "chat_access"
ASKER = "asker"


def current() -> Credentials:
    """This session's access. A frozen value: a thread may go on with it."""
    if KEY not in st.session_state:
        st.session_state[KEY] = Credentials()
        start_session()
    found: Credentials = st.session_state[KEY]
    try:
        mine = chat_model()
    except BadInput:
        mine = None  # the sidebar says what is wrong with the environment's
    if found.chat != mine:
        found = st.session_state[KEY] = replace(found, chat=mine)
    return found


def chat_model() -> ChatAccess | None:
    """The chat model that this session typed, else what the environment names, else None.

    Raises BadInput for a bad environment.
    """
    mine: ChatAccess | None = st.session_state.get(CHAT)
    return mine or from_environment(os.environ)


def asker() -> str:
    """This session's name, and another one as soon as it may use something else: what failed for it is tried again."""
    known: tuple[Credentials, str] | None = st.session_state.get(ASKER)
    if known is None or known[0] != current():
        known = st.session_state[ASKER] = (current(), new_id())
    return known[1]


def usable() -> dict[str, Entry]:
    """The rerankers that this session can use now, by key; those fine-tuned here are everybody's."""
    return catalogue.usable(_with_fine_tuned())


def listed() -> list[tuple[Entry, str]]:
    """Every reranker with a name, each with what this session misses for it."""
    return catalogue.listed(_with_fine_tuned())


def not_usable(label: str) -> str:
    """What to say of a link to a reranker that this session cannot use. Links hold labels."""
    why = next((missing for entry, missing in listed() if entry.label == label), "")
    return f"The reranker {label} cannot be used here. {why or 'Name it on the Rerankers page first.'}"


def _with_fine_tuned() -> Credentials:
    mine = current()
    made = [one.key for one in models().found]
    return replace(mine, added=tuple(dict.fromkeys((*mine.added, *made))))


def models() -> Listing[FineTuneResult]:
    """The models that were fine-tuned here, with a note for each one that cannot be read."""
    return fine_tuned_models(fine_tuned())


def fine_tuned() -> Path:
    """Where models lie that were fine-tuned on the page."""
    return Settings().data_dir.resolve() / "rerankers"


def labels(offered: Mapping[str, Entry]) -> dict[str, str]:
    """What to call each of them, by key: its label, and its key behind that where two have the same."""
    counts = Counter(entry.label for entry in offered.values())
    return {key: one.label if counts[one.label] == 1 else f"{one.label} ({key})" for key, one in offered.items()}


def keep_key(reranker: str, secret: str) -> None:
    """Use this key for the reranker's service or server, in this session only."""
    mine = current()
    _set(replace(mine, keys={**mine.keys, credential_scope(reranker): SecretStr(secret)}))


def forget_key(reranker: str) -> None:
    """Forget what `keep_key` was given."""
    mine = current()
    _set(replace(mine, keys={at: key for at, key in mine.keys.items() if at != credential_scope(reranker)}))


def add(reranker: str) -> None:
    """Offer this reranker in this session. Raises BadInput for a key that names none."""
    catalogue.entry_of(reranker)
    mine = current()
    if reranker not in mine.added:
        _set(replace(mine, added=(*mine.added, reranker)))


def remove(reranker: str) -> None:
    """Offer it no longer."""
    mine = current()
    _set(replace(mine, added=tuple(one for one in mine.added if one != reranker)))


def trust(model: str, on: bool) -> None:
    """Let this model's own Python code run in this process, or no longer."""
    mine = current()
    _set(replace(mine, trusted=mine.trusted | {model} if on else mine.trusted - {model}))


def _set(mine: Credentials) -> None:
    st.session_state[KEY] = mine
