"""A chat model set up in the page: tested, used, counted; its key is in no link, trace, report or log."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import App, download, profile
from tests.generation.chat_server import Script, chat_server

KEY = "sk-typed-in-the-page-0123"
QUESTION = "q=refund+annual+plan&k=3"


@pytest.fixture
def server() -> Iterator[tuple[Script, str]]:
    script = Script(pieces=("Thirty ", "days [1]. ", "Our office has a very friendly parrot."))
    with chat_server(script) as url:
        yield script, url


def set_up(page: Page, url: str, key: str = KEY) -> None:
    page.get_by_role("button", name="Set up a chat model").click()
    page.get_by_role("textbox", name="Address").fill(url)
    page.get_by_role("textbox", name="Model").fill("toy")
    page.get_by_role("textbox", name="Key").fill(key)
    page.get_by_role("spinbutton", name="Price of 1M tokens sent").fill("1")
    page.get_by_role("spinbutton", name="Price of 1M tokens written").fill("2")


def use(page: Page) -> None:
    page.get_by_role("button", name="Use in this session").click()
    page.get_by_role("combobox", name="Answer").click()
    page.get_by_role("option", name="Chat model").click()
    expect(page.get_by_test_id("answer")).to_contain_text("Thirty days")


def test_a_model_is_tested_and_used_and_its_key_stays_here(page: Page, app: App, server, tmp_path) -> None:
    script, url = server
    page.goto(f"{app.url}/?{QUESTION}")
    page.get_by_test_id("headline").wait_for()
    set_up(page, url)
    page.get_by_role("button", name="Test connection").click()
    expect(page.get_by_text("toy-2026 answered in")).to_be_visible()
    use(page)
    expect(page.get_by_test_id("answer")).to_contain_text("no citation")
    expect(page.get_by_test_id("doubts")).to_contain_text("friendly parrot")
    # 7 tokens at $1 and 3 at $2 a million: $0.000013
    expect(page.get_by_text("7 tokens in, 3 out · $0.000013")).to_be_visible()
    assert set(script.authorizations) == {f"Bearer {KEY}"}
    said = [page.url, page.content()]
    for name in ("Run (JSON)", "Report (HTML)"):
        button = page.get_by_role("button", name=name)
        said += [download(page, button, tmp_path / "saved").read_text()]
    assert not [one for one in [*said, app.log] if KEY in one]


def test_another_session_has_no_model(page: Page, app: App) -> None:
    page.goto(f"{app.url}/?{QUESTION}&gen=Chat+model")
    page.get_by_test_id("headline").wait_for()
    expect(page.get_by_role("button", name="Set up a chat model")).to_be_visible()
    expect(page.get_by_text("no language model wrote this")).to_be_visible()


def test_the_same_server_with_another_key_is_asked_again(page: Page, browser: Browser, app: App, server) -> None:
    script, url = server
    other = profile(browser).new_page()
    for tab, key in ((page, KEY), (other, f"{KEY}-of-another")):
        tab.goto(f"{app.url}/?{QUESTION}")
        tab.get_by_test_id("headline").wait_for()
        set_up(tab, url, key)
        use(tab)
    assert script.authorizations == [f"Bearer {KEY}", f"Bearer {KEY}-of-another"]
    other.context.close()
