"""Values of a link, and of a policy that is taken up, that a setting cannot have. Streamlit corrects or drops those of
a link, and `within` those of a policy; the sidebar names them, and a page those of its own controls.

`number`, `choice`, `switch` and `day` look at the link before their control is drawn, `show` draws a note for each
value that does not fit. A note goes away when you change that setting, or reset all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date

import streamlit as st

from ui.panels import views

REFUSED = "refused_link_values"


@dataclass(frozen=True)
class Refused:
    """What the link or the policy asks for, what is accepted, and what the setting became (None before it is drawn)."""

    label: str
    asked: str
    accepted: str
    by_page: bool = False
    """Whether the page that draws the control shows the note beside it, rather than the sidebar."""
    became: object = None
    of_policy: bool = False

    def __str__(self) -> str:
        became = {True: "on", False: "off"}.get(self.became) if isinstance(self.became, bool) else self.became
        now = f"It is {became} now." if became not in ("", None) else "It has its default now."
        who = "The run that was taken up sets" if self.of_policy else "The link sets"
        return f"{who} “{self.label}” to {self.asked or 'nothing'}. {self.accepted} {now}"


def number(key: str, label: str, low: float, high: float, by_page: bool = False) -> None:
    """Remember a value of the link that is no number from low to high; no whole one where low is whole by its type."""
    asked, whole = _asked(key), isinstance(low, int)
    if asked is not None and not _fits(asked, low, high, whole):
        accepted = f"It must be a {'whole ' if whole else ''}number from {low:g} to {high:g}."
        _remember(key, Refused(label, asked, accepted, by_page))


def within(key: str, label: str, low: float, high: float) -> None:
    """Bring what a policy set beyond the ends of a control to the nearer one, and remember it: a policy may have more
    than the control. Call it before the control is drawn."""
    value = st.session_state.get(key)
    if value is not None and not low <= value <= high:
        st.session_state[key] = type(value)(min(max(value, low), high))
        _remember(key, Refused(label, f"{value:g}", f"It must be from {low:g} to {high:g} here.", of_policy=True))


def choice(
    key: str, label: str, options: Sequence[str], by_page: bool = False, why: Callable[[str], str] | None = None
) -> None:
    """Remember a value of the link that is none of the options. why: what is said of such a value, rather than what the
    options are."""
    asked = _asked(key)
    if asked is not None and asked not in options:
        accepted = why(asked) if why else f"It must be one of: {', '.join(options)}."
        _remember(key, Refused(label, asked, accepted, by_page))


def switch(key: str, label: str, by_page: bool = False) -> None:
    """Remember a value of the link that is neither true nor false."""
    asked = _asked(key)
    if asked is not None and asked.lower() not in ("true", "false"):
        _remember(key, Refused(label, asked, "It must be one of: true, false.", by_page))


def day(key: str, label: str, first: date, last: date) -> None:
    """Remember a value of the link that is no day from first to last."""
    asked = _asked(key)
    with suppress(ValueError):
        if not asked or first <= date.fromisoformat(asked) <= last:
            return
    _remember(key, Refused(label, asked or "", f"It must be a day from {first} to {last}."))


def show(*keys: str) -> None:
    """A note for each value that did not fit, until its setting is changed: of these settings, or of all the sidebar's.
    Call it after the controls are drawn."""
    notes: dict[str, Refused] = st.session_state.get(REFUSED, {})
    for key, note in [one for one in notes.items() if (one[0] in keys if keys else not one[1].by_page)]:
        value = st.session_state.get(key, "")
        if note.became is None:
            notes[key] = note = replace(note, became=value)
        if note.became == value:
            st.warning(views.markdown(str(note)), icon=":material/link_off:")
        else:
            del notes[key]


def refused(key: str) -> bool:
    """True where the link's value of this setting does not fit."""
    return key in st.session_state.get(REFUSED, {})


def forget() -> None:
    """Drop all notes: the settings are reset."""
    st.session_state.pop(REFUSED, None)


def _asked(key: str) -> str | None:
    """What the link says of a control that is not drawn yet."""
    return None if key in st.session_state else st.query_params.get(key)


def _fits(asked: str, low: float, high: float, whole: bool) -> bool:
    try:
        return low <= float(asked) <= high and not (whole and float(asked) % 1)
    except ValueError:
        return False


def _remember(key: str, note: Refused) -> None:
    st.session_state.setdefault(REFUSED, {})[key] = note
