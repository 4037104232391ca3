"""Every row of the decision table has its words."""

from __future__ import annotations

import re

import pytest

from rag_core.diagnosis import RULES, Fix, Verdict
from rag_core.diagnosis.rules import Rule
from rag_core.wording.remedies import ADVICE, CONDITIONS, FIXES, SYMPTOMS, advice, conditions, fix_name, symptom


def test_every_row_and_every_kind_of_fix_has_words() -> None:
    assert set(SYMPTOMS) == set(ADVICE) == set(CONDITIONS) == {rule.name for rule in RULES}
    assert set(FIXES) == set(Fix)


def test_a_row_as_it_is_read() -> None:
    rule = next(one for one in RULES if one.name == "under-threshold")
    assert (symptom(rule), fix_name(rule)) == ("Ranked high, and under the threshold", "the threshold")
    assert advice(rule) == (
        "If this document does answer the question, the threshold is too strict for it. Choose the threshold from "
        "labelled questions, not from this one."
    )
    assert conditions(rule) == "It ends among the first 5, with a score under the threshold."


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_conditions_are_words_with_the_numbers_of_the_rule(rule: Rule) -> None:
    told = conditions(rule)
    numbers = {str(one.value) for one in rule.when if type(one.value) is int}
    assert numbers == set(re.findall(r"[0-9]+", told))
    assert not [verdict for verdict in Verdict if "-" in verdict and verdict in told]
    assert told.endswith(".") and "verdict is" not in told
