"""The packaged bi-encoder, the sample corpus and a server with pgvector, each prepared once for all tests."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from rag_core.corpus.collection import Collection
from rag_core.corpus.sample import SAMPLE, ensure_sample
from rag_core.corpus.storage.library import Library
from rag_core.generation.chat.habits import HABITS
from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder, get_embedder
from tests.frameworks import python_of_frameworks
from tests.installing import lacking
from tests.retrieval.engines.postgres_server import PostgresServer, missing

ROOT = Path(__file__).parents[1]
os.environ.setdefault("SECOND_PASS_CONVERT_MODELS", "false")  # seconds a model: its own tests turn it on
settings.register_profile("untimed", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")  # how long an example takes is this machine's affair
pytest.register_assert_rewrite(
    "tests.rerank.conformance", "tests.retrieval.engines.conformance", "tests.retrieval.engines.index_conformance"
)


@pytest.fixture(autouse=True)
def no_habits() -> None:
    """No chat server is known from another test: its port may be that of another server now."""
    HABITS.clear()


@pytest.fixture(scope="session")
def packaged() -> SentenceEmbedder:
    """The bi-encoder that comes with the requirements."""
    return get_embedder()


@pytest.fixture(scope="module")
def embedded(packaged: SentenceEmbedder) -> Callable[[list[str]], list[list[float]]]:
    """What makes vectors for the stores of other frameworks; `lacking` where their environment cannot be."""
    python_of_frameworks()
    return lambda texts: packaged.embed(texts).tolist()


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory, packaged: SentenceEmbedder) -> Collection:
    """The sample corpus, indexed as the app does on its first start."""
    library = Library(tmp_path_factory.mktemp("sample"))
    ensure_sample(library, ROOT / "sample_corpus", packaged)
    return library.open(SAMPLE, packaged)


@pytest.fixture(scope="session")
def pgvector_server() -> Iterator[PostgresServer]:
    """A server with pgvector; `lacking` where there can be none."""
    if reason := missing():
        lacking(reason)
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="pgv-", ignore_cleanup_errors=True) as folder:
        server = PostgresServer(Path(folder))
        try:
            yield server
        finally:
            server.close()
