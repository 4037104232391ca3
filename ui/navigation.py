"""The pages, in order. A page's address is its file's name without the number.

Until the first script of a server has called `st.navigation`, Streamlit takes `pages/` for its older kind of app: it
runs the file that the address names, without `app.py`. That is why the files are named like the addresses, and why
each page calls `publish`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

FOLDER = Path(__file__).parents[1] / "pages"
ICON = Path(__file__).parent / "sidebar" / "icon.png"
PAGES = (
    ("1_inspect.py", "Inspect", ":material/manage_search:"),
    ("2_scores.py", "Scores & threshold", ":material/align_vertical_center:"),
    ("3_latency.py", "Latency & cost", ":material/timer:"),
    ("4_compare.py", "Compare", ":material/compare_arrows:"),
    ("5_evaluate.py", "Evaluate", ":material/query_stats:"),
    ("6_triage.py", "Triage", ":material/troubleshoot:"),
    ("7_rerankers.py", "Rerankers", ":material/swap_vert:"),
    ("8_corpus.py", "Corpus", ":material/library_books:"),
    ("9_runs.py", "Runs", ":material/list_alt:"),
)
"""File, title and icon of each page; the first is the start page."""

PURPOSES = {
    "Inspect": "Ask a question and see what every step of retrieval did with it.",
    "Scores & threshold": "See how the candidates score, and choose the threshold for “I don't know”.",
    "Latency & cost": "See which step takes the time, how many candidates fit your budget, and what that costs.",
    "Compare": "Compare two rerankers or two settings, on one question or on many.",
    "Evaluate": "Measure on labelled questions whether reranking is worth it, and how sure that is.",
    "Triage": "Find out why a document is missing from an answer, and the smallest fix.",
    "Rerankers": "See which rerankers you can use, what the others need, and try them.",
    "Corpus": "Add documents and see how they are cut into passages, or connect a retriever of your own.",
    "Runs": "See the recorded runs of your pipelines, find the suspicious ones, and open them.",
}
"""What each page answers, in one line under its title."""


def navigation() -> st.Page:
    """Show the pages in the sidebar; the one that the address asks for. The start page has its own name as well.

    The app's icon is set first: else the browser asks a font service for the page's icon, to show it on its tab.
    """
    st.set_page_config(page_icon=str(ICON))
    pages = [st.Page(FOLDER / file, title=title, icon=icon) for file, title, icon in PAGES[1:]]
    file, title, icon = PAGES[0]
    start = st.Page(FOLDER / file, title=title, icon=icon, url_path="start", default=True)
    named = st.Page(FOLDER / file, title=title, icon=icon, visibility="hidden")
    return st.navigation([start, *pages, named])


@contextmanager
def part_of_the_app() -> Iterator[None]:
    """What is drawn in here belongs to the app, not to the page: a change of page leaves it in the browser.

    To Streamlit it is as if `app.py` had drawn it. What a page draws is taken down with the page and built up again,
    which for the settings alone costs as much as for the rest of a page.
    """
    ctx = get_script_run_ctx()
    if ctx is None:
        yield
        return
    with ctx.run_with_active_hash(ctx.pages_manager.main_script_hash):
        yield


def publish() -> None:
    """Begin again through the router where Streamlit has started on a page without it.

    At once, before anything is drawn: a page that is drawn twice loses the click that falls between.
    """
    from streamlit.runtime.pages_manager import PagesManager

    if PagesManager.uses_pages_directory:
        navigation()
        st.rerun()
