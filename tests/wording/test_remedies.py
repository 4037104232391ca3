"""Every row of the decision table has its words."""

from __future__ import annotations

from rag_core.diagnosis import RULES, Fix
from rag_core.wording.remedies import ADVICE, FIXES, SYMPTOMS, advice, conditions, fix_name, symptom


def test_every_row_and_every_kind_of_fix_has_words() -> None:
    assert set(SYMPTOMS) == set(ADVICE) == {rule.name for rule in RULES}
    assert set(FIXES) == set(Fix)


def test_a_row_as_it_is_read() -> None:
    rule = next(one for one in RULES if one.name == "under-threshold")
    assert (symptom(rule), fix_name(rule)) == ("Relevant, and under the threshold", "the threshold")
    assert advice(rule) == "The order is right, but the threshold is too strict. Choose it from labelled questions."
    assert conditions(rule) == "verdict is under-threshold; final rank at most 5"


def test_conditions_that_are_true_or_false() -> None:
    told = {rule.name: conditions(rule) for rule in RULES}
    assert told["too-many-candidates"] == "verdict is not-cited; not quoted; kept count more than 3"
    assert told["varies-between-users"] == "varies"
