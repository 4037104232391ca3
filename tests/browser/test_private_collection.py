"""A private collection stays with its browser: over a reload, in a second tab, and with nobody else."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, FilePayload, Page, WebSocketRoute, expect

from tests.browser.conftest import PAGE_MS, App, ask, profile, settled, started, upload
from tests.serving import free_port

TEXT = b"The zorilla toll is 93 florins for every cart."


def index_one(page: Page, app: App, name: str) -> None:
    page.goto(f"{app.url}/corpus")
    page.get_by_role("tab", name="Add documents").click()
    files: list[FilePayload] = [{"name": "toll.txt", "mimeType": "text/plain", "buffer": TEXT}]
    upload(page.locator("[data-testid=stFileUploaderDropzoneInput]"), files)
    box = page.get_by_role("textbox", name="Name of the new collection")
    box.fill(name)
    box.press("Enter")
    page.get_by_role("button", name="Index", exact=True).click()
    expect(page.get_by_text(f"1 document was indexed in {name}.")).to_be_visible()


def test_it_survives_a_reload_and_a_second_tab_and_is_seen_by_nobody_else(
    page: Page, app: App, browser: Browser
) -> None:
    index_one(page, app, "Orchard")
    page.goto(f"{app.url}/?c=Orchard&q=How+many+florins+is+the+toll?")
    expect(page.get_by_test_id("answer")).to_contain_text("93 florins")
    page.reload()
    expect(page.get_by_test_id("answer")).to_contain_text("93 florins")
    second = page.context.new_page()
    second.goto(page.url)
    expect(second.get_by_test_id("answer")).to_contain_text("93 florins")
    second.close()
    stranger = profile(browser)
    stranger.set_default_timeout(PAGE_MS)
    other = stranger.new_page()
    other.goto(page.url)
    expect(other.get_by_text("There is no collection Orchard that you can see")).to_be_visible()
    settled(other)
    assert other.get_by_test_id("headline").count() == 0
    other.get_by_role("button", name="Use the sample corpus").click()
    ask(other, "How long does a refund take?")
    stranger.close()


def test_it_survives_a_connection_that_breaks_and_is_renewed(page: Page, app: App) -> None:
    """As a laptop that slept does it: the page connects again, and goes on with the same collection."""
    connections: list[WebSocketRoute] = []

    def passed_on(connection: WebSocketRoute) -> None:
        connection.connect_to_server()
        connections.append(connection)

    page.route_web_socket("**/_stcore/stream", passed_on)
    index_one(page, app, "Vineyard")
    page.goto(f"{app.url}/?c=Vineyard&q=How+many+florins+is+the+toll?")
    expect(page.get_by_test_id("answer")).to_contain_text("93 florins")
    settled(page)
    before = len(connections)
    connections[-1].close()
    for _ in range(600):
        page.wait_for_timeout(100)
        if len(connections) > before:
            break
    assert len(connections) > before, "the page did not connect again"
    settled(page)
    ask(page, "What is paid for every cart?")
    expect(page.get_by_test_id("answer")).to_contain_text("93 florins")
    assert "c=Vineyard" in page.url


def test_it_survives_a_restart_of_the_server(browser: Browser, tmp_path: Path) -> None:
    port = free_port()
    context = profile(browser)
    context.set_default_timeout(PAGE_MS)
    page = context.new_page()
    with started(tmp_path, port) as app:
        index_one(page, app, "Meadow")
        settled(page)
    with started(tmp_path, port) as app:
        page.goto(f"{app.url}/triage?c=Meadow")
        settled(page)
        assert "c=Meadow" in page.url
        page.goto(f"{app.url}/?c=Meadow&q=How+many+florins+is+the+toll?")
        expect(page.get_by_test_id("answer")).to_contain_text("93 florins")
        assert "Traceback" not in app.log
    context.close()
