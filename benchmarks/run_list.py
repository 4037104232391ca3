"""How long the list of runs takes with many runs: milliseconds for what the page asks.

python -m benchmarks.run_list [NUMBER]          default 100,000 runs of three lists of 20 passages
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from rag_core.runs.run import Run
from rag_core.runs.sent import run_from
from rag_core.runs.store.overview import RunFilter, feedback_counts, note_counts, times_of
from rag_core.runs.store.run_book import RunBook
from rag_core.runs.values import Feedback
from rag_core.storage.database import Store

TOPICS = ("refunds", "invoices", "agents", "snapshots", "regions")
END = datetime(2026, 11, 28, tzinfo=UTC)


def synthetic(number: int) -> Run:
    """The run of that number, a minute apart."""
    hits = [{"passage_id": f"p{at}", "score": 1 / at, "text": f"{at} {'refund policy ' * 30}"} for at in range(1, 21)]
    kinds = (("dense", "search"), ("reranked", "rerank"), ("kept", "select"))
    return run_from(
        {
            "id": f"r{number}",
            "project": f"project {number % 5}",
            "query": f"What about {TOPICS[number % 5]} of customer {number}?",
            "started_at": END - timedelta(minutes=number),
            "steps": [{"name": name, "kind": kind, "hits": hits} for name, kind in kinds],
        }
    )


def milliseconds(ask: Callable[[], object]) -> float:
    """The median of seven calls."""
    took = []
    for _ in range(7):
        started = time.perf_counter()
        ask()
        took.append((time.perf_counter() - started) * 1000)
    return float(np.median(took))


def main(number: int) -> None:
    """Fill a database and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "runs.db"
        store = Store(f"sqlite:///{path}")
        book = RunBook(store)
        example, started = synthetic(0), time.perf_counter()
        for start in range(0, number, 1000):
            book.add(_like(example, at) for at in range(start, min(start + 1000, number)))
        took = time.perf_counter() - started
        print(f"{number:,} runs added in {took:.0f} s, {path.stat().st_size / 1e6:,.0f} MB")
        asked: dict[str, Callable[[], object]] = {
            "projects": book.projects,
            "newest 100": book.find,
            "newest 100 of a project": lambda: book.find("project 3"),
            "the last 100 of a project": lambda: book.find("project 3", offset=number // 5 - 100),
            "a text that most have": lambda: book.find(text="about"),
            "a text that none has": lambda: book.find(text="nowhere"),
            "how many have a text": lambda: book.count(text="refunds"),
            "how often each check": lambda: note_counts(store, RunFilter()),
            "how often each feedback": lambda: feedback_counts(store, RunFilter()),
            "every time, for the strip": lambda: times_of(store, RunFilter()),
            "one run": lambda: book.get("project 3", "r3"),
        }
        for name, ask in asked.items():
            print(f"{name:<32}{milliseconds(ask):8.1f} ms")
        store.close()


def _like(example: Run, number: int) -> Run:
    """The example with the head of the run of that number; every tenth has feedback."""
    said = Feedback(name="thumbs", value=("up", "down")[number % 3 == 0], comment=f"Comment {number}")
    head = {
        "feedback": (said, Feedback(name="grader", value=number % 1000 / 1000)) if number % 10 == 0 else (),
        "id": f"r{number}",
        "project": f"project {number % 5}",
        "query": f"What about {TOPICS[number % 5]} of customer {number}?",
        "started_at": END - timedelta(minutes=number),
    }
    return example.model_copy(update=head)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
