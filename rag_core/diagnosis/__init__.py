"""Triage: where a document was lost, what would have kept it, and which kind of fix fits.

    location = locate(collection, Expected(document_id="policies/refunds.md"))
    found = diagnose(trace, location)              # the step of loss, with its evidence
    tried = what_would_keep(measurement, policy, location)   # by replay, no model

In another pipeline's run, `locate_in_run(trace, expected)` finds the document among what was recorded.

Everything is read from traces and measurements. Only `check_fix` runs a model, for the answer under a change.
"""

from rag_core.diagnosis.counterfactuals import (
    Change,
    Counterfactual,
    WhatIf,
    changes_between,
    pairs_needed,
    what_would_keep,
)
from rag_core.diagnosis.decision_table import RULES, remedies
from rag_core.diagnosis.elsewhere import How, how_found, locate_elsewhere, same_text
from rag_core.diagnosis.expected import Expected, Location, Nearest, locate, nearest_documents
from rag_core.diagnosis.expected_in_run import locate_in_run
from rag_core.diagnosis.fix_check import CheckedFix, check_fix
from rag_core.diagnosis.recorded_counterfactual import what_would_keep_in_run
from rag_core.diagnosis.rules import Fix, Rule, Symptoms
from rag_core.diagnosis.step_of_loss import diagnose
from rag_core.diagnosis.symptoms import symptoms
from rag_core.diagnosis.verdicts import Diagnosis, Rival, Verdict

__all__ = [
    "RULES",
    "Change",
    "CheckedFix",
    "Counterfactual",
    "Diagnosis",
    "Expected",
    "Fix",
    "How",
    "Location",
    "Nearest",
    "Rival",
    "Rule",
    "Symptoms",
    "Verdict",
    "WhatIf",
    "changes_between",
    "check_fix",
    "diagnose",
    "how_found",
    "locate",
    "locate_elsewhere",
    "locate_in_run",
    "nearest_documents",
    "pairs_needed",
    "remedies",
    "same_text",
    "symptoms",
    "what_would_keep",
    "what_would_keep_in_run",
]
