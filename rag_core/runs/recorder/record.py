"""`rag_core.record`: around your own steps, as a context manager, async too, or as a decorator.

    with rag_core.record("support-bot", query) as run:
        run.search("dense", store.search(query))
        run.rerank("reranked", ranker.rank(query, found))
        run.answer(text)

    @rag_core.record("support-bot")                 # the argument called query or question, else the first text
    def answer(query: str) -> str:
        run = current_run()
        ...

Finished runs go to a file or a collector, see `rag_core.runs.recorder.delivery`. Runs may be nested, and any number may
be open at once in threads and tasks: each `with` has its own, and `current_run()` is the innermost one of its context.
A thread pool does not hand the context on: give its functions `run` itself.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, TypeVar, cast

from rag_core.runs.recorder.delivery import deliver
from rag_core.runs.recorder.recording import Recording
from rag_core.runs.recorder.shapes import cleaned
from rag_core.runs.values import MAX_TEXT

Given = ParamSpec("Given")
Result = TypeVar("Result")

ASKED = ("query", "question")
"""Arguments that hold what is asked, for the decorator."""

_current: contextvars.ContextVar[Recording | None] = contextvars.ContextVar("second_pass_run", default=None)


def current_run() -> Recording:
    """The run that is being recorded here; outside of any, one that is thrown away, so that helpers need not ask."""
    return _current.get() or Recording("none", "")


class record:  # noqa: N801  (used as a function: `with record(...)`, `@record(...)`)
    """Records one run.

    project   what the run belongs to: your assistant's or service's name
    query     what was asked; a decorator takes it from the call
    to        a file, or a collector's address; see `delivery.destination` for what holds without it
    """

    def __init__(self, project: str, query: str = "", *, to: str | Path | None = None) -> None:
        self._project = cleaned(str(project), 200) or "default"
        self._query, self._to = cleaned(str(query), MAX_TEXT), to
        self._open: dict[int, tuple[Recording, contextvars.Token[Recording | None]]] = {}

    def __enter__(self) -> Recording:
        run = Recording(self._project, self._query)
        self._open[id(run)] = run, _current.set(run)
        return run

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        mine = id(_current.get())
        run, token = self._open.pop(mine) if mine in self._open else self._open.popitem()[1]
        with contextlib.suppress(ValueError):  # an async generator that is closed from another task
            _current.reset(token)
        if error is not None and not isinstance(error, GeneratorExit):
            run.failed(error)
        deliver(run, self._to)

    async def __aenter__(self) -> Recording:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def __call__(self, function: Callable[Given, Result]) -> Callable[Given, Result]:
        """The function, each call of it recorded: plain, async, or a generator of either kind that streams."""
        wrap = next((wrap for fits, wrap in WRAPPERS if fits(function)), _plain)
        return cast("Callable[Given, Result]", functools.wraps(function)(wrap(function, self._of_call(function))))

    def _of_call(self, function: Callable[..., Any]) -> Callable[..., record]:
        """What makes the recorder of one call."""
        try:
            signature = inspect.signature(function)
        except (TypeError, ValueError):
            signature = None

        def of_call(*args: Any, **options: Any) -> record:
            query = self._query or _asked(signature, args, options)
            return record(self._project, query, to=self._to)

        return of_call


def _asked(signature: inspect.Signature | None, args: tuple[Any, ...], options: dict[str, Any]) -> str:
    """What a call asks: the argument called query or question, else the first text."""
    given: dict[str, Any] = dict(options)
    if signature is not None:
        try:
            given = dict(signature.bind(*args, **options).arguments)
        except TypeError:  # the call itself will say so
            return ""
    named = next((given[name] for name in ASKED if isinstance(given.get(name), str)), None)
    return named or next((one for one in (*given.values(), *args) if isinstance(one, str)), "")


def _plain(function: Callable[..., Any], recorder: Callable[..., record]) -> Callable[..., Any]:
    def recorded(*args: Any, **options: Any) -> Any:
        with recorder(*args, **options):
            return function(*args, **options)

    return recorded


def _async(function: Callable[..., Any], recorder: Callable[..., record]) -> Callable[..., Any]:
    async def recorded(*args: Any, **options: Any) -> Any:
        with recorder(*args, **options):
            return await function(*args, **options)

    return recorded


def _generator(function: Callable[..., Any], recorder: Callable[..., record]) -> Callable[..., Any]:
    """Each piece is made in a context of its own, so that who reads the stream is not inside the run."""

    def steps(*args: Any, **options: Any) -> Iterator[Any]:
        with recorder(*args, **options):
            yield from function(*args, **options)

    def recorded(*args: Any, **options: Any) -> Iterator[Any]:
        context = contextvars.copy_context()
        inner = steps(*args, **options)
        end = object()
        try:
            while (piece := context.run(next, inner, end)) is not end:
                yield piece
        finally:
            context.run(inner.close)  # type: ignore[attr-defined]

    return recorded


def _async_generator(function: Callable[..., Any], recorder: Callable[..., record]) -> Callable[..., Any]:
    async def recorded(*args: Any, **options: Any) -> AsyncIterator[Any]:
        with recorder(*args, **options):
            async for piece in function(*args, **options):
                yield piece

    return recorded


WRAPPERS: tuple[tuple[Callable[[Any], bool], Callable[..., Callable[..., Any]]], ...] = (
    (inspect.iscoroutinefunction, _async),
    (inspect.isasyncgenfunction, _async_generator),
    (inspect.isgeneratorfunction, _generator),
)
"""Which functions are which, and what wraps them; any other is a plain one."""
