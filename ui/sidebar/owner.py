"""The owner of private collections: this browser, known by a signed cookie, or the account that is logged in.

Streamlit reads cookies but cannot set one, so a line of script sets it. It survives a reload, works in a second tab and
lasts for `DAYS` days. It is in no link, so people who get your link do not see your collections.
"""

from __future__ import annotations

import streamlit as st

from rag_core.storage.owner_tokens import new_token, signed, token_of_account, verified
from ui import auth, caches

COOKIE = "second_pass_owner"
DAYS = 30


def owner() -> str:
    """The token of this browser, or of the account that has logged in; it names private collections, nothing else."""
    if "owner" not in st.session_state:
        account = auth.account()
        known = verified(_cookie(), caches.settings().data_dir)
        st.session_state["owner"] = token_of_account(account) if account else known or new_token()
    token: str = st.session_state["owner"]
    return token


def remember() -> None:
    """Have the browser keep the token, where it does not have one yet and nobody has logged in."""
    if auth.account() or _cookie().startswith(owner()):
        return
    value = signed(owner(), caches.settings().data_dir)
    st.html(
        f"<script>document.cookie='{COOKIE}={value};path=/;max-age={DAYS * 86_400};SameSite=Lax'"
        "+(location.protocol==='https:'?';Secure':'')</script>",
        unsafe_allow_javascript=True,
    )


def _cookie() -> str:
    """What the browser sent; empty where it sent nothing. A script that runs without one has no real cookies."""
    sent = st.context.cookies.get(COOKIE)
    return sent if isinstance(sent, str) else ""
