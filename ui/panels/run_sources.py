"""How recorded runs get here."""

from __future__ import annotations

import streamlit as st

from rag_core.runs.collector.in_process import RunningCollector
from ui import caches
from ui.panels import views

ALONE = "http://127.0.0.1:4318"
"""Where `second-pass collect` listens."""


def welcome(running: RunningCollector | None) -> None:
    """The page before the first run."""
    url = running.url if running else ALONE
    first = "" if running else "start `second-pass collect`, and "
    st.markdown(f"""**No runs yet.** There are three ways to get them:

- **Traces:** {first}start your program with `OTEL_EXPORTER_OTLP_ENDPOINT={url}`.
- **Python:** put `with rag_core.record("support-bot", query) as run:` around your steps, with `SECOND_PASS_RUNS={url}`.
  Both are in `docs/connect.md`.
- **A file:** import an export below, from Phoenix or Langfuse, of OpenTelemetry, or a table of candidates.""")


def collector() -> RunningCollector | None:
    """The collector of this app, with its address on the page; what is wrong with it where there should be one."""
    with views.guard():
        if running := caches.collector():
            token = " Senders need the token." if running.needs_token else ""
            st.caption(f":material/sensors: Collecting on `{running.url}`.{token}")
            return running
    return None
