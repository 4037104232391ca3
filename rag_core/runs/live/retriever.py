"""A live retriever: asks one question, and gives what came back as a recorded run.

It is one search, with the time that was measured here, and all that it returned counts as kept: ask for as many results
as your pipeline does. A function may return the record of a whole run instead; then its own steps count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import SecretStr

from rag_core.errors import RetrieverError, UnreadableRecord, first_line
from rag_core.runs.live import function, request
from rag_core.runs.live.answers import read_answer
from rag_core.runs.live.config import RetrieverConfig
from rag_core.runs.live.presets import PRESETS
from rag_core.runs.recorder.containers import listed
from rag_core.runs.recorder.recording import Recording
from rag_core.runs.recorder.shapes import cleaned
from rag_core.runs.run import MAX_HITS, Run, RunStep
from rag_core.runs.sent import run_from
from rag_core.runs.values import MAX_TEXT, Note, StepKind, Timing
from rag_core.schema.base import new_id
from rag_core.wording.numbers import count_of

SEARCH, KEPT = "search", "kept"
SOURCE = "live"


class Retriever(Protocol):
    """What can be asked. `LiveRetriever` is one; a test may make another."""

    @property
    def name(self) -> str:
        """What it is called: the project of its runs."""
        ...

    def ask(self, query: str, top_k: int | None = None) -> Run:
        """One run. Raises RetrieverError with a message for users."""
        ...


@dataclass(frozen=True)
class LiveRetriever:
    """A retriever by its config. The key is kept apart, and masked in every text."""

    name: str
    config: RetrieverConfig
    key: SecretStr | None = None

    def ask(self, query: str, top_k: int | None = None) -> Run:
        """Send the question, or call the function; what came back. Raises RetrieverError with what to do."""
        if not query.strip():
            raise RetrieverError("Enter a question.")
        query = cleaned(query, len(query))
        run = Recording(cleaned(self.name, 200), cleaned(query, MAX_TEXT))
        top_k = top_k or self.config.top_k
        run.note(retriever=self.config.place, top_k=top_k)
        ask = self._function if self.config.kind == "function" else self._endpoint
        return ask(run, query, top_k)

    def _endpoint(self, run: Recording, query: str, top_k: int) -> Run:
        endpoint = self.config.endpoint()
        answer, took_ms = request.answer_of(endpoint, self.key, query, top_k)
        optional = () if self.config.fields else ("id", "title", "metadata")
        errors = PRESETS[self.config.kind].errors
        read = read_answer(answer, endpoint.fields, errors, optional, request.plain_key(self.key))
        return self._searched(run, read.rows, took_ms, read.notes)

    def _function(self, run: Recording, query: str, top_k: int) -> Run:
        returned, took_ms = function.answer_of(self.config.function, query, top_k)
        if (record := _record(returned)) is not None:
            return self._recorded(record, query, top_k)
        try:
            results = listed(returned, MAX_HITS)
        except TypeError as exc:
            wanted = "Return a list of dicts, texts or documents, or the record of a run (docs/connect.md)."
            raise RetrieverError(f"{self.config.function} returned something else: {exc}. {wanted}") from exc
        except Exception as exc:  # their own list may read their index only now
            why = f"{type(exc).__name__}: {first_line(exc)}"
            raise RetrieverError(f"{self.config.function} returned a list that cannot be read: {why}.") from exc
        return self._searched(run, results, took_ms)

    def _searched(self, run: Recording, results: Iterable[object], took_ms: float, notes: Iterable[str] = ()) -> Run:
        """The run of one search that keeps all of its results. Raises RetrieverError where none can be read."""
        results = list(results)
        config = self.config
        run.search(SEARCH, results, space=config.space.value, direction=config.better, took_ms=took_ms)
        sent = run.sent()
        step = sent["steps"][0]
        if results and not step["hits"]:
            why = step["warnings"][0]["message"] if step["warnings"] else ""
            raise RetrieverError(f"None of {count_of(len(results), 'result')} can be read. {why}".rstrip())
        said = [{"code": "field-missing", "message": cleaned(one, 2000)} for one in notes]
        made = run_from(sent | {"source": SOURCE, "steps": [step | {"warnings": [*step["warnings"], *said]}]})
        return _kept(made)

    def _recorded(self, record: Mapping[str, Any], query: str, top_k: int) -> Run:
        """The run that the function recorded itself, with what it left out."""
        attributes = {"retriever": self.config.place, "top_k": top_k, **(record.get("attributes") or {})}
        fields = {"project": self.name, "query": query, "id": new_id(), **record, "source": SOURCE}
        fields["attributes"] = attributes
        try:
            run = run_from(fields)
        except UnreadableRecord as exc:
            raise RetrieverError(f"{self.config.function} returned a run that cannot be read. {exc}") from exc
        if not run.steps:
            raise RetrieverError(f"{self.config.function} returned a run without steps. Record at least one list.")
        return run


def _record(returned: object) -> Mapping[str, Any] | None:
    """The record of a run, where the function returned one: a `Run`, what `record(...)` gives, or their fields."""
    if isinstance(returned, Run):
        return returned.model_dump()
    if isinstance(returned, Recording):
        return returned.sent()
    return returned if isinstance(returned, Mapping) and "steps" in returned else None


def _kept(run: Run) -> Run:
    """The run with what was kept: all that was returned, in its own order. A list against its scores gets a note."""
    found = run.steps[0]
    if not _in_order(found):
        message = (
            f"The results are not in the order of their scores, where {found.better} is better. Their order counts."
        )
        note = Note(code="not-in-order", message=message)
        found = found.model_copy(update={"warnings": (*found.warnings, note)})
    none = Timing(took_ms=0)  # nothing is done to keep all of it
    kept = found.model_copy(
        update={"name": KEPT, "kind": StepKind.SELECT, "inputs": (SEARCH,), "timing": none, "warnings": ()}
    )
    return run.model_copy(update={"steps": (found, kept)})


def _in_order(step: RunStep) -> bool:
    """True where the scores do not contradict the order, or nobody said which are better."""
    scores = [hit.score for hit in step.hits if hit.score is not None]
    best_first = {"higher": sorted(scores, reverse=True), "lower": sorted(scores), None: scores}
    return scores == best_first[step.better]
