"""What visitors may make the server do: nothing of their own where strangers can reach it, whatever else is set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest

from rag_core.corpus.sample import SAMPLE
from rag_core.errors import BadInput
from rag_core.schema.policy import Policy
from tests.generation.chat_server import Script, chat_server
from tests.rerank.conformance_server import Service, running
from ui import caches, visitors
from ui.sidebar import access

ROOT = Path(__file__).parents[2]
HUB_MODEL = "cross-encoder:cross-encoder/ms-marco-TinyBERT-L2-v2"
CODE = "cross-encoder:jinaai/jina-reranker-v1-tiny-en"
RISK = "SECOND_PASS_STRANGERS_MAY_RUN_CODE_HERE"
pytestmark = pytest.mark.usefixtures("sample")


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with running() as served:
        yield served


@pytest.fixture(autouse=True)
def address(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """The app listens for every machine, or where a test says; models of the hub are not on this one."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("SECOND_PASS_OWN_MODELS", "true")
    before = config.get_option("server.address")
    config.set_option("server.address", getattr(request, "param", "0.0.0.0"))
    yield
    config.set_option("server.address", before)


everywhere = pytest.mark.parametrize(
    "address", ["0.0.0.0", "", None, "192.168.1.5", "::", "rag.example"], indirect=True
)
here_only = pytest.mark.parametrize("address", ["localhost", "127.0.0.1", "::1"], indirect=True)


def opened(page: str = "7_rerankers.py", look: str = "", **state: object) -> AppTest:
    at = AppTest.from_file(str(ROOT / "pages" / page), default_timeout=300)
    for name, value in state.items():
        at.session_state[name] = value
    at.run()
    if look:
        at.selectbox(key="look").set_value(look).run()
    assert not at.exception
    return at


def labels(at: AppTest) -> list[str]:
    return [one.label for one in (*at.button, *at.toggle)]


@everywhere
def test_strangers_can_name_nothing_and_run_no_code():
    at = opened(look=CODE)
    assert not [one for one in labels(at) if one.startswith("Add the") or "trust_remote_code" in one]
    assert any(one.value == visitors.OPEN_TO_STRANGERS for one in at.caption)


@everywhere
def test_strangers_can_have_no_model_fetched():
    at = opened(look=HUB_MODEL)
    assert "Download" not in labels(at) and "trust_remote_code" not in str(labels(at))
    assert any(one.value == visitors.OPEN_TO_STRANGERS for one in at.caption)


@here_only
def test_who_sits_at_the_machine_can():
    at = opened(look=HUB_MODEL)
    assert {"Add the server", "Add the model", "Download"} <= set(labels(at))
    assert "trust_remote_code" in str(labels(at))


def test_the_setting_that_names_the_risk_opens_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(RISK, "true")
    at = opened(look=HUB_MODEL)
    assert {"Add the server", "Add the model", "Download"} <= set(labels(at))
    assert "trust_remote_code" in str(labels(at))
    monkeypatch.setenv("SECOND_PASS_OWN_MODELS", "false")
    assert "Add the server" not in labels(opened())


@pytest.mark.parametrize("address", ["localhost"], indirect=True)
def test_who_comes_through_a_proxy_does_not_sit_at_the_machine(monkeypatch: pytest.MonkeyPatch):
    assert not visitors.strangers()
    monkeypatch.setattr(type(visitors.st.context), "headers", {"X-Forwarded-For": "203.0.113.9"})
    assert visitors.strangers() and visitors.why_nothing_of_ones_own()


def test_adding_and_trusting_are_refused_below_the_forms_too():
    with pytest.raises(BadInput, match="has no login"):
        access.add("tei:http://127.0.0.1:9")
    with pytest.raises(BadInput, match="has no login"):
        access.trust("maker/model", on=True)
    assert not access.current().added and not access.current().trusted


@pytest.mark.parametrize("address", ["0.0.0.0", "localhost"], indirect=True)
def test_the_reranker_of_somebody_elses_run_is_asked_only_for_those_who_may_name_one(service: Service):
    """A case or a trace file may hold any address, folder or hub name."""
    key = f"tei:{service.address}/tei"
    before = service.requests
    trace = caches.pipeline(SAMPLE, "a" * 32).run("how long does a refund take", Policy(reranker=key))
    asked = service.requests > before
    assert asked is not visitors.strangers()
    if visitors.strangers():
        assert "not offered here" in trace.rerank.reason
        for other in ("cross-encoder:/etc", "colbert:maker/not-there"):
            with pytest.raises(BadInput, match="not offered here"):
                caches.reranker(other)


def test_the_address_of_the_chat_model_stays_the_operators(monkeypatch: pytest.MonkeyPatch):
    mine, typed = Script(), Script()
    with chat_server(mine) as named, chat_server(typed) as other:
        monkeypatch.setenv("OPENAI_BASE_URL", named)
        at = opened("1_inspect.py", chat_url=other)
        at.button(key="chat_setup").click().run()
        assert at.text_input(key="chat_url").disabled
        at.session_state["chat_open"] = True  # AppTest runs the page from its top, not the dialog alone
        at.button(key="chat_test").click().run()
        assert not at.exception
        assert len(mine.requests) == 1 and not typed.requests
