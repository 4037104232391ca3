"""Where arguments may be: between options, and after `--` whatever they begin with."""

from __future__ import annotations

import pytest

from rag_core.cli.arguments import CommandParser


@pytest.mark.parametrize(
    "line",
    [
        "why? docs --top-k 3 --metrics a b",
        "--top-k 3 why? --metrics a b -- docs",
        "--top-k 3 --metrics a b -- why? docs",
        "why? --metrics a b --top-k 3 docs",
        "why? --metrics a b --top-k 3 docs --",
    ],
)
def test_positional_arguments_stand_between_options_and_behind_two_dashes(line: str) -> None:
    parser = CommandParser()
    parser.add_argument("question")
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--top-k", type=int)
    parser.add_argument("--metrics", nargs="+")
    given = parser.parse_args(line.split())
    assert vars(given) == {"question": "why?", "folder": "docs", "top_k": 3, "metrics": ["a", "b"]}


def test_behind_two_dashes_nothing_is_an_option() -> None:
    parser = CommandParser()
    parser.add_argument("--port", type=int)
    parser.add_argument("options", nargs="*")
    given = parser.parse_args(["a", "--port", "5", "b", "--", "--port", "6"])
    assert vars(given) == {"port": 5, "options": ["a", "b", "--port", "6"]}
