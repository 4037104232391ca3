"""The rerankers page in a real browser: a server with a typed key is added, tried and used; its key goes nowhere."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import App, ask, go
from tests.rerank.conformance_server import KEY, running


def test_a_server_is_added_tried_and_used_and_its_key_goes_nowhere(page: Page, app: App) -> None:
    with running() as service:
        page.goto(f"{app.url}/rerankers")
        expect(page.get_by_test_id("headline")).to_contain_text("need a download, key or server")
        page.get_by_role("textbox", name="Address").fill(f"{service.address}/tei")
        page.get_by_role("textbox", name="Key").fill(KEY)
        page.get_by_role("button", name="Add the server").click()
        page.get_by_role("button", name="Try it").click()
        expect(page.get_by_text(re.compile("^It works: 3 passages scored"))).to_be_visible()
        page.get_by_role("button", name="Use", exact=True).click()
        expect(page).to_have_url(re.compile("r=Text"))
        go(page, "Inspect")
        ask(page, "How long does a refund take?")
        assert service.requests > 1
    assert KEY not in page.url
    assert KEY not in page.content()
    assert KEY not in app.log
