"""Numbered places of a file in words: rows, lines, pages."""

from __future__ import annotations

from collections.abc import Iterable


def numbered(word: str, numbers: Iterable[int]) -> str:
    """The places, runs of them drawn together.

    >>> numbered("page", [3]), numbered("row", [1, 2, 3, 7]), numbered("line", [4, 9])
    ('page 3', 'rows 1 to 3 and 7', 'lines 4 and 9')
    """
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    parts = [_run(run) for run in runs]
    listed = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    return f"{word}{'s' if len(runs) > 1 or any(len(run) > 1 for run in runs) else ''} {listed}"


def _run(run: list[int]) -> str:
    """`3`, `3 and 4` as two, `3 to 5`."""
    return f"{run[0]:,}" if len(run) == 1 else f"{run[0]:,} to {run[1]:,}"
