"""Embedding models that torch would run, converted to OpenVINO in a process of its own, through the embedder and the
commands that a user has."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import rag_core
from rag_core.cli.main import main
from rag_core.corpus.collection import Collection
from rag_core.errors import ModelError
from rag_core.pipeline.step_warnings import NOT_CONVERTED, warns
from rag_core.rerank.weights import converted
from rag_core.retrieval.embedders import conversion
from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder
from tests.installing import needs
from tests.retrieval.embedders.bi_encoders import PROMPTS, build

needs("openvino")

QUERY = "how long do refunds take"
TEXTS = [
    "refunds take five days",
    "cats sleep",
    "",
    "is free " * 100,
    *(" ".join(["shipping", "refunds", "cats", "free", "five"][n % 5] for n in range(m)) for m in range(1, 46, 4)),
]


@pytest.fixture(autouse=True)
def data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A data folder of its own, with conversion on."""
    monkeypatch.setenv("SECOND_PASS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SECOND_PASS_CONVERT_MODELS", "true")
    return tmp_path / "data"


@pytest.fixture
def dies(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every conversion is killed."""
    ends = tmp_path / "ends"
    ends.write_text(f"#!{sys.executable}\nimport os; os.kill(os.getpid(), 9)\n")
    ends.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(ends))


def vectors(folder: Path, **options: object) -> tuple[SentenceEmbedder, np.ndarray]:
    """A fresh embedder, and its vectors of the texts and of the question."""
    embedder = SentenceEmbedder(str(folder), **options)  # type: ignore[arg-type]
    return embedder, np.vstack([embedder.embed(TEXTS), embedder.embed_query(QUERY)])


def nearest(collection: Collection, embedder: SentenceEmbedder) -> list[str]:
    """The passages that the question finds by meaning, in order."""
    return [passage for passage, _ in rag_core.Pipeline(collection, embedder).measure(QUERY).dense.found]


@pytest.mark.parametrize(
    ("architecture", "pooling", "dense", "prompts"),
    [
        ("xlm-roberta", "mean", 0, PROMPTS),
        ("deberta-v2", "max", 0, None),
        ("modernbert", "cls", 0, None),
        ("mpnet", "lasttoken", 16, PROMPTS),
    ],
)
def test_a_model_is_converted_once_and_its_vectors_are_torchs(
    architecture: str,
    pooling: str,
    dense: int,
    prompts: dict[str, str] | None,
    tmp_path: Path,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = build(architecture, tmp_path, pooling, dense, prompts)
    ours, found = vectors(folder)
    (made,) = (data / "converted").iterdir()
    assert ours.not_converted() == ""
    monkeypatch.setattr(subprocess, "run", None)
    again, second = vectors(folder)
    np.testing.assert_array_equal(second, found)
    for text, vector in zip(TEXTS, found, strict=False):
        np.testing.assert_allclose(again.embed([text])[0], vector, atol=1e-6)  # whatever is beside it
    (made / converted.GRAPH).write_text("damaged")
    with pytest.raises(ModelError, match="Remove that folder"):
        vectors(folder)  # it is the graph that runs
    monkeypatch.setenv("SECOND_PASS_CONVERT_MODELS", "false")
    theirs, expected = vectors(folder)
    assert again.model == ours.model == theirs.model
    assert ours.dimensions == theirs.dimensions == found.shape[1] and ours.max_tokens == theirs.max_tokens
    assert (found * expected).sum(axis=1) == pytest.approx(1, abs=2e-4)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    kept = rag_core.index(texts=[text for text in TEXTS[4:] if text], embedder=theirs)
    assert nearest(kept, ours)[:3] == nearest(kept, theirs)[:3]


@pytest.mark.filterwarnings("ignore")
def test_a_conversion_whose_vectors_are_not_torchs_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversion, "FARTHEST", {"fp32": -1.0, "bf16": -1.0})
    output = tmp_path / "output"
    output.mkdir()
    with pytest.raises(ModelError, match=r"its vectors differ from torch's by 1 - cos of"):
        conversion.convert(build("xlm-roberta", tmp_path), output)
    assert not (output / converted.RECORD).exists()


def test_swapped_neighbours_and_far_vectors_do_not_fit() -> None:
    questions, passages = np.eye(2, 3, dtype=np.float32), np.eye(3, dtype=np.float32)
    same = conversion._change((questions, passages), (questions, passages))
    assert same == (0, 0) and same.fits("fp32")
    turned = conversion._change((questions, passages[::-1]), (questions, passages))
    lost = conversion._change((questions, np.full_like(passages, np.nan)), (questions, passages))
    assert not lost.fits("fp32")
    assert turned.apart == 1 and turned.swapped > conversion.MOST_SWAPPED and not turned.fits("bf16")


def test_a_run_whose_model_could_not_be_converted_says_why(tmp_path: Path, dies: None) -> None:
    embedder = SentenceEmbedder(str(build("xlm-roberta", tmp_path)))
    made = rag_core.index(texts=TEXTS[:2], embedder=embedder)
    (step,) = [
        one for one in rag_core.Pipeline(made, embedder).run(QUERY, reranker="none").steps if one.name == "dense"
    ]
    (note,) = [one for one in step.warnings if one.code == NOT_CONVERTED]
    assert "not converted to OpenVINO: the conversion ended with status" in note.message
    assert not warns(step.model_copy(update={"warnings": (note,)}))


def test_indexing_says_why_a_model_could_not_be_converted(
    tmp_path: Path, dies: None, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.md").write_text("Refunds take five days.")
    model = build("mpnet", tmp_path)
    assert main(["index", str(tmp_path / "notes"), "--name", "Notes", "--embedder", str(model)]) == 0
    assert "not converted to OpenVINO: the conversion ended with status" in capsys.readouterr().err


def test_a_model_that_needs_more_than_the_last_states_stays_in_torch(tmp_path: Path) -> None:
    """Weighted layer pooling reads every layer, which the graph does not give."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules.transformer import Transformer
    from sentence_transformers.sentence_transformer.modules.pooling import Pooling
    from sentence_transformers.sentence_transformer.modules.weighted_layer_pooling import WeightedLayerPooling

    inner = Transformer(str(build("xlm-roberta", tmp_path)), config_kwargs={"output_hidden_states": True})
    modules = [inner, WeightedLayerPooling(32, num_hidden_layers=2, layer_start=1), Pooling(32)]
    SentenceTransformer(modules=modules, device="cpu").save(str(tmp_path / "weighted"))
    embedder, found = vectors(tmp_path / "weighted")
    assert embedder.not_converted()
    assert np.isfinite(found).all()


def test_conversion_can_be_turned_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: Path) -> None:
    monkeypatch.setenv("SECOND_PASS_CONVERT_MODELS", "false")
    embedder, _ = vectors(build("xlm-roberta", tmp_path))
    assert embedder.not_converted() == ""
    assert not (data / "converted").exists()
