"""From the question box to the lexical search: few calls, in few modules, whatever thread they run in."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.retrieval.bm25 import LexicalIndex

ROOT = Path(__file__).parents[2]
PROJECT = (ROOT / "rag_core", ROOT / "ui", ROOT / "pages")
QUERY = "how long does a refund take"
MOST_CALLS = MOST_MODULES = 8

Call = tuple[str, str]
"""Module and function, lambdas and decorators too."""


class Threads:
    """Who started each thread: the stack of a thread goes on in the one that started it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._calls: dict[threading.Thread, list[Call]] = {}
        start = threading.Thread.start

        def noted(thread: threading.Thread) -> None:
            self._calls[thread] = self.calls()
            start(thread)

        monkeypatch.setattr(threading.Thread, "start", noted)

    def calls(self) -> list[Call]:
        """The project's frames that led here, the first call first."""
        here = [(Path(frame.filename), frame.name) for frame in traceback.extract_stack()]
        own = [
            (str(path.relative_to(ROOT)), name)
            for path, name in here
            if any(path.is_relative_to(part) for part in PROJECT)
        ]
        return self._calls.get(threading.current_thread(), []) + own


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[list[Call]]]:
    """The calls that led to each lexical search of `QUERY`."""
    found: list[list[Call]] = []
    threads = Threads(monkeypatch)
    search = LexicalIndex.search

    def noted(index: LexicalIndex, query: str, *given: object) -> object:
        if query == QUERY:
            found.append([*threads.calls(), ("rag_core/retrieval/bm25.py", "search")])
        return search(index, query, *given)

    monkeypatch.setattr(LexicalIndex, "search", noted)
    yield found


@pytest.mark.usefixtures("sample")
def test_few_calls_lead_from_the_question_box_to_the_lexical_search(searched: list[list[Call]]) -> None:
    at = AppTest.from_file(str(ROOT / "pages" / "1_inspect.py"), default_timeout=300)
    at.run()
    at.text_input(key="q").set_value(QUERY)
    at.button(key="run").click().run()
    assert not at.exception
    (calls,) = searched
    way = calls[calls.index(("pages/1_inspect.py", "main")) :]
    assert len(way) <= MOST_CALLS, way
    assert len({module for module, _ in way}) <= MOST_MODULES, way
