"""Where models are found, what identifies them, and what is said where there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rag_core.errors import ModelError
from rag_core.rerank.cross_encoder import CrossEncoderReranker
from rag_core.rerank.scoring import score_pairs
from rag_core.rerank.weights.hub import fetch, fingerprint, identity, loaded_as, local_folder
from rag_core.schema.documents import Passage
from rag_core.storage.database import Store


def test_a_folder_is_found_and_nothing_is_fetched(tiny: Path) -> None:
    assert local_folder(str(tiny)) == tiny.resolve()
    assert fetch(str(tiny)) == tiny.resolve()


def test_identity_is_the_folders_name_and_content(tiny: Path, tmp_path: Path) -> None:
    copy = tmp_path / "tiny"
    shutil.copytree(tiny, copy)
    assert identity("x", copy) == identity("y", tiny) == f"tiny@{fingerprint(tiny)[:12]}"
    other = tmp_path / "other" / "tiny"
    shutil.copytree(tiny, other)
    (other / "README.md").write_text("words do not count")
    assert fingerprint(other) == fingerprint(tiny)
    changed = tmp_path / "changed" / "tiny"
    shutil.copytree(tiny, changed)
    (changed / "config.json").write_text("{}")
    assert fingerprint(changed) != fingerprint(tiny)


def replaced(folder: Path) -> None:
    """Other weights under the same name, as a training run or an upload puts them: same size, another last byte."""
    weights = next(folder.glob("*.safetensors"))
    content = bytearray(weights.read_bytes())
    content[-2] ^= 0x01
    new = weights.with_suffix(".new")
    new.write_bytes(content)
    new.replace(weights)


def test_a_model_whose_files_are_replaced_is_another_one_until_it_is_loaded(tiny: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny, tmp_path / "mine"))
    reranker = CrossEncoderReranker(str(folder), backend="torch")
    first = reranker.model
    replaced(folder)
    second = reranker.model
    assert second != first
    reranker.load()
    assert reranker.model == second
    pairs = reranker.score("refunds", ["five days"]).pairs
    replaced(folder)
    assert reranker.model == second, "what is in memory is scored under its own name"
    assert reranker.score("refunds", ["five days"]).pairs == pairs
    assert CrossEncoderReranker(str(folder), backend="torch").model == first, "the byte was turned back"


def test_scores_are_kept_under_the_files_that_were_loaded(tiny: Path, tmp_path: Path) -> None:
    """The cache is looked up before the weights are read; they are replaced in between."""
    folder = Path(shutil.copytree(tiny, tmp_path / "mine"))
    store = Store(f"sqlite:///{tmp_path / 'scores.db'}")

    class Replacing(CrossEncoderReranker):
        def load(self) -> None:
            replaced(folder)
            super().load()

    reranker = Replacing(str(folder), backend="torch")
    before = reranker.model
    passage = Passage(id="a", document_id="a", start=0, end=4, text="days")
    scored = score_pairs(reranker, "refunds", [passage], store.pair_cache())
    assert scored.failure is None and scored.model == reranker.model != before
    assert store.pair_cache().get_many(before, "refunds", [passage.content_hash]) == {}
    assert store.pair_cache().get_many(scored.model, "refunds", [passage.content_hash])
    store.close()


def test_files_that_are_replaced_while_they_are_read_are_not_used(tiny: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny, tmp_path / "mine"))
    with pytest.raises(ModelError, match="replaced while they were loaded"):
        loaded_as("mine", folder, replaced)


def test_a_cached_hub_model_is_its_commit() -> None:
    folder = Path("/cache/models--maker--model/snapshots/0123456789abcdef")
    assert identity("maker/model", folder) == "maker/model@0123456789ab"


@pytest.mark.parametrize("name", ["./nowhere", "/no/where", "~/nowhere-at-all", "a/b/c"])
def test_a_missing_folder_is_named(name: str) -> None:
    with pytest.raises(ModelError, match="no folder"):
        fetch(name)


def test_offline_a_hub_name_is_a_sentence_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE is set"):
        fetch("maker/not-there")
    assert CrossEncoderReranker("maker/not-there").model == "maker/not-there@absent"


def test_a_name_that_no_hub_has() -> None:
    with pytest.raises(ModelError, match="neither a folder"):
        local_folder("not a name!")


def test_a_hub_that_cannot_be_reached_is_a_sentence() -> None:
    child = (
        "from rag_core.rerank.cross_encoder import CrossEncoderReranker\n"
        "from rag_core.errors import ModelError\n"
        "try: CrossEncoderReranker('maker/not-there').load()\n"
        "except ModelError as exc: print(exc)\n"
    )
    # Port 9 refuses at once; the hub's client reads its address when it is imported.
    environment = {**os.environ, "HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_OFFLINE": "0"}
    said = subprocess.run([sys.executable, "-c", child], env=environment, capture_output=True, text=True, timeout=120)
    assert said.stdout.startswith("maker/not-there is not on this machine and the model hub cannot be reached (")
    assert "Give a local folder" in said.stdout
