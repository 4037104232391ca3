"""`second-pass collect` as a process of its own: what it acknowledged survives a kill."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from rag_core.cli.main import main
from rag_core.runs.store.run_book import RunBook
from rag_core.storage.database import FILE, Store
from tests.runs.samples import a_run
from tests.runs.spans.traces import TRACE

ROOT = Path(__file__).parents[2]
SPAN = {"traceId": TRACE, "spanId": "00000000000000ab", "name": "search", "attributes": [
    {"key": "openinference.span.kind", "value": {"stringValue": "RETRIEVER"}}]}  # fmt: skip


@contextmanager
def process(folder, *options, **env):
    """The command, and its address once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "rag_core", "collect", "--port", str(port), "--data-dir", str(folder), *options]
    running = subprocess.Popen(command, cwd=ROOT, env=os.environ | env, stderr=subprocess.PIPE)
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(600):
            assert running.poll() is None, running.stderr.read()
            try:
                httpx.get(f"{address}/health")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield running, address
    finally:
        running.kill()
        running.wait(30)
        running.stderr.close()


def runs_once_there(folder, number):
    store = Store(f"sqlite:///{folder / FILE}")
    try:
        for _ in range(300):
            found = RunBook(store).find().found
            if len(found) == number:
                return {row.id for row in found}
            time.sleep(0.1)
        raise AssertionError(f"{len(found)} runs of {number}")
    finally:
        store.close()


def test_what_was_acknowledged_is_there_after_a_kill_and_a_restart(tmp_path):
    with process(tmp_path) as (running, address):
        body = {"resourceSpans": [{"scopeSpans": [{"spans": [SPAN]}]}]}
        assert httpx.post(f"{address}/v1/traces", json=body).status_code == 200
        assert httpx.post(f"{address}/v1/runs", json=a_run("r1").model_dump(mode="json")).status_code == 200
        running.send_signal(signal.SIGKILL)
        running.wait(30)
    with process(tmp_path):
        assert runs_once_there(tmp_path, 2) == {TRACE, "r1"}


def test_old_runs_are_trimmed_when_it_starts(tmp_path):
    store = Store(f"sqlite:///{tmp_path / FILE}")
    RunBook(store).add([a_run("old", hours=-1), a_run("new")])
    store.close()
    with process(tmp_path, "--keep-runs", "1"):
        assert runs_once_there(tmp_path, 1) == {"new"}


def test_an_interrupt_ends_it_with_the_runs_made(tmp_path):
    with process(tmp_path) as (running, address):
        body = {"resourceSpans": [{"scopeSpans": [{"spans": [SPAN]}]}]}
        assert httpx.post(f"{address}/v1/traces", json=body).status_code == 200
        running.send_signal(signal.SIGINT)
        running.wait(30)
        first, arrived, where = running.stderr.read().decode().splitlines()
        assert first == f"Collecting on {address} into {tmp_path / FILE}"
        assert arrived == "First run of default: " and f"second-pass app --data-dir {tmp_path}" in where
        assert runs_once_there(tmp_path, 1) == {TRACE}


def test_an_interrupt_ends_it_although_a_sender_stalls(tmp_path):
    with process(tmp_path) as (running, address):
        where = httpx.URL(address)
        with socket.create_connection((where.host, where.port)) as stalled:
            stalled.sendall(b"POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n{")
            assert httpx.get(f"{address}/health").status_code == 200
            running.send_signal(signal.SIGINT)
            running.wait(20)


def test_the_first_run_of_each_project_is_told_once(tmp_path):
    with process(tmp_path) as (running, address):
        for run_id, project in (("1", "bot"), ("2", "bot"), ("3", "shop\x1b[2J"), ("4", "bot")):
            sent = a_run(run_id, project=project).model_dump(mode="json")
            assert httpx.post(f"{address}/v1/runs", json=sent).status_code == 200
        running.send_signal(signal.SIGINT)
        running.wait(30)
        told = [line for line in running.stderr.read().decode().splitlines() if line.startswith("First run of ")]
    query = a_run("1").query
    assert told == [f"First run of bot: {query}", f"First run of shop?[2J: {query}"]


def test_traces_that_make_no_run_are_told_of_once(tmp_path):
    with process(tmp_path) as (running, address):
        for number, kind in enumerate(("LLM", "LLM", "RETRIEVER")):
            kinds = [{"key": "openinference.span.kind", "value": {"stringValue": kind}}]
            span = SPAN | {"traceId": f"{number + 1:032x}", "attributes": kinds}
            body = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
            assert httpx.post(f"{address}/v1/traces", json=body).status_code == 200
        assert runs_once_there(tmp_path, 1) == {f"{3:032x}"}
        running.send_signal(signal.SIGINT)
        running.wait(30)
        _, *told = running.stderr.read().decode().splitlines()
    (bare,) = (line for line in told if line.startswith("A trace of default has no search"))
    assert "OpenInference" in bare and len(told) == 3


def test_a_terminal_that_is_gone_loses_no_run(tmp_path):
    with process(tmp_path) as (running, address):
        running.stderr.close()
        sent = [a_run(run_id, project=run_id).model_dump(mode="json") for run_id in ("a", "b")]
        assert httpx.post(f"{address}/v1/runs", json=sent[0]).status_code == 200
        assert httpx.post(f"{address}/v1/runs", json=sent[1]).status_code == 200
        assert runs_once_there(tmp_path, 2) == {"a", "b"}


def test_other_machines_are_not_let_in_without_a_token(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("SECOND_PASS_TOKEN", raising=False)
    monkeypatch.setenv("SECOND_PASS_DATA_DIR", str(tmp_path))
    assert main(["collect", "--host", "0.0.0.0"]) == 2
    assert "SECOND_PASS_TOKEN" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--keep-days", "--keep-runs", "--max-mb", "--per-second"])
@pytest.mark.parametrize("value", ["0", "-1"])
def test_limits_must_be_more_than_nothing(option, value, capsys):
    with pytest.raises(SystemExit):
        main(["collect", option, value])
    assert option in capsys.readouterr().err
