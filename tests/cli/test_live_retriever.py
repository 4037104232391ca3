"""`second-pass inspect` and `triage` with `--retriever`, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag_core.cli.main import main
from tests.cli.test_inspect_and_triage import printed
from tests.runs.live.search_server import KEY, PASSAGES, Answer, Request, SearchServer, dify, plain, serving

QUERY = "How many days does a refund take?"
FUNCTION = "tests.runs.live.test_functions:dicts"


@pytest.fixture
def server():
    with serving(plain) as running:
        yield running


def test_an_address_is_asked_and_its_answer_printed(server: SearchServer, capsys):
    code, out, _ = printed(capsys, "inspect", "--retriever", server.url, QUERY, "--pool", "2")
    assert code == 0 and server.requests[0].body == {"query": QUERY, "top_k": 2}
    which, *_, kept = out.strip().split("\n\n")
    assert f"“{QUERY}”" in which and f"127.0.0.1:{server.server_port}/search" in which
    assert kept.startswith("[2] Returns") and "1. " not in kept


def test_another_reranker_reads_its_candidates(server: SearchServer, capsys):
    code, out, _ = printed(
        capsys, "inspect", "--retriever", server.url, "disk full", "--reranker", "late-interaction", "--top-k", "1",
        "--threshold", "0", "--json",
    )  # fmt: skip
    told = json.loads(out)
    assert code == 0 and [one["name"] for one in told["steps"]] == ["search", "late-interaction", "kept"]
    assert [one["passage_id"] for one in told["kept"]] == ["errors.md"] and len(server.requests) == 1


def test_top_k_alone_cuts_what_came_back(server: SearchServer, capsys):
    told = json.loads(printed(capsys, "inspect", "--retriever", server.url, QUERY, "--top-k", "1", "--json")[1])
    assert [one["passage_id"] for one in told["kept"]] == ["refunds.md"]


def test_a_function_is_triaged(capsys):
    code, out, _ = printed(capsys, "triage", "--retriever", FUNCTION, QUERY, "--expect", "1", "--json")
    assert (code, json.loads(out)["verdict"]) == (0, "kept")
    code, out, _ = printed(capsys, "triage", "--retriever", FUNCTION, QUERY, "--expect", "0", "--top-k", "1")
    assert code == 0
    assert printed(capsys, "triage", "--retriever", FUNCTION, QUERY, "--expect", "1", "--top-k", "1")[0] == 1


def test_nothing_found_is_exit_code_1(capsys):
    with serving(Answer({"results": []})) as server:
        assert printed(capsys, "inspect", "--retriever", server.url, QUERY)[0] == 1
        assert printed(capsys, "inspect", "--retriever", server.url, QUERY, "--reranker", "late-interaction")[0] == 1


def test_candidates_of_which_nothing_was_kept_are_replayed(capsys):
    function = "tests.runs.live.test_functions:nothing_kept"
    words = ["inspect", "--retriever", function, QUERY, "--reranker", "late-interaction", "--threshold", "0", "--json"]
    assert printed(capsys, *words[:4])[0] == 1
    code, out, _ = printed(capsys, *words)
    assert code == 0 and len(json.loads(out)["kept"]) == 2


def test_a_named_one_and_a_file_have_their_key_from_the_environment(tmp_path: Path, monkeypatch, capsys):
    with serving(dify) as server:
        config = {"kind": "dify", "url": server.url, "knowledge_id": 'the "hr" base', "key_env": "HR_KEY"}
        file = tmp_path / "one.json"
        file.write_text(json.dumps({"HR handbook": config}))
        monkeypatch.setenv("HR_KEY", KEY)
        assert printed(capsys, "inspect", "--retriever", file, QUERY)[0] == 0
        monkeypatch.setenv("SECOND_PASS_RETRIEVERS", str(file))
        code, out, err = printed(capsys, "inspect", "--retriever", "HR handbook", QUERY)
        assert code == 0 and PASSAGES["refunds.md"] in out and KEY not in out + err
        monkeypatch.setenv("HR_KEY", "another-key")
        code, out, err = printed(capsys, "inspect", "--retriever", "HR handbook", QUERY)
        assert (code, out) == (2, "") and "1002: Authorization failed" in err and "another-key" not in err


def test_the_key_of_an_address_goes_to_it(monkeypatch, capsys):
    def locked(request: Request) -> Answer:
        return plain(request) if request.headers.get("Authorization") == f"Bearer {KEY}" else Answer({}, 401)

    with serving(locked) as server:
        assert printed(capsys, "inspect", "--retriever", server.url, QUERY)[0] == 2
        monkeypatch.setenv("SECOND_PASS_RETRIEVER_KEY", KEY)
        assert printed(capsys, "inspect", "--retriever", server.url, QUERY)[0] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--retriever", "", QUERY], "--retriever is empty"),
        (["--retriever", FUNCTION, QUERY, "--threshold", "nan"], "--threshold should be a number"),
        ([QUERY, "--threshold", "inf"], "--threshold should be a number"),
        (["--retriever", "nobody", QUERY], "There is no retriever “nobody”"),
        (["--retriever", "http://127.0.0.1:1"], "Give a question"),
        (["--retriever", FUNCTION, QUERY, "--collection", "Handbook"], "Give either --retriever"),
        (["--retriever", FUNCTION, QUERY, "--run", "runs.jsonl"], "Give either --retriever"),
        (["--retriever", FUNCTION, QUERY, "--reranker", "nonsense"], "nonsense"),
        (["--retriever", FUNCTION, QUERY, "--threshold", "0.5"], "threshold cannot be replayed"),
        (["--retriever", FUNCTION, QUERY, "--top-k", "0"], "--top-k should be from 1"),
        (["--retriever", FUNCTION, QUERY, "--pool", "0"], "--pool should be from 1"),
        (["--retriever", "no_such_module:find", QUERY], "There is no module no_such_module"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(words: list[str], said: str, capsys):
    code, out, err = printed(capsys, "inspect", *words)
    assert (code, out) == (2, "") and said in err


def test_the_help_names_it(capsys):
    with pytest.raises(SystemExit):
        main(["inspect", "--help"])
    assert "--retriever WHICH" in capsys.readouterr().out
