"""Downloads, through the hub's own client, from a hub on this machine. Each in a process of its own: the client reads
its address and its cache's place when it is imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag_core.rerank.weights.hub import local_folder, modules_of
from tests.rerank.hub_server import COMMIT, Hub, running

SAY = "import json, sys\nfrom rag_core.errors import ModelError\n"


@pytest.fixture(scope="module")
def files(tiny: Path) -> dict[str, bytes]:
    """The tiny model's files, and some that are not to be taken."""
    own = {path.name: path.read_bytes() for path in tiny.iterdir()}
    return {**own, "pytorch_model.bin": b"pickle" * 1000, "modeling_own.py": b"OWN = 1\n", "README.md": b"words"}


@pytest.fixture(scope="module")
def hub(files: dict[str, bytes]) -> Iterator[Hub]:
    with running(files) as served:
        yield served


def child(hub_address: str, cache: Path, code: str) -> str:
    """What the code prints, in a process whose hub is that address and whose cache is that folder."""
    environment = {**os.environ, "HF_ENDPOINT": hub_address, "HF_HUB_OFFLINE": "0", "HF_HOME": str(cache)}
    ran = subprocess.run([sys.executable, "-c", SAY + code], env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def taken(files: dict[str, bytes], *more: str) -> int:
    """Bytes of the files that a download is to take."""
    return sum(len(files[name]) for name in files if name.endswith((".json", ".txt", ".safetensors")) or name in more)


def test_size_then_progress_then_a_model_that_scores(hub: Hub, files: dict[str, bytes], tmp_path: Path) -> None:
    hub.sent.clear()
    told = child(
        hub.address,
        tmp_path,
        "from rag_core.rerank.catalogue import get_reranker, listed\n"
        "from rag_core.rerank.weights.download import download, plan_download\n"
        "from rag_core.rerank.weights.hub import local_folder\n"
        "assert local_folder('maker/tiny') is None\n"
        "seen = []\n"
        "download('maker/tiny', progress=lambda done, total: seen.append((done, total)))\n"
        "pairs = get_reranker('cross-encoder:maker/tiny').score('cats', ['cats sleep']).pairs\n"
        "folder = local_folder('maker/tiny').name\n"
        "print(json.dumps([plan_download('maker/tiny').size, seen, folder, pairs[0].score]))\n",
    )
    size, seen, folder, score = json.loads(told)
    assert size == taken(files)
    assert seen[-1] == [size, size]
    assert seen == sorted(seen)
    assert folder == COMMIT
    assert isinstance(score, float)
    assert not {"pytorch_model.bin", "modeling_own.py", "README.md"} & set(hub.sent)


def test_code_is_taken_only_where_it_is_trusted(hub: Hub, files: dict[str, bytes], tmp_path: Path) -> None:
    hub.sent.clear()
    told = child(
        hub.address,
        tmp_path,
        "from rag_core.rerank.weights.hub import fetch\n"
        "folder = fetch('maker/tiny', trust_remote_code=True)\n"
        "print((folder / 'modeling_own.py').is_file(), (folder / 'pytorch_model.bin').exists())\n",
    )
    assert told.split() == ["True", "False"]


def test_a_model_that_the_hub_does_not_have(hub: Hub, tmp_path: Path) -> None:
    told = child(
        hub.address,
        tmp_path,
        "from rag_core.rerank.weights.download import download\n"
        "try: download('maker/other')\n"
        "except ModelError as exc: print(exc)\n",
    )
    assert told.strip() == "The model hub has no model maker/other, or it is private. Check the name."


def snapshot(cache: Path, **files: str) -> Path:
    """A hub cache that holds these files of `maker/partial`."""
    root = cache / "models--maker--partial"
    folder = root / "snapshots" / COMMIT
    folder.mkdir(parents=True)
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text(COMMIT)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content)
    return folder


@pytest.mark.parametrize(
    ("files", "there"),
    [
        ({"config__json": "{}"}, False),
        ({"config__json": "{}", "model__safetensors": ""}, True),
        ({"config__json": "{}", "model__safetensors__index__json": '{"weight_map": {"a": "b.safetensors"}}'}, False),
    ],
)
def test_a_copy_whose_download_broke_off_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], there: bool
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    snapshot(tmp_path, **files)
    assert (local_folder("maker/partial") is not None) is there


def test_a_copy_without_the_code_it_names_does_not_count_for_who_trusts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    named = {"AutoConfig": "configuration_own.Own", "AutoModel": "other/repo--modeling_own.Own"}
    folder = snapshot(tmp_path, config__json=json.dumps({"auto_map": named}), model__safetensors="")
    assert modules_of(folder) == [("", "configuration_own"), ("other/repo", "modeling_own")]
    assert local_folder("maker/partial") == folder
    assert local_folder("maker/partial", code=True) is None
    (folder / "configuration_own.py").write_text("")
    assert local_folder("maker/partial", code=True) == folder
