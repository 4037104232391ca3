"""The sidebar offers the index's own fusion where it has one, and every page shows it as what it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.corpus.sample import SAMPLE
from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder
from tests.retrieval.engines.http_server import KEY
from tests.retrieval.engines.qdrant_server import QdrantServer
from tests.ui.pages import listed_index, page, said
from tests.ui.test_connected_engines import QUERY, TEXTS
from ui.sidebar import indexes

pytestmark = pytest.mark.usefixtures("sample")
NOTE = "fused this list itself"


@pytest.fixture
def state(packaged: SentenceEmbedder, tmp_path: Path) -> Iterator[dict[str, object]]:
    """What a session keeps that connected a collection of Qdrant with words."""
    server = QdrantServer(tmp_path / "qdrant")
    made = server.create("handbook", {"dense": {"size": 384, "distance": "Cosine"}}, {"words": {"modifier": "idf"}})
    vectors = packaged.embed([text for _, text in TEXTS.values()]).tolist()
    made.upsert([
        (number, {"dense": vector, "words": text}, {"page_content": text, "metadata": {"source": name, "title": title}})
        for number, (vector, (name, (title, text))) in enumerate(zip(vectors, TEXTS.items(), strict=True))
    ])  # fmt: skip
    at = listed_index("qdrant", server.http.address, KEY)
    at.button(key="ix_connect").click().run()
    assert not at.exception and not at.error, said(at)
    yield {indexes.KEY: at.session_state[indexes.KEY], "c": "Handbook"}
    server.http.stop()


def whole(at: AppTest) -> str:
    return " ".join(str(one.proto) for one in at.main)


def test_it_is_chosen_shown_with_its_note_and_left_again(state: dict[str, object]) -> None:
    at = page("1_inspect.py", **state, q=QUERY)
    assert not at.error and at.selectbox(key="fb").value == "here" and NOTE not in whole(at)
    at.selectbox(key="fb").set_value("engine").run()
    assert not at.exception and not at.error, said(at)
    assert NOTE in whole(at) and at.slider(key="dw").disabled and at.slider(key="rrfk").disabled
    assert "A refund takes five working days" in whole(at)
    at.selectbox(key="fb").set_value("here").run()
    assert not at.exception and NOTE not in whole(at) and not at.slider(key="dw").disabled


@pytest.mark.parametrize("name", ["2_scores.py", "3_latency.py", "4_compare.py", "6_triage.py", "7_rerankers.py"])
def test_every_page_works_with_it(state: dict[str, object], name: str) -> None:
    more = {"doc": "refunds.md"} if name == "6_triage.py" else {}
    at = page(name, **state, **more, q=QUERY, fb="engine")
    assert not at.error, [one.value for one in at.error]


def test_evaluate_fuses_here_and_says_so(state: dict[str, object]) -> None:
    at = page("5_evaluate.py", **state, fb="engine")
    assert "the searches are fused here" in said(at) + " ".join(one.value for one in at.caption)


def test_a_collection_without_one_does_not_offer_it(state: dict[str, object]) -> None:
    at = page("1_inspect.py", **{**state, "c": SAMPLE}, q="How long do refunds take?", fb="engine")
    assert not at.error and not [one for one in at.selectbox if one.key == "fb"]
    assert "has no hybrid search of its own" in said(at) and NOTE not in whole(at)
