"""Collections of several embedding models in one process: each is asked with its own, or by words alone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import rag_core
from rag_core.corpus.storage.library import Library
from rag_core.corpus.storage.own_model import opened
from rag_core.corpus.storage.visible import shared_library
from rag_core.errors import CollectionError, ModelError
from rag_core.pipeline.pipeline import Pipeline
from rag_core.retrieval.embedders import sentence_embedder
from rag_core.retrieval.embedders.choosing import embedder_for
from rag_core.retrieval.embedders.packaged import packaged_folder
from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from rag_core.schema.policy import NO_RERANKER, Policy
from rag_core.schema.trace import Trace
from rag_core.settings import Settings
from tests.retrieval.embedders.embedding_server import KEY, WHOLE, Service, running

DOCUMENTS = [
    Document(id="refunds", text="Refunds take thirty days."),
    Document(id="ship", text="We ship worldwide."),
    Document(id="pets", text="Pets are welcome."),
]
QUESTION = "refunds take thirty days or more"
PLAIN = Policy(reranker=NO_RERANKER, top_k=3)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    with running() as served:
        monkeypatch.setenv("VLLM_API_KEY", KEY)
        monkeypatch.setenv("VLLM_URL", f"{served.address}/vllm")
        yield served


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.fixture
def library(settings: Settings) -> Library:
    return shared_library(settings)


def _build(library: Library, settings: Settings, key: str, name: str = "Served") -> None:
    library.build(name, DOCUMENTS, Chunking(), embedder_for(key, settings))


def _asked(library: Library, settings: Settings, name: str = "Served", *, by_words: bool = False) -> Trace:
    collection, embedder = opened(library, name, settings, by_words=by_words)
    return Pipeline(collection, embedder).run(QUESTION, PLAIN)


def _nearest(trace: Trace) -> str:
    """What dense search found first."""
    return next(one for one in trace.steps if one.name == "dense").hits[0].passage_id


def test_each_collection_is_asked_with_the_model_that_made_it(
    service: Service, library: Library, settings: Settings
) -> None:
    _build(library, settings, "vllm#maker/embedder")
    _build(library, settings, "vllm#maker/embedder?dimensions=48", "Short")
    _build(library, settings, "packaged", "Local")
    made = {one.name: (one.embedding_model, one.dimensions) for one in library.manifests()}
    served = "vllm:maker/embedder@/models/maker-embedder"
    assert made["Served"] == (served, WHOLE)
    assert made["Short"] == (f"{served}?dimensions=48", 48)
    assert made["Local"][1] == 384
    service.asked.clear()
    for name in made:
        trace = _asked(library, settings, name)
        assert _nearest(trace) == "refunds::0"
        assert trace.collection.embedding_model == made[name][0]
    assert service.texts == [QUESTION] * 2


def test_a_question_is_embedded_once_for_all_who_ask_it(service: Service, library: Library, settings: Settings) -> None:
    _build(library, settings, "vllm#maker/embedder")
    service.asked.clear()
    _asked(library, settings)
    _asked(library, settings)
    assert service.texts == [QUESTION]


def test_documents_are_added_with_the_collections_own_model(
    service: Service, library: Library, settings: Settings
) -> None:
    _build(library, settings, "vllm#maker/embedder")
    service.asked.clear()
    model = opened(library, "Served", settings)[1]
    library.add("Served", [Document(id="new", text="Gift cards never expire.")], model)
    assert service.texts == ["Gift cards never expire."]
    library.delete_documents("Served", ["pets"])
    assert library.manifest("Served").embedder == f"vllm:{service.address}/vllm#maker/embedder"


def test_a_large_collection_that_is_added_to_keeps_its_model_and_is_searched_by_words(
    service: Service, tmp_path: Path, settings: Settings
) -> None:
    large = Library(tmp_path / "large", whole_below=1)
    _build(large, settings, "vllm#maker/embedder")
    large.add("Served", [Document(id="new", text="Gift cards never expire.")], opened(large, "Served", settings)[1])
    manifest = large.manifest("Served")
    assert (manifest.parts, manifest.embedder) == (2, f"vllm:{service.address}/vllm#maker/embedder")
    assert _nearest(_asked(large, settings)) == "refunds::0"
    service.asked.clear()
    assert [hit.passage_id for hit in _asked(large, settings, by_words=True).kept_step.hits] == ["refunds::0"]
    assert service.asked == []


def test_a_collection_whose_server_is_gone_says_so_and_is_searched_by_words(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, library: Library
) -> None:
    monkeypatch.setenv("VLLM_API_KEY", KEY)
    with running() as served:
        monkeypatch.setenv("VLLM_URL", f"{served.address}/vllm")
        _build(library, settings, "vllm#maker/embedder")
    from rag_core.retrieval.embedders import choosing

    monkeypatch.setattr(choosing, "_shared", {})  # another process, which never reached the server
    with pytest.raises(ModelError, match="cannot be reached"):
        _asked(library, settings)
    trace = _asked(library, settings, by_words=True)
    assert [hit.passage_id for hit in trace.kept_step.hits] == ["refunds::0"]
    assert any("words alone" in one.message for one in trace.warnings)
    assert trace.embed.took_ms == 0


def test_a_server_that_runs_another_model_by_now_is_not_asked_with_old_vectors(
    service: Service, library: Library, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    _build(library, settings, "vllm#maker/embedder")
    from rag_core.retrieval.embedders import choosing

    monkeypatch.setattr(choosing, "_shared", {})
    service.says = {"/v1/models": {"data": [{"id": "maker/embedder", "root": "/models/another"}]}}
    with pytest.raises(CollectionError, match="was indexed with the embedding model"):
        _asked(library, settings)


def test_a_pipeline_over_a_collection_finds_its_model_itself(service: Service, settings: Settings) -> None:
    made = rag_core.index(texts=[one.text for one in DOCUMENTS], embedder="vllm#maker/embedder?dimensions=16")
    assert made.manifest.dimensions == 16
    trace = rag_core.Pipeline(made).run(QUESTION, PLAIN)
    assert _nearest(trace) == "0::0"


def test_a_folder_is_found_again_from_another_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packaged: SentenceEmbedder
) -> None:
    (tmp_path / "models").symlink_to(packaged_folder())
    monkeypatch.chdir(tmp_path)
    made = rag_core.index(texts=["Refunds take thirty days."], embedder="models")
    assert made.manifest.embedder == str(packaged_folder().resolve())
    assert rag_core.index(texts=["Refunds take thirty days."]).manifest.embedder == "packaged"


def test_a_folder_that_moved_is_found_by_the_settings(
    tmp_path: Path, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = tmp_path / "here" / "minilm", tmp_path / "there" / "minilm"
    shutil.copytree(packaged_folder(), old, copy_function=os.symlink)
    _build(library, Settings(data_dir=tmp_path), str(old), "Moved")
    new.parent.mkdir()
    old.rename(new)
    monkeypatch.setattr(sentence_embedder, "_shared", {})  # another process, which never loaded it
    with pytest.raises(ModelError, match="here/minilm"):
        _asked(library, Settings(data_dir=tmp_path), "Moved")
    moved = Settings(data_dir=tmp_path, embedding_model=str(new))
    assert _nearest(_asked(library, moved, "Moved")) == "refunds::0"
    other = Settings(data_dir=tmp_path, embedding_model=str(_copied(new, tmp_path / "elsewhere" / "minilm")))
    with pytest.raises(ModelError, match="here/minilm"):
        _asked(library, other, "Moved")


def _copied(old: Path, new: Path) -> Path:
    """The folder with another file in it that changes vectors."""
    shutil.copytree(old, new, copy_function=os.symlink)
    place = new / "modules.json"
    text = place.read_text(encoding="utf-8")
    place.unlink()
    place.write_text(text + "\n", encoding="utf-8")
    return new


def test_a_collection_that_names_no_model_is_of_the_settings(library: Library, settings: Settings) -> None:
    _build(library, settings, "packaged", "Old")
    manifest = library.manifest("Old")
    old = manifest.model_copy(update={"embedder": ""})
    next(iter(library.root.rglob("manifest.json"))).write_text(old.model_dump_json(), encoding="utf-8")
    assert _nearest(_asked(library, settings, "Old")) == "refunds::0"


def test_late_interaction_reads_passages_of_other_models_at_query_time_and_says_so(
    service: Service, library: Library, settings: Settings
) -> None:
    _build(library, settings, "vllm#maker/embedder")
    collection, embedder = opened(library, "Served", settings)
    trace = Pipeline(collection, embedder).run(QUESTION, Policy(reranker="late-interaction", top_k=1))
    assert trace.kept[0].passage.id == "refunds::0"
    assert "stores them" in " ".join(one.message for one in trace.warnings)
