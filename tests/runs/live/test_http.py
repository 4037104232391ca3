"""HTTP retrievers are asked as their APIs document it, and what goes wrong says what to do."""

from __future__ import annotations

import json

import pytest
from pydantic import SecretStr

from rag_core.errors import BadInput, RetrieverError
from rag_core.runs.as_trace import trace_of
from rag_core.runs.live.config import RetrieverConfig, config_of
from rag_core.runs.live.endpoint import FieldMap
from rag_core.runs.live.retriever import LiveRetriever
from rag_core.runs.sent import read_run
from rag_core.runs.values import Space
from tests.runs.live.search_server import KEY, PASSAGES, Answer, Request, dify, plain, serving
from tests.serving import free_port

QUERY = 'How long do "refunds" take?\n{top_k} \\ {query} ☃'
"""With everything in it that a body or an address could stumble over."""


def retriever(url: str, key: str = "", **fields: object) -> LiveRetriever:
    return LiveRetriever("Support search", config_of({"url": url, **fields}), SecretStr(key) if key else None)


def refusal(answer: Answer | object, key: str = "", **fields: object) -> str:
    """What is said of a server that answers so."""
    answer = answer if isinstance(answer, Answer) else Answer(answer)
    with serving(answer) as server, pytest.raises(RetrieverError) as raised:
        retriever(server.url, key, **fields).ask("Refund?")
    assert not key or key not in str(raised.value)
    return str(raised.value).replace(server.url.removeprefix("http://"), "HOST")


def test_a_plain_search_becomes_a_run_with_what_each_result_says():
    with serving(plain) as server:
        run = retriever(server.url, space="cosine").ask(QUERY, 2)
    (request,) = server.requests
    assert (request.method, request.path, request.body) == ("POST", "/search", {"query": QUERY, "top_k": 2})
    step, kept = run.steps
    assert (kept.name, kept.kind, kept.inputs, kept.hits) == ("kept", "select", ("search",), step.hits)
    assert (run.project, run.query, run.source, step.kind, step.space) == (
        "Support search", QUERY, "live", "search", Space.COSINE,
    )  # fmt: skip
    assert [(hit.passage_id, hit.rank, hit.score) for hit in step.hits] == [
        ("refunds.md", 1, 0.9),
        ("returns.md", 2, 0.8),
    ]
    first = run.passage("refunds.md")
    assert (first.text, first.title, first.source) == (PASSAGES["refunds.md"], "Refunds", "/kb/refunds.md")
    assert first.metadata == {"source": "/kb/refunds.md", "pages": 3}
    assert step.timing is not None and step.timing.took_ms > 0 and step.warnings == ()
    assert run.attributes == {"retriever": f"127.0.0.1:{server.server_port}/search", "top_k": 2}
    assert [one.passage.id for one in trace_of(run).kept] == ["refunds.md", "returns.md"]
    assert read_run(run.to_json()) == run


def test_dify_is_asked_by_its_contract():
    with serving(dify) as server:
        run = retriever(server.url, KEY, kind="dify", knowledge_id='the "hr" base').ask(QUERY, 3)
    assert server.requests[0].body == {
        "knowledge_id": 'the "hr" base',
        "query": QUERY,
        "retrieval_setting": {"top_k": 3, "score_threshold": 0.0},
    }
    assert [one.text for one in run.passages] == list(PASSAGES.values())
    assert [one.title for one in run.passages] == list(PASSAGES)
    assert run.steps[0].better == "higher" and run.steps[0].space is Space.UNKNOWN
    assert KEY not in run.to_json()


@pytest.mark.parametrize(
    ("key", "knowledge_id", "said"),
    [("wrong-key-123", 'the "hr" base', "1002"), (KEY, "another", "2001"), ("", 'the "hr" base', "1001")],
)
def test_dify_s_errors_are_told_with_its_words(key: str, knowledge_id: str, said: str):
    with serving(dify) as server, pytest.raises(RetrieverError, match=f"It says: “{said}: ") as raised:
        retriever(server.url, key, kind="dify", knowledge_id=knowledge_id).ask("Refund?")
    assert not key or key not in str(raised.value)


def test_an_error_that_comes_with_status_200_is_no_empty_result():
    told = refusal({"error_code": 2001, "error_msg": "No such knowledge."}, kind="dify", knowledge_id="x")
    assert "2001: No such knowledge" in told and "Check the knowledge id" in told


FAILURES = [
    ({"error": "index missing"}, "index missing"),
    ({"error_code": 500, "error_msg": "No such index."}, "500: No such index"),
    ({"errors": [{"message": "index missing"}]}, "index missing"),
    ({"error": True}, "True"),
    ({"timed_out": True, "_shards": {"failed": 0}}, "its search timed out."),
    ({"timed_out": False, "_shards": {"failed": 5}}, "5 shards of its index failed"),
]


@pytest.mark.parametrize(("failure", "said"), FAILURES)
def test_an_error_beside_an_empty_list_is_told(failure: dict[str, object], said: str):
    assert said in refusal({**failure, "results": []})


@pytest.mark.parametrize(("failure", "said"), FAILURES)
def test_an_error_beside_results_is_a_note_on_the_run(failure: dict[str, object], said: str):
    found = {"text": "Thirty days.", "score": 1, "id": "a", "title": "A", "metadata": {}}
    with serving(Answer({**failure, "results": [found]})) as server:
        (note,) = retriever(server.url).ask("Refund?").steps[0].warnings
    assert "reports an error beside its results" in note.message and said in note.message


@pytest.mark.parametrize(
    "fine", [{"error": None}, {"error_code": 0, "error": ""}, {"errors": []}, {"timed_out": False}]
)
def test_an_error_that_is_none_is_an_empty_result(fine: dict[str, object]):
    with serving(Answer({**fine, "_shards": {"failed": 0}, "results": []})) as server:
        assert trace_of(retriever(server.url).ask("Refund?")).unknown


def test_a_question_in_the_address_is_written_as_an_address_demands():
    with serving(lambda request: Answer([{"doc": {"body": "Thirty days."}}])) as server:
        url = f"{server.url}/find?q={{query}}&n={{top_k}}"
        run = retriever(url, method="GET", fields={"results": "$", "text": "doc.body", "id": ""}).ask("a&b=c d", 7)
    (request,) = server.requests
    assert (request.method, request.path, request.body) == ("GET", "/find?q=a%26b%3Dc%20d&n=7", None)
    assert [one.text for one in run.passages] == ["Thirty days."]


def test_a_field_map_reaches_into_the_answer_of_a_search_engine():
    answer = {"hits": {"hits": [{"_id": "7", "_score": "3.5", "_source": {"body": "Thirty days.", "meta": {"a": 1}}}]}}
    fields = FieldMap(
        results="hits.hits", text="_source.body", id="_id", title="", score="_score", metadata="_source.meta"
    )
    with serving(Answer(answer)) as server:
        run = retriever(server.url, fields=fields.model_dump(), space="bm25").ask("Refund?")
    assert [(hit.passage_id, hit.score) for hit in run.steps[0].hits] == [("7", 3.5)]
    assert run.passage("7").metadata == {"a": 1} and run.steps[0].warnings == ()


def test_nothing_found_is_a_run_and_no_list_is_an_error():
    with serving(Answer({"results": []})) as server:
        assert trace_of(retriever(server.url).ask("Refund?")).unknown
    assert "looks for `results`, but there is an object with `records`, `took`" in refusal({"records": [], "took": 3})
    assert "there is null" in refusal({"results": None})
    assert "there is a list of 2" in refusal([1, 2])


def test_a_path_that_leads_nowhere_says_what_is_there_instead():
    found = {"results": [{"content": "Thirty days.", "relevance": 0.9}]}
    assert (
        "`text`, leads nowhere. In result 1, it looks for `text`, but there is an object with `content`, `relevance`"
        in (refusal(found))
    )
    fields = {"text": "content", "score": "score", "id": "", "title": "", "metadata": ""}
    with serving(Answer(found)) as server:
        (note,) = retriever(server.url, fields=fields).ask("Refund?").steps[0].warnings
    assert "Score (`score`) is not in any of 1 result" in note.message and "`relevance`" in note.message


def test_a_result_that_is_none_is_left_out_with_a_note():
    with serving(Answer({"results": [{"text": "Thirty days.", "score": 1}, None, {"score": 2}]})) as server:
        step = retriever(server.url).ask("Refund?").steps[0]
    notes = " ".join(one.message for one in step.warnings)
    assert len(step.hits) == 1 and "Result 2 is left out" in notes and "Result 3 is left out" in notes


@pytest.mark.parametrize(
    ("space", "direction", "noted"),
    [("distance", None, True), ("cosine", None, False), ("unknown", "lower", True), ("unknown", None, False)],
)
def test_a_list_against_its_scores_is_noted(space: str, direction: str | None, noted: bool):
    with serving(plain) as server:
        step = retriever(server.url, space=space, direction=direction).ask("Refund?").steps[0]
    assert [one.code for one in step.warnings] == ["not-in-order"] * noted


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, {"detail": "Bad token " + KEY}, "Check the key, and that Authorization is the header for it"),
        (404, {"detail": "Not Found"}, "nothing at HOST/search (status 404). Check the path"),
        (405, "", "does not take POST"),
        (422, {"detail": [{"loc": ["body", "q"], "msg": "Field required"}]}, "body.q: Field required"),
        (500, {"error": {"message": "index missing"}}, "“index missing”"),
        (503, "<h1>Down</h1> for repair", "“Down for repair”"),
        (302, "", "Enter that address"),
    ],
)
def test_every_status_is_told_in_the_server_s_own_words(status: int, body: object, said: str):
    assert said in refusal(Answer(body, status), KEY)


def test_a_key_is_asked_for_where_there_is_none():
    assert "Enter one." in refusal(Answer({}, 401))


@pytest.mark.parametrize(
    ("body", "said"),
    [("<!DOCTYPE html><p>Log in", "That is a web page"), ("", "It is empty"), ("{", "not with JSON")],
)
def test_an_answer_that_is_no_json_is_quoted(body: str, said: str):
    assert said in refusal(Answer(body))


def test_a_server_that_is_not_there_or_too_slow_is_named():
    with pytest.raises(RetrieverError, match="Nothing can be reached at 127"):
        retriever(f"http://127.0.0.1:{free_port()}").ask("Refund?")
    assert "did not answer in full within 0.2 s" in refusal(Answer({}, after_s=1), timeout_s=0.2)


def test_the_key_goes_in_its_header_and_nowhere_else(caplog: pytest.LogCaptureFixture):
    caplog.set_level(0)

    def echo(request: Request) -> Answer:
        sent = {"text": "Thirty days.", "metadata": {"seen": request.headers.get("X-Api-Key")}}
        return Answer({"results": [sent]})

    with serving(echo) as server:
        asked = retriever(server.url, KEY, key_header="X-Api-Key", key_prefix="", headers={"X-Tenant": "a"})
        run = asked.ask("Refund?")
    (request,) = server.requests
    assert request.headers["X-Api-Key"] == KEY and request.headers["X-Tenant"] == "a"
    assert "Authorization" not in request.headers
    assert (
        KEY not in run.to_json() + trace_of(run).to_json() + repr(asked) + asked.config.model_dump_json() + caplog.text
    )


@pytest.mark.parametrize("key", [KEY, "with/a=slash+and%more", 'a"quote\\and<angle>'])
def test_a_key_that_json_writes_otherwise_is_struck_out_too(key: str):
    escaped = "".join(f"\\u{ord(letter):04X}" if letter in '="<>\\' else letter for letter in key).replace("/", "\\/")
    body = f'{{"results": [{{"text": "Thirty days, {escaped}", "metadata": {{"{escaped}": ["{escaped}"]}}}}]}}'
    with serving(Answer(body)) as server:
        run = retriever(server.url, key).ask("Refund?")
    assert json.dumps(key)[1:-1] not in run.to_json() and key not in run.passages[0].text
    assert "Thirty days, •••" in run.passages[0].text


@pytest.mark.parametrize(
    "answer",
    [
        {"error": "Bad token s3cr3t"},
        {"error": "Bad token s3cr3t", "results": []},
        {"results": "Bad token s3cr3t"},
        {"results": [{"text": {"s3cr3t": 1}}]},
        Answer("Bad token s3cr3t"),
        Answer("", 302, {"Location": "http://a/?t=s3cr3t"}),
        Answer({"detail": "s3cr3t"}, 500),
    ],
)
def test_a_short_key_is_struck_out_of_every_error(answer: object):
    assert "•••" in refusal(answer, "s3cr3t")


def test_a_short_key_is_struck_out_of_a_note():
    with serving(Answer({"error": "Bad token s3cr3t", "results": [{"text": "Thirty days."}]})) as server:
        step = retriever(server.url, "s3cr3t").ask("Refund?").steps[0]
    assert "s3cr3t" not in " ".join(one.message for one in step.warnings)


@pytest.mark.parametrize(
    "name", ["X-Auth", "accessKey", "X-MyAppKey", "auth", "pwd", "jwt", "session", "X-Api-Key", "api_key", "sessionId"]
)
def test_a_name_that_holds_a_key_is_refused_wherever_it_would_be_shown(name: str):
    for fields in (
        {"headers": {name: "abc"}},
        {"url": f"http://a/search?q={{query}}&{name}=abc"},
        {"body": json.dumps({"query": "{query}", name: "abc"})},
        {"body": json.dumps({"query": "{query}", "options": [{name: "abc"}]})},
    ):
        with pytest.raises(BadInput, match=f"{name} .*looks like a key.*enter keys in their own field") as raised:
            config_of({"url": "http://a", **fields})
        assert "abc" not in str(raised.value)


@pytest.mark.parametrize(
    "more",
    [
        {"keywords": "a", "author": "b", "monkey": "c", "tokenizer": "standard", "max_tokens": 5},
        {"key": "{query}", "token": ""},
        {"filter": {"must": [{"key": "city", "match": {"value": "London"}}]}},
    ],
)
def test_a_body_with_a_field_that_only_sounds_like_a_key_is_taken(more: dict[str, object]):
    assert config_of({"url": "http://a", "body": json.dumps({"query": "{query}", **more})}).endpoint().method == "POST"


def test_a_host_that_no_address_can_have_is_told():
    with pytest.raises(RetrieverError, match="is no address: a part of its host"):
        retriever(f"http://{'a' * 64}.test").ask("Refund?")


def test_half_of_a_character_stops_nothing():
    assert "index ? missing" in refusal(Answer({"error": "index \ud800 missing"}, 500))
    assert "index ? missing" in refusal({"results": "index \ud800 missing"})
    with serving(Answer({"results": []})) as server:
        run = retriever(server.url).ask("Refund \ud800?", 1)
        run_by_address = retriever(f"{server.url}/search?q={{query}}").ask("Refund \ud800?", 1)
    assert run.query == run_by_address.query == server.requests[0].body["query"] == "Refund ??"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"url": "http://host", "body": '{"q": "{query} \\ud800"}'}, "half of a character"),
        ({"url": "http://host", "key_prefix": "Schlüssel "}, "The text before the key must be plain letters"),
        ({"url": "http://host", "key_prefix": "Bearer\n"}, "The text before the key must be plain letters"),
        ({"url": ""}, "Enter the address"),
        ({"url": "localhost:8000"}, "must look like http"),
        ({"url": "http://me:pw@host"}, "must not hold a user name"),
        ({"url": "http://host/search?api_key=abc"}, "api_key in it looks like a key"),
        ({"url": "http://host", "headers": {"X-API-Key": "abc"}}, "X-API-Key looks like a key"),
        ({"url": "http://host", "headers": {"a b": "c"}}, "no header"),
        ({"url": "http://host", "body": '{"q": {query}}'}, "no JSON at line 1, column 8"),
        ({"url": "http://host", "body": '{"q": 1}'}, "Write {query} where the question goes, in the body"),
        ({"url": "http://host", "method": "GET"}, "in the address"),
        ({"url": "http://host", "fields": {"text": "a..b"}}, "is no path"),
        ({"url": "http://host", "fields": {"text": "", "id": ""}}, "Say where the text"),
        ({"url": "http://host", "kind": "dify"}, "Enter the knowledge id"),
        ({"url": "http://host", "space": "distance", "direction": "higher"}, "lower scores are better"),
        ({"kind": "function", "function": "no function"}, "module:function"),
        ({"url": "http://host", "top_k": 0}, "The number of results should be 1 or more"),
    ],
)
def test_a_retriever_that_cannot_be_asked_says_what_is_wrong(fields: dict[str, object], said: str):
    with pytest.raises(BadInput) as raised:
        config_of(fields)
    assert said in str(raised.value)
    assert "abc" not in str(raised.value) and "pw" not in str(raised.value)


@pytest.mark.parametrize(
    ("kind", "typed", "asked"),
    [
        ("search", "http://a", "http://a/search"),
        ("search", "http://a/", "http://a/search"),
        ("search", "http://a/v1/find/", "http://a/v1/find/"),
        ("search", "http://a/search/", "http://a/search/"),
        ("search", "http://a/find/?q=1", "http://a/find/?q=1"),
        ("dify", "http://a/retrieval/", "http://a/retrieval/"),
        ("dify", "http://a/v1/", "http://a/v1/retrieval"),
        ("dify", "http://a/retrieval", "http://a/retrieval"),
    ],
)
def test_the_preset_s_path_is_added_once(kind: str, typed: str, asked: str):
    assert RetrieverConfig.model_validate({"kind": kind, "url": typed, "knowledge_id": "x"}).endpoint().url == asked


def test_an_address_that_a_server_wants_with_a_slash_can_be_connected():
    def with_slash(request: Request) -> Answer:
        if request.path == "/find":
            return Answer("", 307, {"Location": "/find/"})
        return Answer({"results": [{"text": "Thirty days."}]} if request.path == "/find/" else {})

    with serving(with_slash) as server:
        with pytest.raises(RetrieverError, match="sends requests on to /find/"):
            retriever(f"{server.url}/find").ask("Refund?")
        assert len(retriever(f"{server.url}/find/").ask("Refund?").passages) == 1


def test_a_config_survives_json():
    config = config_of({"url": "http://a", "fields": {"text": '["@search.text"]'}, "headers": {"X-Tenant": "a"}})
    assert config_of(json.loads(config.model_dump_json())) == config
