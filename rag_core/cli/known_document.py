"""A document that was named wrongly is refused with the right name, before anything is said of where it was lost."""

from __future__ import annotations

from rag_core.diagnosis import Location
from rag_core.diagnosis.similar_names import SHOWN, similar_names
from rag_core.errors import BadInput
from rag_core.schema.trace import Trace


def checked(location: Location, trace: Trace, searched: str = "") -> Location:
    """The location. Raises BadInput where the document is not in the collection `searched`; in a recorded run, where
    one is that is called nearly so. Any other document may be missing in the run: that is what is looked for."""
    if location.in_corpus:
        return location
    name = location.expected.document
    if searched:
        near = [one.document_id for one in location.nearest[:SHOWN]]
        raise BadInput(_refusal(f"{searched} has no document “{name}”.", near))
    if near := similar_names(name, trace.passages.values()):
        raise BadInput(_refusal(f"The run has no document “{name}”.", near))
    return location


def _refusal(said: str, near: list[str]) -> str:
    return f"{said} Did you mean {' or '.join(near)}?" if near else f"{said} No title or id resembles it."
