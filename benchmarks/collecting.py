"""What the collector takes: spans a second from several exporters, none that it acknowledged lost, also over a kill.

    python -m benchmarks.collecting [SECONDS]        default 60

Starts `second-pass collect` as a process, sends 200 spans a second from 8 exporters (40 queries a second of five spans,
20 passages of 500 characters in each list), kills it with SIGKILL in the middle and starts it again. Prints what was
acknowledged, what is there at the end, the answer times and the collector's memory.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx
import numpy as np
import sqlalchemy as sa

from rag_core.runs.store.run_book import RunBook
from rag_core.runs.store.tables import run_spans, run_traces
from rag_core.storage.database import FILE, Store

EXPORTERS, QUERIES_A_SECOND, PORT = 8, 40, 43_318
ADDRESS = f"http://127.0.0.1:{PORT}"
TEXTS = [f"{at} {'refund policy ' * 36}"[:500] for at in range(20)]


def attributes(**given: object) -> list[dict[str, object]]:
    """Attributes as OTLP has them."""
    kinds = {str: "stringValue", float: "doubleValue"}
    return [{"key": name.replace("__", "."), "value": {kinds[type(one)]: one}} for name, one in given.items()]


def listed(prefix: str) -> list[dict[str, object]]:
    """A ranked list of 20 passages."""
    fields = (
        (at, name, value) for at, text in enumerate(TEXTS) for name, value in (("content", text), ("id", f"p{at}"))
    )
    return [{"key": f"{prefix}.{at}.document.{name}", "value": {"stringValue": value}} for at, name, value in fields]


def query() -> list[dict[str, object]]:
    """The five spans of a query, of which the outermost ends last."""
    trace, now = secrets.token_hex(16), time.time_ns()
    ids = [secrets.token_hex(8) for _ in range(5)]
    kinds = ("CHAIN", "RETRIEVER", "EMBEDDING", "RERANKER", "LLM")
    more: tuple[list[dict[str, object]], ...] = (
        [],
        listed("retrieval.documents"),
        [],
        listed("reranker.output_documents"),
        [],
    )
    return [
        {
            "traceId": trace,
            "spanId": ids[at],
            "parentSpanId": ids[0] if at else "",
            "name": kind.lower(),
            "startTimeUnixNano": now + at,
            "endTimeUnixNano": now + 1000 * (at or 10),
            "attributes": [*attributes(openinference__span__kind=kind, input__value="How long?"), *extra],
        }
        for at, (kind, extra) in enumerate(zip(kinds, more, strict=True))
    ]


def export(until: float, acknowledged: list[str], took: list[float], tries: list[int]) -> None:
    """One exporter: a batch a second, tried again until it is acknowledged."""
    with httpx.Client() as client:
        while time.time() < until:
            began = time.time()
            spans = [span for _ in range(QUERIES_A_SECOND // EXPORTERS) for span in query()]
            body: dict[str, object] = {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}
            while not _taken(client, body, took):
                tries.append(1)
                time.sleep(0.5)
            acknowledged += [str(span["spanId"]) for span in spans]
            time.sleep(max(0.0, 1 - (time.time() - began)))


def _taken(client: httpx.Client, body: dict[str, object], took: list[float]) -> bool:
    started = time.perf_counter()
    try:
        answer = client.post(f"{ADDRESS}/v1/traces", json=body, timeout=30)
    except httpx.TransportError:
        return False
    took.append((time.perf_counter() - started) * 1000)
    return answer.status_code == 200


def collector(folder: str) -> subprocess.Popen[bytes]:
    """The collector, once it answers."""
    command = [sys.executable, "-m", "rag_core", "collect", "--port", str(PORT), "--data-dir", folder]
    process = subprocess.Popen(command)
    while True:
        try:
            httpx.get(f"{ADDRESS}/health")
            return process
        except httpx.TransportError:
            time.sleep(0.1)


def megabytes(process: subprocess.Popen[bytes]) -> float:
    """Its resident memory (Linux)."""
    pages = Path(f"/proc/{process.pid}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20


def main(seconds: float) -> None:
    """Send, kill, start again, count."""
    acknowledged: list[str] = []
    took: list[float] = []
    tries: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        process = collector(folder)
        began = megabytes(process)
        until = time.time() + seconds
        threads = [threading.Thread(target=export, args=(until, acknowledged, took, tries)) for _ in range(EXPORTERS)]
        for thread in threads:
            thread.start()
        time.sleep(seconds / 2)
        before = megabytes(process)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process = collector(folder)
        for thread in threads:
            thread.join()
        print(f"memory of the collector: {began:.0f} MB at the start, {before:.0f} MB before it was killed, "
              f"{megabytes(process):.0f} MB at the end")  # fmt: skip
        _count(folder, acknowledged)
        process.terminate()
        process.wait()
    print(
        f"answers: median {np.median(took):.0f} ms, p99 {np.percentile(took, 99):.0f} ms; sent again {len(tries)} times"
    )


def _count(folder: str, acknowledged: list[str]) -> None:
    store = Store(f"sqlite:///{Path(folder) / FILE}")
    started = time.time()
    pending = sa.select(sa.func.count()).where(run_traces.c.pending)
    while True:
        with store.begin() as connection:
            if not connection.execute(pending).scalar_one():
                break
        time.sleep(0.2)
    with store.begin() as connection:
        there = set(connection.execute(sa.select(run_spans.c.span_id)).scalars())
    lost = len(set(acknowledged) - there)
    print(f"acknowledged {len(acknowledged):,} spans, lost {lost}; {RunBook(store).count():,} runs, "
          f"the last {time.time() - started:.1f} s after the last span")  # fmt: skip
    store.close()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60)
