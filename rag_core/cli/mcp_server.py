"""`second-pass mcp`: the calls of `inspect` and `triage` for agents, over the Model Context Protocol.

    second-pass mcp                                        on stdin and stdout, as an agent's host starts it
    second-pass mcp --retriever my_app.search:retrieve     the agent's own search, so that it can ask why it failed
    second-pass mcp --run runs.jsonl                       recorded runs of a file, beside those of the database

The entry of an agent's host, such as .mcp.json:

    {"mcpServers": {"second-pass": {"command": "second-pass", "args": ["mcp"]}}}

An agent reads the shared collections, the indexes of SECOND_PASS_INDEXES and the recorded runs, and asks the
retrievers that are named here or in SECOND_PASS_RETRIEVERS. It names no address, function or file itself. It needs the
extra `mcp`.
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag_core.cli.agent_calls import AgentCalls
from rag_core.errors import MissingPackage, SecondPassError
from rag_core.installation.version import __version__
from rag_core.settings import Settings

if TYPE_CHECKING:
    from mcp.server import MCPServer

INSTRUCTIONS = (
    "Second Pass shows what a retrieve-then-rerank pipeline does with a query. Call list_collections or list_runs "
    "first. inspect_query and inspect_run give every step; triage_query and triage_run say which step lost a document, "
    "and what would have kept it."
)


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.description = __doc__
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--retriever", metavar="WHICH", help="offer this live retriever (as in inspect)")
    parser.add_argument("--run", dest="file", type=Path, metavar="FILE", help="offer the recorded runs of this file")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Serve until the host closes the connection."""
    server(AgentCalls(Settings(), given.retriever, given.file)).run("stdio")
    return 0


def server(calls: AgentCalls) -> MCPServer[Any]:
    """The server with its tools. Raises MissingPackage."""
    try:
        from mcp.server import MCPServer
    except ImportError as exc:
        raise MissingPackage("mcp", "The server for agents") from exc
    made = MCPServer("second-pass", instructions=INSTRUCTIONS, version=__version__, log_level="WARNING")
    for call in (
        calls.list_collections,
        calls.list_runs,
        calls.inspect_query,
        calls.inspect_run,
        calls.triage_query,
        calls.triage_run,
    ):
        made.tool(description=" ".join((call.__doc__ or "").split()))(_told(call))
    return made


def _told(call: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """The call, with what it refuses told in its own words: any other error is hidden from agents."""
    from mcp.server.mcpserver.exceptions import ToolError

    @functools.wraps(call)
    def told(*args: Any, **options: Any) -> dict[str, Any]:
        try:
            return call(*args, **options)
        except SecondPassError as exc:
            raise ToolError(str(exc)) from exc

    return told
