"""What a run of a page looks up once, however often it is asked: functions under `@once_a_run`.

A run begins with `begin`, which `state.page` calls, and `app.py` calls `forget` at its end: callbacks and parts that
are drawn alone look up anew. Whoever changes what one of these functions tells calls `forget`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import wraps
from typing import ParamSpec, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

FOUND = "found_this_run"
"""Session key: what was found, by function and arguments."""

Given = ParamSpec("Given")
Found = TypeVar("Found")


def once_a_run(function: Callable[Given, Found]) -> Callable[Given, Found]:
    """The function, which keeps what it found until the next run; an error is not kept. Its arguments are hashable.

    Outside a page it looks up every time.
    """

    @wraps(function)
    def known(*args: Given.args, **kwargs: Given.kwargs) -> Found:
        if get_script_run_ctx() is None:
            return function(*args, **kwargs)
        found: dict[Hashable, Found] = st.session_state.setdefault(FOUND, {})
        key = (function.__module__, function.__qualname__, args, tuple(kwargs.items()))
        if key not in found:
            found[key] = function(*args, **kwargs)
        return found[key]

    return known


def begin() -> None:
    """Look everything up anew: a run of a page begins."""
    forget()


def forget() -> None:
    """Look everything up anew: it was changed in this run."""
    st.session_state.pop(FOUND, None)
