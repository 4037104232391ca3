"""The triage of a recorded run: which document was expected, where it was lost, and what of the record would have kept
it. All deciding is `rag_core.diagnosis`'s and `rag_core.triage`'s."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from rag_core.diagnosis import (
    Diagnosis,
    Expected,
    Location,
    Verdict,
    diagnose,
    locate_in_run,
    remedies,
    symptoms,
    what_would_keep_in_run,
)
from rag_core.diagnosis.similar_names import similar_names
from rag_core.report.run_fix_text import change_text, fix_text
from rag_core.runs.replaying import RunChange
from rag_core.schema.documents import Passage
from rag_core.schema.trace import Trace
from rag_core.triage import Finding, RunFix, fixes_in_run
from rag_core.wording.fixes import what_if_sentence
from rag_core.wording.numbers import title_of, told_apart
from rag_core.wording.recorded_verdicts import to_record
from rag_core.wording.remedies import advice, fix_name, symptom
from rag_core.wording.verdicts import VERDICT_LABELS
from ui import links
from ui.panels import case_save, linked_run, run_replay, triage, views
from ui.panels.answer import card
from ui.sidebar import access, recorded

SHOWN = 6
"""How many changes are shown."""

FIXES = "run_fixes"
"""Session key: the changes that keep a document, as they were worked out last."""

EVERYONE_SEES = "A case keeps the run, also where the run itself is deleted. Everyone here can see it."


@dataclass(frozen=True)
class Found:
    """A recorded run, the document that was expected of it, and what became of it there."""

    trace: Trace
    location: Location
    diagnosis: Diagnosis


def page(trace: Trace, change: RunChange) -> None:
    """The form, and once a document is named all that is known of it."""
    expected = _form(trace)
    if expected is None:
        st.caption("Choose the document that should have answered. You see which step of this run lost it.")
        return
    if _asks_which(trace, expected):
        return
    location = locate_in_run(trace, expected)
    found = Found(trace, location, diagnose(trace, location))
    replay = run_replay.replayed(trace, change)
    now = diagnose(replay, location)
    if replay is not trace:
        _tried(found, change, now)
    triage.told(now, replay)
    _to_record(now)
    if replay.recorded_answer:
        card(replay, replay.recorded_answer, heading="The recorded answer")
    if now.lost:
        _fixes(found)
    for rule in remedies(symptoms(replay, location, now)):
        st.markdown(f"**{symptom(rule)}. Fix: {fix_name(rule)}.** {views.markdown(advice(rule))}")
    triage.evidence(now)
    about = (trace.origin, location.expected)
    case_save.form(lambda: (trace, Finding(location=location, diagnosis=found.diagnosis)), about, EVERYONE_SEES)


def reopen(trace: Trace, expected: Expected) -> None:
    """Open the run with what a case expects of it in the form. For callbacks."""
    assert trace.origin is not None
    for field in ("taken", "doc", "unlisted", "quote"):
        st.session_state.pop(_key(trace, field), None)
    named = f"{trace.origin.project}/{trace.origin.run_id}"
    linked_run.show_here(named, expected.passage_id or expected.document, expected.quote)


def _key(trace: Trace, name: str) -> str:
    """The key of a field for this run: another run begins with its own document."""
    named = f"{trace.origin.project}/{trace.origin.run_id}" if trace.origin else trace.query
    return f"expect_{name}_{hashlib.sha256(named.encode()).hexdigest()[:8]}"


def _form(trace: Trace) -> Expected | None:
    """The document, of the run's or typed, and the words that answer."""
    names = documents(trace)
    _take_from_link(trace, names)
    left, middle, right = st.columns([5, 2, 5], vertical_alignment="bottom")
    chosen = left.selectbox(
        triage.DOCUMENT,
        list(names),
        index=None,
        format_func=lambda one: names.get(one, one),
        key=_key(trace, "doc"),
        placeholder="Type to search in this run",
    )
    with middle.popover("Not in the list", width="stretch"):
        typed = st.text_input("Its title or id", key=_key(trace, "unlisted"), max_chars=500).strip()
        st.caption("The run may have lost it before its first list.")
    quote = right.text_input(
        "Sentence that answers (optional)",
        key=_key(trace, "quote"),
        max_chars=10_000,
        placeholder="Counts only the passages with these words",
    )
    name = typed or chosen
    said = {links.EXPECTED: name or "", links.EXPECTED_QUOTE: quote.strip() if name else ""}
    for parameter, value in said.items():
        if not value:
            st.query_params.pop(parameter, None)
        elif st.query_params.get(parameter) != value:
            st.query_params[parameter] = value
    return Expected(document=name, quote=quote.strip()) if name else None


def documents(trace: Trace) -> dict[str, str]:
    """What each document of the run is called, by the id that finds it, the best ranked first; where it has several
    passages, these too."""
    order = [*trace.places, *(one for one in trace.passages if one not in trace.places)]
    by_document: dict[str, list[Passage]] = {}
    for passage_id in order:
        passage = trace.passages[passage_id]
        by_document.setdefault(passage.document_id, []).append(passage)
    names: dict[str, str] = {}
    for document_id, passages in by_document.items():
        names[document_id] = passages[0].name if len(passages) > 1 else title_of(passages[0])
        if len(passages) > 1:
            names |= {one.id: f"{title_of(one)} · {one.first_words}" for one in passages if one.id != document_id}
    return told_apart(names, {one: one for one in names})


def _take_from_link(trace: Trace, names: Mapping[str, str]) -> None:
    """The document and the words that the link names, at first; later the fields count."""
    asked, first = st.query_params.get(links.EXPECTED, ""), _key(trace, "taken")
    fields = _key(trace, "doc"), _key(trace, "unlisted"), _key(trace, "quote")
    gone = fields[0] not in st.session_state  # on a change of page
    if asked and (gone or st.session_state.get(first) != asked):
        chosen = st.session_state.get(fields[1]) or st.session_state.get(fields[0])
        if chosen != asked:
            of_list, typed = (asked, "") if asked in names else (None, asked)
            quote = st.query_params.get(links.EXPECTED_QUOTE, "")
            st.session_state.update(zip(fields, (of_list, typed, quote), strict=True))
    st.session_state[first] = asked


def _asks_which(trace: Trace, expected: Expected) -> bool:
    """A name that is nearly one of the run is asked about; True while it is not settled."""
    name = expected.document
    if locate_in_run(trace, Expected(document=name)).in_corpus:
        return False
    near = similar_names(name, trace.passages.values())
    if not near or st.session_state.get(_key(trace, "surely")) == name:
        return False
    st.warning(views.markdown(f"The run has no document “{name}”. Did you mean one of these?"), icon=":material/help:")
    with st.container(horizontal=True):
        for number, one in enumerate(near):
            st.button(views.label(one), key=f"meant{number}", on_click=_choose, args=(trace, one))
        st.button("Another document", key="meant_none", type="tertiary", on_click=_surely, args=(trace, name))
    return True


def _choose(trace: Trace, name: str) -> None:
    found = locate_in_run(trace, Expected(document=name)).document_id
    st.session_state.update({_key(trace, "doc"): found, _key(trace, "unlisted"): ""})


def _surely(trace: Trace, name: str) -> None:
    st.session_state[_key(trace, "surely")] = name


def _tried(found: Found, change: RunChange, now: Diagnosis) -> None:
    """What was changed, what became of the document, and the way back."""
    became, then = VERDICT_LABELS[now.verdict].lower(), VERDICT_LABELS[found.diagnosis.verdict].lower()
    kept = now.verdict is Verdict.KEPT
    with st.container(horizontal=True, vertical_alignment="center", key="tried"):
        show = st.success if kept else st.warning
        changed = change_text(found.trace, change, label)
        show(views.markdown(f"{changed}. In the replay: {became}. As recorded: {then}."), icon=":material/tune:")
        st.button("Undo", key="undo", icon=":material/undo:", on_click=recorded.reset, args=(found.trace,))


def _to_record(diagnosis: Diagnosis) -> None:
    """What the pipeline has to record so that it can be told."""
    if diagnosis.needs:
        st.subheader("What to record", anchor=False)
        st.markdown("\n".join(f"- {_code(to_record(one))}" for one in diagnosis.needs))


def _code(text: str) -> str:
    """The text with what stands between backticks as code, the rest literally."""
    parts = text.split("`")
    return "".join(f"`{one}`" if number % 2 else views.markdown(one) for number, one in enumerate(parts))


def _fixes(found: Found) -> None:
    """The changes that can be replayed from the record and keep the document, the smallest first."""
    st.subheader("Smallest fix", anchor=False)
    fixes = _known_fixes(found)
    if not fixes:
        st.markdown(f"**{views.markdown(_none(found))}**")
    for number, fix in enumerate(fixes[:SHOWN]):
        with st.container(border=True):
            words, button = st.columns([6, 1], vertical_alignment="center")
        said = fix_text(found.trace, fix, label)
        words.html(f'<div class="sp-what-if" data-testid="what-if">{html.escape(said)}</div>')
        button.button(
            "Try it", key=f"use{number}", on_click=recorded.adopt, args=(found.trace, fix.change), width="stretch"
        )
    if found.diagnosis.passage_id:
        st.caption("Rerankers count once they have scored this run: choose one in the sidebar.")


def _none(found: Found) -> str:
    """Why no change is known."""
    told = what_would_keep_in_run(found.trace, found.diagnosis)
    return "No setting that can be replayed keeps it." if told.found else what_if_sentence(told)


def _known_fixes(found: Found) -> tuple[RunFix, ...]:
    """Worked out once for a run, a document and the rerankers whose scores are known."""
    scores = run_replay.known_scores(found.trace)
    about = (found.trace.origin, found.trace.query, found.location.expected, tuple(scores))
    known = st.session_state.get(FIXES)
    if known is None or known[0] != about:
        with st.spinner("Trying other settings"):
            known = (about, fixes_in_run(found.trace, found.location, scores))
        st.session_state[FIXES] = known
    fixes: tuple[RunFix, ...] = known[1]
    return fixes


def label(reranker: str) -> str:
    """What a reranker is called in the sidebar."""
    return access.labels(access.usable()).get(reranker, reranker)
