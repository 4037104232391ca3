"""`index --store`: a folder into a real Postgres database and into Milvus, then asked by `--index`, added to and
replaced."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag_core.corpus.storage.token_book import FILE
from tests.cli.test_inspect_and_triage import printed
from tests.retrieval.engines.http_server import KEY
from tests.retrieval.engines.milvus_server import MilvusServer
from tests.retrieval.engines.postgres_server import ADMIN, READER, PostgresServer

ROOT = Path(__file__).parents[2]
QUERY = "How long do refunds take?"


@pytest.fixture
def handbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of documents."""
    made = tmp_path / "handbook"
    made.mkdir()
    (made / "refunds.md").write_text("# Refunds\n\nRefunds take thirty days.")
    (made / "faq.csv").write_text("id,text\na,Parcels arrive on Monday.\nb,Nobody answers on Sundays.\n")
    monkeypatch.setenv("SECOND_PASS_STORES", str(tmp_path / "stores.json"))
    monkeypatch.setenv("SECOND_PASS_DATA_DIR", str(tmp_path / "data"))
    return made


@pytest.fixture
def folder(pgvector_server: PostgresServer, handbook: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """With “Team”, which takes collections, and “Locked”, which takes none from its user."""
    stores = {
        "Team": {"address": pgvector_server.address(ADMIN[0]), "schema": "by_commands", "secret_env": "TEAM_PW"},
        "Locked": {"address": pgvector_server.address(), "schema": "public", "secret_env": "LOCKED_PW"},
    }
    (handbook.parent / "stores.json").write_text(json.dumps(stores))
    monkeypatch.setenv("TEAM_PW", ADMIN[1])
    monkeypatch.setenv("LOCKED_PW", READER[1])
    yield handbook
    pgvector_server.sql("DROP SCHEMA IF EXISTS by_commands CASCADE")


@pytest.fixture
def in_milvus(handbook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """With “Team”, which takes collections, and “Locked”, whose password is another one."""
    server = MilvusServer(tmp_path)
    store = {"kind": "milvus", "address": server.http.address}
    stores = {"Team": {**store, "secret_env": "TEAM_PW"}, "Locked": {**store, "secret_env": "LOCKED_PW"}}
    (tmp_path / "stores.json").write_text(json.dumps(stores))
    monkeypatch.setenv("TEAM_PW", KEY)
    monkeypatch.setenv("LOCKED_PW", "another")
    yield handbook
    server.close()


@pytest.fixture(params=[pytest.param("folder", marks=pytest.mark.postgres, id="postgres"),
                        pytest.param("in_milvus", id="milvus")])  # fmt: skip
def in_either(request: pytest.FixtureRequest) -> Path:
    made: Path = request.getfixturevalue(request.param)
    return made


def test_a_folder_is_indexed_asked_added_to_and_replaced(in_either: Path, capsys: pytest.CaptureFixture[str]) -> None:
    index = ("index", str(in_either), "--name", "wiki", "--store", "Team")
    code, out, err = printed(capsys, *index)
    assert (code, out.partition(", in ")[0]) == (0, "wiki: 3 documents written (3 passages)")
    assert out.endswith(("/postgres, by_commands.wiki\n", ", second_pass_wiki\n"))
    assert os.environ["TEAM_PW"] not in out + err
    code, out, _ = printed(capsys, "ask", QUERY, "--index", "wiki", "--top-k", "1")
    assert code == 0 and "thirty days" in out and "[1] Refunds (refunds.md)" in out

    code, _, err = printed(capsys, "index", str(in_either / "nowhere"), *index[2:])
    assert code == 2 and "is there already. Add --replace or --add" in err, "before the folder is read"
    more = in_either.parent / "more"
    more.mkdir()
    (more / "new.md").write_text("The office closes at six.")
    (more / "faq.csv").write_text("id,text\na,Parcels arrive on Monday.\n")
    code, out, _ = printed(capsys, "index", str(more), "--name", "wiki", "--store", "Team", "--add")
    assert (code, out.partition(", in ")[0]) == (0, "wiki: 1 document written (1 passage), 1 unchanged, 1 removed")
    code, out, _ = printed(capsys, "ask", "When does the office close?", "--index", "wiki", "--top-k", "1")
    assert code == 0 and "closes at six" in out

    code, out, _ = printed(capsys, *index, "--replace")
    assert (code, out.partition(", in ")[0]) == (0, "wiki: 1 document written (1 passage), 2 unchanged, 1 removed")
    code, out, _ = printed(capsys, "triage", QUERY, "--index", "wiki", "--expect", "refunds.md", "--json")
    assert (code, json.loads(out)["verdict"]) == (0, "kept")


@pytest.mark.slow
def test_a_second_process_reads_no_passage_that_the_first_one_read(in_milvus: Path) -> None:
    def command(*words: str) -> str:
        run = [sys.executable, "-m", "rag_core.cli.main", *words]
        return subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    def noted(question: str) -> list[str]:
        told = command("inspect", question, "--index", "wiki", "--reranker", "late-interaction", "--json")
        return [note["code"] for note in json.loads(told)["warnings"]]

    command("index", str(in_milvus), "--name", "wiki", "--store", "Team")
    assert "token-vectors-read-now" not in noted(QUERY), "indexing has read them"
    (in_milvus.parent / "data" / FILE).unlink()
    assert "token-vectors-read-now" in noted(QUERY)
    assert "token-vectors-read-now" not in noted("When do parcels arrive?"), "another question: no score is known"


def test_in_milvus_what_cannot_be_is_said_and_leaves_nothing(
    in_milvus: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = printed(capsys, "index", str(in_milvus), "--name", "wiki", "--store", "Locked")
    assert (code, out) == (2, "") and "refuses" in err
    assert not (in_milvus.parent / "data" / "stored").exists()


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--name", "wiki", "--store", "Nobody"], "There is no store “Nobody”. There are: Team, Locked."),
        (["--name", "wiki", "--store", "Locked"], "may not make tables in the schema public"),
        (["--name", " ", "--store", "Team"], "needs a name"),
    ],
)
def test_what_cannot_be_is_said_and_leaves_nothing(
    folder: Path, options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = printed(capsys, "index", str(folder), *options)
    assert (code, out) == (2, "") and said in err
    assert not (folder.parent / "data" / "stored").exists()
    assert "no index “wiki”" in printed(capsys, "ask", QUERY, "--index", "wiki")[2]


@pytest.mark.postgres
def test_one_name_is_one_collection(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, "index", str(folder), "--name", "Files")[0] == 0
    nowhere = str(folder / "nowhere")
    assert "called Files already" in printed(capsys, "index", nowhere, "--name", "files", "--store", "Team")[2]
    assert printed(capsys, "index", str(folder), "--name", "Wiki", "--store", "Team")[0] == 0
    assert "is kept in the store Team" in printed(capsys, "index", str(folder), "--name", "Wiki")[2]
    code, out, _ = printed(capsys, "index", str(folder), "--name", "Files", "--add")
    assert (code, out.partition(", in ")[0]) == (0, "Files: 3 documents, 3 passages")
