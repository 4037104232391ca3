"""What recording costs the service that is recorded: milliseconds a step, over a step of 50 passages.

    python -m benchmarks.recording

Prints the median and the 99th percentile of `run.search` with 50 passages of 1,000 characters, as dicts and as
LangChain and LlamaIndex objects, and of a whole `with record(...)` of five such steps, while the runs are written in
the background.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
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


def milliseconds(work: Callable[[], object], times: int) -> np.ndarray:
    """How long each call took."""
    took = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        took.append((time.perf_counter() - started) * 1000)
        time.sleep(EACH_S)
    return np.array(took)


def row(name: str, took: np.ndarray) -> str:
    """A line of the table."""
    return f"{name:<36}{np.median(took):8.3f}{np.percentile(took, 99):8.3f}"


def main() -> None:
    """Print the table."""
    print(f"{'milliseconds':<36}{'median':>8}{'p99':>8}")
    for name, passages in shapes().items():
        run = Recording("bench", "q")
        took = milliseconds(lambda run=run, given=passages: run.search("dense", given), 100)  # type: ignore[misc]
        print(row(f"a step of {PASSAGES}, {name}", took))
    with tempfile.TemporaryDirectory() as folder:
        where = Path(folder) / "runs.jsonl"

        def whole() -> None:
            with rag_core.record("bench", "q", to=where) as run:
                for name in ("dense", "lexical", "fused", "reranked", "kept"):
                    run.search(name, shapes_once)

        shapes_once = shapes()["dicts"]
        print(row("a run of five such steps", milliseconds(whole, RUNS)))
        flush(30)
        counts = status(where)
        print(f"delivered {counts.delivered}, dropped {counts.dropped}, {where.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
