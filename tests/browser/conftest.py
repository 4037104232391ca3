"""Starts the real app on a data folder of its own and a headless Chromium that looks at it.

Where Chromium is missing the tests say so and skip; under CI=true that is a failure.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Position, expect, sync_playwright
from playwright.sync_api import TimeoutError as TooLate

from tests.installing import lacking
from tests.serving import free_port

ROOT = Path(__file__).parents[2]
CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
START_SECONDS = 180
PAGE_MS = 120_000
CLICK_MS, CLICKS = 10_000, 12
"""How long a click at a table is given to do something, and how often it is tried."""
WAITED_IN_VAIN = ["TimeoutError", "(Locator|Page) (title |URL )?expected"]
"""What Playwright says where something did not come in time."""

NO_RUN = re.compile("See which step of retrieval|can be used now")
"""Headlines of the start page and the rerankers page, which stand there until a run replaces them."""
expect.set_options(timeout=PAGE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser test that waits in vain is tried once more: on a busy machine a click can come while the page is being
    drawn. Which ones were is listed under RERUN. What a test asserts of a page or a log itself is never tried again."""
    for item in items:
        if "tests/browser" in item.nodeid:
            item.add_marker(pytest.mark.browser)
            if not item.config.getoption("usepdb"):
                item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=WAITED_IN_VAIN))


class App:
    """A running app: its address, its data folder and what its server wrote."""

    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self.data = log.parent / "data"
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app as `make run` starts it, without a key and with the hub switched off."""
    with started(tmp_path_factory.mktemp("app"), free_port()) as running:
        yield running


@contextmanager
def started(folder: Path, port: int, *options: str, base: str = "") -> Iterator[App]:
    """The app with its data in that folder, and further options of `streamlit run`; `base` is its base path."""
    command = ["streamlit", "run", "app.py", "--server.headless", "true"]
    command += ["--server.port", str(port), "--server.baseUrlPath", base, *options]
    with serving(folder, f"http://localhost:{port}/{base}".rstrip("/"), *command) as running:
        yield running


@contextmanager
def serving(folder: Path, url: str, *module: str, **variables: str) -> Iterator[App]:
    """The app that a Python module with its arguments serves at this address, with its data in that folder."""
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("OPENAI", "SECOND_PASS"))}
    env = {**keep, "SECOND_PASS_DATA_DIR": str(folder / "data"), "HF_HUB_OFFLINE": "1", **variables}
    log = folder / "server.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", *module], cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        _wait_for(f"{url}/_stcore/health", server, log)
        yield App(url, log)
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            pytest.fail(f"The app did not start:\n{log.read_text(errors='replace')}")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.3)
    pytest.fail("The app did not answer in time.")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A headless Chromium for the tests of this folder only: while it is open, no test can start an event loop."""
    if CHROMIUM is None:
        message = "Chromium is not on this machine; install it (Debian: apt-get install chromium) to run browser tests."
        lacking(message)
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


OPENS_AT_ONCE = """
const animate = Element.prototype.animate;
Element.prototype.animate = function (...how) {
  const one = animate.apply(this, how);
  one.finish();
  return one;
};
"""
"""A part that is opened moves what is under it for half a second, in which a test presses a button and lets go beside
it."""


def profile(browser: Browser, **options: Any) -> BrowserContext:
    """A profile of its own, in which parts open at once. options: Playwright's of a context."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
    context.add_init_script(OPENS_AT_ONCE)
    return context


@pytest.fixture
def page(browser: Browser, app: App) -> Iterator[Page]:
    """A fresh tab of its own profile. Afterwards no exception may stand on the page or in the server's log."""
    context = profile(browser, accept_downloads=True)
    context.set_default_timeout(PAGE_MS)
    tab = context.new_page()
    yield tab
    assert tab.get_by_test_id("stException").count() == 0
    context.close()
    assert not re.search(r"^Traceback|Uncaught app execution", app.log, re.MULTILINE), app.log


def ask(page: Page, question: str) -> None:
    """Type a question as a user does, press Enter, and wait until the headline is one of a run."""
    box = page.get_by_role("textbox", name=re.compile("^Question "))
    box.fill(question)
    box.press("Enter")
    headline = page.get_by_test_id("headline")
    expect(headline.filter(has_text=NO_RUN)).to_have_count(0)
    headline.wait_for()


def settled(page: Page) -> None:
    """Wait until the script has run to its end."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def go(page: Page, title: str) -> None:
    """Open a page by its link in the sidebar, and wait until it has replaced the page before."""
    settled(page)
    page.get_by_test_id("stSidebarNavLink").filter(has_text=title).click()
    expect(page).to_have_title(f"{title} · Second Pass")
    settled(page)


def upload(chooser: Locator, files: Any) -> None:
    """Choose files in an upload once the page rests: before, the box can be that of the page that is left.

    files: as Playwright's `set_input_files` takes them.
    """
    settled(chooser.page)
    chooser.set_input_files(files)


def click_until(there: Callable[[float], None], table: Locator, position: Position) -> None:
    """Click at a place of a table until `there`, an expectation with its timeout, holds: a table is a canvas, which
    takes a while to find out what is at that place."""
    for _ in range(CLICKS):
        with suppress(TooLate):
            table.click(position=position, timeout=CLICK_MS)
        with suppress(AssertionError):
            there(CLICK_MS)
            return
    there(CLICK_MS)


def open_first_run(page: Page) -> None:
    """Click at the first row of the Runs page, which opens Inspect."""
    table = page.locator("[class*=st-key-runs_]").get_by_test_id("stDataFrame")
    inspect = "Inspect · Second Pass"
    click_until(lambda most: expect(page).to_have_title(inspect, timeout=most), table, {"x": 250, "y": 52})


def download(page: Page, button: Locator, path: Path) -> Path:
    """Click a download button once the page rests (its file goes where the page is being drawn anew); the file."""
    settled(page)
    with page.expect_download() as started:
        button.click()
    started.value.save_as(path)
    return path
