"""What docs/connect.md says of the first five minutes: the app with a collector, and a LangChain and a LlamaIndex app
of which nothing is changed but the exporter's address."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from rag_core.runs.store.run_book import RunBook
from rag_core.storage.database import FILE, Store
from tests.browser.conftest import ROOT, App, open_first_run, serving, settled
from tests.frameworks import python_of_frameworks, run_app
from tests.serving import free_port

QUESTION = "When may a customer ask for the full price back?"
COMMAND = re.compile(r"^    (OTEL_SERVICE_NAME=(\S+) OTEL_EXPORTER_OTLP_ENDPOINT=\S+ python docs/examples/\S+)$", re.M)
COMMANDS = {name: command for command, name in COMMAND.findall((ROOT / "docs/connect.md").read_text(encoding="utf-8"))}
STEPS = {
    "support-bot": ["WordSearch", "Shortened", "read by the model"],
    "docs-bot": ["WordSearch.retrieve", "WordReranker._postprocess_nodes", "read by the model"],
}

pytestmark = [pytest.mark.package, pytest.mark.slow]


@pytest.fixture(scope="module")
def port() -> int:
    """Of the collector."""
    python_of_frameworks()
    return free_port()


@pytest.fixture(scope="module")
def app(port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app with a collector in it, as `second-pass app` starts it."""
    folder, own = tmp_path_factory.mktemp("five-minutes"), free_port()
    command = ("rag_core", "app", "--port", str(own), "--no-browser")
    with serving(folder, f"http://localhost:{own}", *command, SECOND_PASS_COLLECT=str(port)) as running:
        yield running


def test_the_document_has_a_command_for_each_app():
    assert COMMANDS.keys() == STEPS.keys()


def wait_for_run(app: App, project: str) -> None:
    """Until a run is made of the trace, which is left alone for a second."""
    store = Store(f"sqlite:///{app.data / FILE}")
    for _ in range(300):
        if RunBook(store).count(project):
            break
        time.sleep(0.1)
    store.close()


@pytest.mark.parametrize("project", STEPS)
def test_a_question_to_the_program_is_on_runs_and_its_steps_on_inspect(page: Page, app: App, port: int, project: str):
    run_app(COMMANDS[project], port)
    wait_for_run(app, project)
    page.goto(f"{app.url}/runs?run_project={project}")
    expect(page.get_by_test_id("headline")).to_contain_text(re.compile("1 of .* match"))
    settled(page)
    open_first_run(page)
    expect(page.get_by_text(f"This is “{QUESTION}”, a run of {project}")).to_be_visible()
    for step in STEPS[project]:
        expect(page.get_by_test_id("step-strip")).to_contain_text(step)
    expect(page.get_by_text("45 calendar days").first).to_be_attached()
    settled(page)
