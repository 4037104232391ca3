"""Moving the threshold on the scores page runs no model: every forward pass in the process is counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.inference.engine import CompiledModel

ROOT = Path(__file__).parents[2]


class Forwards:
    """Counts the forward passes of every torch module and every OpenVINO model."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, *_: object) -> None:
        self.count += 1


@pytest.fixture
def forwards(monkeypatch: pytest.MonkeyPatch) -> Iterator[Forwards]:
    from torch.nn.modules.module import register_module_forward_hook

    counter = Forwards()
    run = CompiledModel.run
    monkeypatch.setattr(CompiledModel, "run", lambda engine, inputs: counter() or run(engine, inputs))
    handle = register_module_forward_hook(counter)
    yield counter
    handle.remove()


@pytest.mark.usefixtures("sample")
def test_the_slider_runs_no_model(forwards: Forwards) -> None:
    at = AppTest.from_file(str(ROOT / "pages" / "2_scores.py"), default_timeout=300)
    at.query_params["q"] = "how long does a refund take"
    at.run()
    assert not at.exception
    paid = forwards.count
    assert paid > 0
    slider = next(one for one in at.slider if one.label.startswith("Try a threshold"))
    for minimum in (0.2, 0.5, 0.8, 1.0):
        at = slider.set_value(minimum).run()
        assert not at.exception
        slider = next(one for one in at.slider if one.label.startswith("Try a threshold"))
    assert forwards.count == paid
    assert any("Nothing is left" in str(block.proto) for block in at.get("html"))
