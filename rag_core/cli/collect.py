"""`second-pass collect`: take runs and traces of other programs into the database.

    second-pass collect                                    on http://127.0.0.1:4318, this machine only
    SECOND_PASS_TOKEN=... second-pass collect --host 0.0.0.0     for other machines, with a bearer token
    second-pass collect --keep-days 30 --keep-runs 100000  delete what is older, or more, in each project

Point an OpenTelemetry exporter at it (OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318), SECOND_PASS_RUNS for
`rag_core.record`, or POST the run record to /v1/runs (docs/connect.md). It needs the extra `collect`.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from contextlib import suppress
from pathlib import Path

from rag_core.errors import MissingPackage
from rag_core.runs.collector.arrivals import FirstRuns
from rag_core.runs.collector.limits import Limits, checked_address
from rag_core.runs.collector.server import GRACE_S, application
from rag_core.runs.store.retention import Retention
from rag_core.settings import Settings
from rag_core.storage.database import Store


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = __doc__
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add, limits = parser.add_argument, Limits()
    add("--host", default="127.0.0.1", help="the interface to listen on (default: %(default)s)")
    add("--port", type=int, default=4318, help="default: %(default)s")
    add("--data-dir", type=Path, help="where the database is kept")
    add("--keep-days", type=_number, help="delete runs that are older (default: keep all)")
    add("--keep-runs", type=_number, help="of each project, keep the newest so many (default: keep all)")
    add("--max-mb", type=_number, default=limits.max_bytes // 2**20, help="largest body in MB (default: %(default)s)")
    add("--per-second", type=_number, default=int(limits.per_second), help="requests a second (default: %(default)s)")
    parser.set_defaults(run=run)


def _number(text: str) -> int:
    """A number of one or more."""
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _first_runs(data_dir: Path | None) -> FirstRuns:
    """Writes what has arrived, and where to see it."""
    app = "second-pass app" + (f" --data-dir {shlex.quote(str(data_dir))}" if data_dir else "")

    def say(line: str) -> None:
        with suppress(OSError):  # nobody reads: what was taken is taken all the same
            sys.stderr.write(f"{line}\n")

    return FirstRuns(say, f"  See its runs on the Runs page of `{app}`.")


def run(given: argparse.Namespace) -> int:
    """Serve until stopped."""
    try:
        import uvicorn
    except ImportError as exc:
        raise MissingPackage("uvicorn", "The collector") from exc
    token = os.environ.get("SECOND_PASS_TOKEN", "").strip()
    checked_address(given.host, token)
    if given.data_dir:
        os.environ["SECOND_PASS_DATA_DIR"] = str(given.data_dir)
    limits = Limits(token=token, max_bytes=given.max_mb * 2**20, per_second=given.per_second)
    store = Store.from_settings(Settings(), durable=True)
    with store.begin():
        pass  # a database that cannot be used is said now, not at the first request
    app = application(store, limits, Retention(given.keep_days, given.keep_runs), _first_runs(given.data_dir))
    sys.stderr.write(f"Collecting on http://{given.host}:{given.port} into {store.place}\n")
    uvicorn.run(
        app,
        host=given.host,
        port=given.port,
        log_level="warning",
        access_log=False,
        ws="none",
        timeout_graceful_shutdown=GRACE_S,
    )
    return 0
