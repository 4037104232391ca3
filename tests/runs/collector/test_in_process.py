"""A collector runs in a thread of another server's process, once for each address."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from rag_core.errors import BadInput, SecondPassError
from rag_core.runs.collector.in_process import CollectorAddress, RunningCollector, collecting, of_settings
from rag_core.runs.store.run_book import RunBook
from rag_core.settings import Settings
from rag_core.storage.database import Store
from tests.runs.samples import a_run
from tests.serving import free_port


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(f"sqlite:///{tmp_path / 'runs.db'}", durable=True)
    yield made
    made.close()


@pytest.fixture
def start(store: Store) -> Iterator[Callable[..., RunningCollector]]:
    """Starts a collector; all end with the test."""
    begun: list[RunningCollector] = []

    def start(address: CollectorAddress, token: str = "") -> RunningCollector:
        begun.append(collecting(address, token, store))
        return begun[-1]

    yield start
    for one in begun:
        one.end()


def posted(url: str, run_id: str, **headers: str) -> int:
    body = a_run(run_id).to_json()
    return httpx.post(
        f"{url}/v1/runs", content=body, headers={"content-type": "application/json", **headers}
    ).status_code


def test_it_takes_runs_and_is_one_however_often_it_is_asked_for(start, store: Store):
    address = CollectorAddress("127.0.0.1", free_port())
    first, second = start(address), start(address)
    assert first is second and not first.needs_token
    assert posted(first.url, "r1") == 200 and RunBook(store).get("bot", "r1").id == "r1"


def test_one_that_has_ended_is_started_again(start, store: Store):
    address = CollectorAddress("127.0.0.1", free_port())
    start(address).end()
    assert posted(start(address).url, "r1") == 200


def test_a_sender_that_stalls_does_not_keep_it_from_ending(start, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("rag_core.runs.collector.in_process.GRACE_S", 1)
    running = start(CollectorAddress("127.0.0.1", free_port()))
    assert httpx.get(f"{running.url}/health").status_code == 200
    with socket.create_connection((running.address.host, running.address.port)) as stalled:
        stalled.sendall(b"POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n{")
        assert posted(running.url, "r1") == 200
        running._server.should_exit = True
        running._thread.join(15)
        assert not running.alive


def test_other_machines_need_a_token_and_it_does_not_start_without(start):
    address = CollectorAddress("0.0.0.0", free_port())
    with pytest.raises(BadInput, match="SECOND_PASS_TOKEN"):
        start(address)
    running = start(address, "secret")
    assert running.needs_token and running.url == f"http://THIS-MACHINE:{address.port}"
    here = f"http://127.0.0.1:{address.port}"
    assert posted(here, "r1") == 401 and posted(here, "r1", authorization="Bearer secret") == 200


def test_a_port_that_is_taken_is_said_in_words(start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SecondPassError, match=f"cannot listen on 127.0.0.1:{port}"):
            start(CollectorAddress("127.0.0.1", port))


@pytest.mark.parametrize("text", ["", "true", "0", "70000", "host", "host:", "4318:host", "-1"])
def test_what_is_no_address_is_refused(text: str):
    with pytest.raises(BadInput, match="SECOND_PASS_COLLECT must be"):
        CollectorAddress.of(text)


@pytest.mark.parametrize(
    ("text", "host", "url"),
    [
        ("4318", "127.0.0.1", "http://127.0.0.1:4318"),
        (" localhost:4318 ", "localhost", "http://localhost:4318"),
        ("[::1]:4318", "::1", "http://[::1]:4318"),
    ],
)
def test_addresses_are_read_and_shown(text: str, host: str, url: str):
    address = CollectorAddress.of(text)
    assert address == CollectorAddress(host, 4318)
    assert RunningCollector(address, False, None, None).url == url  # type: ignore[arg-type]


def test_it_runs_only_where_the_environment_asks_for_it():
    assert of_settings(Settings()) is None
