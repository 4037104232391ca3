"""A sample corpus of three documents, so that a page under test opens in seconds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext

ROOT = Path(__file__).parents[2]
DOCUMENTS = {
    "refunds.md": "# Refunds\n\nA refund takes five working days to arrive.",
    "returns.md": "# Returns\n\nGoods can be returned within thirty days.",
    "errors.md": "# Errors\n\nKB-17 means that the disk is full.",
}


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
    forget()
    yield
    forget()


@pytest.fixture
def polled(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The intervals, in seconds, at which a browser was told to run a piece of a page again and again."""
    intervals: list[float] = []
    enqueue = ScriptRunContext.enqueue

    def noted(context: ScriptRunContext, message: ForwardMsg) -> None:
        if message.HasField("auto_rerun"):
            intervals.append(message.auto_rerun.interval)
        enqueue(context, message)

    monkeypatch.setattr(ScriptRunContext, "enqueue", noted)
    return intervals


def forget() -> None:
    """Empty every cache that sessions share."""
    st.cache_resource.clear()
    st.cache_data.clear()
