"""`Policy`: every decision about one query that arithmetic can change. It never holds a secret."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from rag_core.schema.base import Frozen
from rag_core.schema.calibration import Calibration
from rag_core.schema.filters import Filter
from rag_core.schema.first_pass import DEFAULT_FIRST_PASS as DEFAULT_FIRST_PASS
from rag_core.schema.first_pass import FULL_DEPTH as FULL_DEPTH
from rag_core.schema.first_pass import FirstPass as FirstPass
from rag_core.schema.first_pass import Share
from rag_core.schema.fusion import Fusion
from rag_core.schema.threshold import Threshold

MOST_KEPT = 100
"""The largest top-k of a policy; a recorded run may have kept more."""


MAIN = "main"
"""What the search of every run is called, beside the named extra ones."""


NO_RERANKER = "none"
"""The reranker of a policy that has none."""


DEFAULT_RERANKER = "second-pass-minilm-v3+late-interaction"
"""The reranker of a policy that names none: of what ships and gives probabilities, what ranks best (its card)."""


class Signals(Frozen):
    """final = relevance*w_r + freshness*w_f + authority*w_a + search*w_s + diversity*w_d. Off by default: order by
    relevance alone. `search` is the fused score as a share of the best possible: what the searches thought stays in.

    A document has the authority that its metadata states (`Passage.authority`), else what `sources` gives its source
    (pairs, so that the value stays hashable), else `default_authority`. `as_of` is the day freshness counts from; None:
    the day of measurement.
    """

    on: bool = False
    relevance: Share = 0.6
    freshness: Share = 0.15
    authority: Share = 0.15
    diversity: Share = 0.1
    search: Share = 0.0
    sources: tuple[tuple[str, Share], ...] = ()
    default_authority: Share = 0.5
    as_of: date | None = None


SIGNAL_NAMES = ("relevance", "search", "freshness", "authority", "diversity")
"""The weights of `Signals`, in the order that pages show them in."""


THRESHOLD_STEP = 0.005
"""Between two thresholds that can be set: a model that is seldom sure has its best ones close to 0."""


class ExtraSearch(Frozen):
    """A named search beside the main one; its candidates are fused, then reranked, together with all others.

    where: its own filter, in addition to the run's, never instead of it. query: its own words; None: the question's.
    depth: how many it adds to each list at most. weight: times the fusion's dense and lexical weight.

        ExtraSearch(name="recent", where=make_filter(since=date(2026, 10, 22)), depth=20, weight=0.5)
    """

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
    where: Filter | None = None
    query: Annotated[str | None, Field(min_length=1, max_length=4000)] = None
    depth: Annotated[int, Field(ge=1, le=FULL_DEPTH)] = 50
    weight: Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)] = 1.0

    def __str__(self) -> str:
        """`recent (updated since 2026-10-01; depth 50, weight 1)`"""
        asked = "; ".join([*([f"“{self.query}”"] if self.query else []), *([str(self.where)] if self.where else [])])
        return f"{self.name} ({f'{asked}; ' * bool(asked)}depth {self.depth}, weight {self.weight:g})"


MOST_REWRITTEN = 3
"""How many queries a question is rewritten into at most."""


def rewritten_name(number: int) -> str:
    """What the search for the n-th rewritten query is called."""
    return f"rewritten {number}"


RESERVED = (MAIN, *(rewritten_name(number) for number in range(1, MOST_REWRITTEN + 1)))
"""Names that no extra search of the policy may have."""


class Rewrite(Frozen):
    """Whether a chat model's other wordings of the question are searched too, and how deep and strong each counts.

    Each is a search beside the main one, under the run's filter. Off by default: it sends the question to the model.
    """

    on: bool = False
    depth: Annotated[int, Field(ge=1, le=FULL_DEPTH)] = 50
    weight: Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)] = 1.0


class EarlyStopping(Frozen):
    """When the reranker stops before it has read the whole pool. Nothing set: it reads all of it.

    EarlyStopping(limit=24)        after 24 candidates: somebody has seen enough
    EarlyStopping(certain=True)    once the k-th best has its score space's highest value, so that nothing unread can
    pass it EarlyStopping(patience=32)     once the first k have not changed over the last 32 read; a heuristic, it may
    miss one
    """

    limit: Annotated[int | None, Field(ge=1)] = None
    certain: bool = False
    patience: Annotated[int | None, Field(ge=1)] = None


DEFAULT_POOL = 10
"""How many of its best such a policy's reranker reads, unless more are kept."""


class Policy(Frozen):
    """Every decision about one query that arithmetic can change.

    depth: how many each search returns. first_pass: a first pass before the reranker, or none. pool: how many
    candidates the reranker reads: the first fused ones, or the first pass's best. top_k: how many are kept for the
    answer. extra_searches: searches beside the main one, by name. rewrite: searches for the question in other words.
    stopping: when the reranker stops before the end of the pool; a first pass always reads all of its own.
    calibration: what makes the reranker's scores probabilities on this collection; None: they count as they are.

    A policy that names neither a reranker nor a first pass has the default ones: late interaction reads 100, and the
    default reranker its best 10. One that names either has no other first pass than the one it names, and a pool of 50.

        Policy(top_k=3)                # late interaction over 100, the default reranker on its best 10
        Policy(pool=20)                # the same on its best 20
        Policy(first_pass=None)        # the default reranker on the first 50 of the fused order
        Policy(reranker="none")        # the fused order
    """

    depth: Annotated[int, Field(ge=1, le=FULL_DEPTH)] = 100
    fusion: Fusion = Fusion()
    pool: Annotated[int, Field(ge=1, le=2 * FULL_DEPTH)] = 50
    reranker: Annotated[str, Field(min_length=1, max_length=300)] = DEFAULT_RERANKER
    first_pass: FirstPass | None = None
    stopping: EarlyStopping = EarlyStopping()
    signals: Signals = Signals()
    threshold: Threshold = Threshold()
    top_k: Annotated[int, Field(ge=1, le=MOST_KEPT)] = 5
    extra_searches: Annotated[tuple[ExtraSearch, ...], Field(max_length=8)] = ()
    rewrite: Rewrite = Rewrite()
    calibration: Calibration | None = None

    @model_validator(mode="before")
    @classmethod
    def _default_passes(cls, given: object) -> object:
        if not isinstance(given, Mapping) or "reranker" in given or "first_pass" in given:
            return given
        top_k = given.get("top_k")
        pool = given.get("pool", max(DEFAULT_POOL, top_k) if isinstance(top_k, int) else DEFAULT_POOL)
        reads = max(DEFAULT_FIRST_PASS.pool, pool) if isinstance(pool, int) else DEFAULT_FIRST_PASS.pool
        first_pass = DEFAULT_FIRST_PASS.with_(pool=min(reads, 2 * FULL_DEPTH))
        return {**given, "first_pass": first_pass, "pool": pool}

    def having(self, **changes: object) -> Policy:
        """This policy with these fields; a default first pass and pool go with the reranker. Raises BadInput."""
        fields = dict(self)
        default = Policy(top_k=self.top_k, pool=self.pool)
        if (self.reranker, self.first_pass) == (default.reranker, default.first_pass):
            filled_in = {"reranker", "first_pass"} | ({"pool"} if self.pool == max(DEFAULT_POOL, self.top_k) else set())
            fields = {name: value for name, value in fields.items() if name not in filled_in}
        return Policy.made_of(fields | changes)

    @field_validator("extra_searches")
    @classmethod
    def _told_apart(cls, extra_searches: tuple[ExtraSearch, ...]) -> tuple[ExtraSearch, ...]:
        names = [*RESERVED, *(one.name for one in extra_searches)]
        if len(set(names)) < len(names):
            raise ValueError(f"every extra search needs a name of its own, other than {', '.join(RESERVED)}")
        return extra_searches

    @model_validator(mode="after")
    def _from_first_pass(self) -> Self:
        if self.first_pass is None:
            return self
        if NO_RERANKER in (self.first_pass.reranker, self.reranker):
            raise ValueError(
                "A first pass needs a reranker of its own, and one to read its best. Choose both, or leave the first "
                "pass out as well (`first_pass=None`)."
            )
        if self.first_pass.pool < self.pool:
            raise ValueError(
                f"The first pass reads {self.first_pass.pool} candidates, fewer than the pool of {self.pool} that it "
                "hands on. Let it read more, or make the pool smaller."
            )
        return self

    @model_validator(mode="after")
    def _engine_alone(self) -> Self:
        if self.fused_by_engine and (self.extra_searches or self.rewrite.on):
            raise ValueError(
                "An engine fuses its own two searches and takes no others. Turn off extra searches and rewriting, or "
                'fuse here (`Fusion(by="here")`).'
            )
        return self

    def calibration_of(self, model: str) -> Calibration | None:
        """The calibration where it was fitted to this model of the policy's reranker, else None."""
        found = self.calibration
        return found if found and found.fits(self.reranker, model) else None

    @property
    def fused_by_engine(self) -> bool:
        """Whether the engine's own hybrid search is asked for the fused order."""
        return self.fusion.by == "engine"

    @property
    def rerankers(self) -> tuple[str, ...]:
        """The rerankers of its passes, in their order; none where it reranks nothing."""
        named = (*((self.first_pass.reranker,) if self.first_pass else ()), self.reranker)
        return tuple(one for one in named if one != NO_RERANKER)

    @property
    def reads(self) -> int:
        """How many fused candidates go on from fusion: to the first pass where there is one, else to the reranker."""
        return self.first_pass.pool if self.first_pass else self.pool

    @property
    def unranked(self) -> Self:
        """The same policy in fused order: no reranker and no first pass, over all the candidates that these read. No
        threshold: fused scores say nothing about relevance."""
        return self.with_(reranker=NO_RERANKER, first_pass=None, pool=self.reads, threshold=Threshold())
