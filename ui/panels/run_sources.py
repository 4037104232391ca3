"""How recorded runs get here."""

from __future__ import annotations

import streamlit as st

THREE_WAYS = """\
- **Traces:** start `second-pass collect`, and your program with `OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318`.
- **Python:** put `with rag_core.record("support-bot", query) as run:` around your steps, with
  `SECOND_PASS_RUNS=http://127.0.0.1:4318`. Both are in `docs/connect.md`.
- **A file:** import an export below, from Phoenix or Langfuse, of OpenTelemetry, or a table of candidates."""


def welcome() -> None:
    """The page before the first run."""
    st.markdown("**No runs yet.** There are three ways to get them:\n\n" + THREE_WAYS)
