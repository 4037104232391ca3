"""A model that brings its own Python code runs only for a caller who trusts it, and only that model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from rag_core.errors import ModelError
from rag_core.rerank.access import Credentials
from rag_core.rerank.catalogue import get_reranker
from rag_core.rerank.cross_encoder import CrossEncoderReranker

CONFIGURATION = """
from transformers import BertConfig

class OwnConfig(BertConfig):
    model_type = "own-of-the-test"
"""
MODELING = """
from pathlib import Path
from transformers import BertForSequenceClassification
from .configuration_own import OwnConfig

Path({witness!r}).write_text("the maker's code ran")

class OwnForSequenceClassification(BertForSequenceClassification):
    config_class = OwnConfig
"""


@pytest.fixture
def witness(tmp_path: Path) -> Path:
    """A file that the model's code writes when it runs."""
    return tmp_path / "witness"


@pytest.fixture
def folder(tiny: Path, tmp_path: Path, witness: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny cross-encoder as a model of an architecture of its own."""
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    place = tmp_path / f"own_{tmp_path.name}"
    shutil.copytree(tiny, place)
    config = json.loads((place / "config.json").read_text())
    config |= {
        "model_type": "own-of-the-test",
        "architectures": ["OwnForSequenceClassification"],
        "auto_map": {
            "AutoConfig": "configuration_own.OwnConfig",
            "AutoModelForSequenceClassification": "modeling_own.OwnForSequenceClassification",
        },
    }
    (place / "config.json").write_text(json.dumps(config))
    (place / "configuration_own.py").write_text(CONFIGURATION)
    (place / "modeling_own.py").write_text(MODELING.format(witness=str(witness)))
    return place


def test_without_trust_its_code_does_not_run(folder: Path, witness: Path) -> None:
    other = Credentials({}, trusted=frozenset({"another/model"}))
    with pytest.raises(ModelError, match="could not be loaded"):
        get_reranker(f"cross-encoder:{folder}", access=other).load()
    assert not witness.exists()


def test_with_trust_it_scores(folder: Path, reranker: CrossEncoderReranker, witness: Path) -> None:
    own = get_reranker(f"cross-encoder:{folder}", access=Credentials({}, trusted=frozenset({str(folder)})))
    passages = ["cats sleep", "refunds take five days"]
    scores = [pair.score for pair in own.score("cats", passages).pairs]
    assert witness.exists()
    assert scores == pytest.approx([pair.score for pair in reranker.score("cats", passages).pairs], abs=1e-6)
