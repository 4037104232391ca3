"""From a question to its order in a real browser, against sentence-transformers' default call on the same pairs.

    python -m benchmarks.first_answer [--questions 20] [--pause 3]

A server that has just started, on the sample corpus, indexed before: its first question, then as many warm ones, each
asked for the first time. `--pause`: seconds between the page's rest and its first question, as somebody reads and
types; the models load meanwhile. To the first order: until an order of candidates is shown, even if it is not the last.
To the final order: until the run's own sentence is. The clock is the browser's, from Enter on. After each question this
process scores the fused 50 of the same question with `CrossEncoder(folder).predict(pairs)`, the shipped model with
default settings, loaded and warm, so that a busy machine slows both; the ratio is the question's final order to that.
Milliseconds, median and 95th percentile. Needs Chromium and the extra `torch`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page

from benchmarks.browser import AT_REST, ROOT, page_at, running_app
from rag_core.corpus.sample import SAMPLE, ensure_sample
from rag_core.corpus.storage.library import Library
from rag_core.pipeline.cascade import fused_order
from rag_core.pipeline.pipeline import Pipeline
from rag_core.retrieval.embedders.sentence_embedder import get_embedder
from rag_core.schema.policy import Policy
from rag_core.settings import Settings

MODEL = ROOT / "rag_core" / "models" / "second-pass-minilm-v3"
PAIRS = 50
QUESTION = re.compile("^(Question|Ask)")

ARM = """
() => {
    const text = (name) => document.querySelector(`[data-testid=${name}]`)?.textContent;
    const before = text('headline');
    window.answered = new Promise((resolve) => {
        document.addEventListener('keydown', () => {
            const begin = performance.now();
            let first;
            const look = () => {
                const final = text('headline') && text('headline') !== before;
                if (first === undefined && (final || text('so-far'))) first = performance.now() - begin;
                if (!final) return;
                watch.disconnect();
                requestAnimationFrame(() => resolve([first, performance.now() - begin]));
            };
            const watch = new MutationObserver(look);
            watch.observe(document.body, {subtree: true, childList: true, characterData: true});
        }, {capture: true, once: true});
    });
}
"""
"""The question's own sentence is another one than that of the question before, which stands there until it is drawn."""


class Answered(NamedTuple):
    """Milliseconds of one question: to its first order, to its final one, and of the default call on its 50 pairs."""

    first_ms: float
    final_ms: float
    default_ms: float


def main() -> None:
    """Index the sample, start the server, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=20)
    parser.add_argument("--pause", type=float, default=0.0, help="seconds before the first question")
    args = parser.parse_args()
    questions = spread(sample_questions(), args.questions + 1)
    with tempfile.TemporaryDirectory() as folder:
        default = default_call(Path(folder))
        with running_app(Path(folder)) as url:
            found = measure(url, questions, default, args.pause)
    for line in report(found):
        print(line)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")


def sample_questions() -> list[str]:
    """The labelled questions of the sample corpus."""
    lines = (Settings().sample_dir / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    return list(dict.fromkeys(json.loads(line)["text"] for line in lines))


def spread(questions: Sequence[str], count: int) -> list[str]:
    """So many of them, evenly spread.

    >>> spread("abcdef", 3)
    ['a', 'c', 'e']
    """
    return list(questions[:: max(1, len(questions) // count)][:count])


def default_call(folder: Path) -> Callable[[str], float]:
    """Milliseconds of sentence-transformers' default call on a question's fused 50; the sample's index is in the
    folder."""
    from sentence_transformers import CrossEncoder

    embedder = get_embedder(Settings().embedding_model)
    library = Library(folder / "data" / "collections")
    ensure_sample(library, Settings().sample_dir, embedder)
    pipeline, model = Pipeline(library.open(SAMPLE, embedder), embedder), CrossEncoder(str(MODEL))
    model.predict([("warm up", "one passage"), ("warm up", "and another one")])

    def took(question: str) -> float:
        found = pipeline.measure(question)
        pairs = [(question, found.passages[one].model_text) for one in fused_order(found, Policy())[:PAIRS]]
        begin = time.perf_counter()
        model.predict(pairs, show_progress_bar=False)
        return (time.perf_counter() - begin) * 1000

    return took


def measure(url: str, questions: Sequence[str], default: Callable[[str], float], pause: float) -> list[Answered]:
    """Ask one after the other on Inspect, the default call after each; so many seconds before the first."""
    with page_at(url) as page:
        page.get_by_role("textbox", name=QUESTION).wait_for()
        page.locator(AT_REST).wait_for()
        page.wait_for_timeout(pause * 1000)
        return [Answered(*ask(page, question), default(question)) for question in questions]


def ask(page: Page, question: str) -> tuple[float, float]:
    """Milliseconds from Enter to the first and to the final order of a question; the page is at rest afterwards."""
    box = page.get_by_role("textbox", name=QUESTION)
    box.fill(question)
    page.evaluate(ARM)
    box.press("Enter")
    first, final = page.evaluate("() => window.answered")
    page.wait_for_timeout(200)
    page.locator(AT_REST).wait_for()
    return float(first), float(final)


def report(found: Sequence[Answered]) -> list[str]:
    """The first question and the warm ones, as a table; the ratio is the median of the warm ones."""
    cold, warm = found[0], found[1:]
    lines = [f"{'ms':<22}{'first question':>16}{'warm p50':>12}{'warm p95':>12}"]
    for name, field in (("first order", "first_ms"), ("final order", "final_ms"), ("default call on 50", "default_ms")):
        times = sorted(getattr(one, field) for one in warm)
        lines.append(f"{name:<22}{getattr(cold, field):>16.0f}{statistics.median(times):>12.0f}{late(times):>12.0f}")
    ratio = statistics.median(one.final_ms / one.default_ms for one in warm)
    return [*lines, f"{len(warm)} warm questions; final order to the default call: {ratio:.2f}"]


def late(ordered: Sequence[float]) -> float:
    """The 95th percentile, as a value that was measured."""
    return ordered[int(0.95 * (len(ordered) - 1))]


if __name__ == "__main__":
    main()
