"""The rerankers page: keys, servers and code of one session, which no other session sees."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.rerank.registry import reload_plugins
from tests.rerank.conformance_server import KEY, Service, running
from tests.rerank.plugin_packages import BROKEN, GOOD, install
from tests.ui.conftest import forget

ROOT = Path(__file__).parents[2]
HOSTED = "cohere:rerank-v3.5"
CODE = "cross-encoder:jinaai/jina-reranker-v1-tiny-en"


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A data folder of its own, no keys, no hub."""
    monkeypatch.setenv("SECOND_PASS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.delenv("COHERE_API_KEY", raising=False)
    monkeypatch.chdir(ROOT)
    forget()
    yield
    forget()


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with running() as served:
        yield served


def opened(**query: str) -> AppTest:
    """The page in a new session, at this link."""
    at = AppTest.from_file(str(ROOT / "pages" / "7_rerankers.py"), default_timeout=300)
    for name, value in query.items():
        at.query_params[name] = value
    return done(at.run())


def done(at: AppTest) -> AppTest:
    """The same page, after making sure that nothing went wrong."""
    assert not at.exception
    return at


def button(at: AppTest, label: str) -> AppTest:
    """Press it."""
    return done(next(one for one in at.button if one.label == label).click().run())


def offered(at: AppTest) -> list[str]:
    """The sidebar's rerankers."""
    return list(at.sidebar.selectbox(key="r").options)


def test_a_typed_key_is_this_sessions_alone() -> None:
    ana = opened()
    done(ana.selectbox(key="look").set_value(HOSTED).run())
    ana.text_input(key="secret_cohere").set_value("ana-secret-77")
    button(ana, "Use this key in this session")
    assert "Cohere rerank-v3.5" in offered(ana)
    button(ana, "Use")
    assert ana.sidebar.selectbox(key="r").value == HOSTED
    assert ana.query_params["r"] == "Cohere rerank-v3.5"
    assert "ana-secret-77" not in f"{ana.session_state} {ana.query_params}"
    ben = opened()
    assert "Cohere rerank-v3.5" not in offered(ben)
    button(ana, "Forget the key")
    assert "Cohere rerank-v3.5" not in offered(ana)
    assert ana.sidebar.selectbox(key="r").value != HOSTED


def test_a_link_to_what_this_session_cannot_use_says_so() -> None:
    at = opened(r="Cohere rerank-v3.5")
    assert at.sidebar.selectbox(key="r").value != HOSTED
    assert any("is not available here" in one.value and "No key" in one.value for one in at.warning)
    assert any("Add it on the Rerankers page" in one.value for one in opened(r="nonsense").warning)
    assert not opened(r="No reranker").warning
    old = opened(r="second-pass-minilm-v2 (ships with Second Pass)")
    assert any("v2 no longer ships with Second Pass" in one.value for one in old.warning)


def test_a_server_of_ones_own(service: Service) -> None:
    at = opened()
    at.selectbox(key="server_kind").set_value("jina-shaped")
    at.text_input(key="server_address").set_value(f"{service.address}/jina-shaped/")
    at.text_input(key="server_key").set_value(KEY)
    button(at, "Add the server")
    assert at.selectbox(key="look").value == f"jina-shaped:{service.address}/jina-shaped"
    table = at.dataframe(key="rerankers").value
    assert table.loc[table["Reranker"].str.contains("127.0.0.1"), "Status"].tolist() == ["Set up"]
    assert any(" ready, 1 set up with a key or an address, " in one.value for one in at.get("html"))
    button(at, "Try it")
    assert any(one.value.startswith("It works") for one in (*at.success, *at.warning))
    button(at, "Use")
    assert at.sidebar.selectbox(key="r").value == f"jina-shaped:{service.address}/jina-shaped"
    assert not any("jina-shaped" in one or "127.0.0.1" in one for one in offered(opened()))
    button(at, "Remove")
    assert at.sidebar.selectbox(key="r").value != f"jina-shaped:{service.address}/jina-shaped"


def test_a_plug_ins_kind_can_be_added_and_a_broken_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    request.addfinalizer(reload_plugins)
    install(tmp_path / "site", "toy-reranker", GOOD)
    install(tmp_path / "site", "sad-reranker", BROKEN, name="sad")
    reload_plugins()
    at = opened()
    assert any("of sad" in one.value and "is not used" in one.value for one in at.warning)
    at.selectbox(key="model_kind").set_value("toy:")
    at.text_input(key="model_name").set_value("anything")
    button(at, "Add the model")
    assert at.selectbox(key="look").value == "toy:anything"
    button(at, "Try it")
    assert any(one.value.startswith("It works") for one in (*at.success, *at.warning))
    monkeypatch.undo()


def test_a_server_that_cannot_be_used_says_why(service: Service) -> None:
    at = opened()
    at.text_input(key="server_address").set_value("localhost")
    button(at, "Add the server")
    assert any("needs an address such as" in one.value for one in at.error)
    at.selectbox(key="server_kind").set_value("jina-shaped")
    at.text_input(key="server_address").set_value(f"{service.address}/jina-shaped")
    button(at, "Add the server")
    button(at, "Try it")
    assert any("rejected the key" in one.value for one in at.error)


def test_without_a_network_the_chosen_reranker_stays() -> None:
    at = opened()
    before = at.sidebar.selectbox(key="r").value
    at.text_input(key="model_name").set_value("maker/not-there")
    button(at, "Add the model")
    button(at, "Download")
    (said,) = [one.value.replace("\\", "") for one in at.error]
    assert "maker/not-there" in said and said.endswith("The chosen reranker stays.")
    assert at.sidebar.selectbox(key="r").value == before


def test_a_models_own_code_is_off_until_it_is_turned_on() -> None:
    at = opened()
    done(at.selectbox(key="look").set_value(CODE).run())
    assert not [one for one in at.button if one.label == "Download"]
    switch = next(one for one in at.toggle if "trust_remote_code" in one.label)
    assert switch.value is False
    done(switch.set_value(True).run())
    assert any("all rights of this process" in one.value for one in at.warning)
    assert [one for one in at.button if one.label == "Download"]


def test_an_installation_can_switch_own_models_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECOND_PASS_OWN_MODELS", "false")
    at = opened()
    assert not [one for one in at.button if one.label.startswith("Add the")]
    done(at.selectbox(key="look").set_value(CODE).run())
    assert not [one for one in at.toggle if "trust_remote_code" in one.label]
