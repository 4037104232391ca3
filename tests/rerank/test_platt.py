"""What a model's config may say of its scores."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag_core.errors import ModelError
from rag_core.rerank.platt import PlattScaling


def write(folder: Path, config: object) -> Path:
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_platt_scaling() -> None:
    assert PlattScaling(temperature=2, bias=1).apply(3) == 3 / 2 + 1


def test_a_model_that_says_nothing_is_taken_as_it_is(tmp_path: Path) -> None:
    assert PlattScaling.of(write(tmp_path, {})) == PlattScaling(temperature=1, bias=0, default_threshold=None)


def test_it_is_read_from_the_config(tmp_path: Path) -> None:
    said = {"temperature": 1.5, "bias": -0.2, "default_threshold": 0.4}
    assert PlattScaling.of(write(tmp_path, {"second_pass": said})) == PlattScaling.model_validate(said)


@pytest.mark.parametrize("said", [{"temperature": 0}, {"default_threshold": 2}, {"tempreature": 1.0}, []])
def test_nonsense_is_refused(tmp_path: Path, said: object) -> None:
    with pytest.raises(ModelError, match=r"config\.json"):
        PlattScaling.of(write(tmp_path, {"second_pass": said}))


def test_no_config_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        PlattScaling.of(tmp_path)
