"""A reranker that fails is asked once, and again only where the session asks for it or may use something else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import SecretStr
from streamlit.testing.v1 import AppTest

from rag_core.rerank.access import Credentials

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.usefixtures("sample")


class Broken(ThreadingHTTPServer):
    """A reranking server that refuses everything, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        super().__init__(("127.0.0.1", 0), Refusing)

    @property
    def key(self) -> str:
        return f"tei:http://127.0.0.1:{self.server_port}"


class Refusing(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.server.asked += 1  # type: ignore[attr-defined]
        self.send_response(400)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def broken() -> Iterator[Broken]:
    server = Broken()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def opened(page: str, key: str) -> AppTest:
    at = AppTest.from_file(str(ROOT / "pages" / page), default_timeout=300)
    at.session_state["access"] = Credentials(added=(key,))
    at.session_state["r"] = key
    at.session_state["q"] = "how long does a refund take"
    return done(at.run())


def done(at: AppTest) -> AppTest:
    assert not at.exception
    return at


@pytest.mark.parametrize("page", ["1_inspect.py", "2_scores.py"])
def test_moving_a_slider_asks_it_no_more_and_the_button_does(broken: Broken, page: str) -> None:
    at = opened(page, broken.key)
    assert at.error and broken.asked == 1
    done(at.slider(key="k").set_value(3).run())
    assert at.error and broken.asked == 1
    done(at.button(key="rerank_again").click().run())
    assert at.error and broken.asked == 2


def test_another_key_is_another_try(broken: Broken) -> None:
    at = opened("1_inspect.py", broken.key)
    at.session_state["access"] = Credentials(added=(broken.key,), keys={broken.key: SecretStr("new")})
    done(at.run())
    assert broken.asked == 2


def test_without_a_failure_there_is_no_button() -> None:
    at = opened("1_inspect.py", "late-interaction")
    assert not at.error
    assert "rerank_again" not in [one.key for one in at.button]
