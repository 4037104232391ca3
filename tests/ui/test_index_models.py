"""A connected index whose vectors are of a model behind HTTP: chosen in the form, checked on a passage, asked with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.retrieval.embedders import choosing
from tests.retrieval.embedders.embedding_server import KEY, Service, running, vector
from tests.retrieval.engines.http_server import KEY as INDEX_KEY
from tests.retrieval.engines.pinecone_server import PineconeServer
from tests.ui.pages import listed_index, page, said
from ui import index_caches
from ui.sidebar import indexes

TEXTS = {
    "refunds.md": "Refunds take thirty days to arrive on your account.",
    "pets.md": "Pets are welcome in every room of the house.",
    "ship.md": "We ship worldwide within five working days.",
}
QUESTION = "refunds take how many days to arrive"
pytestmark = pytest.mark.usefixtures("sample")


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setattr(choosing, "_shared", {})
    with running() as served:
        yield served


@pytest.fixture
def pinecone() -> Iterator[PineconeServer]:
    server = PineconeServer(len(vector("a", "")))
    server.records = {"": {name: (vector(text, ""), {"text": text}) for name, text in TEXTS.items()}}
    yield server
    server.http.stop()
    index_caches.forget()


def form(pinecone: PineconeServer, service: Service, model: str = "maker/embedder", dimensions: int = 0) -> AppTest:
    """The form of the index, with the served model chosen."""
    at = listed_index("pinecone", pinecone.http.address, INDEX_KEY)
    at.selectbox(key="ix_index").set_value(("shop", "")).run()
    at.selectbox(key="ix_em_kind").set_value("server").run()
    at.text_input(key="ix_em_address").set_value(f"{service.address}/vllm").run()
    at.text_input(key="ix_em_served").set_value(model).run()
    at.number_input(key="ix_em_dimensions").set_value(dimensions or None).run()
    at.text_input(key="ix_em_key_vllm").set_value(KEY).run()
    assert not at.exception
    return at


def connected(at: AppTest) -> AppTest:
    at.button(key="ix_connect").click().run()
    assert not at.exception
    return at


def test_an_index_is_checked_and_asked_with_the_model_that_made_it(pinecone: PineconeServer, service: Service) -> None:
    at = form(pinecone, service)
    assert f"One passage is sent to {service.address}/vllm" in said(at)
    assert service.asked == []
    at = connected(at)
    assert not at.error, said(at)
    assert "made these vectors" in said(at)
    service.asked.clear()
    state = {indexes.KEY: at.session_state[indexes.KEY], "c": "Handbook", "q": QUESTION}
    asked = page("1_inspect.py", **state)
    assert not asked.error, said(asked)
    assert service.texts == [QUESTION]
    assert f"Your questions are sent to {service.address}/vllm" in said(asked)
    table = next(one.value for one in asked.dataframe if "passage_id" in one.value.columns)
    assert table["passage_id"].iloc[0] == "refunds.md"


def test_vectors_of_another_model_are_said_to_be(pinecone: PineconeServer, service: Service) -> None:
    (records,) = pinecone.records.values()
    for number, (name, (numbers, metadata)) in enumerate([*records.items()]):
        records[name] = ([float(at == number) for at in range(len(numbers))], metadata)
    at = connected(form(pinecone, service))
    assert "another model made these vectors" in said(at)
    assert indexes.KEY not in at.session_state


def test_vectors_of_another_length_are_said_to_be(pinecone: PineconeServer, service: Service) -> None:
    at = connected(form(pinecone, service, dimensions=16))
    assert "Its vectors have 64 numbers" in said(at)
    assert indexes.KEY not in at.session_state


def test_a_model_that_is_not_filled_in_is_asked_for(pinecone: PineconeServer, service: Service) -> None:
    at = form(pinecone, service)
    at.text_input(key="ix_em_address").set_value("").run()
    at = connected(at)
    assert "Enter the address of the server" in said(at)


def test_an_index_of_the_environment_names_its_model(
    pinecone: PineconeServer, service: Service, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pathlib import Path

    from rag_core.retrieval.engines.named_indexes import as_json

    at = connected(form(pinecone, service))
    config = at.session_state[indexes.KEY]["Handbook"].index.config
    assert config.embedder == f"vllm:{service.address}/vllm#maker/embedder"
    file = Path(str(tmp_path)) / "indexes.json"
    file.write_text(as_json(config.with_(secret_env="PINECONE_SECRET")), encoding="utf-8")
    monkeypatch.setenv("SECOND_PASS_INDEXES", str(file))
    monkeypatch.setenv("PINECONE_SECRET", INDEX_KEY)
    monkeypatch.setenv("VLLM_URL", f"{service.address}/vllm")
    monkeypatch.setenv("VLLM_API_KEY", KEY)
    import streamlit as st

    st.cache_resource.clear()
    service.asked.clear()
    asked = page("1_inspect.py", c="Handbook", q=QUESTION)
    assert not asked.error, said(asked)
    assert QUESTION in service.texts
