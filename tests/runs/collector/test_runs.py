"""Programs post runs: the recorder, or anything that speaks HTTP. What is taken is there; what is not says why."""

from __future__ import annotations

import gzip
import json
import socket
import sqlite3
import time
from contextlib import ExitStack, closing

import httpx
import pytest

import rag_core
from rag_core.errors import BadInput
from rag_core.runs.collector.limits import Limits, Rate, Refused, Room, checked_address
from rag_core.runs.recorder.delivery import flush, status
from tests.runs.collector.conftest import collecting
from tests.runs.samples import a_run


def post(collector, content, kind="application/json", path="/v1/runs", **headers):
    return httpx.post(f"{collector.address}{path}", content=content, headers={"Content-Type": kind} | headers)


def test_what_the_recorder_posts_is_there(collector):
    with rag_core.record("bot", "How long?", to=collector.address) as run:
        run.search("dense", [("a", "Thirty days.", 0.5)], space="cosine")
    assert flush(10) and status(collector.address).delivered == 1
    kept = collector.book.get("bot", run.id)
    assert kept.step("dense").hits[0].score == 0.5 and kept.passage("a").text == "Thirty days."


def test_one_many_and_lines_are_taken(collector):
    one, two = a_run("a").to_json(), a_run("b").to_json()
    assert post(collector, one).json() == {"accepted": 1, "ids": ["a"], "rejected": []}
    assert post(collector, f"[{one}, {two}]").json()["ids"] == ["a", "b"]
    assert post(collector, f"{one}\n\n{two}\n", "application/x-ndjson; charset=utf-8").json()["accepted"] == 2
    packed = gzip.compress(a_run("c").to_json().encode())
    assert post(collector, packed, **{"Content-Encoding": "gzip"}).json()["accepted"] == 1
    assert collector.book.count() == 3


def test_what_is_wrong_is_rejected_with_its_place_and_the_rest_is_taken(collector):
    answer = post(collector, json.dumps([{"project": "bot"}, json.loads(a_run().to_json()), 3]))
    assert answer.status_code == 200 and answer.json()["accepted"] == 1
    assert [one["index"] for one in answer.json()["rejected"]] == [0, 2]
    assert "“query” is missing" in answer.json()["rejected"][0]["error"]
    lines = post(collector, b"{oops\n" + a_run("b").to_json().encode(), "application/x-ndjson").json()
    assert lines["ids"] == ["b"] and lines["rejected"][0]["index"] == 0


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"])
def test_an_odd_date_costs_no_other_run(collector, moment):
    good, odd = json.loads(a_run().to_json()), json.loads(a_run("odd").to_json()) | {"started_at": moment}
    answer = post(collector, json.dumps([good, odd, good | {"id": "b"}]))
    assert answer.status_code == 200 and answer.json()["ids"] == ["r1", "b"] and collector.book.count() == 2
    assert "“started_at” must be a time" in answer.json()["rejected"][0]["error"]


@pytest.mark.parametrize(
    ("content", "headers", "code"),
    [
        (b"{", {}, 400),
        (b"[" * 1500, {}, 400),
        (b"{}", {}, 400),
        (b"[3]", {}, 400),
        (b"\xff\xfe", {}, 400),
        (b"{}", {"kind": "text/plain"}, 415),
        (b"no gzip", {"Content-Encoding": "gzip"}, 400),
        (gzip.compress(b"{}")[:-4], {"Content-Encoding": "gzip"}, 400),
        (b"{}", {"Content-Encoding": "br"}, 415),
        (b" " * 3000, {}, 413),
        (gzip.compress(b" " * 100_000), {"Content-Encoding": "gzip"}, 413),
        (b"{}", {"Host": "evil.example"}, 403),
        (b"{}", {"path": "/v1/traces"}, 400),
        (b"\xff", {"path": "/v1/traces", "kind": "application/x-protobuf"}, 400),
        (b"{}", {"path": "/v1/traces", "kind": "text/plain"}, 415),
        (b"{}", {"path": "/v1/logs"}, 404),
    ],
)
def test_what_is_not_taken_says_why(tmp_path, content, headers, code):
    with collecting(tmp_path, Limits(max_bytes=2000)) as collector:
        answer = post(collector, content, **headers)
        assert answer.status_code == code and answer.text
        assert post(collector, a_run().to_json()[:1] + "}").status_code == 400
        assert collector.book.count() == 0


def test_a_token_is_asked_for_where_one_is_set(tmp_path):
    with collecting(tmp_path, Limits(token="secret")) as collector:
        run = a_run().to_json()
        assert post(collector, run).status_code == 401
        assert post(collector, run, Authorization="Bearer wrong").status_code == 401
        assert post(collector, run, Authorization="Bearer secret", Host="bot.example").status_code == 200


def test_too_many_are_asked_to_come_again(tmp_path):
    with collecting(tmp_path, Limits(per_second=0.01, burst=2)) as collector:
        answers = [post(collector, a_run().to_json()) for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) > 50


def test_a_rate_fills_up_again():
    now = [0.0]
    rate = Rate(2, 3, clock=lambda: now[0])
    for _ in range(3):
        rate.take()
    with pytest.raises(Refused) as caught:
        rate.take()
    assert caught.value.retry_after == 1
    now[0] = 0.5
    rate.take()


def test_there_is_room_for_so_many_bytes_and_bodies():
    room = Room(Limits(max_bytes=5, bytes_at_once=10, at_once=2))
    with room.place() as first:
        first(6)
        with room.place() as second:
            second(4)
            with pytest.raises(Refused) as caught, room.place():
                pass
            assert (caught.value.status, caught.value.retry_after) == (503, 1)
            with pytest.raises(Refused):
                second(1)
        with room.place() as again:
            again(4)


def test_bodies_that_are_too_much_together_come_again(tmp_path, caplog):
    body = a_run().to_json()
    size = len(body)

    def until(collector, code):
        for _ in range(200):
            if post(collector, body).status_code == code:
                return True
            time.sleep(0.05)
        return False

    with collecting(tmp_path, Limits(max_bytes=size, bytes_at_once=2 * size)) as collector, ExitStack() as stack:
        address = httpx.URL(collector.address)
        for _ in range(2):
            half = stack.enter_context(closing(socket.create_connection((address.host, address.port))))
            head = f"POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n"
            half.sendall(head.encode() + b" " * (size - 1))
        assert until(collector, 503), "two bodies have come but for a byte"
        stack.close()
        assert until(collector, 200), "they have gone"
    assert not caplog.records


def test_senders_that_stall_give_their_places_back(tmp_path):
    with collecting(tmp_path, Limits(at_once=2, body_s=0.5)) as collector, ExitStack() as stack:
        address = httpx.URL(collector.address)
        stalled = [
            stack.enter_context(closing(socket.create_connection((address.host, address.port), timeout=20)))
            for _ in range(2)
        ]
        for one in stalled:
            one.sendall(b"POST /v1/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n{")
        for one in stalled:
            assert one.recv(1000).startswith(b"HTTP/1.1 408 ")
        assert post(collector, a_run().to_json()).status_code == 200


def test_other_machines_need_a_token():
    checked_address("127.0.0.1", "")
    checked_address("0.0.0.0", "secret")
    with pytest.raises(rag_core.api.BadInput, match="SECOND_PASS_TOKEN"):
        checked_address("0.0.0.0", "")


def test_what_the_database_cannot_keep_is_not_asked_for_again(collector, monkeypatch):
    def refused(*_):
        raise BadInput("The database cannot keep one of these values.")

    monkeypatch.setattr("rag_core.runs.store.run_book.RunBook.add", refused)
    answer = post(collector, a_run().to_json())
    assert answer.status_code == 400 and "cannot keep" in answer.json()["message"]
    assert "Retry-After" not in answer.headers


def test_a_database_that_fails_is_said_and_the_run_may_come_again(collector, tmp_path):
    assert post(collector, a_run("first").to_json()).status_code == 200
    with closing(sqlite3.connect(tmp_path / "runs.db")) as other:
        other.execute("ALTER TABLE runs RENAME TO hidden")
        answer = post(collector, a_run().to_json())
        assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
        assert "cannot be used" in answer.json()["message"]
        other.execute("ALTER TABLE hidden RENAME TO runs")
    assert post(collector, a_run().to_json()).status_code == 200


HALF = "\ud83d"
"""Half of a character, as a text that was cut in its midst ends."""


def test_half_a_character_costs_no_run_and_no_other(collector):
    good = json.loads(a_run().to_json())
    odd = good | {"id": "odd", "query": f"q{HALF}", "attributes": {f"a{HALF}": f"x{HALF}"}}
    deep: list = []
    for _ in range(400):
        deep = [deep]
    answer = post(collector, json.dumps([good, odd, good | {"id": "deep", "attributes": deep}]))
    assert answer.status_code == 200 and answer.json()["ids"] == ["r1", "odd"]
    assert "it is nested too deep" in answer.json()["rejected"][0]["error"]
    assert collector.book.get("bot", "odd").attributes == {"a?": "x?"}
