"""What was done or spared in a bar of the time line, as data. `wording.latency_bars` puts it in words."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rag_core.schema.base import Frozen


class ByModel(Frozen):
    """The model that did it."""

    kind: Literal["by-model"] = "by-model"
    model: str


class Came(Frozen):
    """How many passages came out: found by a search, candidates of a fusion, kept, or passages of any other step."""

    kind: Literal["came"] = "came"
    count: int
    called: Literal["found", "candidates", "kept", "passages"]


class Rewrote(Frozen):
    """How many queries a model made of the question, and the tokens that took; None where it does not say."""

    kind: Literal["rewrote"] = "rewrote"
    queries: int
    model: str
    failed: bool
    prompt_tokens: int | None
    completion_tokens: int | None


class ExtraFound(Frozen):
    """What an extra search found; `found` is None in the first of two bars. `only`: the list that the bar is of, where
    each has one of its own. `shares`: it uses an embedding of another search."""

    kind: Literal["extra-found"] = "extra-found"
    found: int | None
    only: Literal["", "dense", "lexical"] = ""
    shares: bool = False


class Scored(Frozen):
    """The pairs that models scored, in so many batches and tokens, and those that came from the cache.

    pairs, batches and tokens count what the bar's time paid for; `cached` of `all` pairs were spared.
    """

    kind: Literal["scored"] = "scored"
    pairs: int
    batches: int
    tokens: int
    cached: int
    all: int


class Unscored(Frozen):
    """No pair was scored, and why."""

    kind: Literal["unscored"] = "unscored"
    why: Literal["off", "failed", "idle"]


class ShareOf(Frozen):
    """The bar's share of the whole pass, 0..1."""

    kind: Literal["share-of"] = "share-of"
    share: float


class Plain(Frozen):
    """Nothing to count: no signals are weighed; the kind of answer; a load that is paid once per process; nothing."""

    kind: Literal["plain"] = "plain"
    what: Literal["signals-off", "extractive", "chat", "unknown", "once", ""] = ""


BarNote = Annotated[
    ByModel | Came | Rewrote | ExtraFound | Scored | Unscored | ShareOf | Plain, Field(discriminator="kind")
]
