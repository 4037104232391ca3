"""The shape of the decision table: kinds of fix, the facts that rules ask for, conditions and rules.

The rules themselves are in `decision_table`, the reading of the facts is in `symptoms`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Literal

from rag_core.diagnosis.passage_ranks import LAST
from rag_core.diagnosis.verdicts import Verdict
from rag_core.schema.base import Frozen


class Fix(StrEnum):
    """The kinds of fix."""

    RERANKER = "reranker"
    SEARCH = "search"
    LEXICAL = "lexical"
    FIRST_PASS = "first-pass"
    SMALLER_TOP_K = "smaller-top-k"
    LARGER_TOP_K = "larger-top-k"
    REWRITING = "rewriting"
    DOCUMENTS = "documents"
    FILTER = "filter"
    CHUNKING = "chunking"
    SIGNALS = "signals"
    THRESHOLD = "threshold"
    GENERATION = "generation"
    PREFERENCE = "preference"


class Symptoms(Frozen):
    """The facts that the rules ask for.

    fused_rank and final_rank are ranks (1 is best), `LAST` where the passage did not get there. code_missed: the
    question holds a code that stands in the expected passage, and the passage did not reach the pool. varies:
    other questions about this document were asked, and some kept it while others lost it. quoted: the answer is made
    of the passages' own sentences, no language model wrote it.
    """

    verdict: Verdict
    fused_rank: int = LAST
    final_rank: int = LAST
    code_missed: bool = False
    kept_count: int = 0
    varies: bool = False
    quoted: bool = False


class Condition(Frozen):
    """One comparison of a symptom with a value."""

    symptom: str
    compare: Literal["is", "is one of", "at most", "more than"]
    value: Any

    def holds(self, symptoms: Symptoms) -> bool:
        """True where the symptom compares so."""
        return _COMPARE[self.compare](getattr(symptoms, self.symptom), self.value)


class Rule(Frozen):
    """A row of the decision table: when its symptom is there, and the kind of fix."""

    name: str
    when: tuple[Condition, ...]
    fix: Fix

    def applies(self, symptoms: Symptoms) -> bool:
        """True where all conditions hold."""
        return all(condition.holds(symptoms) for condition in self.when)


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "is": operator.eq,
    "is one of": lambda fact, values: fact in values,
    "at most": operator.le,
    "more than": operator.gt,
}
