"""The packaged bi-encoder and the sample corpus, each prepared once for all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rag_core.corpus.collection import Collection
from rag_core.corpus.sample import SAMPLE, ensure_sample
from rag_core.corpus.storage.library import Library
from rag_core.generation.chat.habits import HABITS
from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder, get_embedder

ROOT = Path(__file__).parents[1]
os.environ.setdefault("SECOND_PASS_CONVERT_MODELS", "false")  # seconds a model: its own tests turn it on
pytest.register_assert_rewrite("tests.rerank.conformance", "tests.retrieval.engines.conformance")


@pytest.fixture(autouse=True)
def no_habits() -> None:
    """No chat server is known from another test: its port may be that of another server now."""
    HABITS.clear()


@pytest.fixture(scope="session")
def packaged() -> SentenceEmbedder:
    """The bi-encoder that comes with the requirements."""
    return get_embedder()


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory, packaged: SentenceEmbedder) -> Collection:
    """The sample corpus, indexed as the app does on its first start."""
    library = Library(tmp_path_factory.mktemp("sample"))
    ensure_sample(library, ROOT / "sample_corpus", packaged)
    return library.open(SAMPLE, packaged)
