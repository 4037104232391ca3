"""With `[auth]` in the secrets nobody sees anything before the login, whatever the address; then a name is known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import ROOT, App, free_port, profile, started
from tests.browser.provider import CLIENT, provider

PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app with a login set up."""
    folder, port = tmp_path_factory.mktemp("guarded"), free_port()
    with provider() as identity:
        secrets = folder / "secrets.toml"
        secrets.write_text(
            f"""[auth]
redirect_uri = "http://localhost:{port}/oauth2callback"
cookie_secret = "a-long-secret-for-the-cookies-of-this-test"
client_id = "{CLIENT}"
client_secret = "client-secret"
server_metadata_url = "{identity.url}/.well-known/openid-configuration"
"""
        )
        with started(folder, port, "--secrets.files", str(secrets), "--server.address", "0.0.0.0") as running:
            yield running


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Page]:
    context = profile(browser)
    context.set_default_timeout(120_000)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("address", ["", "triage", "corpus", *PAGES])
def test_nothing_is_seen_before_the_login(visitor: Page, guarded: App, address: str) -> None:
    visitor.goto(f"{guarded.url}/{address}")
    expect(visitor.get_by_role("button", name="Log in")).to_be_visible()
    assert visitor.get_by_role("textbox").count() == 0
    assert visitor.get_by_text("Sample corpus").count() == 0


def test_who_has_logged_in_is_named_and_can_leave(visitor: Page, guarded: App) -> None:
    visitor.goto(guarded.url)
    visitor.get_by_role("button", name="Log in").click()
    expect(visitor.get_by_text("Ana <b>Lyst</b>")).to_be_visible()
    expect(visitor.get_by_role("textbox").first).to_be_visible()
    visitor.goto(f"{guarded.url}/rerankers")  # for other machines; but who has logged in may name a server
    expect(visitor.get_by_role("button", name="Add the server")).to_be_visible()
    visitor.get_by_role("button", name="Log out").click()
    expect(visitor.get_by_role("button", name="Log in")).to_be_visible()


def test_without_a_login_the_page_says_that_it_is_open(page: Page, app: App) -> None:
    page.goto(app.url)
    expect(page.get_by_text("No login: anyone who can open this address")).to_be_visible()
    assert 'address = "localhost"' in Path(ROOT / ".streamlit" / "config.toml").read_text()
