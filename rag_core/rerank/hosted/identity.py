"""Which model a server runs: asked of the server, and asked again whenever that may have changed.

Pair scores are cached under a model's identity. The address of a server is no identity: restarted with another model,
it would get the old model's scores. So a server is asked, by the probes of its provider's row, when its identity is
first needed, at the start of a session, after a connection failed, before it scores, and every two minutes. One that
cannot say gets an identity that is good for this process only, and its scores are never stored.

A hosted service cannot be asked. A model name with a version in it (`rerank-v3.5`) is taken at its word; a name without
one (`rerank-english`, `latest`) may be moved to another model, so its scores count for the calendar month.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from rag_core.errors import SecondPassError
from rag_core.rerank.hosted.http import RETRIED
from rag_core.rerank.hosted.provider import Probe
from rag_core.rerank.hosted.shapes import dig
from rag_core.schema.base import Frozen

if TYPE_CHECKING:
    import httpx

MAX_AGE_S = 120.0
"""How old an answer may be before a server is asked again."""

BEFORE_SCORING_S = 10.0
"""The same before passages are sent: what is scored now is stored under that identity."""

CONNECT_S, ANSWER_S, RETRY_S = 2.0, 5.0, 15.0
"""Seconds to wait for a connection and for an answer, and until an unreachable server is asked again."""

MAX_BYTES = 4 * 2**20
LONGEST = 160
"""Characters of an identity; a longer one is shortened to a digest."""

VERSION = re.compile(r"\d")
DATE = re.compile(r"\d{4}-?\d{2}-?\d{2}")
MOVING = ("latest", "preview", "stable")


class ServedModel(Frozen):
    """What a server says it runs.

    model     its name; empty if the server cannot say
    revision  what tells versions of it apart: a commit, a precision, a file's size; empty if the server does not say
    batch     the most passages it takes in one request, if it says so
    """

    model: str = ""
    revision: str = ""
    batch: int | None = None

    def __str__(self) -> str:
        """`BAAI/bge-reranker-base, 953dc6f6f85a float16`; a digest if that would be long."""
        text = f"{self.model}, {self.revision}" if self.revision else self.model
        return text if len(text) <= LONGEST else f"sha256 {hashlib.sha256(text.encode()).hexdigest()[:24]}"


class ServerUnreachable(Exception):
    """The server was not reached, so nobody knows what it runs; says how, as the end of a sentence."""


class KeyRefused(Exception):
    """The server wants another key, by this status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def ask(
    client: httpx.Client,
    address: str,
    probes: Sequence[Probe],
    headers: Mapping[str, str],
    named: str = "",
    strict: bool = False,
) -> ServedModel:
    """Ask a server which model it runs, probe by probe; the first answer that names one counts.

    named: which of its models is meant, if it has several. strict: neither a refused key nor trouble that may pass is
    taken for a server that cannot say. Raises ServerUnreachable, and KeyRefused where `strict`.
    """
    for probe in probes:
        answer = _get(client, address + probe.path, headers, strict)
        found = _read(probe, answer, named)
        if found.model:
            return found
    return ServedModel()


def _get(client: httpx.Client, url: str, headers: Mapping[str, str], strict: bool) -> Any:
    """The JSON at a URL; None for any other answer."""
    import httpx

    timeout, parts = httpx.Timeout(ANSWER_S, connect=CONNECT_S), urlsplit(url)
    try:
        with client.stream("GET", url, headers=dict(headers), timeout=timeout) as response:
            status = response.status_code
            if strict and status in (401, 403):
                raise KeyRefused(status)
            if strict and (status in RETRIED or status > 504):
                raise ServerUnreachable(f"fails at {parts.netloc} ({parts.path}: status {status})")
            content = bytearray()
            for piece in response.iter_bytes():
                content += piece
                if len(content) > MAX_BYTES:
                    return None
        return json.loads(content) if status == 200 else None
    except (httpx.ConnectError, httpx.ConnectTimeout) as exc:
        raise ServerUnreachable(f"cannot be reached at {parts.netloc}") from exc
    except httpx.TransportError as exc:
        if strict:
            raise ServerUnreachable(f"does not answer at {parts.netloc} ({parts.path})") from exc
        return None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, RecursionError):
        return None


def _read(probe: Probe, answer: Any, named: str) -> ServedModel:
    """The model that an answer names; without `models`, the answer describes the only one."""
    if not probe.models:
        return _described(probe, [answer])
    listed = dig(answer, probe.models)
    known = [one for one in listed if dig(one, probe.model)] if isinstance(listed, list) else []
    meant = [one for one in known if dig(one, probe.model) in (named, named + probe.tag)]
    return _described(probe, meant or ([] if named and len(known) > 1 else known))


def _described(probe: Probe, models: Sequence[Any]) -> ServedModel:
    """All of them in one: which of several a server uses if none is named is its own business."""
    names = [str(name)[:400] for one in models if isinstance(name := dig(one, probe.model), str)]
    said = [value for one in models for place in probe.revision if _plain(value := dig(one, place))]
    batch = dig(models[0], probe.batch) if models and probe.batch else None
    return ServedModel(
        model=" + ".join(sorted(names)),
        revision=" ".join(_short(value) for value in said),
        batch=batch if isinstance(batch, int) and batch > 0 else None,
    )


def _plain(value: Any) -> bool:
    return isinstance(value, str | int) and bool(value)


def _short(value: Any) -> str:
    """A commit by its first 12 digits, anything else as it is."""
    return str(value)[:12] if re.fullmatch(r"[0-9a-f]{40,64}", str(value)) else str(value)


_sessions, _numbers = count(1), count(1)
_newest_session = 0


def start_session() -> None:
    """Let every server be asked again which model it runs: a user who reloads the page expects to see what is there."""
    global _newest_session
    _newest_session = next(_sessions)


class ModelWatch:
    """Which model one server runs, as last asked. Safe to share between threads.

    ask    asks the server; may raise ServerUnreachable or SecondPassError
    clock  seconds, monotonic
    """

    def __init__(self, ask: Callable[[], ServedModel], clock: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._clock = clock
        self._lock = threading.Lock()
        self._served: ServedModel | None = None
        self._ask_again_at = 0.0
        self._asked_at = 0.0
        self._session = 0
        self._doubtful = False
        self._unknown = 0
        self._renew_at = 0.0

    def served(self, max_age_s: float = MAX_AGE_S) -> ServedModel:
        """What the server runs; asks it if the last answer is older than `max_age_s` or in doubt."""
        with self._lock:
            now = self._clock()
            old = now >= self._ask_again_at or (now - self._asked_at > max_age_s and not self._doubtful)
            if self._served is None or self._session != _newest_session or old:
                self._refresh(now)
            return self._served or ServedModel()

    def identity(self, max_age_s: float = MAX_AGE_S) -> str:
        """The part of an identity that names the model: `BAAI/bge-reranker-base, 953dc6f6f85a` or `unknown 1`."""
        served = self.served(max_age_s)
        return str(served) if served.model else f"unknown {self._unknown}"

    def doubt(self) -> None:
        """Ask again before the next answer: the server could not be reached, so it may have been restarted."""
        with self._lock:
            self._doubtful, self._ask_again_at = True, 0.0

    def _refresh(self, now: float) -> None:
        """Ask. An unreachable server keeps its last answer: its old scores are still those of that model."""
        renew = self._doubtful or (self._session != _newest_session and now >= self._renew_at)
        self._session = _newest_session
        self._asked_at = now
        try:
            found = self._ask()
        except (ServerUnreachable, SecondPassError):
            self._served = self._served or ServedModel()
            self._doubtful, self._ask_again_at = True, now + RETRY_S
            return
        if not found.model and (renew or self._unknown == 0):
            self._unknown = next(_numbers)
            self._renew_at = now + MAX_AGE_S
        self._served, self._doubtful, self._ask_again_at = found, False, now + MAX_AGE_S


def today() -> date:
    """The date in UTC, which months are counted by."""
    return datetime.now(UTC).date()


def of_month(name: str, day: date, version: re.Pattern[str] = VERSION) -> str:
    """The name of a hosted model, with the month if the name has no version.

    >>> of_month("rerank-v3.5", date(2026, 11, 5)), of_month("rerank-english", date(2026, 11, 5))
    ('rerank-v3.5', 'rerank-english (2026-11)')
    """
    moving = not version.search(name) or any(word in name.lower() for word in MOVING)
    return f"{name} ({day:%Y-%m})" if moving else name
