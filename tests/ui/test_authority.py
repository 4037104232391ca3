"""A document's authority is what it states: no collection inherits the sample's."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document
from rag_core.schema.steps import StepName
from ui import caches
from ui.sidebar.state import SidebarState

PAGE = str(Path(__file__).parents[2] / "pages" / "1_inspect.py")
OWNER = "ab" * 16
ONLY_AUTHORITY = {"sig": "true", "w_relevance": "0", "w_freshness": "0", "w_diversity": "0", "w_authority": "1"}
pytestmark = pytest.mark.usefixtures("sample")


def asked(name: str, authority: dict[str, float], monkeypatch: pytest.MonkeyPatch) -> tuple[AppTest, dict[str, float]]:
    """Inspect over a collection of a policy and a chat, and each one's final score by authority alone."""
    stated = {source: {"authority": authority[source]} if source in authority else {} for source in ("policy", "chat")}
    documents = [
        Document(id=source, text=f"A refund by {source}.", source=source, metadata=stated[source]) for source in stated
    ]
    caches.private(OWNER).build(name, documents, Chunking(), caches.embedder(), owner=OWNER)
    choices: list[SidebarState] = []
    question = caches.question

    def noted(choice: SidebarState, query: str) -> object:
        choices.append(choice)
        return question(choice, query)

    monkeypatch.setattr(caches, "question", noted)
    at = AppTest.from_file(PAGE, default_timeout=300)
    at.session_state["owner"] = OWNER
    for key, value in {**ONLY_AUTHORITY, "c": name, "q": "refund"}.items():
        at.query_params[key] = value
    at.run()
    assert not at.exception
    trace = question(choices[-1], "refund").trace(choices[-1].policy)
    return at, {trace.passages[hit.passage_id].source: hit.score for hit in trace[StepName.ADJUSTED].hits}


def test_without_one_all_documents_count_alike_and_the_control_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    at, scores = asked("Plain", {}, monkeypatch)
    assert scores == {"policy": 0.5, "chat": 0.5}
    assert at.slider(key="w_authority").disabled
    assert any("no document states one" in caption.value for caption in at.caption)


def test_a_document_that_states_one_has_it_in_any_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    at, scores = asked("Stated", {"chat": 0.9}, monkeypatch)
    assert scores == {"policy": 0.5, "chat": 0.9}
    assert not at.slider(key="w_authority").disabled
