"""What the collector takes: spans a second from several exporters, none that it acknowledged lost, also over a kill.

    python -m benchmarks.collecting                        200 spans a second for 60 seconds
    python -m benchmarks.collecting 20 --spans 1000        another load
    python -m benchmarks.collecting --one-by-one           a request for each span, as the SDK's simple processor sends

Starts `second-pass collect` as a process, sends OTLP in protobuf from 8 exporters (queries of five spans, with 20
passages of 500 characters in each of two lists), kills the collector with SIGKILL in the middle and starts it again.
What an exporter could not send waits, and is sent when the collector is back. Prints what was acknowledged and what is
there at the end, the processor time and the memory of the collector, and the answer times.
"""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
import sqlalchemy as sa
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from rag_core.runs.store.run_book import RunBook
from rag_core.runs.store.tables import run_spans, run_traces
from rag_core.storage.database import FILE, Store

EXPORTERS, PORT = 8, 43_318
ADDRESS = f"http://127.0.0.1:{PORT}"
PROTOBUF = {"Content-Type": "application/x-protobuf"}
LISTS = {"RETRIEVER": "retrieval.documents", "RERANKER": "reranker.output_documents"}
KINDS = ("RETRIEVER", "EMBEDDING", "RERANKER", "LLM", "CHAIN")
"""The spans of a query in the order in which they end; the last holds the others."""


def attribute(name: str, value: str) -> KeyValue:
    """An attribute as OTLP has it."""
    made = KeyValue(key=name)
    made.value.string_value = value
    return made


def listed(prefix: str) -> list[KeyValue]:
    """A ranked list of 20 passages."""
    made = []
    for at in range(20):
        text = f"{at} {'refund policy ' * 36}"[:500]
        made += [
            attribute(f"{prefix}.{at}.document.{name}", one) for name, one in (("content", text), ("id", f"p{at}"))
        ]
    return made


def template(kind: str) -> Span:
    """A span of this kind without its ids and times."""
    top = [attribute("openinference.span.kind", kind), attribute("input.value", "How long?")]
    return Span(name=kind.lower(), attributes=top + (listed(LISTS[kind]) if kind in LISTS else []))


TEMPLATES = [template(kind) for kind in KINDS]


def query() -> list[Span]:
    """The spans of one query."""
    trace, ids, now = secrets.token_bytes(16), [secrets.token_bytes(8) for _ in KINDS], time.time_ns()
    spans = []
    for at, made in enumerate(TEMPLATES):
        span = Span()
        span.CopyFrom(made)
        span.trace_id, span.span_id = trace, ids[at]
        last = at == len(KINDS) - 1
        span.parent_span_id = b"" if last else ids[-1]
        span.start_time_unix_nano, span.end_time_unix_nano = now + (0 if last else at + 1), now + 1000 * (at + 1)
        spans.append(span)
    return spans


def request(spans: list[Span]) -> bytes:
    """An OTLP request of these spans."""
    made = ExportTraceServiceRequest()
    made.resource_spans.add().scope_spans.add().spans.extend(spans)
    return bytes(made.SerializeToString())


@dataclass
class Sent:
    """What the exporters did, together."""

    acknowledged: list[str] = field(default_factory=list)
    took_ms: list[float] = field(default_factory=list)
    again: int = 0
    behind_s: float = 0.0

    def send(self, client: httpx.Client, spans: list[Span]) -> None:
        """One request, again and again until it is acknowledged."""
        body = request(spans)
        while not self._taken(client, body):
            self.again += 1
            time.sleep(0.5)
        self.acknowledged += [span.span_id.hex() for span in spans]

    def _taken(self, client: httpx.Client, body: bytes) -> bool:
        started = time.perf_counter()
        try:
            answer = client.post(f"{ADDRESS}/v1/traces", content=body, headers=PROTOBUF, timeout=30)
        except httpx.TransportError:
            return False
        self.took_ms.append((time.perf_counter() - started) * 1000)
        return answer.status_code == 200


def export(sent: Sent, given: argparse.Namespace, began: float) -> None:
    """One exporter: by the clock, so many queries each second; what waited is sent as fast as it is taken."""
    queries, made = given.spans / len(KINDS) / EXPORTERS, 0
    with httpx.Client() as client:
        for second in range(int(given.seconds)):
            wait = began + second - time.time()
            time.sleep(max(0.0, wait))
            due = round(queries * (second + 1)) - made
            made += due
            spans = [span for _ in range(due) for span in query()]
            for some in [[one] for one in spans] if given.one_by_one else [spans] if spans else []:
                sent.send(client, some)
            sent.behind_s = max(sent.behind_s, time.time() - began - second - 1)


class Collector:
    """`second-pass collect` as a process, once it answers."""

    def __init__(self, folder: str, per_second: int) -> None:
        command = [sys.executable, "-m", "rag_core", "collect", "--port", str(PORT), "--data-dir", folder]
        self.process = subprocess.Popen([*command, "--per-second", str(per_second)])
        while not self._answers():
            time.sleep(0.1)
        self._began = self._ticks()

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{ADDRESS}/health").status_code == 200
        except httpx.TransportError:
            return False

    def _ticks(self) -> int:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    @property
    def cpu_s(self) -> float:
        """Processor time since it answered first (Linux)."""
        return (self._ticks() - self._began) / os.sysconf("SC_CLK_TCK")

    @property
    def megabytes(self) -> float:
        """The most memory that it had (Linux)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024

    def end(self, how: signal.Signals) -> tuple[float, float]:
        """End it; the processor time and the memory that it had."""
        used = self.cpu_s, self.megabytes
        self.process.send_signal(how)
        self.process.wait()
        return used


def main(given: argparse.Namespace) -> None:
    """Send, kill, start again, count."""
    sent = Sent()
    with tempfile.TemporaryDirectory() as folder:
        collector = Collector(folder, given.per_second)
        idle = collector.megabytes
        began = time.time()
        threads = [threading.Thread(target=export, args=(sent, given, began)) for _ in range(EXPORTERS)]
        for thread in threads:
            thread.start()
        time.sleep(given.seconds / 2)
        used = [collector.end(signal.SIGKILL)]
        collector = Collector(folder, given.per_second)
        for thread in threads:
            thread.join()
        took = time.time() - began
        count(folder, sent, took)
        used.append(collector.end(signal.SIGTERM))
    cpu, most = sum(one for one, _ in used), max(one for _, one in used)
    print(f"processor: {cpu:.1f} s, {1000 * cpu / len(sent.acknowledged):.2f} s for 1,000 spans; "
          f"memory: {idle:.0f} MB idle, {most:.0f} MB at most")  # fmt: skip
    print(f"answers: median {np.median(sent.took_ms):.0f} ms, p99 {np.percentile(sent.took_ms, 99):.0f} ms; "
          f"sent again {sent.again} times, at most {max(0.0, sent.behind_s):.1f} s behind")  # fmt: skip


def count(folder: str, sent: Sent, took: float) -> None:
    """Say what is there, once every trace is a run."""
    store = Store(f"sqlite:///{Path(folder) / FILE}")
    ended = time.time()
    pending = sa.select(sa.func.count()).where(run_traces.c.pending)
    while True:
        with store.begin() as connection:
            if not connection.execute(pending).scalar_one():
                break
        time.sleep(0.2)
    with store.begin() as connection:
        there = set(connection.execute(sa.select(run_spans.c.span_id)).scalars())
    number, lost = len(sent.acknowledged), len(set(sent.acknowledged) - there)
    print(f"acknowledged {number:,} spans in {took:.1f} s ({number / took:.0f} a second), lost {lost}")
    print(f"{RunBook(store).count():,} runs, the last {time.time() - ended:.1f} s after the last span")
    store.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seconds", type=float, nargs="?", default=60)
    parser.add_argument("--spans", type=int, default=200, help="a second, of all exporters (default: %(default)s)")
    parser.add_argument("--one-by-one", action="store_true", help="a request for each span")
    parser.add_argument("--per-second", type=int, default=100, help="requests that the collector allows")
    main(parser.parse_args())
