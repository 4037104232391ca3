"""`--embedder` and `--words-only`: which model the commands index and ask with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag_core.cli.main import main
from rag_core.retrieval.embedders import choosing
from tests.retrieval.embedders.embedding_server import KEY, Service, running

QUESTION = "when do refunds arrive"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Service]:
    with running() as served:
        monkeypatch.setenv("OLLAMA_URL", f"{served.address}/ollama")
        monkeypatch.setenv("OLLAMA_API_KEY", KEY)
        monkeypatch.setenv("SECOND_PASS_DATA_DIR", str(tmp_path / "data"))
        monkeypatch.setattr(choosing, "_shared", {})
        yield served


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "handbook"
    place.mkdir()
    (place / "refunds.md").write_text("# Refunds\n\nRefunds take thirty days.", encoding="utf-8")
    (place / "pets.md").write_text("# Pets\n\nPets are welcome.", encoding="utf-8")
    (place / "ship.md").write_text("# Shipping\n\nWe ship worldwide.", encoding="utf-8")
    return place


def _index(folder: Path) -> int:
    return main(["index", str(folder), "--name", "Handbook", "--embedder", "ollama#maker/embedder?dimensions=32"])


def test_a_collection_is_indexed_with_a_named_model_and_asked_with_it(
    service: Service, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _index(folder) == 0
    assert "21 tokens" in capsys.readouterr().err
    service.asked.clear()
    assert main(["ask", QUESTION, "--collection", "Handbook", "--reranker", "none"]) == 0
    assert service.texts == [QUESTION]
    assert "thirty days" in capsys.readouterr().out


def test_without_its_server_the_command_says_how_to_go_on_and_does(
    service: Service, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _index(folder)
    monkeypatch.setattr(choosing, "_shared", {})
    service.key = "another key by now"
    ask = ["ask", QUESTION, "--collection", "Handbook", "--reranker", "none"]
    assert main(ask) != 0
    said = capsys.readouterr().err
    assert "OLLAMA_API_KEY" in said
    assert "--words-only" in said
    assert main([*ask, "--words-only"]) == 0
    told = capsys.readouterr().out
    assert "thirty days" in told
    assert "words alone" in " ".join(told.split())


def test_a_folder_is_asked_with_a_named_model(service: Service, folder: Path) -> None:
    assert main(["inspect", QUESTION, str(folder), "--embedder", "ollama#maker/embedder", "--reranker", "none"]) == 0
    assert service.texts[-1] == QUESTION


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--collection", "Handbook", "--embedder", "packaged"], "its own embedding model"),
        (["--words-only"], "--words-only needs --collection"),
        (["--embedder", "cohre:embed-v4.0"], "no embedding service"),
    ],
)
def test_what_does_not_fit_is_refused(
    service: Service, folder: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    assert main(["ask", QUESTION, *more]) != 0
    assert said in capsys.readouterr().err


def test_a_set_is_evaluated_with_a_named_model(service: Service, tmp_path: Path, folder: Path) -> None:
    labelled = tmp_path / "set"
    labelled.mkdir()
    (labelled / "documents").mkdir()
    for file in folder.iterdir():
        (labelled / "documents" / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    (labelled / "queries.jsonl").write_text(f'{{"_id": "1", "text": "{QUESTION}"}}\n', encoding="utf-8")
    (labelled / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n1\trefunds.md\t1\n", encoding="utf-8")
    evaluate = ["evaluate", str(labelled), "--reranker", "none", "--embedder", "ollama#maker/embedder"]
    assert main([*evaluate, "--fail-under", "nDCG@5=0.99"]) == 0
    assert QUESTION in service.texts
