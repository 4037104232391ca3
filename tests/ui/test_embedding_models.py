"""Choose the model of a new collection on the page: whom texts go to, the key, what is asked, and how to do without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.corpus.storage.orders import OrderBook
from rag_core.rerank.access import Credentials
from rag_core.retrieval.embedders import choosing
from tests.installing import needs
from tests.retrieval.embedders.bi_encoders import build
from tests.retrieval.embedders.embedding_server import KEY, Service, running
from tests.ui.pages import said
from ui import caches

PAGES = Path(__file__).parents[2] / "pages"
OWNER = "cd" * 16
NOTES = b"# Holidays\n\nEveryone has thirty days of holidays a year.\n\n# Parking\n\nBicycles park in the yard."
QUESTION = "how many holidays"
pytestmark = pytest.mark.usefixtures("sample")


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.setattr("ui.visitors.strangers", lambda: False)
    monkeypatch.setattr(choosing, "_shared", {})
    with running() as served:
        yield served


def page(name: str, access: Credentials | None = None, **query: str) -> AppTest:
    """The page, for a session with these keys."""
    at = AppTest.from_file(str(PAGES / name), default_timeout=300)
    at.session_state["owner"] = OWNER
    if access:
        at.session_state["access"] = access
    for key, value in query.items():
        at.query_params[key] = value
    return drawn(at.run())


def drawn(at: AppTest) -> AppTest:
    assert not at.exception
    return at


def on_a_server(at: AppTest, service: Service, secret: str = KEY) -> AppTest:
    """The form filled in, with files; not sent yet."""
    at.file_uploader(key="files_0").set_value([("notes.md", NOTES, "text/markdown")]).run()
    at.text_input(key="new_collection").set_value("Notes").run()
    at.selectbox(key="em_kind").set_value("server").run()
    at.selectbox(key="em_server").set_value("vllm").run()
    at.text_input(key="em_address").set_value(f"{service.address}/vllm").run()
    at.text_input(key="em_served").set_value("maker/embedder").run()
    at.number_input(key="em_dimensions").set_value(48).run()
    return drawn(at.text_input(key="em_key_vllm").set_value(secret).run())


def indexed(at: AppTest) -> AppTest:
    """After the button and its job."""
    drawn(at.button(key="index").click().run())
    (order,) = OrderBook(caches.private(OWNER).root).all().found
    caches.job_book().join(order.id)
    return drawn(at.run())


def test_a_collection_is_made_with_a_model_on_a_server_and_asked_with_it(service: Service) -> None:
    at = on_a_server(page("8_corpus.py"), service)
    assert f"sent to {service.address}/vllm when it is indexed" in said(at)
    assert service.asked == []
    at = indexed(at)
    assert "14 tokens" in said(at)
    manifest = caches.private(OWNER).manifest("Notes")
    assert (manifest.embedder, manifest.dimensions) == (f"vllm:{service.address}/vllm#maker/embedder?dimensions=48", 48)
    assert KEY not in manifest.model_dump_json()
    service.asked.clear()
    asked = page("1_inspect.py", at.session_state["access"], c="Notes", q=QUESTION)
    assert service.texts == [QUESTION]
    assert f"Your questions are sent to {service.address}/vllm" in said(asked)
    assert "Embedding: 1 to vLLM maker/embedder, 48 dimensions (7 tokens)" in said(asked)
    times = page("3_latency.py", at.session_state["access"], c="Notes", q=QUESTION)
    assert {one.label: one.value for one in times.metric}["Embedding billed"] == "7 tokens"


def test_a_wrong_key_is_said_before_files_are_handed_over(service: Service) -> None:
    at = on_a_server(page("8_corpus.py"), service, "another")
    drawn(at.button(key="index").click().run())
    assert "rejected the key" in said(at)
    assert OrderBook(caches.private(OWNER).root).all().found == ()
    drawn(at.text_input(key="em_key_vllm").set_value(KEY).run())
    indexed(at)
    assert "Notes" in caches.private(OWNER).names(OWNER)


def test_a_model_that_shortens_nothing_is_said_before_files_are_handed_over(service: Service) -> None:
    service.shortens = False
    at = on_a_server(page("8_corpus.py"), service)
    drawn(at.button(key="index").click().run())
    assert "does not support specifying dimensions" in said(at)


def test_without_its_model_the_collection_can_be_read_and_searched_by_words(service: Service) -> None:
    indexed(on_a_server(page("8_corpus.py"), service))
    service.key = "another key by now"
    choosing._shared.clear()
    at = page("8_corpus.py", c="Notes")  # another session, without the key
    assert "**1 document** in **2 passages**" in said(at)
    assert not at.error
    asked = page("1_inspect.py", c="Notes", q=QUESTION)
    assert "VLLM_API_KEY" in said(asked)
    (box,) = [one for one in asked.checkbox if str(one.key).startswith("by_words_")]
    service.asked.clear()
    drawn(box.check().run())
    assert "words alone" in said(asked)
    assert service.asked == []
    assert f"sent to {service.address}" not in said(asked)


def test_a_hosted_model_asks_for_a_key_and_keeps_it_in_this_session(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    at = page("8_corpus.py")
    at.file_uploader(key="files_0").set_value([("notes.md", NOTES, "text/markdown")]).run()
    drawn(at.selectbox(key="em_kind").set_value("openai:text-embedding-3-small").run())
    assert "Every passage is sent to OpenAI when it is indexed" in said(at)
    drawn(at.button(key="index").click().run())
    assert "OPENAI_API_KEY" in said(at)
    drawn(at.text_input(key="em_key_openai").set_value("typed-secret").run())
    assert at.session_state["access"].keys["openai"].get_secret_value() == "typed-secret"
    assert "em_key_openai" not in [one.key for one in at.text_input]
    assert "OPENAI_API_KEY" not in said(page("8_corpus.py")).replace("typed-secret", "")


def test_strangers_name_no_servers_and_folders(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.visitors.strangers", lambda: True)
    options = page("8_corpus.py").selectbox(key="em_kind").options
    assert options[0] == "This app's: all-MiniLM-L6-v2", "a select box shows its options as they are"
    assert "A model on a server of yours" not in options
    assert "A sentence-transformers model" not in options


def test_a_collection_is_cut_again_with_the_apps_model(service: Service) -> None:
    indexed(on_a_server(page("8_corpus.py"), service))
    at = page("8_corpus.py", c="Notes")
    at.selectbox(key="reindex_model").set_value("packaged")
    (rechunk,) = [one for one in at.button if one.label == "Re-chunk"]
    drawn(rechunk.click().run())
    orders = OrderBook(caches.private(OWNER).root).all().found
    for order in orders:
        caches.job_book().join(order.id)
    assert caches.private(OWNER).manifest("Notes").embedder == "packaged"


def test_a_model_that_cannot_be_converted_is_named_after_indexing_and_in_each_run(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    needs("openvino")
    model = build("mpnet", tmp_path)
    monkeypatch.setenv("SECOND_PASS_CONVERT_MODELS", "true")
    blocked = caches.settings().data_dir / "converted"  # a file where the folder of conversions would be
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_text("")
    request.addfinalizer(blocked.unlink)
    at = page("8_corpus.py")
    at.file_uploader(key="files_0").set_value([("notes.md", NOTES, "text/markdown")]).run()
    at.text_input(key="new_collection").set_value("Notes").run()
    at.selectbox(key="em_kind").set_value("local").run()
    at.text_input(key="em_local").set_value(str(model)).run()
    at = indexed(at)
    assert "not converted to OpenVINO: it cannot be written to" in said(at)
    assert "not converted to OpenVINO: it cannot be written to" in said(page("1_inspect.py", c="Notes", q=QUESTION))
