"""Who is looking: Streamlit's own login where `[auth]` stands in the secrets, and the author of what is saved.

Without it everybody who can reach the address may do everything, and the sidebar says so; the app then listens on
localhost only (see `.streamlit/config.toml`).
"""

from __future__ import annotations

import streamlit as st

from ui.each_run import once_a_run
from ui.panels import views


@once_a_run
def configured() -> bool:
    """True where a login is set up."""
    return st.secrets.load_if_toml_exists() and "auth" in st.secrets


def guard() -> None:
    """Shows the login, and nothing else of the page, to those who have not logged in. For every page, first of all."""
    if not configured() or st.user.is_logged_in:
        return
    st.title("Second Pass", anchor=False)
    st.caption("Log in to see the collections and cases of this installation.")
    for provider in _providers():
        label = f"Log in with {provider}" if provider else "Log in"
        st.button(
            label,
            key=f"login_{provider}",
            type="primary",
            icon=":material/login:",
            on_click=st.login,
            args=(provider,) if provider else (),
        )
    st.stop()


def _providers() -> list[str]:
    """The names of the identity providers; one empty name where there is one without a name."""
    auth = st.secrets["auth"]
    named = [name for name in auth if hasattr(auth[name], "keys")]
    return named or [""]


def badge() -> None:
    """At the foot of the sidebar: who is logged in, with the way out; or that nobody has to be."""
    with st.sidebar.container(key="badge"):
        if not configured():
            st.caption(":material/lock_open: No login: anyone who can open this address can use it.")
            return
        st.caption(f":material/person: {views.markdown(author())}")
        st.button("Log out", key="logout", type="tertiary", icon=":material/logout:", on_click=st.logout)


def account() -> str:
    """What the login knows the visitor by; empty where nobody has logged in."""
    if configured() and st.user.is_logged_in:
        return str(st.user.get("sub") or st.user.get("email") or st.user.get("name") or "")
    return ""


def author() -> str:
    """The name that saved cases carry: the one who logged in, else what was typed in this session."""
    if configured() and st.user.is_logged_in:
        return str(st.user.get("name") or st.user.get("email") or st.user.get("sub") or "")
    return str(st.session_state.get("author") or "")


def ask_author() -> None:
    """A field for the name, where no login gives it."""
    if not configured():
        st.text_input("Your name", key="author", max_chars=200, placeholder="Shown on the cases that you save")
