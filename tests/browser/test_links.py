"""The address is the whole link: it stays whole from page to page, and Back goes through pages and questions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from rag_core.corpus.sample import SAMPLE
from rag_core.evaluation.calibration_book import CalibrationBook
from rag_core.schema.policy import DEFAULT_RERANKER
from rag_core.storage.database import FILE, Store
from tests.browser.conftest import App, ask, go, settled
from tests.builders import calibration_fit
from ui.navigation import PAGES

SET = "q=refund+period&t_probability=0.2&pool=20&k=3&dw=0.5&tenant=halvorsen&tenant=castellan&r=No+reranker"
TITLES = [title for _, title, _ in PAGES]


def await_link(page: Page, query: str) -> None:
    """Wait until the address carries exactly this query (the browser is told of it after the script has run)."""
    page.wait_for_url(lambda url: parse_qs(urlsplit(url).query) == parse_qs(query))


def opened(page: Page, address: str) -> None:
    """Open an address and wait until the page stands, with the script that keeps one entry a page and question."""
    page.goto(address)
    settled(page)
    page.wait_for_function("window.secondPassHistory")


@pytest.mark.parametrize("address", ["", "evaluate", "corpus"])
def test_the_menu_keeps_the_link_after_a_reload(page: Page, app: App, address: str) -> None:
    opened(page, f"{app.url}/{address}?{SET}")
    page.get_by_test_id("stSidebar").get_by_test_id("stSelectbox").first.wait_for()
    page.reload()
    settled(page)
    for title in (*TITLES[3:], *TITLES[:3]):
        go(page, title)
        await_link(page, SET)
    go(page, "Inspect")
    expect(page.get_by_role("textbox", name=re.compile("^Question"))).to_have_value("refund period")
    expect(page.get_by_test_id("step-strip")).to_contain_text("→ 3")


def test_conditions_stay_in_the_link_until_they_are_taken_away(page: Page, app: App) -> None:
    both = "q=refund+period&where=product%3DBilling&where=status%21%3Ddraft"
    opened(page, f"{app.url}/?{both}")
    filtered = page.get_by_test_id("stMain").get_by_text("Only passages with product Billing, not status draft.")
    expect(filtered).to_be_visible()
    for title in ("Triage", "Inspect"):
        go(page, title)
        await_link(page, both)
    expect(filtered).to_be_visible()
    sidebar = page.get_by_test_id("stSidebar")
    sidebar.get_by_text("Filter", exact=True).click()
    for left in ("q=refund+period&where=product%3DBilling", "q=refund+period"):
        sidebar.get_by_role("combobox", name=re.compile("Conditions")).press("Backspace")
        settled(page)
        await_link(page, left)
    for label, chosen in (("Add a condition", "status"), ("Value", "final")):
        field = sidebar.get_by_role("combobox", name=re.compile(label))
        field.press_sequentially(chosen)
        field.press("Enter")
        settled(page)
        expect(field).to_have_value(chosen)
    sidebar.get_by_role("button", name="Add", exact=True).click()
    await_link(page, "q=refund+period&where=status%3Dfinal")
    page.reload()
    expect(page.get_by_test_id("stMain").get_by_text("Only passages with status final.")).to_be_visible()


@pytest.fixture
def calibrated(app: App) -> Iterator[None]:
    """The sample's default reranker, calibrated."""
    book = CalibrationBook(Store(f"sqlite:///{app.data / FILE}"))
    book.keep(SAMPLE, calibration_fit(DEFAULT_RERANKER))
    yield
    book.forget(SAMPLE)


def test_a_calibration_that_is_switched_off_is_off_after_a_reload(page: Page, app: App, calibrated: None) -> None:
    switch = page.get_by_test_id("stSidebar").get_by_role("switch", name="Calibrated probability")
    opened(page, app.url)
    for on in (False, True, False):
        expect(switch).to_be_checked(checked=not on)
        page.get_by_test_id("stSidebar").get_by_text("Calibrated probability", exact=True).click()
        expect(switch).to_be_checked(checked=on)
        settled(page)
        await_link(page, "cal=true" if on else "v=3")
        page.reload()
        settled(page)
        expect(switch).to_be_checked(checked=on)


def test_back_goes_page_by_page_each_with_its_link(page: Page, app: App) -> None:
    opened(page, f"{app.url}/?{SET}")
    visited = ["Inspect", "Compare", "Corpus", "Triage", "Inspect"]
    for title in visited[1:]:
        go(page, title)
    for title in visited[-2::-1]:
        page.go_back()
        expect(page).to_have_title(f"{title} · Second Pass")
        settled(page)
        await_link(page, SET)


def test_back_holds_where_the_page_left_is_still_being_drawn(page: Page, app: App) -> None:
    opened(page, f"{app.url}/?{SET}")
    go(page, "Compare")
    await_link(page, SET)
    page.go_back()
    page.evaluate("history.pushState({}, '', '/compare')")  # what Streamlit does when a late run of that page begins
    expect(page).to_have_title("Inspect · Second Pass")
    settled(page)
    await_link(page, SET)
    assert urlsplit(page.url).path == "/"


def test_back_to_scores_brings_the_threshold_of_then(page: Page, app: App) -> None:
    opened(page, f"{app.url}/scores?q=refund+period&t_probability=0.3")
    tried = page.get_by_role("slider", name=re.compile("^Try a threshold"))
    expect(tried).to_have_value("0.3")
    go(page, "Inspect")
    kept = page.get_by_test_id("stSidebar").get_by_role("slider", name=re.compile("^Threshold"))
    kept.focus()
    kept.press("ArrowRight")
    settled(page)
    there = float(kept.input_value())
    assert there > 0.3
    go(page, "Scores & threshold")
    expect(tried).to_have_value(str(there))
    for title in ("Inspect", "Scores & threshold"):
        page.go_back()
        expect(page).to_have_title(f"{title} · Second Pass")
        settled(page)
    expect(tried).to_have_value("0.3")


def test_back_goes_question_by_question(page: Page, app: App) -> None:
    opened(page, f"{app.url}/?r=No+reranker")
    ask(page, "refund period")
    ask(page, "exit code 21")
    expect(page).to_have_url(re.compile("q=exit"))
    slider = page.get_by_role("slider", name=re.compile("top-k", re.IGNORECASE))
    slider.focus()
    slider.press("ArrowRight")
    expect(page.get_by_test_id("step-strip")).to_contain_text("→ 6")
    box = page.get_by_role("textbox", name=re.compile("^Question"))
    for left in ("refund period", ""):
        page.go_back()
        expect(box).to_have_value(left)
        settled(page)


@pytest.mark.parametrize("wait_ms", [40, 120])
def test_back_holds_while_the_page_is_being_drawn(page: Page, app: App, wait_ms: int) -> None:
    """Two runs follow each other closely, and the second shows what the browser has not needed for two runs: whether
    the browser still keeps it is luck, so the server sends it and does not name it alone."""
    named: list[str] = []

    def received(frame: str | bytes) -> None:
        message = ForwardMsg.FromString(frame if isinstance(frame, bytes) else frame.encode("latin1"))
        named.extend([message.ref_hash] if message.WhichOneof("type") == "ref_hash" else [])

    page.on("websocket", lambda socket: socket.on("framereceived", received))
    opened(page, f"{app.url}/?q=refund+period&r=No+reranker")
    shown = page.get_by_test_id("step-strip")
    slider = page.get_by_role("slider", name=re.compile("top-k", re.IGNORECASE))
    for _ in range(3):
        expect(shown).to_contain_text("→ 5")
        ask(page, "exit code 21")
        expect(page).to_have_url(re.compile("q=exit"))
        settled(page)
        slider.focus()
        slider.press("ArrowRight")
        page.wait_for_url(re.compile("k=6"))
        page.wait_for_timeout(wait_ms)
        page.go_back()
        expect(page.get_by_role("textbox", name=re.compile("^Question"))).to_have_value("refund period")
        settled(page)
    assert not named


def test_back_brings_the_settings_of_then(page: Page, app: App) -> None:
    opened(page, f"{app.url}/?q=refund+period&r=No+reranker&k=2")
    expect(page.get_by_test_id("step-strip")).to_contain_text("→ 2")
    go(page, "Compare")
    slider = page.get_by_role("slider", name=re.compile("kept for the answer"))
    slider.focus()
    slider.press("ArrowRight")
    expect(page).to_have_url(re.compile("k=3"))
    settled(page)
    page.go_back()
    expect(page.get_by_test_id("step-strip")).to_contain_text("→ 2")


def test_the_start_page_has_its_own_name_as_well(page: Page, app: App) -> None:
    page.goto(f"{app.url}/inspect?{SET}")
    expect(page.get_by_test_id("step-strip")).to_contain_text("→ 3")
    assert page.get_by_text("Page not found").count() == 0
    go(page, "Inspect")
    await_link(page, SET)


@pytest.mark.parametrize(
    ("address", "back_to"),
    [
        (f"?{SET}", "Inspect"),
        ("?q=refund+period&r=No+reranker&k=1", "Inspect"),
        ("?q=%E9%80%80%E6%AC%BE+%26+%22x%22&r=No+reranker&k=4&xn=1&x1_tenant=halvorsen", "Inspect"),
    ],
)
def test_back_holds_where_a_button_led_to_the_other_page(page: Page, app: App, address: str, back_to: str) -> None:
    opened(page, f"{app.url}/{address}")
    page.get_by_role("button", name=re.compile("should have answered$")).click()
    expect(page).to_have_title("Triage · Second Pass")
    expect(page).to_have_url(re.compile("doc="))
    settled(page)
    page.go_back()
    expect(page).to_have_title(f"{back_to} · Second Pass")
    settled(page)
    asked, found = (parse_qs(urlsplit(one).query) for one in (f"/{address}", page.url))
    assert asked.items() <= found.items()
    box = page.get_by_role("textbox", name=re.compile("^Question"))
    expect(box).to_have_value(asked["q"][0])
    page.go_forward()
    expect(page).to_have_title("Triage · Second Pass")
    expect(page).to_have_url(re.compile("doc="))


@pytest.mark.parametrize(
    "address",
    [
        "compare?q=refund+period&r=No+reranker&ra=No+reranker&ka=3",
        "evaluate?q=refund+period&r=No+reranker&eval_size=8",
        "scores?q=refund+period&r=Late+interaction+%28MaxSim%29&t_maxsim=0.3&wrong_cost=2.0",
    ],
)
def test_what_other_pages_own_survives_a_reload_and_their_neighbours(page: Page, app: App, address: str) -> None:
    own, query = address.split("?")
    page.goto(f"{app.url}/{address}")
    settled(page)
    page.reload()
    settled(page)
    await_link(page, query)
    for title in ("Triage", "Inspect"):
        go(page, title)
        await_link(page, query)
    page.go_back()
    page.go_back()
    page.wait_for_url(re.compile(f"/{own}[?]"))
    await_link(page, query)
