"""`module:function` as a retriever: function(query, top_k) -> passages, or the record of a whole run.

    def retrieve(query, top_k):
        return [{"id": "doc-7", "text": "Refunds take 30 days.", "score": 0.83}]

It runs in this process with all of its rights, so who may name one is for the caller to decide. A coroutine is awaited,
a generator is read. The working directory is searched after the installed packages; a module is
imported once.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from itertools import islice
from pathlib import Path
from typing import Any

from rag_core.errors import RetrieverError, first_line
from rag_core.runs.run import MAX_HITS


def answer_of(named: str, query: str, top_k: int) -> tuple[object, float]:
    """What the function returned, and the milliseconds that it took. Raises RetrieverError with what to do."""
    function = loaded(named)
    begin = time.perf_counter()
    try:
        returned = function(query, top_k)
        if inspect.isawaitable(returned):
            returned = _awaited(returned)
        if isinstance(returned, Iterator):  # it searches while it is read
            returned = list(islice(returned, MAX_HITS))
    except (Exception, SystemExit) as exc:
        raise RetrieverError(f"{named} raised {type(exc).__name__}: {first_line(exc)}{_place(exc)}.") from exc
    took_ms = (time.perf_counter() - begin) * 1000
    if returned is None:
        raise RetrieverError(f"{named} returned None. Return a list; an empty one where nothing is found.")
    return returned, took_ms


def loaded(named: str) -> Callable[[str, int], object]:
    """The function. Raises RetrieverError where it cannot be imported, or does not take a query and a number."""
    module_name, _, name = named.partition(":")
    module = _module(module_name)
    try:
        function = reduce(getattr, name.split("."), module)
    except AttributeError as exc:
        names = [one for one, value in vars(module).items() if callable(value) and not one.startswith("_")]
        known = f" It has {', '.join(names[:8])}." if names else ""
        raise RetrieverError(f"{module_name} has no function {name}.{known}") from exc
    if not callable(function):
        raise RetrieverError(f"{named} is a {type(function).__name__}, and cannot be called. Name a function.")
    try:
        inspect.signature(function).bind("query", 1)
    except TypeError as exc:
        takes = inspect.signature(function)
        raise RetrieverError(f"{named} takes {takes}. It must take two arguments, (query, top_k).") from exc
    except ValueError:
        pass  # one written in C does not say what it takes
    return function  # type: ignore[no-any-return]


def _module(name: str) -> Any:
    here = str(Path.cwd())
    if here not in sys.path and "" not in sys.path:
        sys.path.append(here)
    importlib.invalidate_caches()
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as exc:
        if exc.name and (name == exc.name or name.startswith(f"{exc.name}.")):
            raise RetrieverError(
                f"There is no module {exc.name} in {here} or among the installed packages. Start Second Pass in the "
                "folder of the module, or install it into the same environment."
            ) from exc
        raise RetrieverError(f"{name} cannot be imported: {first_line(exc)}. Install what it needs.") from exc
    except (Exception, SystemExit) as exc:
        raise RetrieverError(
            f"{name} cannot be imported: {type(exc).__name__}: {first_line(exc)}{_place(exc)}."
        ) from exc


def _place(exc: BaseException) -> str:
    """The last line of their own code that the error went through; empty where it went through none."""
    frames = [one for one in traceback.extract_tb(exc.__traceback__) if one.filename != __file__]
    theirs = [one for one in frames if "site-packages" not in one.filename and not one.filename.startswith("<")]
    return f" ({Path(theirs[-1].filename).name}, line {theirs[-1].lineno})" if theirs else ""


def _awaited(returned: Any) -> object:
    """The result of a coroutine, from an event loop of its own: the caller's thread may have one that runs."""

    async def wait() -> object:
        return await returned

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, wait()).result()
