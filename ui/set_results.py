"""What runs over sets of questions have measured, kept for all sessions: what somebody has waited for stays.

An entry is made by a run that somebody starts (Evaluate, a threshold run of Scores, a comparison), never by looking;
each kind of run has its own room, and gives up its oldest entry only for a newer run of the same kind.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, Literal

import streamlit as st

Kind = Literal["evaluate", "labelled", "compared"]
MOST = 24
"""Runs kept of each kind."""


class SetResults:
    """Entries by kind and key. An entry is a dict that grows as its run goes on; any number of threads may use it."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._kept: dict[Kind, OrderedDict[Hashable, dict[str, Any]]] = {}

    def find(self, kind: Kind, key: Hashable) -> dict[str, Any]:
        """The entry, or an empty dict that nobody keeps where no run has made one."""
        with self._lock:
            entries = self._kept.get(kind, OrderedDict())
            if key not in entries:
                return {}
            entries.move_to_end(key)
            return entries[key]

    def keep(self, kind: Kind, key: Hashable) -> dict[str, Any]:
        """The entry of a run that somebody starts, made where there is none."""
        with self._lock:
            entries = self._kept.setdefault(kind, OrderedDict())
            entry = entries.setdefault(key, {})
            entries.move_to_end(key)
            while len(entries) > self._most:
                entries.popitem(last=False)
            return entry


@st.cache_resource
def set_results() -> SetResults:
    """The process's one, shared by all sessions."""
    return SetResults()
