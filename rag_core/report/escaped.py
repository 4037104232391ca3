"""Marks in text that is already escaped."""

from __future__ import annotations

import re


def emphasised(escaped: str) -> str:
    """Markdown's `**bold**` and `` `code` `` of already escaped text as HTML; nothing else of Markdown."""
    bold = re.sub(r"\*\*([^*<>\n]+)\*\*", r"<b>\1</b>", escaped)
    return re.sub(r"`([^`<>\n]+)`", r"<code>\1</code>", bold)
