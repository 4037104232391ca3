"""How one chat server wants to be asked, where that is not the usual way.

A server that refuses a request often says what it wants instead. It is asked once more in that way for each such thing;
what else it says is an error. What is changed that bears on the answer is told in words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from rag_core.generation.chat.access import OPENAI, ChatConfig
from rag_core.schema.answers import Message
from rag_core.schema.base import Frozen

_REFUSED = re.compile(
    r"not (?:be )?(?:supported|permitted|allowed|accepted|available|enabled|implemented)|n[o']t support|unsupported"
    r"|unrecogni[sz]ed|unknown|unexpected|extra (?:inputs|fields|arguments)|no longer|deprecated|disabled"
    r"|invalid (?:param|field|argument)|must be (?:verified|false)",
    re.IGNORECASE,
)
"""Words with which a server refuses a thing as such, and not a value that is too large for it."""
_ROLES = re.compile(
    r"roles? must alternate|only (?:the )?['\"`]?user\b|\brole\b.{0,40}\b(?:should|must) be\b.{0,20}\buser\b"
    r"|developer instruction",
    re.IGNORECASE,
)
"""Words of a server that knows the roles `user` and `assistant` alone."""
_ABOVE_ZERO = re.compile(r"positive|greater than|range|\bonly\b|[(>]\s*0", re.IGNORECASE)
"""Words of a server that refuses a temperature of 0."""
_VERSION = re.compile(r"/v\d\w*(?:/|\Z)")
_NO_SUCH_ADDRESS = re.compile(r"unexpected endpoint|\A\W*not found\W*\Z", re.IGNORECASE)


class Dialect(Frozen):
    """What a request to this server holds: the name of its limit, and which of the usual fields.

    `version`: `/v1` is added to the address. `changed`: what the server has asked for so far.
    """

    limit: str = "max_tokens"
    temperature: bool = True
    system: bool = True
    stream: bool = True
    counts: bool = True
    version: bool = False
    changed: tuple[str, ...] = ()

    def address(self, config: ChatConfig) -> str:
        """The address without the `/chat/completions` that is asked."""
        return f"{config.base_url}/v1" if self.version else config.base_url

    def messages(self, messages: Sequence[Message]) -> tuple[Message, ...]:
        """The messages as this server takes them: without the role `system`, rules stand before the first message."""
        first = next((one for one in messages if one.role != "system"), None)
        if self.system or first is None:
            return tuple(messages)
        rules = [one.content for one in messages if one.role == "system"]
        joined = first.model_copy(update={"content": "\n\n".join([*rules, first.content])})
        return tuple(joined if one is first else one for one in messages if one.role != "system")

    def fields(self, config: ChatConfig, messages: Sequence[Message], *, stream: bool) -> dict[str, Any]:
        """The request's fields."""
        fields: dict[str, Any] = {
            "model": config.model,
            "messages": [message.model_dump() for message in self.messages(messages)],
            self.limit: config.max_tokens,
        }
        if config.temperature is not None and self.temperature:
            fields["temperature"] = config.temperature
        if stream and self.stream:
            fields["stream"] = True
            if self.counts:
                fields["stream_options"] = {"include_usage": True}
        return fields

    def instead(self, config: ChatConfig, status: int, said: str) -> Dialect | None:
        """The dialect that a refusal asks for; None where it asks for nothing that was not tried."""
        for name, (wanted, change) in _ASKED.items():
            if name not in self.changed and wanted(self, config, status, said):
                return self.model_copy(update={**change(self), "changed": (*self.changed, name)})
        return None

    def notes(self, config: ChatConfig) -> tuple[str, ...]:
        """What was changed that bears on the answer, in words."""
        if self.temperature or config.temperature is None:
            return ()
        return (f"The model takes no temperature, so it answered with its own instead of {config.temperature:g}.",)


def usual(config: ChatConfig) -> Dialect:
    """How a server at this address is asked first: OpenAI's own newer models refuse `max_tokens`, others know it."""
    return Dialect(limit=_LIMITS["max_tokens"] if config.base_url == OPENAI else "max_tokens")


_LIMITS = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}


def _wants_limit(dialect: Dialect, _config: ChatConfig, _status: int, said: str) -> bool:
    return _names(said, dialect.limit) and bool(_REFUSED.search(said))


def _wants_counts(dialect: Dialect, _config: ChatConfig, _status: int, said: str) -> bool:
    return dialect.stream and _names(said, "stream_options")


def _wants_whole(_dialect: Dialect, _config: ChatConfig, _status: int, said: str) -> bool:
    return (_names(said, "stream") or _names(said, "streaming")) and bool(_REFUSED.search(said))


def _wants_temperature(_dialect: Dialect, config: ChatConfig, _status: int, said: str) -> bool:
    if config.temperature is None or not _names(said, "temperature"):
        return False
    return bool(_REFUSED.search(said) or (config.temperature == 0 and _ABOVE_ZERO.search(said)))


def _wants_system(_dialect: Dialect, _config: ChatConfig, _status: int, said: str) -> bool:
    return bool(_ROLES.search(said)) or (_names(said, "system") and bool(_REFUSED.search(said)))


def _wants_version(_dialect: Dialect, config: ChatConfig, status: int, said: str) -> bool:
    """A server that has no such address; one that has no such model says so."""
    if _VERSION.search(urlsplit(config.base_url).path):
        return False
    return bool(_NO_SUCH_ADDRESS.search(said)) or (status in (404, 405) and not _names(said, "model"))


def _names(said: str, field: str) -> bool:
    return re.search(rf"(?<![A-Za-z_]){field}(?![A-Za-z_])", said, re.IGNORECASE) is not None


_ASKED: dict[str, tuple[Callable[[Dialect, ChatConfig, int, str], bool], Callable[[Dialect], dict[str, object]]]] = {
    "version": (_wants_version, lambda _: {"version": True}),
    "limit": (_wants_limit, lambda dialect: {"limit": _LIMITS[dialect.limit]}),
    "temperature": (_wants_temperature, lambda _: {"temperature": False}),
    "counts": (_wants_counts, lambda _: {"counts": False}),
    "stream": (_wants_whole, lambda _: {"stream": False}),
    "system": (_wants_system, lambda _: {"system": False}),
}
"""What a server may ask for: how that is told from its words, and what is changed."""
