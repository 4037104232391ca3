"""What recording costs the service that is recorded: milliseconds a step, over a step of 50 passages.

    python -m benchmarks.recording

Prints the median, the 99th percentile and the processor's time of `run.search` with 50 passages of 1,000 characters, as
dicts and as LangChain and LlamaIndex objects, of `run.rerank` with an API's answer, and of a whole `with record(...)`
of five searches, while the runs are written in the background. It ends with 1 where a step takes a millisecond or more.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np

import rag_core
from rag_core.runs.recorder.delivery import flush, status
from rag_core.runs.recorder.recording import Recording

PASSAGES, CHARS, RUNS, EACH_S = 50, 1000, 300, 0.02
"""`EACH_S`: seconds between two runs, as a service has them."""


def shapes() -> dict[str, list[object]]:
    """The same passages in three forms."""
    texts = [f"{number} {'refund invoice policy ' * 50}"[:CHARS] for number in range(PASSAGES)]
    nodes = [SimpleNamespace(node_id=f"n{at}", text=text, metadata={"page": at}) for at, text in enumerate(texts)]
    return {
        "dicts": [{"id": f"n{at}", "text": text, "score": 0.5} for at, text in enumerate(texts)],
        "LangChain": [(SimpleNamespace(page_content=text, metadata={"source": "a.md"}), 0.5) for text in texts],
        "LlamaIndex": [SimpleNamespace(node=node, score=0.5) for node in nodes],
    }


@dataclass(frozen=True)
class Took:
    """Milliseconds of each call: on the clock, and of the processor in the thread that calls."""

    clock: np.ndarray
    processor: np.ndarray

    def row(self, name: str) -> str:
        """A line of the table."""
        figures = (np.median(self.clock), np.percentile(self.clock, 99), np.median(self.processor))
        return f"{name:<36}" + "".join(f"{one:10.3f}" for one in figures)


def took(work: Callable[[], object], times: int) -> Took:
    """How long each call took."""
    clock, processor = [], []
    for _ in range(times):
        started, used = time.perf_counter(), time.thread_time()
        work()
        clock.append((time.perf_counter() - started) * 1000)
        processor.append((time.thread_time() - used) * 1000)
        time.sleep(EACH_S)
    return Took(np.array(clock), np.array(processor))


def steps() -> dict[str, Took]:
    """Each kind of step: searches in three forms, and a rerank API's answer over the first."""
    found: dict[str, Took] = {}
    for name, passages in shapes().items():
        run = Recording("bench", "q")
        found[f"a search of {PASSAGES}, {name}"] = took(lambda run=run, given=passages: run.search("dense", given), 100)  # type: ignore[misc]
    run = Recording("bench", "q")
    run.search("dense", shapes()["dicts"])
    answer = {"results": [{"index": at, "relevance_score": 1 / (at + 1)} for at in range(PASSAGES)]}
    found[f"a rerank of {PASSAGES}, an API's answer"] = took(
        lambda: run.rerank("reranked", answer, read=shapes_once), 100
    )
    return found


shapes_once = shapes()["dicts"]


def main() -> int:
    """Print the table; 1 where the median of a step is a millisecond or more."""
    print(f"{'milliseconds':<36}{'median':>10}{'p99':>10}{'processor':>10}")
    found = steps()
    for name, one in found.items():
        print(one.row(name))
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder) / "runs.jsonl"

        def whole() -> None:
            with rag_core.record("bench", "q", to=where) as run:
                for name in ("dense", "lexical", "fused", "reranked", "kept"):
                    run.search(name, shapes_once)

        print(took(whole, RUNS).row("a run of five searches"))
        flush(30)
        counts = status(where)
        print(f"delivered {counts.delivered}, dropped {counts.dropped}, {where.stat().st_size / 1e6:.1f} MB")
    slow = [name for name, one in found.items() if np.median(one.clock) >= 1]
    print(f"{', '.join(slow)}: a millisecond or more" if slow else "every step is under a millisecond")
    return bool(slow)


if __name__ == "__main__":
    sys.exit(main())
