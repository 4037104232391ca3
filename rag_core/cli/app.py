"""`second-pass app`: open the browser app.

    second-pass app                                        on http://localhost:8501
    second-pass app --port 80 --address 0.0.0.0            for other machines; set up a login first (docs/deploy.md)
    second-pass app --data-dir /srv/second-pass            collections, scores and cases in a folder of your choice
    second-pass app -- --server.baseUrlPath rag            any further option of `streamlit run`

The app needs the extra `app`: pip install 'second-pass[app]'.
"""

from __future__ import annotations

import argparse
import os
import runpy
import sys
from importlib.util import find_spec
from pathlib import Path

from rag_core.errors import MissingPackage
from rag_core.installation.locations import app_folder
from rag_core.runs.collector.in_process import of_settings
from rag_core.settings import Settings

PACKAGES = ("streamlit", "plotly")


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = __doc__
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("--port", type=int, default=8501, help="default: %(default)s")
    add("--address", default="localhost", help="the interface to listen on (default: %(default)s)")
    add("--data-dir", type=Path, help="where collections, scores and cases are kept")
    add("--no-browser", action="store_true", help="do not open a browser window")
    add("options", nargs="*", metavar="-- OPTION", help="further options of `streamlit run`")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Run the server in this process until it is stopped."""
    for package in PACKAGES:
        if find_spec(package) is None:
            raise MissingPackage(package, "The browser app")
    if given.data_dir:
        os.environ["SECOND_PASS_DATA_DIR"] = str(given.data_dir)
    settings = Settings()
    sys.stderr.write(f"Data folder: {settings.data_dir.resolve()}\n")
    if collector := of_settings(settings):
        sys.stderr.write(f"Collecting on {collector.url}\n")
    sys.argv = ["streamlit", "run", str(app_folder() / "app.py"), *streamlit_options(given)]
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)
    return 0


def streamlit_options(given: argparse.Namespace) -> list[str]:
    """The options of `streamlit run`."""
    headless = ["--server.headless", "true"] if given.no_browser else []
    return ["--server.port", str(given.port), "--server.address", given.address, *headless, *given.options]
