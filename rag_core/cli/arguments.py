"""Where arguments may be on a command line: positional ones between the options, also after one of several words."""

from __future__ import annotations

import argparse
import os.path
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rag_core.errors import BadInput


class CommandParser(argparse.ArgumentParser):
    """A parser that takes positional arguments in any place: `ask QUESTION --top-k 3 FOLDER`."""

    _after: list[str] | None = None

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As the class above. What follows `--` is positional, after those before it."""
        words = list(args or ())
        if self._after is None:
            self._after = []
            try:  # this comes back here for the options, then for the rest, which Python 3.11 gives without its `--`
                return self.parse_known_intermixed_args(words, namespace)
            finally:
                self._after = None
        at = words.index("--") if "--" in words else len(words)
        words, self._after = words[:at] + self._after, words[at:]
        return super().parse_known_args(words, namespace)


def set_of(given: argparse.Namespace) -> Path:
    """SET of `evaluate`, also where it comes last after an option that takes any number of words, and so took it.

    `evaluate --metrics nDCG@5 SET` -> SET: a last word that is no metric, minimum or setting, or is there as a path.
    Raises BadInput where there is none.
    """
    if given.set is not None:
        return Path(given.set)
    of_options = [(words, "@") for words in given.metrics]
    of_options += [(words, "=") for words in (*given.fail_under, *given.extra)]
    for words, mark in of_options:
        if len(words) > 1 and (mark not in words[-1] or os.path.exists(words[-1])):  # noqa: PTH110 - of any length
            return Path(words.pop())
    raise BadInput("Give a folder or a CSV of labelled questions, and put it first: evaluate SET, then the options.")


def each_of(given: Sequence[Sequence[str]]) -> list[str]:
    """The words of an option that is given once or several times, with spaces or commas between them.

    >>> each_of([["nDCG@5", "RR@10"], ["R@5,R@10"]])
    ['nDCG@5', 'RR@10', 'R@5', 'R@10']
    """
    return [part for words in given for word in words for part in word.split(",") if part]
