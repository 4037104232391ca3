"""Models that are loaded before the first question."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rag_core.errors import ModelError
from rag_core.pipeline import loading
from rag_core.pipeline.loading import load_ahead
from rag_core.rerank.catalogue import LATE_INTERACTION, NONE
from rag_core.schema.policy import DEFAULT_RERANKER, Policy
from rag_core.settings import Settings

FIRST_QUESTION = """
import sys
from rag_core import Pipeline, Policy, index
from rag_core.pipeline.loading import load_ahead
from rag_core.settings import Settings

pipeline = Pipeline(index(texts=["A refund takes ten days.", "We ship on Mondays."]))
if sys.argv[1] == "ahead":
    load_ahead(Policy().rerankers, Settings()).join()
print(pipeline.run("How long do refunds take?").loading_ms)
"""


def loading_ms(when: str) -> float:
    """What the first question of a new process waits for models."""
    ran = subprocess.run([sys.executable, "-c", FIRST_QUESTION, when], capture_output=True, text=True, check=True)
    return float(ran.stdout)


def test_the_first_question_waits_for_no_model_that_was_loaded_ahead() -> None:
    assert loading_ms("ahead") == 0 < loading_ms("later")


def test_only_what_ships_is_loaded_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[str] = []

    class Model:
        def __init__(self, key: str) -> None:
            self.load = lambda: loaded.append(key)

    monkeypatch.setattr(loading, "_begun", set())
    monkeypatch.setattr(loading, "get_reranker", lambda key, _: Model(key))
    monkeypatch.setattr(loading, "passage_encoder", lambda _: None)
    asked = [LATE_INTERACTION, DEFAULT_RERANKER, "cohere:rerank-v3.5", "cross-encoder:some/model", NONE]

    thread = load_ahead(asked, Settings())
    assert thread is not None
    thread.join()

    assert loaded == [LATE_INTERACTION, DEFAULT_RERANKER]
    assert load_ahead(asked, Settings()) is None
    assert load_ahead(Policy(reranker=NONE).rerankers, Settings()) is None


def test_a_model_that_cannot_be_loaded_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ModelError("the file is cut off")

    monkeypatch.setattr(loading, "_begun", set())
    monkeypatch.setattr(loading, "get_reranker", broken)

    thread = load_ahead([DEFAULT_RERANKER], Settings())
    assert thread is not None
    thread.join()

    assert "the file is cut off" in caplog.text and DEFAULT_RERANKER in caplog.text
