"""The answer card: the text with its citations and doubts marked, what it is, what it took, what it rests on."""

from __future__ import annotations

import html
from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rag_core.generation.citations import Mark, marks_of, numbers_in, without
from rag_core.generation.grounding_words import doubtful, finding, summary, tag
from rag_core.report.escaped import emphasised
from rag_core.schema.answers import Answer, SentenceCheck
from rag_core.schema.documents import Passage
from rag_core.schema.once import once
from rag_core.schema.trace import Trace
from rag_core.wording.headline import closest
from rag_core.wording.numbers import document_of, title_of
from rag_core.wording.run_captions import QUOTED, answer_cost
from ui.panels.views import markdown


def card(trace: Trace, answer: Answer, key: str = "answer", heading: str = "") -> None:
    """The answer with its citations, and what it is. `key` names the card where a page shows two."""
    kinds = {
        "extractive": QUOTED,
        "chat": f"Written by {answer.model} from the kept passages" if answer.model else "Recorded with the run",
        "unknown": "No kept passage answers this",
    }
    with st.container(border=True, key=key):
        if heading:
            st.markdown(f"**{markdown(heading)}**")
        st.html(f'<p class="sp-answer" data-testid="{key}">{marked_text(answer)}</p>')
        told = [closest(trace) or kinds[answer.kind], *([answer_cost(answer)] if answer.prompt else [])]
        st.caption(markdown(" · ".join(told)))
        _doubts(answer)
        _sources(trace, answer)
        if answer.reasoning:
            _reasoning(answer)
        if answer.prompt:
            _prompt(answer)
        for warning in answer.warnings:
            st.warning(markdown(warning.message))


@once
def with_answer(trace: Trace, answer: Answer) -> Trace:
    """The run with its answer, as it is saved."""
    return trace.model_copy(update={"recorded_answer": answer})


def so_far(place: DeltaGenerator, text: str) -> None:
    """An answer as it comes in: escaped, so that nothing a model writes becomes markup."""
    place.html(f'<p class="sp-answer">{html.escape(text)}</p>')


def marked_text(answer: Answer) -> str:
    """The answer as HTML, all escaped: citations as superscripts, a doubtful sentence underlined, its doubt behind it.

    Only what was found to be a citation is drawn as one: `[2]` in a quote is the document's own.
    """
    pieces, at = [], 0
    for check in answer.checks:
        pieces.append(_with_citations(answer, at, check.start))
        pieces.append(_sentence(answer, check))
        at = check.end
    return "".join([*pieces, _with_citations(answer, at, len(answer.text))])


def _sentence(answer: Answer, check: SentenceCheck) -> str:
    shown, doubt = _with_citations(answer, check.start, check.end), tag(check)
    if not doubt:
        return shown
    title = html.escape(finding(check), quote=True)
    label = f'<small class="sp-doubt-tag">{html.escape(doubt)}</small>'
    return f'<span class="sp-doubt" title="{title}">{shown}</span> {label}'


def _with_citations(answer: Answer, start: int, end: int) -> str:
    """A part of the answer's text, escaped, with its citations as superscripts. They are put in last, so that what
    stands around them is read as one: `**bold [1] words**`."""
    found = [mark for mark in marks_of(answer) if start <= mark.start < end]
    text, at = "", start
    for place, mark in enumerate(found):
        text += f"{_plain(answer.text[at : mark.start])}{_HERE}{place}{_HERE}"
        at = mark.end
    shown = emphasised(html.escape(text + _plain(answer.text[at:end])))
    for place, mark in enumerate(found):
        numbers = ", ".join(map(str, numbers_in(answer.text[mark.start : mark.end])))
        shown = shown.replace(f"{_HERE}{place}{_HERE}", f"<sup>{numbers}</sup>")
    return shown.replace("\n", "<br>")


_HERE = "\ue000"
"""Stands where a citation goes; a text that holds it itself loses it."""


def _plain(text: str) -> str:
    return text.replace(_HERE, "")


def _doubts(answer: Answer) -> None:
    """Which sentences a person should look at, and what stands closest to each sentence."""
    if not answer.checks:
        return
    st.caption(markdown(summary(answer)))
    doubts = doubtful(answer)
    if doubts:
        st.html(f'<div data-testid="doubts">{_findings(answer, doubts)}</div>')
    found = [one for one in answer.checks if one not in doubts]
    if found:
        with st.expander("What the other sentences rest on" if doubts else "What each sentence rests on"):
            st.html(_findings(answer, found))


def _findings(answer: Answer, checks: Sequence[SentenceCheck]) -> str:
    items = (f"<li>“{_e(_short(answer, one))}”<br><small>{emphasised(_e(finding(one)))}</small></li>" for one in checks)
    return f'<ul class="sp-list sp-findings">{"".join(items)}</ul>'


def _e(text: str) -> str:
    return html.escape(text)


def _short(answer: Answer, check: SentenceCheck) -> str:
    """A sentence in one line without its citations."""
    start, end = check.start, check.end
    inside = [Mark(one.start - start, one.end - start, one.numbers) for one in marks_of(answer)]
    sentence = without(answer.text[start:end], [one for one in inside if 0 <= one.start < end - start])
    return " ".join(sentence.replace("**", "").split())


def _sources(trace: Trace, answer: Answer) -> None:
    cited = dict.fromkeys((citation.number, citation.passage_id) for citation in answer.citations)
    sources = "".join(
        f'<div class="sp-path"><span class="sp-cite">{number}</span> '
        f"{html.escape(source_line(trace.passages[passage_id]))}</div>"
        for number, passage_id in cited
    )
    if sources:
        st.html(sources)


def source_line(passage: Passage) -> str:
    """`Refunds: First purchase · policies/refunds.md · updated 2026-02-01`: an outdated source shows its age."""
    dated = [f"updated {passage.updated_at}"] if passage.updated_at else []
    return " · ".join(filter(None, [title_of(passage), document_of(passage), *dated]))


def _reasoning(answer: Answer) -> None:
    with st.expander("The model's reasoning", icon=":material/psychology:"):
        st.caption("Written before the answer and no part of it. Numbers in it are not counted as citations.")
        st.text(answer.reasoning)


def _prompt(answer: Answer) -> None:
    with st.expander("The exact prompt", icon=":material/code:"):
        for message in answer.prompt:
            st.caption(message.role)
            st.code(message.content, language=None, wrap_lines=True)
