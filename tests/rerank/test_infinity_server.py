"""A real server: Infinity in an environment of its own (`make infinity`) serves a tiny cross-encoder, and its scores
are those of the same folder here. Skipped where Infinity is not installed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from rag_core.errors import ModelError
from rag_core.rerank.access import Credentials
from rag_core.rerank.catalogue import get_reranker
from rag_core.rerank.cross_encoder import CrossEncoderReranker
from tests.serving import serving

ROOT = Path(__file__).parents[2]
INFINITY = shutil.which("infinity_emb", path=f"{ROOT / '.infinity' / 'bin'}{os.pathsep}{os.environ['PATH']}")
KEY, MODEL = "key-of-the-test", "tiny"
START_S = 180
QUERY = "how long do refunds take"
PASSAGES = ["refunds take five days", "cats sleep", "shipping is free", "how long do cats sleep", "is free " * 50]

pytestmark = pytest.mark.skipif(INFINITY is None, reason="Infinity is not installed; make infinity installs it")


@pytest.fixture(scope="module")
def address(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server's address, once it answers."""
    command = [str(INFINITY), "v2", "--model-id", str(tiny), "--served-model-name", MODEL, "--engine", "torch"]
    command += ["--device", "cpu", "--no-bettertransformer", "--no-model-warmup", "--no-trust-remote-code"]
    with serving(
        "Infinity", [*command, "--api-key", KEY], tmp_path_factory.mktemp("infinity") / "log", START_S
    ) as address:
        yield address


def test_its_scores_are_those_of_the_same_model_here(address: str, reranker: CrossEncoderReranker) -> None:
    key = f"infinity:{address}#{MODEL}"
    served = get_reranker(key, access=Credentials({}, keys={f"infinity:{address}": SecretStr(KEY)}, added=(key,)))
    scored = served.score(QUERY, PASSAGES)
    here = [pair.score for pair in reranker.score(QUERY, PASSAGES).pairs]
    assert served.space is reranker.space
    assert [pair.score for pair in scored.pairs] == pytest.approx(here, abs=1e-4)


def test_without_the_key_it_refuses_in_words(address: str) -> None:
    with pytest.raises(ModelError, match="rejected the key"):
        get_reranker(f"infinity:{address}#{MODEL}", access=Credentials({})).score(QUERY, PASSAGES)
