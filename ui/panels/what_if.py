"""What would have kept the document: settings that a click changes, and the kind of fix that the symptoms ask for."""

from __future__ import annotations

import html
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from rag_core.diagnosis import RULES, CheckedFix, Counterfactual, Verdict, check_fix
from rag_core.diagnosis import remedies as rules_for
from rag_core.diagnosis import symptoms as symptoms_of
from rag_core.wording.fixes import fix_sentence, uncited_sentence, what_if_sentence
from rag_core.wording.numbers import count_of
from rag_core.wording.remedies import advice, conditions, fix_name, symptom
from rag_core.wording.verdicts import VERDICT_LABELS
from ui.panels import tried_fix, views, waiting
from ui.panels.reranker_list import sentence_case
from ui.panels.triage import Found

SHOWN = 6
"""How many changes of settings are shown."""


def show(found: Found) -> None:
    """The settings that would have kept it, each a click away, and the kind of fix that the symptoms ask for."""
    if found.diagnosis.lost and found.diagnosis.verdict is not Verdict.NOT_CITED:
        st.subheader("Smallest fix", anchor=False)
        _settings(found)
    applying = rules_for(symptoms_of(found.trace, found.location, found.diagnosis))
    for rule in applying:
        st.markdown(f"**{symptom(rule)}. Fix: {fix_name(rule)}.** {views.markdown(advice(rule))}")
    with st.expander("Which fix for which symptom", icon=":material/rule:"):
        st.table(decision_table([rule.name for rule in applying]), hide_index=True)  # its cells wrap


def _settings(found: Found) -> None:
    if not found.location.passages:
        return
    with st.spinner("Trying other settings"):
        what_if = found.question.what_if(found.trace.policy, found.location)
    if not what_if.found:
        st.markdown(f"**{views.markdown(what_if_sentence(what_if))}**")
    checked = _checked(found, what_if.found[:SHOWN])
    if sentence := uncited_sentence(checked):
        st.markdown(f"**{views.markdown(sentence)}**")
    for number, one in enumerate(checked):
        _suggestion(found, number, one)
    if what_if.unscored:
        _score_more(found, what_if.unscored)


def _checked(found: Found, fixes: Sequence[Counterfactual]) -> list[CheckedFix]:
    """The fixes with what the answer makes of each, those first whose answer cites the document.

    Quoted answers cost nothing and are checked at once; a chat model is asked where somebody presses for it.
    """
    asked = (found.trace.query, found.trace.policy, found.location, found.chat)
    if found.chat and fixes and st.session_state.get("fixes_checked") != asked:
        requests = count_of(len(fixes), "request")
        label = f"Check whether the answer cites it ({requests} to {found.chat.config.model})"
        if not st.button(label, key="check_fixes", icon=":material/fact_check:"):
            return [CheckedFix(fix=fix) for fix in fixes]
        st.session_state["fixes_checked"] = asked
    with st.spinner("Checking the answers"):
        checked = [check_fix(found.question, fix, found.location, found.chat) for fix in fixes]
    return sorted(checked, key=lambda one: one.lost)


def _score_more(found: Found, pairs: int) -> None:
    """The button that pays for the scores without which some settings stay open."""
    if not st.button(f"Check more settings ({count_of(pairs, 'more score')})", key="score_more"):
        return
    waiting.settled(found.question, found.trace.policy, found.location)
    st.rerun()


def _suggestion(found: Found, number: int, one: CheckedFix) -> None:
    """One change in words, what the answer makes of it, and the button that makes the change."""
    with st.container(border=True):
        words, button = st.columns([6, 1], vertical_alignment="center")
    words.html(f'<div class="sp-what-if" data-testid="what-if">{html.escape(fix_sentence(one.fix))}</div>')
    with words:
        _mark(one)
    with button:
        tried_fix.button(found, one.fix, f"use{number}")


def _mark(one: CheckedFix) -> None:
    """Whether the fix is one up to the answer."""
    if one.verdict is None:
        st.badge("Answer not checked", icon=":material/help:", color="gray")
    elif one.lost:
        st.badge(VERDICT_LABELS[one.verdict], icon=":material/cancel:", color="orange")
    else:
        st.badge("The answer cites it", icon=":material/check_circle:", color="blue")


def decision_table(applying: list[str]) -> pd.DataFrame:
    """All rules: whether each applies here, its symptom, the conditions and the kind of fix."""
    rows = [
        ("yes" if rule.name in applying else "", symptom(rule), conditions(rule), sentence_case(fix_name(rule)))
        for rule in RULES
    ]
    return pd.DataFrame(rows, columns=["Here", "Symptom", "When", "Fix"])
