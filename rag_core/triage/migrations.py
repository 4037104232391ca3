"""Upgrade what cases and their re-runs hold of each expected document."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from rag_core.diagnosis.expected import Location
from rag_core.diagnosis.facts import Recorded
from rag_core.diagnosis.passage_ranks import PassageRanks
from rag_core.diagnosis.run_facts import Gap, Missing
from rag_core.diagnosis.step_of_loss import diagnose, told
from rag_core.diagnosis.verdicts import Diagnosis, Verdict
from rag_core.schema.migrations import changed, each, renamed
from rag_core.schema.records import Raw
from rag_core.schema.trace import Trace
from rag_core.wording.recorded_verdicts import to_record


def findings_from_version_2(raw: Raw) -> Raw:
    """Version 2 held a diagnosis in sentences. Version 3 holds what they tell, read from the run that the case holds.

    The verdict and the passage stay those of that day. A trace that is damaged is left for validation to name.
    """
    if not raw.get("findings"):
        return raw
    try:
        trace = Trace.model_validate(raw["trace"])
        locations = [Location.model_validate(one["location"]) for one in raw["findings"]]
    except ValidationError:
        return raw
    findings = [
        one | {"location": location, "diagnosis": _diagnosis(one["diagnosis"], trace, location)}
        for one, location in zip(raw["findings"], locations, strict=True)
    ]
    return raw | {"trace": trace, "findings": findings}


def _diagnosis(raw: Raw, trace: Trace, location: Location) -> Diagnosis | Raw:
    """The diagnosis from the run; with the words that were recorded where the run does not bear the verdict out."""
    if trace.origin:
        found = diagnose(trace, location)
        same = (found.verdict, found.passage_id) == (raw.get("verdict"), raw.get("passage_id"))
        return found if same else _with_gaps(_in_recorded_words(raw), trace)
    with suppress(LookupError, ValueError):
        verdict = Verdict(raw["verdict"])
        passage = next((one for one in location.passages if one.id == raw["passage_id"]), None)
        standing = PassageRanks(trace, passage, location.span_in(passage.id)) if passage else None
        return told(verdict, trace, location, standing)
    return _in_recorded_words(raw)


def _in_recorded_words(raw: Raw) -> Raw:
    return changed(
        renamed(raw, {"sentence": "facts"}),
        {
            "facts": _recorded,
            "rivals": each(lambda rival: changed(rival, {"why": _recorded})),
            "notes": each(_recorded),
        },
    )


def _with_gaps(raw: Raw, trace: Trace) -> Raw:
    """What the pipeline has to record, as data; a sentence that says something else becomes a note."""
    gaps = [Gap(missing=missing, step=name) for missing in Missing for name in ("", *(one.name for one in trace.steps))]
    known = {to_record(gap): gap for gap in gaps}
    said = raw.get("needs") or []
    other = [_recorded(words) for words in said if words not in known]
    return raw | {"needs": [known[words] for words in said if words in known], "notes": [*raw.get("notes", ()), *other]}


def _recorded(words: Any) -> Recorded:
    return Recorded(recorded_sentence=words)
