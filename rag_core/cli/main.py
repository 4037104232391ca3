"""The commands: `python -m rag_core evaluate SET_DIR`, and `python -m rag_core --help` for the rest.

Exit codes: 0 done, 1 a gate said no, 2 what was given cannot be used, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from rag_core.cli import evaluate as evaluate
from rag_core.errors import SecondPassError

COMMANDS: dict[str, Callable[[argparse.ArgumentParser], None]] = {"evaluate": evaluate.describe}
"""Name of each command -> what adds its arguments and its `run` to a parser."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command of the arguments; its exit code."""
    parser = argparse.ArgumentParser(prog="python -m rag_core", description="Second Pass without the browser.")
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, describe in COMMANDS.items():
        describe(commands.add_parser(name))
    given = parser.parse_args(argv)
    try:
        code: int = given.run(given)
    except SecondPassError as exc:
        sys.stderr.write(f"{exc}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. What was scored is kept; the same command goes on where this one was.\n")
        return 130
    return code


if __name__ == "__main__":
    sys.exit(main())
