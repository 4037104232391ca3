"""Links: the address carries the question, the collection and the settings, and keeps them from page to page.

Streamlit ties a control of a page to the address of that page alone: on a change of page it drops what the last page's
controls held. `arrive` puts it back before the new page is drawn, so that each page's address is the whole link.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

KEPT = "link"
RUN = "run"
"""The parameter of a link that names a recorded run: `project/id`."""

EXPECTED = "expect"
"""The parameter that names the document which should have answered, of a recorded run."""

EXPECTED_QUOTE = "expect_quote"
"""The parameter with the words of it that answer."""

OF_RUN = (RUN, EXPECTED, EXPECTED_QUOTE)

OPENED_FILE = "opened_file"
"""Session key: the id of the upload that was opened, with what is in it or why it cannot be read."""

HISTORY = Path(__file__).with_name("history.js")

Params = dict[str, list[str]]


def arrive() -> None:
    """Keep the link of this run; on a change of page, write the whole link into the address, and begin with it.

    Back and Forward go to an address that is a whole link already: what it does not name goes back to its default.
    """
    _write_history()
    ctx = get_script_run_ctx()
    if ctx is None:
        return
    last: tuple[str, Params] = st.session_state.get(KEPT, (ctx.page_script_hash, {}))
    if last[0] == ctx.page_script_hash:
        keep()
        return
    asked = _params(ctx.query_string)
    if ctx.is_history_navigation:
        for key in {"q", *last[1]} - asked.keys():
            st.session_state.pop(key, None)
    else:
        asked = {**last[1], **asked}
    if "go_to" in st.session_state:  # a collection that the last page chose comes before the link's
        asked.pop("c", None)
    st.session_state[KEPT] = (ctx.page_script_hash, asked)
    with ctx.session_state.query_params() as params:
        for key in asked:
            if bound := params.get_binding_for_param(key):  # by the last page; what this one draws is bound again
                params.unbind_widget(bound.widget_id)
        params.from_dict(asked)
        params.set_initial_query_params_from_current()  # controls drawn from here on begin with what the link says


def keep() -> None:
    """Keep the link as it is now: also once the sidebar is drawn, since a reset changes the address while drawing."""
    if (ctx := get_script_run_ctx()) is not None:
        st.session_state[KEPT] = (ctx.page_script_hash, present())


def put(**values: str) -> None:
    """Write these values into the address, an empty one out of it. A control that is drawn next begins with what it
    says, also one that another kind of control was in the place of."""
    ctx = get_script_run_ctx()
    if ctx is None:
        return
    with ctx.session_state.query_params() as params:
        for name, value in values.items():
            if bound := params.get_binding_for_param(name):
                params.unbind_widget(bound.widget_id)
            if value:
                params[name] = value
            elif name in params:
                del params[name]
        params.set_initial_query_params_from_current()


def present() -> Params:
    """The link's parameters, each with all of its values."""
    return {key: st.query_params.get_all(key) for key in st.query_params}


def without_collection() -> Params:
    """The link for `st.switch_page`, which refuses parameters that a control of the present page holds."""
    return {key: values for key, values in present().items() if key != "c"}


def address(page: str, **changes: str) -> str:
    """The address of a page (`""` is the start page) with the present link and these changes to it. A recorded run is
    left behind, for the link is about something else.

    It is relative to the page it stands on, so it holds under any `server.baseUrlPath` and behind a proxy.
    """
    kept = {key: values for key, values in present().items() if key not in OF_RUN}
    return f"./{page}?{urlencode({**kept, **changes}, doseq=True)}"


def forget_run() -> None:
    """Take the recorded run out of the link, and close the file that a run was opened from."""
    st.session_state.pop(OPENED_FILE, None)
    for name in OF_RUN:
        if name in st.query_params:
            del st.query_params[name]
    keep()


def _params(query: str) -> Params:
    return {key: values for key, values in parse_qs(query, keep_blank_values=True).items() if not _embed(key)}


def _embed(key: str) -> bool:
    """Whether Streamlit keeps this parameter for itself."""
    return key.lower() in ("embed", "embed_options")


def _write_history() -> None:
    """Have the browser's Back go by pages and questions."""
    st.html(f"<script>{HISTORY.read_text(encoding='utf-8')}</script>", unsafe_allow_javascript=True)
