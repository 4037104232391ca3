"""The key of a live retriever in the body, a header or the address: it gets there, and is told nowhere else."""

from __future__ import annotations

import logging
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from pydantic import SecretStr

from rag_core.errors import BadInput, RetrieverError
from rag_core.runs.as_trace import trace_of
from rag_core.runs.live import LiveRetriever, config_of
from tests.runs.live.search_server import Answer, Request, serving
from tests.serving import free_port

SLASHED = "with/a=slash+and&more"
PLACES = {
    "body": {"body": '{"query": "{query}", "top_k": "{top_k}", "api_key": "{key}"}'},
    "nested body": {"body": '{"query": "{query}", "auth": {"token": "Token {key}"}}'},
    "header": {"headers": {"X-Api-Key": "{key}"}},
    "parameter": {"method": "GET", "url": "/search?q={query}&api_key={key}"},
    "path": {"url": "/keys/{key}/search"},
}


def asked(server_url: str, place: str, key: str) -> LiveRetriever:
    fields = dict(PLACES[place])
    config = config_of({**fields, "url": server_url + str(fields.pop("url", "/search"))})
    return LiveRetriever("Search", config, SecretStr(key) if key else None)


def got(request: Request) -> str:
    """The key as the server finds it."""
    body = request.body or {}
    seen = parse_qs(urlsplit(request.path).query).get("api_key") or [request.path.split("/")[2:3]]
    return str(body.get("api_key") or body.get("auth", {}).get("token") or request.headers.get("X-Api-Key") or seen[0])


@pytest.mark.parametrize("key", ["key-5f1c9a-never-shown", SLASHED])
@pytest.mark.parametrize("place", PLACES)
def test_the_key_is_sent_where_it_stands_and_shown_nowhere(place: str, key: str, caplog: pytest.LogCaptureFixture):
    caplog.set_level(0)

    def echo(request: Request) -> Answer:
        metadata = {"path": request.path, "body": str(request.body), "key": key}
        return Answer({"results": [{"text": f"Thirty days. {quote(key, safe='')} {key}", "metadata": metadata}]})

    with serving(echo) as server:
        retriever = asked(server.url, place, key)
        run = retriever.ask("What is {key}?")
    (request,) = server.requests
    assert key in got(request) or quote(key, safe="") in got(request)
    assert "Authorization" not in request.headers
    if request.body:
        assert request.body["query"] == "What is {key}?"
    shown = run.to_json() + trace_of(run).to_json() + repr(retriever) + retriever.config.model_dump_json()
    for one in (key, quote(key, safe="")):
        assert one not in shown and one not in caplog.text


@pytest.mark.parametrize("key", ["key-5f1c9a-never-shown", SLASHED, "s3cr3t"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("status", [200, 302, 401, 500])
def test_no_error_tells_it(place: str, key: str, status: int):
    def refuse(request: Request) -> Answer:
        return Answer(f"Not for {key} at {request.path}", status, {"Location": f"http://a{request.path}"})

    with serving(refuse) as server, pytest.raises(RetrieverError) as raised:
        asked(server.url, place, key).ask("Refund?")
    assert key not in str(raised.value) and quote(key, safe="") not in str(raised.value)
    assert "•••" in str(raised.value)
    assert status != 401 or "Check the key, and where {key} is" in str(raised.value)


@pytest.mark.parametrize("place", PLACES)
def test_no_connection_error_tells_it(place: str, caplog: pytest.LogCaptureFixture):
    caplog.set_level(0)
    with pytest.raises(RetrieverError, match="Nothing can be reached") as raised:
        asked(f"http://127.0.0.1:{free_port()}", place, SLASHED).ask("Refund?")
    for one in (SLASHED, quote(SLASHED, safe="")):
        assert one not in str(raised.value) and one not in caplog.text


@pytest.mark.parametrize("place", PLACES)
def test_without_a_key_nothing_is_sent(place: str):
    with serving(Answer({"results": []})) as server:
        with pytest.raises(RetrieverError, match="is sent a key"):
            asked(server.url, place, "").ask("Refund?")
        assert server.requests == []


def test_other_requests_are_logged_as_before(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.INFO)
    with serving(Answer({"results": []})) as server:
        asked(server.url, "parameter", "s3cr3t").ask("Refund?")
        assert "HTTP Request" not in caplog.text
        asked(server.url, "body", "s3cr3t").ask("Refund?")
    assert "HTTP Request" in caplog.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"url": "http://{key}.host/search"}, "must not have {key} in its host"),
        ({"url": "http://host/search?api_key=abc"}, "write {key} where one goes"),
        ({"url": "http://host", "body": '{"query": "{query}", "api_key": "abc"}'}, "write {key} where one goes"),
    ],
)
def test_a_key_that_is_written_out_is_refused(fields: dict[str, object], said: str):
    with pytest.raises(BadInput) as raised:
        config_of(fields)
    assert said in str(raised.value) and "abc" not in str(raised.value)
