"""Tables as Markdown: the one form in which every reader writes them."""

from __future__ import annotations

from collections.abc import Sequence


def markdown_table(rows: Sequence[Sequence[str]]) -> str:
    """The rows, the first one as the header; empty rows and columns are left out, short rows are filled up.

    >>> print(markdown_table([["Plan", "Days"], ["Team", "30 | 60"]]))
    | Plan | Days |
    | --- | --- |
    | Team | 30 \\| 60 |
    """
    clean = [[_cell(cell) for cell in row] for row in rows]
    clean = [row for row in clean if any(row)]
    width = max(map(len, clean), default=0)
    full = [[*row, *[""] * (width - len(row))] for row in clean]
    used = [place for place in range(width) if any(row[place] for row in full)]
    lines = [f"| {' | '.join(row[place] for place in used)} |" for row in full]
    if len(lines) > 1:
        lines.insert(1, f"| {' | '.join(['---'] * len(used))} |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
