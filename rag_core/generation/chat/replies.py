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
    body = reply.response.read().decode("utf-8-sig", "replace").strip()
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
    """The reply's pieces as they come in: of its first choice, as more are never asked for.

    Raises ValueError for a reply without one, and the client's error for an event that is an error.
    """
    from openai import APIError, Stream

    if not isinstance(reply, Stream):
        if not _choice(reply):
            raise ValueError(f"it sent no choices: “{reply.to_json(indent=None, warnings=False)[:120]}”")
        yield _piece(reply)
        return
    empty = True
    with reply as stream:
        for event in stream:
            empty = False
            if said := error_in(event):
                raise APIError(said, stream.response.request, body=None)
            yield _piece(event)
    if empty:
        raise ValueError("it sent no event of a stream")


def _choice(event: Any) -> Any:
    """The first choice; None where there is none."""
    return event.choices[0] if isinstance(event.choices, list) and event.choices else None


def _message(choice: Any) -> Any:
    """What a choice says: its `delta` or `message`, or the `text` of servers that complete texts."""
    from openai.types.chat.chat_completion_chunk import ChoiceDelta

    found = next((part for name in ("delta", "message") if (part := getattr(choice, name, None))), None)
    text = getattr(choice, "text", None)
    if found is None and isinstance(text, str):
        return ChoiceDelta.construct(content=text)
    return ChoiceDelta.construct(**found) if isinstance(found, dict) else found


def _piece(event: Any) -> Piece:
    choice = _choice(event)
    message = _message(choice)
    finish = choice.finish_reason if choice else None
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
