"""One reranker in full: what it is, what is missing, and what can be done: use it, try it, give a key, download it."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from rag_core.errors import SecondPassError
from rag_core.rerank.entry import Entry
from rag_core.rerank.hosted.providers import PROVIDERS
from rag_core.rerank.trial import PASSAGES, QUERY, Trial, try_out
from rag_core.rerank.weights.download import download, plan_download
from rag_core.wording.trials import trial_sentence
from ui import caches, visitors
from ui.panels import spent, views
from ui.sidebar import access, standard_reranker

NONE = "none"
BILLED = " A service bills it as one small request."


def show(entry: Entry, missing: str) -> None:
    """The card of one reranker."""
    with st.container(border=True, key="card"):
        st.subheader(views.markdown(entry.label), anchor=False)
        st.caption(views.markdown(_facts(entry)))
        if entry.note:
            st.markdown(views.markdown(entry.note))
        if missing:
            st.info(views.markdown(missing), icon=":material/info:")
        with views.guard():
            ACTIONS.get(entry.needs, _nothing)(entry, missing)
        with st.container(horizontal=True):
            _use(entry, missing)
            tried = _try(entry, missing)
            _default(entry, missing)
            if entry.key in access.current().added:
                st.button("Remove", key="remove", icon=":material/close:", on_click=access.remove, args=(entry.key,))
        if tried:
            with spent.counted("tried"):
                st.session_state["tried"] = (entry.key, _tried(entry))
        last = st.session_state.get("tried")
        if last and last[0] == entry.key:
            _outcome(last[1])
        spent.of_work("tried")
        if entry.price:
            price = entry.price
            st.caption(views.markdown(f"${price.dollars:g} for {price.what}, read {price.read} at {price.source}"))


def _facts(entry: Entry) -> str:
    """What is known of it, in one line."""
    context = f"{entry.context:,} tokens" if entry.context else ""
    languages = f"languages: {entry.languages}" if entry.languages else ""
    known = [entry.model, entry.maker, entry.licence, entry.size, context, languages, f"scores: {entry.space}"]
    return " · ".join(fact for fact in known if fact)


def _use(entry: Entry, missing: str) -> None:
    chosen = st.session_state.get("r") == entry.key
    st.button(
        "Chosen" if chosen else "Use",
        key="use",
        type="primary",
        icon=":material/check:",
        disabled=bool(missing) or chosen,
        on_click=_put,
        args=(entry.key,),
        help="Selects it in the sidebar.",
    )


def _default(entry: Entry, missing: str) -> None:
    """The button that makes a model of this machine what the installation begins with, for those who may download."""
    if missing or entry.needs not in ("nothing", "download") or entry.key == NONE or visitors.why_no_downloads():
        return
    is_default = standard_reranker.installed() == entry.key
    st.button(
        "Default here" if is_default else "Make it the default here",
        key="make_default",
        icon=":material/push_pin:",
        disabled=is_default,
        on_click=standard_reranker.make,
        args=(entry.key,),
        help="New visits, and commands that name no reranker, begin with it. Links keep what they say.",
    )


def _put(reranker: str) -> None:
    st.session_state["r"] = reranker


def _try(entry: Entry, missing: str) -> bool:
    return st.button(
        "Try it",
        key="try",
        icon=":material/play_arrow:",
        disabled=bool(missing) or entry.key == NONE,
        help="Scores three made-up passages, bypassing the cache." + (BILLED if entry.kind == "hosted" else ""),
    )


def _tried(entry: Entry) -> Trial:
    with st.spinner("Scoring three passages"):
        return try_out(caches.reranker(entry.key))


def _outcome(trial: Trial) -> None:
    """What the trial gave: the sentence, then the scores."""
    if trial.failure:
        st.error(views.markdown(trial.failure), icon=":material/error:")
        return
    if trial.right_first:
        st.success(views.markdown(trial_sentence(trial)), icon=":material/check_circle:")
    else:
        st.warning(views.markdown(trial_sentence(trial)), icon=":material/warning:")
    st.caption(views.markdown(QUERY))
    scores = pd.DataFrame({"Passage": PASSAGES, str(trial.space): trial.scores})
    numbers = {str(trial.space): st.column_config.NumberColumn(format="%.4f", width=120)}
    st.dataframe(scores, hide_index=True, key="trial", column_config=numbers)


def _key(entry: Entry, _missing: str) -> None:
    """A field for the key of this session; or how to get rid of it."""
    provider = PROVIDERS[entry.key.partition(":")[0]]
    if access.current().key_for(entry.key):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(":material/key: A key typed in this session is used; no other session can see or use it.")
            st.button("Forget the key", key="forget", on_click=access.forget_key, args=(entry.key,), type="tertiary")
        return
    field = f"secret_{provider.name}"
    with st.form("key", border=False):
        st.text_input(
            f"Key for {provider.label}",
            type="password",
            key=field,
            max_chars=400,
            help=f"Kept in this browser session only. For all sessions, set {provider.env} where the app is started, "
            "or in .streamlit/secrets.toml.",
        )
        st.form_submit_button("Use this key in this session", on_click=_keep, args=(entry.key, field))


def _keep(reranker: str, field: str) -> None:
    """Take the key out of the field, so that it stands in one place only."""
    secret = str(st.session_state[field]).strip()
    st.session_state[field] = ""
    if secret:
        access.keep_key(reranker, secret)


def _address(entry: Entry, _missing: str) -> None:
    if ":" in entry.key:
        _key(entry, _missing)


def _download(entry: Entry, missing: str) -> None:
    """The code switch where the model wants one, then the button that fetches the weights."""
    _code_switch(entry)
    ready = entry.needs == "download" or entry.model in access.current().trusted
    if not missing or not ready:
        return
    if refused := visitors.why_no_downloads():
        st.caption(refused)
        return
    if st.button("Download", key="download", icon=":material/download:"):
        bar = st.progress(0.0, "Asking the model hub")
        try:
            _fetch(entry, bar.progress)
        except SecondPassError as exc:
            bar.empty()
            st.error(views.markdown(f"{exc} The chosen reranker stays."), icon=":material/cloud_off:")
        else:
            st.rerun()


def _fetch(entry: Entry, bar: Callable[[float, str], object]) -> None:
    trusted = entry.model in access.current().trusted
    found = plan_download(entry.model, trusted)

    def step(done: int, total: int) -> None:
        bar(done / max(total, 1), f"{done / 1e6:,.0f} of {total / 1e6:,.0f} MB, {found.files} files")

    download(entry.model, trusted, step)


def _code_switch(entry: Entry) -> None:
    """`trust_remote_code` for this one model, off until somebody turns it on here."""
    if refused := visitors.why_nothing_of_ones_own():
        if entry.needs == "code":
            st.caption(refused)
        return
    on = st.toggle(
        "Let this model run its own Python code (trust_remote_code)",
        value=entry.model in access.current().trusted,
        key=f"trust_{entry.model}",
        on_change=lambda: access.trust(entry.model, bool(st.session_state[f"trust_{entry.model}"])),
        help="Off: only models of the architectures that transformers knows can be loaded.",
    )
    if on:
        who = " Anyone who can open this address can do the same: no login is set up." if visitors.strangers() else ""
        st.warning(
            "The maker's Python code will run here with all rights of this process: it can read your files and keys "
            f"and use your network. Turn this on only for a maker that you trust.{who}",
            icon=":material/warning:",
        )


def _nothing(_entry: Entry, _missing: str) -> None:
    pass


ACTIONS: dict[str, Callable[[Entry, str], None]] = {
    "key": _key,
    "address": _address,
    "download": _download,
    "code": _download,
}
"""What can be done about what a reranker needs, by `Entry.needs`."""
