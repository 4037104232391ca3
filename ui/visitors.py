"""What visitors may make this machine do (call addresses, read folders, fetch models, run a model's own code), and
whether they may read what other people asked.

Those may who sit at this machine or have logged in. For anybody else the operator must say so, by a setting that is
named after its risk; no other setting opens it.
"""

from __future__ import annotations

from ipaddress import ip_address

import streamlit as st
from streamlit import config

from rag_core.settings import current_settings
from ui import auth
from ui.each_run import once_a_run

FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip")
"""Headers that a proxy adds: who comes through one need not sit at this machine, wherever the app listens."""

OPEN_TO_STRANGERS = (
    "Off on this installation: it can be reached from other machines and has no login. "
    "Set up a login, or let it listen on localhost only (see docs/deploy.md)."
)
RUNS_CLOSED = (
    "Recorded runs hold what people asked. They are closed here: this installation can be reached from other machines "
    "and has no login. Set up a login, let it listen on localhost only, or set SECOND_PASS_STRANGERS_MAY_READ_RUNS "
    "(see docs/deploy.md)."
)
SWITCHED_OFF = "Switched off on this installation (SECOND_PASS_OWN_MODELS)."


@once_a_run
def strangers() -> bool:
    """True where somebody who neither sits at this machine nor has logged in may see this page."""
    forwarded = any(header in st.context.headers for header in FORWARDED)
    return not auth.configured() and (forwarded or not is_loopback(config.get_option("server.address")))


def is_loopback(address: str | None) -> bool:
    """Whether an app that listens on this address is reached from its own machine only.

    >>> is_loopback("localhost"), is_loopback("127.0.0.1"), is_loopback("0.0.0.0"), is_loopback(None)
    (True, True, False, False)
    """
    try:
        return address == "localhost" or ip_address((address or "").strip("[]")).is_loopback
    except ValueError:
        return False


@once_a_run
def why_no_downloads() -> str:
    """Why visitors may not have models fetched from the hub; empty where they may."""
    return OPEN_TO_STRANGERS if strangers() and not current_settings().strangers_may_run_code_here else ""


@once_a_run
def why_nothing_of_ones_own() -> str:
    """Why visitors may not name servers, folders and models, nor let a model run its code; empty where they may."""
    return why_no_downloads() or ("" if current_settings().own_models else SWITCHED_OFF)


def why_no_runs() -> str:
    """Why visitors may not read recorded runs; empty where they may."""
    allowed = (
        not strangers() or current_settings().strangers_may_run_code_here or current_settings().strangers_may_read_runs
    )
    return "" if allowed else RUNS_CLOSED


def why_runs_stay() -> str:
    """Why visitors may not add or delete recorded runs; empty where they may."""
    return OPEN_TO_STRANGERS if strangers() and not current_settings().strangers_may_run_code_here else ""
