"""What would have kept the document: settings that a click changes, and the kind of fix that the symptoms ask for."""

from __future__ import annotations

import html

import pandas as pd
import streamlit as st

from rag_core.diagnosis import RULES, Counterfactual, Verdict
from rag_core.diagnosis import remedies as rules_for
from rag_core.diagnosis import symptoms as symptoms_of
from rag_core.wording.numbers import count_of
from ui.panels import views, waiting
from ui.panels.triage import Found
from ui.sidebar.apply_policy import adopt

SHOWN = 6
"""How many changes of settings are shown."""


def show(found: Found) -> None:
    """The settings that would have kept it, each a click away, and the kind of fix that the symptoms ask for."""
    if found.diagnosis.lost and found.diagnosis.verdict is not Verdict.NOT_CITED:
        st.subheader("Smallest fix", anchor=False)
        _settings(found)
    applying = rules_for(symptoms_of(found.trace, found.location, found.diagnosis))
    for rule in applying:
        st.markdown(f"**{rule.symptom}: {rule.fix}.** {views.markdown(rule.advice)}")
    with st.expander("Which fix for which symptom", icon=":material/rule:"):
        st.dataframe(decision_table([rule.name for rule in applying]), hide_index=True, key="rules")


def _settings(found: Found) -> None:
    if not found.location.passages:
        return
    with st.spinner("Trying other settings"):
        what_if = found.question.what_if(found.trace.policy, found.location)
    if not what_if.found:
        st.markdown(f"**{views.markdown(what_if.sentence)}**")
    for number, one in enumerate(what_if.found[:SHOWN]):
        _suggestion(number, one)
    if what_if.unscored:
        _score_more(found, what_if.unscored)


def _score_more(found: Found, pairs: int) -> None:
    """The button that pays for the scores without which some settings stay open."""
    if not st.button(f"Check more settings ({count_of(pairs, 'more score')})", key="score_more"):
        return
    waiting.settled(found.question, found.trace.policy, found.location)
    st.rerun()


def _suggestion(number: int, one: Counterfactual) -> None:
    """One change in words, and the button that makes it."""
    with st.container(border=True):
        words, button = st.columns([6, 1], vertical_alignment="center")
    words.html(f'<div class="sp-what-if" data-testid="what-if">{html.escape(one.sentence)}</div>')
    button.button("Try it", key=f"use{number}", on_click=adopt, args=(one.policy,), width="stretch")


def decision_table(applying: list[str]) -> pd.DataFrame:
    """All rules: whether each applies here, its symptom, the conditions and the kind of fix."""
    rows = [
        ("yes" if rule.name in applying else "", rule.symptom, "; ".join(map(str, rule.when)), str(rule.fix))
        for rule in RULES
    ]
    return pd.DataFrame(rows, columns=["Here", "Symptom", "When", "Fix"])
