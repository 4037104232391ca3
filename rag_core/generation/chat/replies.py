"""A chat server's reply: a stream of events or a whole one, read as pieces; and whether it is an error after all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag_core.generation.chat.errors import said_by
from rag_core.generation.chat.reasoning import Said, said_in

if TYPE_CHECKING:
    import openai

WANTS_OTHERWISE = (400, 404, 405, 422, 500, 501)
"""Statuses behind which a server may want something else; 500 where it fails on a role that it does not know."""


def opened(reply: Any) -> Any:
    """The reply; one that was to be a stream and is none becomes a whole reply.

    Raises ValueError, with the body's beginning, for one that no chat server sends.
    """
    from openai import Stream
    from openai.types.chat import ChatCompletion

    if not isinstance(reply, Stream):
        if isinstance(reply, str):
            raise ValueError(_sent(reply))
        return reply
    kind = reply.response.headers.get("content-type", "")
    if kind.startswith("text/event-stream"):
        return reply
    body = reply.response.read().decode("utf-8", "replace").strip()
    if not body or body.startswith(("data:", "event:", ":")):
        return reply
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ValueError(_sent(body))
    return ChatCompletion.construct(**found)


def _sent(body: str) -> str:
    return f"it sent “{' '.join(body[:80].split())}”"


@dataclass(frozen=True)
class Piece:
    """One event of a stream, or the whole reply: what it says, why the text ends here, the server's token counts, and
    the tools that the model asks for."""

    said: Said
    finish: str = ""
    usage: Any = None
    tools: tuple[str, ...] = ()


def pieces_of(reply: Any) -> Iterator[Piece]:
    """The reply's pieces as they come in: of its first choice, as more are never asked for."""
    from openai import Stream

    if not isinstance(reply, Stream):
        if not reply.choices:
            raise ValueError("it sent no choices")
        yield _piece(reply, reply.choices[0].message)
        return
    with reply as stream:
        for event in stream:
            yield _piece(event, event.choices[0].delta if event.choices else None)


def _piece(event: Any, message: Any) -> Piece:
    finish = event.choices[0].finish_reason if event.choices else None
    tools = (message.tool_calls or ()) if message is not None else ()
    return Piece(said_in(message), finish or "", event.usage, tuple(one.function.name for one in tools if one.function))


def error_in(reply: Any) -> str:
    """The words of an error that came as a reply with status 200; "" for a reply that is none."""
    if getattr(reply, "choices", None) or not hasattr(reply, "model_extra"):
        return ""
    return said_by(reply.model_extra or {})


def wants(exc: openai.APIStatusError) -> str:
    """What the server says of its refusal, with the field that it names; "" where nothing can be done about it."""
    if exc.status_code not in WANTS_OTHERWISE:
        return ""
    return f"{exc.param or ''} {said_by(exc.body) or exc.message}"
