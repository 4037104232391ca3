"""A table that LangChain made is connected on the Corpus page and searched on every page, like a collection."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from rag_core.corpus.sample import SAMPLE
from rag_core.retrieval.embedders.sentence_embedder import SentenceEmbedder
from tests.retrieval.engines.chroma_server import ChromaServer
from tests.retrieval.engines.postgres_server import READER, PostgresServer
from tests.ui.pages import listed_index, page, said
from ui import caches
from ui.panels import index_form
from ui.sidebar import indexes

NAME, TABLE = "Handbook", "handbook"
QUERY = "How many days does a refund take?"
TEXTS = {
    "refunds.md": ("Refunds", "A refund takes five working days to arrive on the card it was paid with."),
    "returns.md": ("Returns", "Goods can be returned within thirty days, in the box that they came in."),
    "errors.md": ("Errors", "KB-17 means that the disk is full. Delete old files, then start again."),
    "hours.md": ("Opening hours", "The office is open from nine to five, on weekdays only."),
}
KEYS = [f"{number:08}-0000-4000-8000-000000000000" for number in range(len(TEXTS))]
pytestmark = [pytest.mark.usefixtures("sample"), pytest.mark.postgres]


def fill(server: PostgresServer, vectors: list[list[float]], table: str = TABLE) -> None:
    """The table of langchain-postgres's PGEngine (v2), as it creates and fills it."""
    server.sql(f"""CREATE TABLE "public"."{table}"("langchain_id" UUID PRIMARY KEY, "content" TEXT NOT NULL,
               "embedding" vector({len(vectors[0])}) NOT NULL, "langchain_metadata" JSON)""")
    rows = [
        (key, text, str(vector), json.dumps({"source": name, "title": title, "kind": "policy" if number else "chat"}))
        for number, (key, (name, (title, text)), vector) in enumerate(zip(KEYS, TEXTS.items(), vectors, strict=True))
    ]
    server.sql(f"INSERT INTO {table} VALUES (%s, %s, %s, %s)", rows)


@pytest.fixture
def server(pgvector_server: PostgresServer, packaged: SentenceEmbedder) -> Iterator[PostgresServer]:
    fill(pgvector_server, packaged.embed([text for _, text in TEXTS.values()]).tolist())
    yield pgvector_server
    pgvector_server.sql(f"DROP TABLE {TABLE}")


def form(server: PostgresServer, table: str = TABLE, password: str = READER[1]) -> AppTest:
    """The form on the Corpus page, with the tables listed and this one chosen."""
    at = page("8_corpus.py")
    at.text_input(key="ix_name").set_value(NAME)
    at.text_input(key="ix_address_pgvector").set_value(server.address())
    at.text_input(key="ix_secret_0").set_value(password)
    at.button(key="ix_list").click().run()
    assert not at.exception
    if [one for one in at.selectbox if one.key == "ix_index"]:
        at.selectbox(key="ix_index").set_value((f"public.{table}", "")).run()
        assert not at.exception
    return at


def connected(server: PostgresServer, **state: object) -> dict[str, object]:
    """What a session keeps that connected the table."""
    at = form(server)
    at.button(key="ix_connect").click().run()
    assert not at.exception and not at.error, said(at)
    return {indexes.KEY: at.session_state[indexes.KEY], "c": NAME, **state}


def whole(at: AppTest) -> str:
    """Everything that the page shows, HTML included."""
    return " ".join(str(one.proto) for one in at.main)


def candidates(at: AppTest) -> list[str]:
    table = next(one.value for one in at.dataframe if "passage_id" in one.value.columns)
    return list(table["passage_id"])


def test_the_fields_are_guessed_tried_and_connected(server: PostgresServer) -> None:
    at = form(server)
    key = f"{{}}_public.{TABLE}_"
    guessed = {
        part: at.selectbox(key=key.format(f"ix_{part}")).value for part in ("id", "text", "vector", "title", "document")
    }
    assert guessed == {
        "id": "langchain_id", "text": "content", "vector": "embedding", "title": "langchain_metadata.title",
        "document": "langchain_metadata.source",
    }  # fmt: skip
    rows = next(one.value for one in at.dataframe if "content" in one.value.columns)
    assert list(rows["content"]) == [text for _, text in TEXTS.values()][:3]
    at.text_input(key="ix_question").set_value(QUERY)
    at.button(key="ix_try").click().run()
    assert not at.exception and not at.error, said(at)
    tried = next(one.value for one in at.dataframe if "Rank" in one.value.columns)
    assert tried["Title"][0] == "Refunds"
    assert "made these vectors" in said(at)
    assert indexes.KEY not in at.session_state
    at.button(key="ix_connect").click().run()
    assert not at.exception and not at.error, said(at)
    assert at.selectbox(key="c").value == NAME
    assert f"{NAME} is connected for this session" in said(at)
    assert not [one for one in at.text_input if one.value == READER[1]]
    shown = " ".join(str(one.proto) for one in [*at.main, *at.sidebar]) + str(dict(at.query_params))
    assert READER[1] not in shown


def test_inspect_searches_it_and_shows_its_passages(server: PostgresServer, tmp_path: Path) -> None:
    state = connected(server)
    at = page("1_inspect.py", **state, q=QUERY)
    assert not at.error, said(at)
    assert candidates(at)[0] == KEYS[0]
    shown = " ".join(str(one.proto) for one in [*at.main, *at.sidebar]) + str(dict(at.query_params))
    assert READER[1] not in shown
    stored = [path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert READER[1].encode() not in b"".join(stored)


@pytest.mark.parametrize("name", ["2_scores.py", "3_latency.py", "4_compare.py", "7_rerankers.py", "8_corpus.py"])
@pytest.mark.parametrize("searches", ["both", "dense", "lexical"])
def test_every_page_works_on_it(server: PostgresServer, name: str, searches: str) -> None:
    at = page(name, **only(server, searches), q=QUERY)
    assert not at.error, [one.value for one in at.error]


def test_a_case_on_it_is_saved_re_run_and_evaluated(server: PostgresServer) -> None:
    state = connected(server)
    at = page("6_triage.py", **state, q=QUERY, doc="refunds.md")
    at.button(key="save_case_button").click().run()
    assert not at.exception and not at.error, said(at)
    (case,) = caches.case_book().find().found
    at = page("6_triage.py", **state, view="Cases", case=case.id)
    at.button(key="rerun").click().run()
    assert not at.exception and not at.error, said(at)
    (rerun,) = caches.case_book().reruns_of(case.id).found
    assert (rerun.error, rerun.findings[0].location.title) == (None, "Refunds") or rerun.error == ""
    assert "private" in said(at)
    at = page("5_evaluate.py", **state)
    assert not at.error, said(at)


def only(server: PostgresServer, searches: str) -> dict[str, object]:
    """A session that connected the table for these searches."""
    at = form(server)
    at.selectbox(key="ix_searches").set_value(searches)
    at.button(key="ix_connect").click().run()
    assert not at.exception and not at.error, said(at)
    return {indexes.KEY: at.session_state[indexes.KEY], "c": NAME}


def test_without_words_the_run_has_one_list_and_says_so(server: PostgresServer) -> None:
    at = page("1_inspect.py", **only(server, "dense"), q=QUERY)
    assert "Handbook is connected without lexical search." in said(at)
    assert "not searched" in whole(at)
    assert candidates(at)[0] == KEYS[0]


@pytest.mark.parametrize("asked", ["refunds.md", "Refunds", KEYS[0], "five working days to arrive"])
def test_triage_finds_the_expected_document_by_id_title_or_words(server: PostgresServer, asked: str) -> None:
    at = page("6_triage.py", **connected(server), q=QUERY, doc=asked)
    assert not at.error, said(at)
    assert "Refunds" in whole(at) and "Its rank at each step" in whole(at)


def test_triage_says_that_a_document_is_not_there_and_names_the_nearest(server: PostgresServer) -> None:
    at = page("6_triage.py", **connected(server), q=QUERY, doc="Refund policy 2024")
    assert not at.error
    assert "The nearest titles are" in whole(at) and "Refunds" in whole(at)


def test_a_filter_on_its_metadata_is_offered_and_searched_with(server: PostgresServer) -> None:
    state = connected(server)
    at = page("1_inspect.py", **state, q=QUERY)
    at.multiselect(key="source").set_value(["policy"]).run()
    assert not at.exception and not at.error, said(at)
    assert KEYS[0] not in candidates(at) and len(candidates(at)) == 3


def test_a_condition_on_any_field_is_added_and_searched_with(server: PostgresServer) -> None:
    at = page("1_inspect.py", **connected(server), q=QUERY)
    assert "kind" in at.selectbox(key="new_field").options
    at.selectbox(key="new_field").set_value("kind").run()
    assert at.selectbox(key="new_value_kind").options == ["chat", "policy"]
    at.selectbox(key="new_value_kind").set_value("chat").run()
    at.button(key="add_condition").click().run()
    assert not at.exception and not at.error, said(at)
    assert candidates(at) == [KEYS[0]] and "Only passages with kind chat." in said(at)
    at = page("1_inspect.py", **connected(server), q=QUERY, where=["kind!=chat", "nothing!=here"])
    assert KEYS[0] not in candidates(at) and len(candidates(at)) == 3


def test_an_engine_that_goes_away_is_said_and_works_again_when_it_is_back(server: PostgresServer) -> None:
    state = connected(server)
    at = page("1_inspect.py", **state, q=QUERY)
    assert candidates(at)[0] == KEYS[0]
    server.stop()
    try:
        at.text_input(key="q").set_value("When is the office open?")
        at.button(key="run").click().run()
        assert not at.exception
        assert "Nothing answers at" in said(at) and "Start the server" in said(at)
    finally:
        server.start()
    at.run()
    assert not at.exception and not at.error, said(at)
    assert candidates(at)[0] == KEYS[3]


def test_search_again_sees_what_changed(server: PostgresServer) -> None:
    state = connected(server)
    assert KEYS[0] in candidates(page("1_inspect.py", **state, q=QUERY))
    server.sql(f"DELETE FROM {TABLE} WHERE langchain_id = '{KEYS[0]}'")
    at = page("8_corpus.py", **state)
    at.button(key="search_again").click().run()
    again = {indexes.AGAIN: at.session_state[indexes.AGAIN]}
    assert KEYS[0] not in candidates(page("1_inspect.py", **state, **again, q=QUERY))


def test_vectors_of_another_model_are_said_to_be(server: PostgresServer) -> None:
    fill(server, [[float(number == at) for number in range(384)] for at in range(4)], "other_model")
    fill(server, [[1.0, 0.0, 0.0]] * 4, "short")
    try:
        at = form(server, "other_model")
        at.button(key="ix_connect").click().run()
        assert "another model made these vectors" in said(at)
        assert indexes.KEY not in at.session_state
        at.selectbox(key="ix_em_kind").set_value(index_form.ANOTHER)
        at.button(key="ix_connect").click().run()
        assert not at.error, said(at)
        state = {indexes.KEY: at.session_state[indexes.KEY], "c": NAME}
        run = page("1_inspect.py", **state, q=QUERY)
        assert "connected without dense search" in said(run)
        assert candidates(run)[0] == KEYS[0]
        at = form(server, "short")
        at.button(key="ix_connect").click().run()
        assert "Its vectors have 3 numbers" in said(at)
    finally:
        server.sql("DROP TABLE IF EXISTS other_model, short")


def test_a_wrong_password_is_said(server: PostgresServer) -> None:
    assert "refuses this user, password or key" in said(form(server, password="wrong"))


def test_an_index_of_the_environment_is_offered_to_everyone(
    server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {"id": "langchain_id", "text": "content", "vector": "embedding", "metadata": "langchain_metadata"}
    entry = {"kind": "pgvector", "address": server.address(), "index": TABLE, "fields": fields, "secret_env": "PW"}
    file = tmp_path / "indexes.json"
    file.write_text(json.dumps({NAME: entry, "Other": {**entry, "secret_env": "NOT_SET"}}))
    monkeypatch.setenv("SECOND_PASS_INDEXES", str(file))
    monkeypatch.setenv("PW", READER[1])
    at = page("1_inspect.py", c=NAME, q=QUERY)
    assert not at.error, said(at)
    assert candidates(at)[0] == KEYS[0]
    assert "The environment variable NOT_SET is not set" in said(at)
    at = page("8_corpus.py", c=NAME)
    assert "offered to everyone" in said(at) and not [one for one in at.button if one.key == "remove_index"]


def test_it_is_removed_with_its_secret(server: PostgresServer) -> None:
    at = page("8_corpus.py", **connected(server))
    at.button(key="remove_index").click().run()
    assert not at.exception and at.session_state[indexes.KEY] == {} and at.selectbox(key="c").value == SAMPLE


def test_another_session_finds_nothing_of_it(server: PostgresServer) -> None:
    page("1_inspect.py", **connected(server), q=QUERY)
    at = page("1_inspect.py")
    assert NAME not in at.selectbox(key="c").options
    assert caches.settings().indexes is None


@pytest.fixture
def chroma(tmp_path: Path, packaged: SentenceEmbedder) -> Iterator[ChromaServer]:
    """A server of Chroma with the same passages. It has no lexical search."""
    server = ChromaServer(tmp_path / "chroma")
    server.start()
    made: Any = server.ask("POST", "", {"name": TABLE, "configuration": {"hnsw": {"space": "cosine"}}})
    texts = [text for _, text in TEXTS.values()]
    rows = {"ids": list(TEXTS), "documents": texts, "embeddings": packaged.embed(texts).tolist()}
    titles = [{"title": title} for title, _ in TEXTS.values()]
    server.ask("POST", f"/{made['id']}/add", {**rows, "metadatas": titles})
    yield server
    server.stop()


def test_an_engine_with_dense_search_alone_is_connected_and_asked(chroma: ChromaServer) -> None:
    at = listed_index("chroma", chroma.address)
    assert not at.error, said(at)
    at.button(key="ix_connect").click().run()
    assert not at.exception and not at.error, said(at)
    state = {indexes.KEY: at.session_state[indexes.KEY], "c": NAME}
    run = page("1_inspect.py", **state, q=QUERY)
    assert "Handbook has no lexical search." in said(run) and "not searched" in whole(run)
    assert candidates(run)[0] == "refunds.md"
    for name in ("2_scores.py", "3_latency.py", "4_compare.py", "6_triage.py"):
        other = page(name, **state, q=QUERY, **({"doc": "refunds.md"} if name == "6_triage.py" else {}))
        assert not other.error, (name, [one.value for one in other.error])
