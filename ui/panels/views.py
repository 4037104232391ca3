"""Pieces that several pages show: the step strip, a passage, the error box. They compute nothing."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

from rag_core.analysis.run_tables import share_table
from rag_core.errors import SecondPassError, disk_refused
from rag_core.rerank.catalogue import called
from rag_core.schema.records import LeftOut
from rag_core.schema.trace import Trace
from rag_core.schema.trace_record import not_rewritten
from rag_core.wording import headline as headline_text
from rag_core.wording.analysis_captions import extra_search_sentence
from rag_core.wording.run_captions import rewritten_by
from rag_core.wording.run_notes import noted

STYLE = Path(__file__).with_name("style.css")


def style() -> None:
    """The style sheet of the pieces below; once per page."""
    st.html(STYLE)


def headline(sentence: str) -> None:
    """What happened, in one sentence, large: the heading of what follows, and read out when it changes."""
    heading = f'<h2 class="sp-headline" data-testid="headline">{html.escape(sentence)}</h2>'
    st.html(f'<div role="status">{heading}</div>')


@contextmanager
def guard() -> Iterator[None]:
    """Shows the library's own errors, and a disk that takes no more, as what they are: a sentence for the user."""
    try:
        yield
    except SecondPassError as exc:
        st.error(markdown(str(exc)), icon=":material/error:")
    except OSError as exc:
        if not (refused := disk_refused(exc)):
            raise
        st.error(markdown(refused), icon=":material/error:")


def left_out(noun: str, records: Sequence[LeftOut]) -> None:
    """A note for each stored record that cannot be read, where it would have been listed."""
    for one in records:
        st.warning(markdown(f"Left out: the {noun} {one}"), icon=":material/broken_image:")


def failure(trace: Trace) -> None:
    """A reranker that did not run in either pass, and a question that could not be rewritten, above everything else."""
    for step, _ in trace.rerank_passes:
        for warning in step.warnings:
            if warning.code == "rerank-failed":
                st.error(markdown(warning.message), icon=":material/error:")
    if trace.rewriting and trace.rewriting.failure:
        st.warning(markdown(not_rewritten(trace.rewriting.failure)), icon=":material/edit_off:")


def first_pass(trace: Trace) -> None:
    """What the first pass read and handed on, where there is one, and how probable it is that the best one answers."""
    if told := headline_text.best_answers(trace):
        st.caption(f":material/percent: {markdown(told)}")
    if trace.first_pass_summary:
        told = headline_text.first_pass(trace, called)
        st.caption(f":material/filter_list: {markdown(told)}")


def filtered(trace: Trace) -> None:
    """The run's filter in words, where it has one."""
    if trace.where:
        st.caption(f":material/filter_alt: Only passages with {markdown(str(trace.where))}.")


def notes(trace: Trace) -> None:
    """The other warnings of the run, by step."""
    lines = [
        f"**{markdown(place)}:** {markdown(warning.message)}"
        for place, warning in noted(trace)
        if warning.code not in ("rerank-failed", "rewrite-failed")  # which `failure` shows
    ]
    if lines:
        count = f"{len(lines)} {'note' if len(lines) == 1 else 'notes'} on this run"
        with st.expander(count, icon=":material/info:"):
            st.markdown("\n\n".join(lines))


def markdown(text: str) -> str:
    """Text that may hold names from documents, shown literally by Markdown: no address in it becomes a link."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+-.!|<>~$:" else c for c in _COMES_ALIVE.sub(_BREAK, text))


def label(text: str) -> str:
    """The same for the label of a field: a screen reader reads the label as it is written, so that a backslash is only
    where the text would be drawn as something else (`my_docs` is not)."""
    return _DRAWN.sub(r"\\\g<0>", _COMES_ALIVE.sub(_BREAK, text))


_DRAWN = re.compile(r"[\\`*\[\]<>~$:|]|(?<!\w)_|_(?!\w)")
_COMES_ALIVE = re.compile(
    r"(?<=http)(?=s?://)|(?<=www)(?=\.)|(?<=[-.\w+]@)(?=[-\w]+(?:\.[-\w]+)*\.[-\w]*[^\W\d_](?![-\w]))", re.IGNORECASE
)
"""Where an address is broken: Streamlit makes links of web and mail addresses, even of escaped ones."""
_BREAK = "\u2060"
"""A word joiner, which nobody sees."""


def searches(trace: Trace) -> None:
    """What each search brought, where there are extra ones, and who wrote the rewritten queries."""
    if trace.extra_searches:
        st.subheader("What each search brought", anchor=False)
        st.caption(extra_search_sentence(trace))
        st.dataframe(share_table(trace), hide_index=True, key="shares")
    if trace.rewriting and not trace.rewriting.failure:
        st.caption(markdown(rewritten_by(trace.rewriting)))
