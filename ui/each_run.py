"""What a run of a page looks up once, however often it is asked: functions under `@once_a_run`.

`state.page` calls `forget` when a run begins and `app.py` when it ends, so that callbacks and parts that are drawn
alone look up again. So does what changes the answer of one of these functions.
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


def forget() -> None:
    """Look everything up again: a run of a page begins or ends, or what is known was changed in it."""
    st.session_state.pop(FOUND, None)
