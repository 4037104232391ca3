"""`second-pass mcp`, asked by the protocol's own client over stdin and stdout."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import mcp
import pytest

from rag_core.cli.agent_calls import AgentCalls
from rag_core.cli.main import main
from rag_core.errors import BadInput
from rag_core.runs.store.run_book import RunBook
from rag_core.settings import Settings
from rag_core.storage.database import Store
from tests.cli.test_ask import QUESTION, handbook  # noqa: F401 - a fixture
from tests.runs.odd_runs import odd_run
from tests.runs.samples import a_run

ROOT = Path(__file__).parents[2]
FUNCTION = "tests.runs.live.test_functions:chatty"
"""It prints, as many functions do: on the standard output, which the protocol uses."""

QUERY = "How many days does a refund take?"
Call = tuple[str, dict[str, Any]]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with a recorded run in its database."""
    monkeypatch.setenv("SECOND_PASS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    RunBook(Store.from_settings(Settings())).add([a_run("r1", "Where do you ship?", project="shop")])
    return tmp_path / "data"


def answers(options: Sequence[str], calls: Sequence[Call]) -> tuple[list[str], list[Any]]:
    """The names of the tools, and what each call answers, from a server of its own."""
    start = mcp.StdioServerParameters(
        command=sys.executable, args=["-m", "rag_core", "mcp", *options], cwd=str(ROOT), env=dict(os.environ)
    )

    async def talk() -> tuple[list[str], list[Any]]:
        async with mcp.Client(start) as client:
            tools = [one.name for one in (await client.list_tools()).tools]
            return tools, [await client.call_tool(name, given) for name, given in calls]

    with ThreadPoolExecutor(1) as thread:  # an event loop of its own, whatever runs here
        return thread.submit(asyncio.run, talk()).result(timeout=120)


@pytest.mark.slow
def test_an_agent_asks_why_its_retrieval_failed(data: Path, tmp_path: Path):
    file = tmp_path / "runs.jsonl"
    file.write_text(odd_run("dense and a reranker").to_json())
    named = odd_run("dense and a reranker")
    tools, told = answers(
        ["--retriever", FUNCTION, "--run", str(file)],
        [
            ("list_collections", {}),
            ("list_runs", {}),
            ("inspect_query", {"query": QUERY, "retriever": FUNCTION}),
            ("triage_query", {"query": QUERY, "retriever": FUNCTION, "document": "0", "top_k": 1}),
            ("inspect_run", {"project": "shop", "run_id": "r1"}),
            ("triage_run", {"project": named.project, "run_id": named.id, "document": "d"}),
            ("inspect_run", {"project": "shop", "run_id": "nowhere"}),
            ("inspect_query", {"query": QUERY, "retriever": "subprocess:getoutput"}),
        ],
    )
    assert tools == ["list_collections", "list_runs", "inspect_query", "inspect_run", "triage_query", "triage_run"]
    listed, runs, asked, lost, recorded, triaged, missing, refused = (
        one.structured_content if not one.is_error else one.content[0].text for one in told
    )
    assert listed["retrievers"] == [FUNCTION] and "Sample corpus" in listed["collections"]
    assert {(one["project"], one["id"]) for one in runs["runs"]} == {("shop", "r1"), (named.project, named.id)}
    assert [one["name"] for one in asked["steps"]] == ["search", "kept"] and len(asked["kept"]) == 2
    assert lost["verdict"] == "kept" and recorded["query"] == "Where do you ship?"
    assert triaged["kept"] is False and triaged["lost_at"] == "rerank"
    assert "This run is not there" in missing and "There is no retriever “subprocess:getoutput”" in refused


def test_a_collection_is_asked_and_stays_open(data: Path, handbook: Path):  # noqa: F811
    assert main(["index", str(handbook), "--name", "Handbook"]) == 0
    calls = AgentCalls(Settings())
    assert "Handbook" in calls.list_collections()["collections"]
    told = calls.inspect_query(QUESTION, "Handbook", top_k=1, threshold=0)
    assert told["steps"][0]["name"] == "dense" and len(told["kept"]) == 1
    before = calls._opened["Handbook"][1]
    lost = calls.triage_query(QUESTION, told["kept"][0]["document_id"], collection="Handbook")
    assert lost["ranks"][0]["step"] == "dense" and calls._opened["Handbook"][1] is before


def test_runs_of_a_file_stand_among_those_of_the_database_by_their_time(data: Path, tmp_path: Path):
    RunBook(Store.from_settings(Settings())).add([a_run("r2", project="shop", hours=2)])
    file = tmp_path / "runs.jsonl"
    runs = [a_run("f3", project="file", hours=3), a_run("f1", project="file", hours=1)]
    file.write_text("\n".join(one.model_dump_json() for one in runs))
    calls = AgentCalls(Settings(), file=file)
    assert [one["id"] for one in calls.list_runs()["runs"]] == ["f3", "r2", "f1", "r1"]
    assert [one["id"] for one in calls.list_runs(limit=1)["runs"]] == ["f3"]
    assert [one["id"] for one in calls.list_runs(project="shop", limit=1)["runs"]] == ["r2"]


def test_an_agent_is_told_which_retrievers_cannot_be_asked(data: Path, tmp_path: Path, monkeypatch):
    file = tmp_path / "retrievers.json"
    entries = {"A": {"url": "http://a", "key_env": "SURELY_NOT_SET"}, "B": {"kind": "function", "function": FUNCTION}}
    file.write_text(json.dumps(entries))
    monkeypatch.setenv("SECOND_PASS_RETRIEVERS", str(file))
    calls = AgentCalls(Settings())
    told = calls.list_collections()
    assert told["retrievers"] == ["B"] and "SURELY_NOT_SET is not set" in told["unavailable"]["A"]
    assert calls.inspect_query(QUERY, retriever="B")["kept"]
    with pytest.raises(BadInput, match="SURELY_NOT_SET is not set"):
        calls.inspect_query(QUERY, retriever="A")


def test_a_retriever_that_is_named_by_nothing_is_refused(data: Path):
    with pytest.raises(BadInput, match="--retriever is empty"):
        AgentCalls(Settings(), "").list_collections()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"query": " "}, "Give a query"),
        ({"query": QUERY, "reranker": "tei:http://127.0.0.1:1"}, "There is no reranker"),
        ({"query": QUERY, "reranker": "second-pass-minilm-v2"}, "no longer ships with Second Pass"),
        ({"query": QUERY, "collection": "A", "retriever": FUNCTION}, "Give either"),
        ({"query": QUERY, "retriever": "http://127.0.0.1:1"}, "There is no retriever"),
        ({"query": QUERY, "retriever": FUNCTION, "pool": 0}, "--pool should be from 1"),
        ({"query": QUERY, "retriever": FUNCTION, "threshold": float("nan")}, "--threshold should be a number"),
        ({"query": QUERY, "threshold": float("nan")}, "--threshold should be a number"),
    ],
)
def test_an_agent_is_refused_what_was_not_offered(given: dict[str, Any], said: str, data: Path):
    with pytest.raises(BadInput, match=said):
        AgentCalls(Settings(), FUNCTION).inspect_query(**given)
