"""How long a change of page and a slider's redraw take in a real browser, and what they cost the server.

    python -m benchmarks.pages [--rounds 3] [--presses 15]

Asks a question of the sample corpus, then clicks through the pages by their links in the sidebar, and presses the arrow
key on two sliders: the threshold on Scores, which redraws a part of the page, and top-k in the sidebar, which replays
the run. A time ends with the last change of the page before it rests, by the browser's own clock; what a table writes
for screen readers into its canvas, a third of a second later, is not seen and not counted. The first round, which draws
each page for the first time, is a column of its own. The row of the empty app is the floor: the same clicks between
two pages that hold a title alone, in an app with the same Streamlit settings, timed before. Beside the times stands
what a change cost the server's process and the page's main thread in the browser, in milliseconds of the processor,
which a busy machine changes little. Needs Chromium.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page

from benchmarks.browser import AT_REST, app_process, page_at
from benchmarks.first_answer import QUESTION, late
from rag_core.corpus.sample import SAMPLE, ensure_sample
from rag_core.corpus.storage.library import Library
from rag_core.retrieval.embedders.sentence_embedder import get_embedder
from rag_core.settings import Settings
from ui.navigation import PAGES

ASKED = "How long do refunds take?"
PAGE_AIM_MS, SLIDER_AIM_MS = 300, 150

EMPTY = "empty app"
EMPTY_APP = """
import streamlit as st

pages = [st.Page(lambda title=title: st.title(title), title=title, url_path=title.lower()) for title in ("One", "Two")]
st.navigation(pages).run()
"""

ARM = """
([event, title]) => {
    const app = document.querySelector('[data-testid=stApp]');
    const rests = () => app.getAttribute('data-test-script-state') === 'notRunning'
        && (!title || document.querySelector('h1')?.textContent === title);
    window.rested = new Promise((resolve) => {
        document.addEventListener(event, () => {
            const begin = performance.now();
            let last, timer;
            const look = () => {
                last = performance.now();
                clearTimeout(timer);
                timer = setTimeout(() => {
                    if (!rests()) return;
                    watch.disconnect();
                    resolve(last - begin);
                }, 400);
            };
            const watch = new MutationObserver((changes) => {
                const drawn = ({target}) => (target.closest ? target : target.parentElement)?.closest('canvas');
                if (!changes.every(drawn)) look();
            });
            watch.observe(document.body, {subtree: true, childList: true, characterData: true, attributes: true,
                attributeFilter: ['data-test-script-state', 'd', 'transform', 'aria-valuenow']});
        }, {capture: true, once: true});
    });
}
"""


class Change(NamedTuple):
    """One change of the page: milliseconds until it rested, and of the processor, by the server and the browser."""

    took_ms: float
    server_ms: float
    browser_ms: float


def main() -> None:
    """Start the app on the indexed sample, click, press, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="through all pages, after the first")
    parser.add_argument("--presses", type=int, default=15, help="of each slider")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        floor = empty_app(Path(folder), len(PAGES) * args.rounds)
        data = Path(folder) / "data"
        ensure_sample(Library(data / "collections"), Settings().sample_dir, get_embedder())
        with app_process(Path(folder)) as (url, server), page_at(url) as page:
            ask(page)
            clock = Clock(page, server.pid)
            first = through(clock)
            rounds = [through(clock) for _ in range(args.rounds)]
            again = {title: [one[title] for one in rounds] for title in first}
            moved = sliders(clock, args.presses)
    for line in report(first, again, moved, floor):
        print(line)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; collection {SAMPLE}")


def empty_app(folder: Path, changes: int) -> list[Change]:
    """So many changes between two pages of an app that shows nothing else, after one for each page."""
    script = folder / "empty_app.py"
    script.write_text(EMPTY_APP, encoding="utf-8")
    with app_process(folder, script) as (url, server), page_at(url) as page:
        page.get_by_role("heading", name="One", exact=True).wait_for()
        page.locator(AT_REST).wait_for()
        clock, links = Clock(page, server.pid), page.get_by_test_id("stSidebarNav")
        found = [
            clock.change("click", links.get_by_role("link", name=title, exact=True).click, title)
            for title in ("Two", "One") * (changes // 2 + 2)
        ]
    return found[2 : changes + 2]


class Clock:
    """Times what a click or a key does to the page."""

    def __init__(self, page: Page, server: int) -> None:
        self.page = page
        self._server = server
        self._browser = page.context.new_cdp_session(page)
        self._browser.send("Performance.enable", {"timeDomain": "threadTicks"})

    def change(self, event: str, act: Callable[[], object], title: str = "") -> Change:
        """From the event that `act` causes to the last change before the page rests, under this title."""
        self.page.evaluate(ARM, [event, title])
        server, browser = processor_ms(self._server), self._browser_ms()
        act()
        took = float(self.page.evaluate("() => window.rested"))
        return Change(took, processor_ms(self._server) - server, self._browser_ms() - browser)

    def _browser_ms(self) -> float:
        """Milliseconds that the page's main thread has worked so far."""
        metrics = self._browser.send("Performance.getMetrics")["metrics"]
        return 1000 * float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))


def processor_ms(pid: int) -> float:
    """Milliseconds of the processor that a process has used so far, in steps of a clock tick (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def ask(page: Page) -> None:
    """Ask on Inspect; the page rests afterwards."""
    box = page.get_by_role("textbox", name=QUESTION)
    box.wait_for()
    page.locator(AT_REST).wait_for()
    box.fill(ASKED)
    box.press("Enter")
    page.get_by_test_id("headline").wait_for()
    page.wait_for_timeout(1000)
    page.locator(AT_REST).wait_for()


def through(clock: Clock) -> dict[str, Change]:
    """Each page once, by its link, the one that is open last."""
    links = clock.page.get_by_test_id("stSidebarNav")
    titles = [title for _, title, _ in PAGES]
    return {
        title: clock.change("click", links.get_by_role("link", name=title, exact=True).click, title)
        for title in (*titles[1:], titles[0])
    }


def sliders(clock: Clock, presses: int) -> dict[str, list[Change]]:
    """The threshold of Scores, and top-k in the sidebar of Inspect, moved to and fro."""
    found = {}
    for title, name in (("Scores & threshold", "Try a threshold"), ("Inspect", "Passages kept for the answer")):
        clock.page.get_by_test_id("stSidebarNav").get_by_role("link", name=title, exact=True).click()
        clock.page.get_by_role("heading", name=title, exact=True).wait_for()
        clock.page.locator(AT_REST).wait_for()
        slider = clock.page.get_by_role("slider", name=re.compile(re.escape(name)))
        keys = ["ArrowRight" if number % 4 < 2 else "ArrowLeft" for number in range(presses)]
        found[name] = [clock.change("keydown", partial(slider.press, key)) for key in keys]
    return found


def report(
    first: dict[str, Change], again: dict[str, list[Change]], moved: dict[str, list[Change]], floor: list[Change]
) -> list[str]:
    """A line a page and a slider and one for the empty app, then whether the aims are met, by that app too."""
    every = [one for changes in again.values() for one in changes]
    return [
        f"{'ms':<38}{'first':>7}{'p50':>7}{'slowest':>9}{'server, first':>15}{'mean':>6}{'browser':>9}",
        *(_row(title, changes, first[title]) for title, changes in again.items()),
        *(_row(f"slider “{name}”", changes, None) for name, changes in moved.items()),
        _row(f"change of page, {EMPTY}", floor, None),
        _aim("change of page", every, PAGE_AIM_MS),
        *(_aim(f"slider “{name}”", changes, SLIDER_AIM_MS) for name, changes in moved.items()),
        _aim(f"change of page, {EMPTY}", floor, PAGE_AIM_MS),
    ]


def _row(name: str, changes: Sequence[Change], first: Change | None) -> str:
    times = [one.took_ms for one in changes]
    server, browser = (statistics.mean(one[field] for one in changes) for field in (1, 2))
    took, cost = (f"{first.took_ms:.0f}", f"{first.server_ms:.0f}") if first else ("", "")
    middle = statistics.median(times)
    return f"{name:<38}{took:>7}{middle:>7.0f}{max(times):>9.0f}{cost:>15}{server:>6.0f}{browser:>9.0f}"


def _aim(name: str, changes: Sequence[Change], aim: int) -> str:
    """`change of page: p50 210 ms, p95 280 ms, aim 300 ms: met`; met where the 95th percentile is."""
    times = sorted(one.took_ms for one in changes)
    middle, slow = statistics.median(times), late(times)
    told = "met" if slow <= aim else "met by the median" if middle <= aim else "missed"
    return f"{name}: p50 {middle:.0f} ms, p95 {slow:.0f} ms of {len(times)}, aim {aim} ms: {told}"


if __name__ == "__main__":
    main()
