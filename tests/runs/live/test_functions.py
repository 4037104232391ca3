"""A Python function is asked like any retriever: whatever it returns is read, whatever it raises is told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import rag_core
from rag_core.errors import RetrieverError
from rag_core.runs.as_trace import trace_of
from rag_core.runs.live.config import config_of
from rag_core.runs.live.retriever import LiveRetriever
from rag_core.runs.run import Run
from rag_core.runs.sent import run_from
from rag_core.runs.values import StepKind

HERE = "tests.runs.live.test_functions"
TEXTS = ["A refund takes five days.", "Goods go back within thirty days."]


def texts(query: str, top_k: int) -> list[str]:
    return TEXTS[:top_k]


def dicts(query: str, top_k: int) -> list[dict[str, object]]:
    return [{"id": number, "text": text, "score": 1 - number} for number, text in enumerate(TEXTS)]


def chatty(query: str, top_k: int) -> list[dict[str, object]]:
    print("searching", query)  # noqa: T201
    return dicts(query, top_k)


class Document:
    """LangChain's shape."""

    def __init__(self, text: str) -> None:
        self.page_content, self.metadata, self.id = text, {"source": "kb"}, None


def documents(query: str, top_k: int) -> list[tuple[Document, float]]:
    return [(Document(text), 0.5) for text in TEXTS]


def stream(query: str, top_k: int):
    yield from TEXTS


async def later(query: str, top_k: int) -> list[str]:
    await asyncio.sleep(0)
    return TEXTS


def endless(query: str, top_k: int):
    while True:
        yield TEXTS[0]


def failing_stream(query: str, top_k: int):
    yield TEXTS[0]
    raise KeyError("index")


class Lazy:
    """A list that is read from an index as one goes through it."""

    def __iter__(self):
        raise KeyError("index")


def lazy(query: str, top_k: int) -> Lazy:
    return Lazy()


def half(query: str, top_k: int) -> list[str]:
    raise ValueError(f"no {query} \ud800")


STEPS = [
    {"name": "dense", "kind": "search", "hits": [{"text": one} for one in TEXTS]},
    {"name": "reranked", "kind": "rerank", "inputs": ["dense"], "hits": [{"text": TEXTS[1], "score": 0.9}]},
]


def record(query: str, top_k: int) -> dict[str, object]:
    return {"steps": STEPS, "answer": "Thirty days."}


def nothing_kept(query: str, top_k: int) -> dict[str, object]:
    return {"steps": [STEPS[0], {"name": "kept", "kind": "select", "inputs": ["dense"], "hits": []}]}


def run(query: str, top_k: int) -> Run:
    return run_from({"project": "bot", "query": query, "steps": STEPS})


def recording(query: str, top_k: int):
    with rag_core.record("bot", query) as made:
        made.search("dense", TEXTS)
        made.rerank("reranked", [(TEXTS[1], 0.9)])
    return made


class Store:
    """A method of something that a module holds is a function too."""

    def find(self, query: str, top_k: int) -> list[str]:
        return TEXTS


store = Store()


def nothing(query: str, top_k: int) -> None: ...


def empty(query: str, top_k: int) -> list[str]:
    return []


def number(query: str, top_k: int) -> int:
    return 3


def objects(query: str, top_k: int) -> list[object]:
    return [object(), object()]


def no_steps(query: str, top_k: int) -> dict[str, object]:
    return {"steps": []}


def bad_record(query: str, top_k: int) -> dict[str, object]:
    return {"steps": [{"name": "x", "kind": "nonsense"}]}


def failing(query: str, top_k: int) -> list[str]:
    raise KeyError("index")


def one_argument(query: str) -> list[str]:
    return TEXTS


def asked(name: str, query: str = "Refund?", module: str = HERE, **fields: object) -> Run:
    config = config_of({"kind": "function", "function": f"{module}:{name}", **fields})
    return LiveRetriever("My assistant", config).ask(query)


@pytest.mark.parametrize("name", ["texts", "dicts", "documents", "stream", "later", "store.find"])
def test_every_shape_of_results_is_one_search(name: str):
    made = asked(name)
    step, kept = made.steps
    assert kept.hits == step.hits
    assert [made.passage(hit.passage_id).text for hit in step.hits] == TEXTS
    assert (made.project, made.source, step.kind) == ("My assistant", "live", StepKind.SEARCH)
    assert step.timing is not None and step.timing.took_ms >= 0 and trace_of(made).kept


@pytest.mark.parametrize(("name", "project"), [("record", "My assistant"), ("run", "bot"), ("recording", "bot")])
def test_a_run_that_it_recorded_keeps_its_own_steps(name: str, project: str, tmp_path, monkeypatch):
    monkeypatch.setenv("SECOND_PASS_RUNS", str(tmp_path / "runs.jsonl"))
    made = asked(name)
    assert [(one.name, one.kind) for one in made.steps] == [("dense", "search"), ("reranked", "rerank")]
    assert (made.project, made.query, made.source) == (project, "Refund?", "live")
    assert [one.passage.text for one in trace_of(made).kept] == [TEXTS[1]]


def test_nothing_found_is_a_run():
    assert trace_of(asked("empty")).unknown


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nothing", "returned None. Return a list"),
        ("number", "a int is no list of passages"),
        ("objects", "None of 2 results can be read"),
        ("no_steps", "without steps"),
        ("bad_record", "a run that cannot be read"),
        ("failing", "raised KeyError: 'index' (test_functions.py, line"),
        ("failing_stream", "raised KeyError: 'index' (test_functions.py, line"),
        ("lazy", "returned a list that cannot be read: KeyError: 'index'"),
        ("half", "raised ValueError: no Refund? ?"),
        ("one_argument", "must take two arguments, (query, top_k)"),
        ("missing", "has no function missing. It has"),
        ("TEXTS", "is a list, and cannot be called"),
    ],
)
def test_what_goes_wrong_is_told(name: str, said: str):
    with pytest.raises(RetrieverError) as raised:
        asked(name)
    assert said in str(raised.value)


def test_a_stream_without_an_end_is_cut():
    assert asked("endless").steps[0].hits


def test_a_module_of_the_working_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "my_search_of_tests.py").write_text("def find(query, top_k):\n    return [query]\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [one for one in __import__("sys").path if one])
    assert [one.text for one in asked("find", "Refund?", "my_search_of_tests").passages] == ["Refund?"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("import no_such_module_at_all", "No module named 'no_such_module_at_all'. Install what it needs"),
        ("1 / 0", "ZeroDivisionError: division by zero (broken"),
        ("def find(:", "SyntaxError"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        (None, "There is no module broken"),
    ],
)
def test_a_module_that_cannot_be_imported_says_why(source: str | None, said: str, tmp_path: Path, monkeypatch):
    name = f"broken_{abs(hash(source))}"
    if source:
        (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(RetrieverError) as raised:
        asked("find", module=name)
    assert said in str(raised.value)
