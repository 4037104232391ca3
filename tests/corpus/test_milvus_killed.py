"""Kill -9 half-way, of who writes into Milvus and of the server: nothing acknowledged is lost, documents are whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from rag_core.corpus.stored_indexing import Written
from rag_core.errors import EngineError
from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder
from rag_core.retrieval.engines.stores import MilvusStore, NamedStore
from tests.corpus.stored_conformance import DOCUMENTS
from tests.corpus.test_stored_in_milvus import InMilvus
from tests.retrieval.engines.http_server import KEY, Asked
from tests.retrieval.engines.milvus_server import MilvusServer
from tests.serving import free_port

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
START_S = 60


def test_a_command_that_is_killed_leaves_whole_documents(tmp_path: Path, packaged: SentenceEmbedder) -> None:
    server = MilvusServer(tmp_path)
    kept = InMilvus(server, tmp_path, packaged)
    folder = tmp_path / "handbook"
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / f"{name}.md").write_text(f"# One\n\nThe first of {name}.\n\n# Two\n\nThe second of {name}.")
    variables = {"SECOND_PASS_STORES": str(kept.file), "SECOND_PASS_DATA_DIR": str(tmp_path), "TEAM_PW": KEY,
                 "SECOND_PASS_CONVERT_MODELS": "false"}  # fmt: skip
    command = [
        sys.executable,
        "-m",
        "rag_core.cli.main",
        "index",
        str(folder),
        "--name",
        "Hand%book",
        "--store",
        "Team",
    ]
    child = subprocess.Popen(command, cwd=ROOT, env=os.environ | variables)

    def how(asked: Asked) -> tuple[int, Any] | None:
        rows = asked.body.get("data", []) if asked.path[-1] == "upsert" else []
        if any(one["document_id"] == "b.md" for one in rows):
            server.answer(asked)
            os.kill(child.pid, signal.SIGKILL)
        return None

    with kept.answering(how):
        assert child.wait() == -signal.SIGKILL
    assert {one["passage_id"].partition("::")[0] for one in kept.every_row()} == {"a.md", "b.md"}
    assert sorted(kept.rows()) == ["a.md::0", "a.md::1"]
    assert kept.opened().known_documents(["a.md", "b.md", "c.md"]) == {"a.md"}
    subprocess.run([*command, "--add"], cwd=ROOT, env=os.environ | variables, check=True)
    assert sorted(kept.rows()) == [f"{name}.md::{number}" for name in "abc" for number in (0, 1)]
    assert len(kept.every_row()) == 6, "nothing is left over"
    server.close()


class Killable:
    """Milvus Lite behind its REST form, in a process of its own that can be killed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.retrieval.engines.milvus_server", str(self.folder), str(self.port)]
        self.process = subprocess.Popen(command, cwd=ROOT)
        until = time.monotonic() + START_S
        while True:
            try:
                httpx.post(f"{self.address}/v2/vectordb/collections/list", json={})
            except httpx.TransportError:
                assert time.monotonic() < until and self.process.poll() is None, "the server does not start"
                time.sleep(0.1)
            else:
                return

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class InKillable(InMilvus):
    def __init__(self, server: Killable, folder: Path, embedder: SentenceEmbedder) -> None:
        store = MilvusStore.made_of({"kind": "milvus", "address": server.address})
        super(InMilvus, self).__init__(folder, embedder, NamedStore("Team", store, SecretStr(KEY)))


@pytest.fixture
def killable(tmp_path: Path) -> Iterator[Killable]:
    made = Killable(tmp_path)
    yield made
    made.kill()


def test_a_server_that_is_killed_has_what_it_acknowledged(
    killable: Killable, tmp_path: Path, packaged: SentenceEmbedder
) -> None:
    kept = InKillable(killable, tmp_path, packaged)

    def progress(_step: str, done: int, _total: int) -> None:
        if done == 1:
            killable.kill()

    with pytest.raises(EngineError, match="1 of 3 documents was written"):
        kept.index(progress=progress)
    killable.start()
    assert sorted(kept.rows()) == ["refunds.md::0"]
    found = kept.opened()
    assert [one.text for one in found.passages_named("refunds.md")] == ["Refunds take thirty days."]
    assert kept.index() == Written(documents=2, unchanged=1, passages=2)
    killable.kill()
    killable.start()
    assert {one.document_id for one in found.index.listed(9)} == {one.id for one in DOCUMENTS}, "it is loaded again"
