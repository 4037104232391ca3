"""The commands and the calls of agents with `--index`: a table of Postgres, by its name in SECOND_PASS_INDEXES."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag_core.cli.agent_calls import AgentCalls
from rag_core.cli.main import main
from rag_core.errors import BadInput
from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder
from rag_core.settings import Settings
from tests.cli.test_inspect_and_triage import printed
from tests.retrieval.engines.postgres_server import READER, PostgresServer
from tests.ui.test_connected_indexes import KEYS, QUERY, TEXTS, fill

TABLE = "asked_by_commands"
FIELDS = {
    "id": "langchain_id", "text": "content", "vector": "embedding", "metadata": "langchain_metadata",
    "title": "langchain_metadata.title", "document": "langchain_metadata.source",
}  # fmt: skip
pytestmark = pytest.mark.postgres


@pytest.fixture(autouse=True)
def offered(
    pgvector_server: PostgresServer, packaged: SentenceEmbedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PostgresServer]:
    """“Wiki”, which can be asked, and “Locked”, whose password is not set."""
    fill(pgvector_server, packaged.embed([text for _, text in TEXTS.values()]).tolist(), TABLE)
    entry = {"kind": "pgvector", "address": pgvector_server.address(), "index": TABLE, "fields": FIELDS}
    file = tmp_path / "indexes.json"
    file.write_text(
        json.dumps({"Wiki": {**entry, "secret_env": "WIKI_PW"}, "Locked": {**entry, "secret_env": "NOT_SET"}})
    )
    monkeypatch.setenv("SECOND_PASS_INDEXES", str(file))
    monkeypatch.setenv("SECOND_PASS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("WIKI_PW", READER[1])
    yield pgvector_server
    pgvector_server.sql(f"DROP TABLE {TABLE}")


def test_it_is_asked_and_inspected(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = printed(capsys, "ask", QUERY, "--index", "Wiki", "--top-k", "1")
    assert code == 0 and "five working days" in out and "[1] Refunds (refunds.md)" in out and "Note" not in err
    code, out, err = printed(capsys, "inspect", QUERY, "--index", "Wiki", "--json")
    told = json.loads(out)
    assert (code, told["pipeline"]) == (0, "Wiki") and told["kept"][0]["passage_id"] == KEYS[0]
    assert [one["space"] for one in told["steps"][:2]] == ["cosine", "ts_rank_cd"]
    assert READER[1] not in out + err


def test_it_is_triaged_by_id_or_title(capsys: pytest.CaptureFixture[str]) -> None:
    for document in ("refunds.md", "Refunds", KEYS[0]):
        code, out, _ = printed(capsys, "triage", QUERY, "--index", "Wiki", "--expect", document, "--json")
        assert (code, json.loads(out)["verdict"]) == (0, "kept")
    code, out, err = printed(capsys, "triage", QUERY, "--index", "Wiki", "--expect", "Refund policy")
    assert (code, out) == (2, "") and "Wiki has no document “Refund policy”" in err and "refunds.md" in err


def test_it_is_evaluated_and_what_it_lacks_is_said(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    labelled = tmp_path / "set.csv"
    labelled.write_text(f"query,document\n{QUERY},refunds.md\nWhen is the office open?,hours.md\nDisk full?,gone.md\n")
    code, out, err = printed(capsys, "evaluate", labelled, "--index", "Wiki", "--format", "json")
    assert code == 0, err
    assert json.loads(out)["collection"]["name"] == "Wiki"
    assert "1 graded document is not in Wiki, 'gone.md'; it counts" in out


def test_vectors_of_another_model_are_said_to_be(offered: PostgresServer, capsys: pytest.CaptureFixture[str]) -> None:
    offered.sql(f"UPDATE {TABLE} SET embedding = (SELECT embedding FROM {TABLE} WHERE langchain_id = '{KEYS[2]}')")
    _, _, err = printed(capsys, "inspect", QUERY, "--index", "Wiki")
    assert "another model made these vectors" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--index", "nobody"], "There is no index “nobody”. There are: Wiki."),
        (["--index", "Locked"], "The environment variable NOT_SET is not set"),
        (["--index", ""], "There is no index “”"),
        (["--index", "Wiki", "--collection", "Handbook"], "Give either --index"),
        (["--index", "Wiki", "--run", "runs.jsonl"], "Give either --run"),
        (["--index", "Wiki", "--retriever", "http://127.0.0.1:1"], "Give either --retriever"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = printed(capsys, "inspect", QUERY, *words)
    assert (code, out) == (2, "") and said in err


def test_an_agent_asks_it_and_is_told_which_it_cannot_ask(capsys: pytest.CaptureFixture[str]) -> None:
    calls = AgentCalls(Settings())
    told = calls.list_collections()
    assert told["indexes"] == ["Wiki"] and "NOT_SET" in told["unavailable"]["Locked"]
    assert calls.inspect_query(QUERY, index="Wiki")["kept"][0]["title"] == "Refunds"
    before = calls._connected["Wiki"][1]
    assert calls.triage_query(QUERY, "refunds.md", index="Wiki")["kept"] and calls._connected["Wiki"][1] is before
    with pytest.raises(BadInput, match="There is no index “Else”"):
        calls.inspect_query(QUERY, index="Else")
    with pytest.raises(BadInput, match="Give either a collection, an index or a retriever"):
        calls.inspect_query(QUERY, collection="Sample corpus", index="Wiki")


def test_it_is_asked_under_a_filter(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("inspect", QUERY, "--index", "Wiki", "--reranker", "none", "--json")
    for conditions, documents in (
        (["kind=chat"], {"refunds.md"}),
        (["kind!=chat", "document_id!=hours.md"], {"returns.md", "errors.md"}),
        (["kind=chat", "kind=policy", "document_id=errors.md"], {"errors.md"}),
        (["kind=nothing"], set()),
    ):
        code, out, err = printed(capsys, *asked, *(word for one in conditions for word in ("--where", one)))
        told = json.loads(out)
        assert {one["document_id"] for one in told["kept"]} == documents, err
        assert (code, told["where"]) == (int(not documents), conditions)


def test_a_part_that_the_index_does_not_map_is_no_filter(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = printed(capsys, "ask", QUERY, "--index", "Wiki", "--where", "source=refunds.md")
    assert (code, out) == (2, "") and "Wiki is connected without a field for source" in err


def test_the_other_option_is_named_where_it_has_the_name(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "refunds.md").write_text("A refund takes five working days.", encoding="utf-8")
    assert main(["index", str(tmp_path / "docs"), "--name", "Kept"]) == 0
    capsys.readouterr()
    labelled = tmp_path / "set.csv"
    labelled.write_text("query,document_id\nHow long?,refunds.md\n", encoding="utf-8")
    for command in (["ask", QUERY], ["inspect", QUERY], ["evaluate", str(labelled)]):
        code, out, err = printed(capsys, *command, "--collection", "Wiki")
        assert (code, out) == (2, "") and "“Wiki” is no collection in files but an index. Name it with --index." in err
        code, out, err = printed(capsys, *command, "--index", "Kept")
        assert (code, out) == (2, "") and "“Kept” is a collection in files. Name it with --collection." in err


def test_the_documents_of_an_index_are_not_counted_as_none(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    labelled = tmp_path / "set.csv"
    labelled.write_text(f"query,document_id\n{QUERY},refunds.md\n", encoding="utf-8")
    code, out, _ = printed(capsys, "evaluate", str(labelled), "--index", "Wiki", "--reranker", "none")
    assert code == 0 and "; Wiki: 4 passages" in out and "0 documents" not in out
