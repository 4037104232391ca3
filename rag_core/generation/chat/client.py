"""One request to a chat server, through the `openai` client: opened, formed, and its failures put into words.

    complete(access, messages).text

An answer that comes piece by piece is `stream`'s, what a failure is called `errors`'s. Nothing is asked again, but for
what a server asks for itself (`dialect`), which is remembered (`habits`): a user who waits is better told.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rag_core.errors import GenerationError, MissingPackage
from rag_core.generation.chat.access import ChatAccess
from rag_core.generation.chat.dialect import Dialect, usual
from rag_core.generation.chat.errors import in_words, refused_with
from rag_core.generation.chat.habits import HABITS
from rag_core.generation.chat.price import cost
from rag_core.generation.chat.reasoning import parted
from rag_core.generation.chat.replies import error_in, opened, pieces_of, wants
from rag_core.rerank.metering import sent, spend
from rag_core.schema.answers import Message
from rag_core.schema.base import Frozen
from rag_core.schema.paid_calls import PaidCalls

if TYPE_CHECKING:
    import openai

NO_KEY = "none"
"""Sent where a server needs no key; the client insists on one."""

GREETING = (Message(role="user", content="Reply with the one word: ready"),)


class Completion(Frozen):
    """One whole reply. `model` is what the server calls it; counts are the server's, None where it gave none.

    `text` is without the model's reasoning. `finish` is the server's word for why it ended: "stop", or "length" where
    the limit cut it. `notes`: what of the request was changed because the server asked for that, in words.
    """

    text: str
    finish: str
    model: str
    took_ms: float
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    notes: tuple[str, ...] = ()


def complete(access: ChatAccess, messages: Sequence[Message]) -> Completion:
    """The whole reply at once; its text may be empty. Raises GenerationError in words for a user, without the key."""
    begin = time.perf_counter()
    with connected(access) as client:
        reply, dialect = asked(client, access, messages)
        (piece,) = pieces_of(reply)
        prompt, written = (getattr(piece.usage, f"{name}_tokens", None) for name in ("prompt", "completion"))
        billed(access, prompt, written)
        return Completion(
            text=parted(piece.said.text).text,
            finish=piece.finish,
            model=reply.model or access.config.model,
            took_ms=(time.perf_counter() - begin) * 1000,
            prompt_tokens=prompt,
            completion_tokens=written,
            notes=dialect.notes(access.config),
        )


def billed(access: ChatAccess, prompt: int | None, written: int | None) -> None:
    """Tell the open meters what a reply took. None: the server reported no count."""
    dollars = cost(access.price, prompt, written)
    spend(access.name, PaidCalls(tokens=(prompt or 0) + (written or 0), dollars=dollars))


def greet(access: ChatAccess) -> Completion:
    """The shortest conversation there is, to see that address, key and model are right. Raises GenerationError."""
    return complete(access, GREETING)


@contextmanager
def connected(access: ChatAccess, received: Sequence[str] = ()) -> Iterator[openai.OpenAI]:
    """The client; whatever it raises inside becomes a GenerationError in words, without the key.

    `received`: the pieces of text that had come in before, filled by the caller.
    """
    try:
        import openai
    except ImportError as exc:
        raise MissingPackage("openai", "An answer by a chat model") from exc
    config, key = access.config, _key(access)
    try:
        with openai.OpenAI(api_key=key, base_url=config.base_url, timeout=config.timeout_s, max_retries=0) as client:
            client.organization = client.project = None  # the environment's; they are nobody else's business
            yield client
    except (openai.OpenAIError, ValueError, TypeError, AttributeError, LookupError) as exc:
        # Not chained: the vendor's error holds the request, and may quote the key.
        raise GenerationError(in_words(exc, config.model, config.base_url, key, "".join(received))) from None


def asked(
    client: openai.OpenAI, access: ChatAccess, messages: Sequence[Message], *, stream: bool = False
) -> tuple[Any, Dialect]:
    """A stream of events, or a whole reply where none was asked for or the server does not stream; and the dialect that
    it was asked in. The server is asked once more for each thing that it wants otherwise, and in that way from then on.
    """
    import openai

    config, dialect = access.config, HABITS.of(access)
    remembered = dialect != usual(config)
    while True:
        sent(access.name)
        fields = dialect.fields(config, messages, stream=stream)
        try:
            client.base_url = dialect.address(config)
            reply = opened(client.chat.completions.create(**fields))
        except openai.APIStatusError as exc:
            wanted = dialect.instead(config, exc.status_code, wants(exc))
            if wanted is None and remembered and exc.status_code in _REFUSALS:
                wanted = usual(config)
            if wanted is None:
                raise
        else:
            said = error_in(reply)
            wanted = dialect.instead(config, 200, said)
            if not said:
                HABITS.learn(access, dialect)
                return reply, dialect
            if wanted is None:
                raise GenerationError(refused_with(said, config.model, _key(access)))
        HABITS.forget(access)
        dialect, remembered = wanted, False


_REFUSALS = (400, 404, 405, 422)
"""Statuses with which a server may refuse how it was asked."""


def _key(access: ChatAccess) -> str:
    return access.key.get_secret_value() if access.key else NO_KEY
