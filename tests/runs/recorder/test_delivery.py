"""Runs reach a file or a collector from the background; what cannot is dropped, counted and said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import rag_core
from rag_core.runs.recorder.delivery import QUEUED, Channel, channel_of, flush, status
from rag_core.runs.recorder.outlets import Collector
from rag_core.runs.sent import read_run

ROOT = Path(__file__).parents[3]


@contextmanager
def collector(*answers: tuple[int, dict[str, str]]) -> Iterator[tuple[str, list[list[dict]], list[str]]]:
    """A server that gives these answers, then 200: its address, the bodies that it took, the tokens that it saw."""
    taken: list[list[dict]] = []
    tokens: list[str] = []
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            tokens.append(self.headers.get("Authorization", ""))
            code, headers = left.pop(0) if left else (200, {})
            if code == 200:
                taken.append(body)
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b'{"accepted": 1, "rejected": []}')

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", taken, tokens
        finally:
            server.shutdown()
            thread.join()


def test_runs_are_posted_with_the_token(monkeypatch):
    monkeypatch.setenv("SECOND_PASS_TOKEN", "secret")
    with collector() as (address, taken, tokens):
        monkeypatch.setenv("SECOND_PASS_RUNS", address)
        with rag_core.record("bot", "q") as run:
            run.search("dense", ["x"])
        assert flush(10)
        assert [read_run(json.dumps(one)).id for body in taken for one in body] == [run.id]
        assert tokens == ["Bearer secret"] and status().delivered == 1


def test_a_busy_collector_is_asked_again_when_it_says():
    waits: list[float] = []
    with collector((429, {"Retry-After": "7"}), (503, {})) as (address, taken, _):
        assert Collector(address, sleep=waits.append).send(['{"a": 1}']) == []
        assert taken == [[{"a": 1}]]
    assert waits == [7.0, 1.0]


def test_a_refusal_is_not_tried_again():
    waits: list[float] = []
    with collector((401, {})) as (address, taken, _), pytest.raises(ConnectionError, match="401"):
        Collector(address, sleep=waits.append).send(["{}"])
    assert waits == [] and taken == []


def test_nobody_there_is_tried_a_few_times():
    waits: list[float] = []
    with pytest.raises(OSError):
        Collector("http://127.0.0.1:9", sleep=waits.append).send(["{}"])
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0]


def test_a_full_queue_drops_counts_and_tells_in_the_next_run():
    class Slow:
        def __init__(self):
            self.trouble = ""
            self.open, self.began, self.bodies = threading.Event(), threading.Event(), []

        def send(self, bodies):
            self.began.set()
            self.open.wait(30)
            self.bodies += bodies
            return []

    outlet = Slow()
    channel = Channel(outlet)
    channel.start()
    sent = {"project": "bot", "query": "q", "warnings": []}
    channel.put(sent)
    assert outlet.began.wait(10)
    for _ in range(QUEUED + 5):
        channel.put(sent)
    assert channel.status.dropped == 5 and not channel.flush(0)
    outlet.open.set()
    assert channel.flush(30) and channel.status.delivered == QUEUED + 1 == len(outlet.bodies)
    told = [note.message for body in outlet.bodies for note in read_run(body).warnings]
    assert len(told) == 1 and "5 were dropped" in told[0]


def test_a_destination_that_fails_costs_its_runs_only(tmp_path):
    (tmp_path / "file").write_text("")
    where = tmp_path / "file" / "runs.jsonl"
    for _ in range(2):
        with rag_core.record("bot", "q", to=where):
            pass
        assert flush(10)
    assert status(where).dropped == 2 and channel_of(str(where)).flush(1)


def test_runs_of_a_script_are_there_after_it_ends(tmp_path):
    code = (
        "import rag_core\nfor n in range(20):\n    with rag_core.record('bot', str(n)) as run: run.search('s', ['x'])"
    )
    subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, env=os.environ | {"SECOND_PASS_RUNS": str(tmp_path / "r")}
    )
    assert [read_run(line).query for line in (tmp_path / "r").read_text().splitlines()] == [str(n) for n in range(20)]
    assert (tmp_path / "r").stat().st_mode & 0o077 == 0


def test_runs_that_nobody_took_are_counted_and_said_at_the_end():
    code = """
import atexit
from rag_core.runs.recorder import delivery
atexit.register(lambda: print(delivery.status()))
atexit.unregister(delivery._at_exit)
atexit.register(delivery._at_exit)
import rag_core
for n in range(3):
    with rag_core.record("bot", str(n)) as run: run.search("s", ["x"])
"""
    env = os.environ | {"SECOND_PASS_RUNS": "http://127.0.0.1:9"}
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, env=env, capture_output=True, text=True)
    (said,) = ended.stderr.splitlines()
    assert said.startswith("3 of 3 runs were not delivered to http://127.0.0.1:9/v1/runs: ") and "refused" in said
    assert "Status(delivered=0, dropped=3, refused=0)" in ended.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_hands_over_its_own_runs(tmp_path):
    code = """
import os, rag_core
with rag_core.record('bot', 'parent'): pass
child = os.fork()
with rag_core.record('bot', 'child' if not child else 'again'): pass
if not child:
    from rag_core.runs.recorder.delivery import flush
    flush()
    os._exit(0)
os.waitpid(child, 0)
"""
    env = os.environ | {"SECOND_PASS_RUNS": str(tmp_path / "r")}
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, check=True, env=env)
    queries = sorted(read_run(line).query for line in (tmp_path / "r").read_text().splitlines())
    assert queries == ["again", "child", "parent"]
