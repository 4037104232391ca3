"""The app on a server of its own and a page of a real browser on it, for benchmarks whose clock is the browser's."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parent.parent
AT_REST = "[data-testid=stApp][data-test-script-state=notRunning]"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@contextmanager
def running_app(folder: Path, **environment: str) -> Iterator[str]:
    """The address of the app on a free port, with its data in that folder."""
    with app_process(folder, **environment) as (url, _):
        yield url


@contextmanager
def app_process(
    folder: Path, script: str | Path = "app.py", **environment: str
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The same, with the server's process. script: another Streamlit app to run instead, with the same settings."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {**os.environ, "SECOND_PASS_DATA_DIR": str(folder / "data"), "HF_HUB_OFFLINE": "1", **environment}
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless", "true"]
    server = subprocess.Popen(
        [*command, "--server.port", str(port)], cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield f"http://localhost:{port}", server
    finally:
        server.kill()
        server.wait()


@contextmanager
def page_at(url: str) -> Iterator[Page]:
    """A page of Chromium at that address. Tries again until the server listens."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(180_000)
        for _ in range(600):
            try:
                page.goto(url)
                break
            except PlaywrightError:
                time.sleep(0.3)
        yield page
        browser.close()
