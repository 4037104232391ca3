"""The command line: `second-pass`, or `python -m rag_core` where the package is not installed.

    second-pass app                                       open the browser app
    second-pass ask "How long do refunds take?" handbook  index a folder in memory and ask it one question
    second-pass inspect "How long do refunds take?"       every step of one run, asked here or recorded
    second-pass triage --run runs.jsonl --expect doc-7    at which step the right document was lost
    second-pass index handbook --name Handbook            index a folder and keep it
    second-pass evaluate SET_DIR                          measure rerankers on labelled questions
    second-pass calibrate SET_DIR --collection Handbook   make a reranker's scores probabilities there
    second-pass collect                                   take runs and traces of other programs
    second-pass mcp                                       serve inspect and triage to agents

Exit codes: 0 done, 1 the answer is no (a gate failed, nothing was kept, the document was not kept),
2 the input cannot be used, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from rag_core.cli import app, ask, calibrate, collect, evaluate, index, inspect, mcp_server, triage
from rag_core.cli.arguments import CommandParser
from rag_core.errors import SecondPassError, disk_refused
from rag_core.installation.version import __version__

COMMANDS: dict[str, tuple[Callable[[argparse.ArgumentParser], None], str]] = {
    "app": (app.describe, "open the browser app"),
    "ask": (ask.describe, "ask a folder of documents one question"),
    "inspect": (inspect.describe, "show every step of one run, asked here or recorded"),
    "triage": (triage.describe, "say at which step the right document was lost"),
    "index": (index.describe, "index a folder of documents and keep it"),
    "evaluate": (evaluate.describe, "measure rerankers on labelled questions"),
    "calibrate": (calibrate.describe, "make a reranker's scores probabilities on a collection"),
    "collect": (collect.describe, "take runs and traces of other programs"),
    "mcp": (mcp_server.describe, "serve inspect and triage to agents"),
}
"""Name of each command -> what adds its arguments and its `run` to a parser, and a line of help."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command of the arguments; its exit code."""
    given = _parser().parse_args(argv)
    try:
        code: int = given.run(given)
    except SecondPassError as exc:
        sys.stderr.write(f"{exc}\n")
        return 2
    except OSError as exc:
        if not (refused := disk_refused(exc)):
            raise
        sys.stderr.write(f"{refused}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write(f"\nStopped.{given.stopped}\n")
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="second-pass", description="See what happens to a question between a search box and an answer."
    )
    parser.add_argument("--version", action="version", version=f"second-pass {__version__}")
    commands = parser.add_subparsers(required=True, metavar="command", parser_class=CommandParser)
    for name, (describe, summary) in COMMANDS.items():
        command = commands.add_parser(name, help=summary)
        command.set_defaults(stopped="")
        describe(command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
