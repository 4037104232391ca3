"""What a re-run of a case on another collection than its own says: where it ran, and how each document was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag_core.diagnosis import How, Location, how_found, same_text

if TYPE_CHECKING:
    from rag_core.triage.case import Case, Rerun


def elsewhere_text(case: Case, run: Rerun) -> str:
    """`Run on “Copy”, not on the “Handbook” that the case was saved on. “Refunds” is there under the same id, with the
    same text.` Empty where it ran on the case's own collection."""
    if run.elsewhere is None:
        return ""
    ran = f"Run on “{run.elsewhere.name}”, not on the “{case.trace.collection.name}” that the case was saved on."
    found = (_found(then.location, now.location) for then, now in zip(case.findings, run.findings, strict=False))
    return " ".join([ran, *found])


def _found(then: Location, now: Location) -> str:
    name = then.title or then.expected.document
    text = "with the same text" if same_text(then, now) else "but no passage of it has the same text"
    return {
        How.NOT_THERE: f"It has no document of the id, the text or the title of “{name}”.",
        How.ID: f"“{name}” is there under the same id, {text}.",
        How.TEXT: f"“{name}” is there as {now.document_id}: it has the same text.",
        How.NAME: f"“{name}” is there as {now.document_id}, found by its name, {text}.",
    }[how_found(then, now)]
