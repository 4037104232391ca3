"""Moving the threshold on the scores page runs no model: every forward pass in the process is counted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]
DOCUMENTS = {
    "refunds.md": "# Refunds\n\nA refund takes five working days to arrive.",
    "returns.md": "# Returns\n\nGoods can be returned within thirty days.",
    "errors.md": "# Errors\n\nKB-17 means that the disk is full.",
}


class Forwards:
    """Counts the forward passes of every torch module."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, *_: object) -> None:
        self.count += 1


@pytest.fixture
def forwards() -> Iterator[Forwards]:
    from torch.nn.modules.module import register_module_forward_hook

    counter = Forwards()
    handle = register_module_forward_hook(counter)
    yield counter
    handle.remove()


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A sample corpus of three documents and two questions."""
    folder = tmp_path / "sample"
    (folder / "documents").mkdir(parents=True)
    for name, text in DOCUMENTS.items():
        (folder / "documents" / name).write_text(text, encoding="utf-8")
    queries = [
        {"_id": "1", "text": "when do I get my money back", "kind": "paraphrase"},
        {"_id": "2", "text": "who won the race", "kind": "unanswerable"},
    ]
    (folder / "queries.jsonl").write_text("".join(json.dumps(one) + "\n" for one in queries), encoding="utf-8")
    (folder / "qrels.tsv").write_text("query-id\tcorpus-id\tscore\n1\trefunds.md\t3\n", encoding="utf-8")
    monkeypatch.setenv("SECOND_PASS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SECOND_PASS_SAMPLE_DIR", str(folder))
    monkeypatch.chdir(ROOT)
    _forget()
    yield
    _forget()


def _forget() -> None:
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.mark.usefixtures("sample")
def test_the_slider_runs_no_model(forwards: Forwards) -> None:
    at = AppTest.from_file(str(ROOT / "pages" / "scores_threshold.py"), default_timeout=300)
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
