"""One run while it is recorded. Every method takes well under a millisecond, and none raises.

What cannot be recorded becomes a note in the run: a bug in the recording never is one in your service.
"""

from __future__ import annotations

import functools
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Concatenate, ParamSpec, cast

from rag_core.runs.recorder.containers import listed
from rag_core.runs.recorder.meanings import direction_of, space_of
from rag_core.runs.recorder.shapes import Sent, cleaned, finite, hits_of, pool_of, says_distance, scalars
from rag_core.runs.run import MAX_HITS, MAX_STEPS, RUN_ID
from rag_core.runs.values import MAX_TEXT, MOST_MS, Direction, Space, StepKind
from rag_core.schema.base import new_id

Given = ParamSpec("Given")

MAX_NOTES = 50


def _harmless(
    method: Callable[Concatenate[Recording, Given], None],
) -> Callable[Concatenate[Recording, Given], None]:
    """The method, with whatever it raises turned into a note."""

    @functools.wraps(method)
    def harmless(self: Recording, *args: Given.args, **options: Given.kwargs) -> None:
        try:
            method(self, *args, **options)
        except Exception as exc:  # noqa: BLE001  (the caller's service goes on, whatever this is)
            self._note("not-recorded", f"{method.__name__} could not be recorded ({type(exc).__name__}: {exc}).")

    return cast("Callable[Concatenate[Recording, Given], None]", harmless)


class Recording:
    """What a `with record(...) as run` gives. Safe to share between threads; steps stand in the order of the calls.

    id    the run's id; you can set it to one that you know it by, up to 64 letters, digits and . _ : -
    """

    def __init__(self, project: str, query: str) -> None:
        self.id = new_id()
        self._project, self._query = project, query
        self._started_at, self._began = datetime.now(UTC), time.perf_counter()
        self._lock = threading.RLock()
        self._steps: list[dict[str, Any]] = []
        self._times: dict[str, tuple[float, float]] = {}
        self._answer: str | None = None
        self._feedback: list[dict[str, Any]] = []
        self._attributes: dict[str, Any] = {}
        self._texts: dict[str, str | None] = {}
        self._by_text: dict[str, str] = {}
        self._notes: list[dict[str, str]] = []

    @_harmless
    def search(
        self, name: str, results: object, *, space: str = "unknown", direction: Direction | None = None,
        model: str = "", took_ms: float | None = None, query: str | None = None,
    ) -> None:  # fmt: skip
        """What a search found, best first. `space` says what its scores mean (see `rag_core.runs.values.Space`)."""
        self._add(StepKind.SEARCH, name, results, (), space, direction, model, took_ms, query)

    @_harmless
    def fuse(
        self, name: str, results: object, *, inputs: Sequence[str] | None = None, space: str = "unknown",
        direction: Direction | None = None, took_ms: float | None = None,
    ) -> None:  # fmt: skip
        """One list made of several. `inputs`: their names; without them, all that no step has read yet."""
        read = self._unread() if inputs is None else inputs
        self._add(StepKind.FUSION, name, results, read, space, direction, "", took_ms, None)

    @_harmless
    def rerank(
        self, name: str, results: object, *, inputs: Sequence[str] | None = None, read: object = None,
        space: str = "unknown", direction: Direction | None = None, model: str = "", took_ms: float | None = None,
    ) -> None:  # fmt: skip
        """A list scored anew, best first. `inputs`: the list that it read; without it, the step before.

        The `index` of a result counts in that list, from 0; or in `read`, the passages as the reranker got them.
        """
        pool = None if read is None else pool_of(listed(read, MAX_HITS), self._texts)
        if inputs is None:
            inputs = self._before() if pool is None else self._holding(pool)
        self._add(StepKind.RERANK, name, results, inputs, space, direction, model, took_ms, None, pool)

    @_harmless
    def adjust(
        self, name: str, results: object, *, inputs: Sequence[str] | None = None, space: str = "unknown",
        direction: Direction | None = None, took_ms: float | None = None,
    ) -> None:  # fmt: skip
        """A list whose scores or order your rules changed. `inputs` as for `rerank`."""
        read = self._before() if inputs is None else inputs
        self._add(StepKind.ADJUST, name, results, read, space, direction, "", took_ms, None)

    @_harmless
    def keep(self, results: object, *, name: str = "kept", inputs: Sequence[str] | None = None) -> None:
        """The passages that went on to the answer, in order. `inputs` as for `rerank`."""
        read = self._before() if inputs is None else inputs
        self._add(StepKind.SELECT, name, results, read, "unknown", None, "", None, None)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Measures the step of that name: `with run.timed("dense"): hits = store.search(query)`."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self._times[name] = (started - self._began, time.perf_counter() - started)

    @_harmless
    def answer(self, text: str) -> None:
        """What was answered."""
        self._answer = cleaned(str(text), MAX_TEXT)

    @_harmless
    def feedback(self, name: str, value: object, comment: str = "") -> None:
        """What somebody said of the answer: a name ("thumbs"), a value, a comment."""
        kept = scalars({"value": value}) or {"value": cleaned(str(value), 1000)}
        said = {"name": cleaned(str(name), 200) or "feedback", **kept, "comment": cleaned(str(comment), MAX_TEXT)}
        self._feedback.append(said)

    @_harmless
    def note(self, attributes: Mapping[str, object] | None = None, /, **more: object) -> None:
        """Anything else that you want to find the run by: a session, a version, a customer."""
        self._attributes |= scalars({**(attributes or {}), **more})

    @_harmless
    def failed(self, error: BaseException) -> None:
        """Your code raised: the run says what, and keeps the steps until then."""
        self._note("failed", f"{type(error).__name__}: {error}")

    def sent(self) -> dict[str, Any]:
        """The run so far, as the fields of a `SentRun`."""
        with self._lock:
            if not re.fullmatch(RUN_ID, str(self.id)):
                self._note("not-recorded", f"{self.id!r} cannot be a run's id; it got another.")
                self.id = new_id()
            return {
                "id": str(self.id),
                "project": self._project,
                "query": self._query,
                "started_at": self._started_at.isoformat(),
                "steps": list(self._steps),
                "answer": self._answer,
                "feedback": list(self._feedback),
                "attributes": dict(self._attributes),
                "source": "recorder",
                "warnings": list(self._notes),
            }

    def _note(self, code: str, message: str) -> None:
        if len(self._notes) < MAX_NOTES:
            self._notes.append({"code": code, "message": cleaned(message, 2000)})

    def _before(self) -> list[str]:
        """The step before."""
        return [step["name"] for step in self._steps[-1:]]

    def _unread(self) -> list[str]:
        """The steps that no other has read."""
        read = {name for step in self._steps for name in step["inputs"]}
        return [step["name"] for step in self._steps if step["name"] not in read]

    def _add(
        self, kind: StepKind, name: str, results: object, inputs: Iterable[str], space: str,
        direction: Direction | None, model: str, took_ms: float | None, query: str | None,
        pool: list[Sent] | None = None,
    ) -> None:  # fmt: skip
        """Keep a step, its results copied, so that the caller may go on changing them."""
        name = cleaned(str(name), 180) or kind.value
        some = listed(results, MAX_HITS)
        wrong: list[str] = []
        meant = space_of(space, wrong)
        if meant is Space.UNKNOWN and any(map(says_distance, some)):
            meant = Space.DISTANCE
        with self._lock:
            read = self._known([inputs] if isinstance(inputs, str) else list(inputs), wrong)
            step: dict[str, Any] = {
                "name": name,
                "kind": kind,
                "inputs": read,
                "space": meant,
                "direction": direction_of(direction, meant, wrong),
                "hits": hits_of(some, self._hits_of(read) if pool is None else pool, self._texts, wrong),
                "timing": self._timing(name, took_ms),
                "model": cleaned(str(model), 400),
                "query": None if query is None else cleaned(str(query), MAX_TEXT),
            }
            step["warnings"] = [{"code": "not-recorded", "message": cleaned(one, 2000)} for one in wrong[:MAX_NOTES]]
            step["hits"] = list(map(self._once, step["hits"]))
            if len(self._steps) < MAX_STEPS:
                self._steps.append(step)
            else:
                self._note("not-recorded", f"A run has at most {MAX_STEPS} steps; {name} is left out.")

    def _known(self, inputs: list[str], wrong: list[str]) -> list[str]:
        """The inputs that are steps of this run; a sentence about each other goes to `wrong`."""
        steps = {step["name"] for step in self._steps}
        wrong += [f"It names the input {name!r}, which is no step before it." for name in inputs if name not in steps]
        return [name for name in inputs if name in steps]

    def _once(self, hit: Sent) -> Sent:
        """The hit without a text that an earlier one of its passage carried."""
        text, passage_id = hit.get("text"), hit.get("passage_id") or self._by_text.get(hit.get("text", ""))
        if passage_id is None:
            return hit
        known = self._texts.setdefault(passage_id, None)
        if text and known is None:
            self._texts[passage_id] = text
            self._by_text.setdefault(text, passage_id)
        hit = hit | {"passage_id": passage_id}
        return {name: value for name, value in hit.items() if name != "text"} if text and text == known else hit

    def _holding(self, pool: list[Sent]) -> list[str]:
        """The latest step that has all of these passages; without one, those that no other has read."""
        wanted = set(map(self._key, pool))
        latest = (step["name"] for step in reversed(self._steps) if wanted <= set(map(self._key, step["hits"])))
        return list(islice(latest, 1)) or self._unread()

    def _key(self, hit: Sent) -> str:
        text = hit.get("text", "")
        return str(hit.get("passage_id") or self._by_text.get(text, text))

    def _hits_of(self, inputs: list[str]) -> list[Sent]:
        """The passages of the one list that a step read, without their scores."""
        found: list[Sent] = next((step["hits"] for step in reversed(self._steps) if inputs == [step["name"]]), [])
        return [{name: value for name, value in hit.items() if name != "score"} for hit in found]

    def _timing(self, name: str, took_ms: float | None) -> dict[str, float] | None:
        if (took := finite(took_ms)) is not None:
            return {"took_ms": min(max(0.0, took), MOST_MS)}
        if name not in self._times:
            return None
        started, lasted = self._times.pop(name)
        return {"started_ms": started * 1000, "took_ms": lasted * 1000}
