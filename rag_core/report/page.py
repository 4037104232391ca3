"""The frame and the pieces of an HTML report: one file that opens alone from disk.

A content security policy in the file forbids everything but its own style, and every text is escaped.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from pathlib import Path

STYLE = Path(__file__).with_name("report.css")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(title: str, parts: Iterable[str]) -> str:
    """The whole file: `parts` are HTML, one below the other."""
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title[:80])} · Second Pass</title><style>{STYLE.read_text(encoding='utf-8')}</style>"
    )
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(parts)}</body></html>'


def escape(value: object) -> str:
    """Any value as text that holds no markup."""
    return html.escape(str(value))


def section(title: str, body: str) -> str:
    """HTML under a heading; nothing where there is none."""
    return f"<section><h2>{escape(title)}</h2>{body}</section>" if body else ""


def table(rows: Sequence[Sequence[object]], head: Sequence[str] = ()) -> str:
    """A table of escaped cells."""
    top = f"<thead><tr>{''.join(f'<th>{escape(name)}</th>' for name in head)}</tr></thead>" if head else ""
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table>{top}<tbody>{body}</tbody></table>"
