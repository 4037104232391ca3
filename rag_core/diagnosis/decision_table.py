"""Which kind of fix fits the symptom: a table as data. A rule applies where all its conditions hold.

The table does not look for settings, `counterfactuals` does; its words are in `wording.remedies`.
"""

from __future__ import annotations

from typing import Literal

from rag_core.diagnosis.rules import Condition, Fix, Rule, Symptoms
from rag_core.diagnosis.verdicts import Verdict

_MISSED = (
    Verdict.MISSED_BY_BOTH,
    Verdict.MISSED_BY_DENSE,
    Verdict.MISSED_BY_LEXICAL,
    Verdict.MISSED,
    Verdict.FUSED_OUT,
)
_RANKED_TOO_LOW = (Verdict.DEMOTED, Verdict.CUT_BY_TOP_K, Verdict.NOT_SELECTED, Verdict.UNDER_THRESHOLD, *_MISSED)


def _verdict(*verdicts: Verdict) -> Condition:
    return Condition(symptom="verdict", compare="is one of", value=verdicts)


def _rank(symptom: str, compare: Literal["at most", "more than"], value: int) -> Condition:
    return Condition(symptom=symptom, compare=compare, value=value)


def _quoted(value: bool) -> Condition:
    return Condition(symptom="quoted", compare="is", value=value)


RULES = (
    Rule(
        name="top-50-not-top-5",
        when=(_verdict(*_RANKED_TOO_LOW), _rank("fused_rank", "at most", 50), _rank("final_rank", "more than", 5)),
        fix=Fix.RERANKER,
    ),
    Rule(
        name="not-top-50",
        when=(_verdict(*_MISSED), _rank("fused_rank", "more than", 50)),
        fix=Fix.SEARCH,
    ),
    Rule(
        name="codes-missed",
        when=(_verdict(*_MISSED), Condition(symptom="code_missed", compare="is", value=True)),
        fix=Fix.LEXICAL,
    ),
    Rule(
        name="too-many-candidates",
        when=(_verdict(Verdict.NOT_CITED), _quoted(False), _rank("kept_count", "more than", 3)),
        fix=Fix.SMALLER_TOP_K,
    ),
    Rule(
        name="varies-between-users",
        when=(Condition(symptom="varies", compare="is", value=True),),
        fix=Fix.REWRITING,
    ),
    Rule(
        name="not-in-corpus",
        when=(_verdict(Verdict.NOT_IN_CORPUS),),
        fix=Fix.DOCUMENTS,
    ),
    Rule(
        name="filtered-out",
        when=(_verdict(Verdict.FILTERED_OUT),),
        fix=Fix.FILTER,
    ),
    Rule(
        name="cut-by-chunking",
        when=(_verdict(Verdict.CUT_BY_CHUNKING),),
        fix=Fix.CHUNKING,
    ),
    Rule(
        name="cut-by-first-pass",
        when=(_verdict(Verdict.CUT_BY_FIRST_PASS),),
        fix=Fix.FIRST_PASS,
    ),
    Rule(
        name="unread",
        when=(_verdict(Verdict.UNREAD),),
        fix=Fix.CHUNKING,
    ),
    Rule(
        name="not-returned",
        when=(_verdict(Verdict.NOT_RETURNED),),
        fix=Fix.RERANKER,
    ),
    Rule(
        name="pushed-down",
        when=(_verdict(Verdict.PUSHED_DOWN),),
        fix=Fix.SIGNALS,
    ),
    Rule(
        name="under-threshold",
        when=(_verdict(Verdict.UNDER_THRESHOLD), _rank("final_rank", "at most", 5)),
        fix=Fix.THRESHOLD,
    ),
    Rule(
        name="top-k-too-small",
        when=(_verdict(Verdict.CUT_BY_TOP_K, Verdict.NOT_SELECTED, Verdict.DEMOTED), _rank("final_rank", "at most", 5)),
        fix=Fix.LARGER_TOP_K,
    ),
    Rule(
        name="not-used-among-few",
        when=(_verdict(Verdict.NOT_CITED), _quoted(False), _rank("kept_count", "at most", 3)),
        fix=Fix.GENERATION,
    ),
    Rule(
        name="quoted-another",
        when=(_verdict(Verdict.NOT_CITED), _quoted(True)),
        fix=Fix.PREFERENCE,
    ),
)
"""The decision table. The first five rows are the general advice for retrieval with a reranker; the others name the
fix that a verdict itself points to."""


def remedies(symptoms: Symptoms) -> tuple[Rule, ...]:
    """The rules that apply, in the table's order. None for a document that was kept and cited."""
    return tuple(rule for rule in RULES if rule.applies(symptoms))
