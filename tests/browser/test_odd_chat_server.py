"""Answers of chat servers with the habits of real ones, as a person sees them in the page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import App, ask
from tests.browser.test_chat import set_up
from tests.generation.chat.test_dialect import all_of, no_max_tokens, no_stream_options, no_system
from tests.generation.chat_server import Script, chat_server

ANSWER = "Refunds take fourteen days"


@pytest.fixture
def script(page: Page, app: App) -> Iterator[Script]:
    """A chat server's script; the server is used in the page, which shows its first answer."""
    said = Script(pieces=("It is good. ",))
    with chat_server(said) as url:
        page.goto(f"{app.url}/?q=refund+annual+plan&k=3&r=No+reranker")
        page.get_by_test_id("headline").wait_for()
        set_up(page, url)
        page.get_by_role("button", name="Use in this session").click()
        page.get_by_role("combobox", name="Answer").click()
        page.get_by_role("option", name="Chat model").click()
        expect(page.get_by_test_id("answer")).to_contain_text("It is good.")
        yield said


def test_what_a_model_says_is_shown_however_its_server_says_it(page: Page, script: Script) -> None:
    answer = page.get_by_test_id("answer")

    script.pieces = ("<think>", "Passage [2] is about doors.", "</think>\n\n", f"{ANSWER} [1].")
    ask(page, "a model that thinks aloud")
    expect(answer).to_contain_text(ANSWER)
    expect(answer).not_to_contain_text("doors")
    expect(answer.locator("sup")).to_have_text(["1"])
    thought = page.get_by_text("Passage [2] is about doors.")
    expect(thought).to_be_hidden()
    page.get_by_text("reasoning", exact=False).first.click()
    expect(thought).to_be_visible()

    parts = (
        [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}],
        [{"type": "text", "text": "Parts [2]."}],
    )
    script.deltas = tuple({"content": part} for part in parts)
    ask(page, "content as a list of parts")
    expect(answer).to_contain_text("Parts")
    expect(answer.locator("sup")).to_have_text(["2"])

    script.deltas, script.finish, script.pieces = (), None, ("It never ends [1].",)
    ask(page, "a stream that ends without a finish")
    expect(answer).to_contain_text("It never ends")

    script.finish, script.pieces = "stop", ("Forms 【1】, [passage 2], [^3] and `[1]` in code.",)
    ask(page, "citations in every form")
    expect(answer).to_contain_text("in code")
    expect(answer.locator("sup")).to_have_text(["1", "2", "3"])

    script.refuse = all_of(no_max_tokens, no_system, no_stream_options)
    script.pieces = ("Asked otherwise [1].",)
    before = len(script.requests)
    ask(page, "a server with wishes")
    expect(answer).to_contain_text("Asked otherwise")
    script.pieces = ("Asked once [1].",)
    ask(page, "a server whose wishes are known")
    expect(answer).to_contain_text("Asked once")
    assert len(script.requests) == before + 4 + 1

    script.refuse = lambda path, request: (200, {"error": {"message": "model not loaded"}})
    ask(page, "an error that calls itself a success")
    expect(page.get_by_text("It says: model not loaded")).to_be_visible()
