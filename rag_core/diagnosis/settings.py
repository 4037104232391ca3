"""The settings that a counterfactual may change, each with the range and step of its control. Data, and how to
read and write them in a policy; nothing is replayed here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from rag_core.schema.base import Frozen
from rag_core.schema.policy import FULL_DEPTH, NO_RERANKER, SIGNAL_NAMES, EarlyStopping, Policy, Rewrite
from rag_core.schema.scale import Scale
from rag_core.schema.spaces import ScoreSpace

State = Literal["on", "off", "none"]
"""What a switch stands at."""


class Setting(Frozen):
    """A number of the policy: where it stands, its range and step, and the directions in which it can help."""

    path: tuple[str, ...]
    low: float
    high: float
    step: float
    towards: tuple[Literal[1, -1], ...] = (1, -1)

    @property
    def name(self) -> str:
        """`fusion.dense_weight`"""
        return ".".join(self.path)

    def read(self, policy: Policy) -> float:
        """The policy's value; what is off, a threshold or a first pass, reads as the lowest."""
        value: object = policy
        for part in self.path:
            value = getattr(value, part, None)
        return float(value) if isinstance(value, int | float) else self.low

    def applies(self, policy: Policy) -> bool:
        """False for weights of signals that are off, a first pass that is not there, a rule to stop that is not set."""
        group = {"signals": policy.signals.on, "first_pass": policy.first_pass is not None}
        rule = {"stopping.limit": policy.stopping.limit, "stopping.patience": policy.stopping.patience}
        return group.get(self.path[0], rule.get(self.name, 0) is not None)

    def write(self, policy: Policy, value: float) -> Policy:
        """The policy with this value. The lowest threshold is none."""
        *group, field = self.path
        inner: dict[str, float | None] = {field: int(value) if self.step == 1 else value}
        if self.name == "threshold.minimum" and value == self.low:
            inner = {field: None}
        if not group:
            return policy.with_(**inner)
        return policy.with_(**{group[0]: getattr(policy, group[0]).with_(**inner)})

    def away_from(self, value: float, direction: int) -> list[float]:
        """The values of the grid past `value`, nearest first; direction 1 is up, -1 down."""
        steps = round((self.high - self.low) / self.step)
        grid = [round(self.low + i * self.step, 10) for i in range(steps + 1)]
        return [v for v in grid[::direction] if (v - value) * direction > 1e-9]

    def tries(self, policy: Policy, direction: int) -> list[float]:
        """The values of the grid past the policy's own, nearest first, that fit the rest of it."""
        values = self.away_from(self.read(policy), direction)
        if self.path[0] == "stopping":  # nothing is read past the pool
            values = [value for value in values if value <= policy.pool]
        return [value for value in values if self.fits(policy, value)]

    def fits(self, policy: Policy, value: float) -> bool:
        """False where a first pass would read fewer candidates than the pool that it hands on."""
        if policy.first_pass is None:
            return True
        reads = {"pool": (policy.first_pass.pool, value), "first_pass.pool": (value, policy.pool)}
        most, pool = reads.get(self.name, (policy.first_pass.pool, policy.pool))
        return pool <= most

    def size(self, before: float, after: float) -> float:
        """How large a change is: its share of the range, 0..1."""
        return abs(after - before) / (self.high - self.low)


THRESHOLDS = Scale(space=ScoreSpace.PROBABILITY)
SETTINGS = (
    Setting(path=("top_k",), low=1, high=20, step=1, towards=(1,)),
    Setting(
        path=("threshold", "minimum"), low=THRESHOLDS.low, high=THRESHOLDS.high, step=THRESHOLDS.step, towards=(-1,)
    ),
    Setting(path=("pool",), low=1, high=200, step=1),
    Setting(path=("stopping", "limit"), low=1, high=2 * FULL_DEPTH, step=1, towards=(1,)),
    Setting(path=("stopping", "patience"), low=1, high=2 * FULL_DEPTH, step=1, towards=(1,)),
    Setting(path=("first_pass", "pool"), low=1, high=2 * FULL_DEPTH, step=1),
    Setting(path=("depth",), low=1, high=FULL_DEPTH, step=1),
    Setting(path=("fusion", "dense_weight"), low=0, high=3, step=0.1),
    Setting(path=("fusion", "lexical_weight"), low=0, high=3, step=0.1),
    *(Setting(path=("signals", name), low=0, high=1, step=0.05) for name in SIGNAL_NAMES),
)
"""No larger than a person can set: a document that only a top-k of 45 would keep needs another fix."""


@dataclass(frozen=True)
class Switch:
    """A change that is not a matter of degree: what it replaces in the policy."""

    setting: str
    before: State
    after: State
    change: Callable[[Policy], Policy]


SWITCHES = (
    Switch("signals.on", "off", "on", lambda p: _signals(p, True)),
    Switch("signals.on", "on", "off", lambda p: _signals(p, False)),
    Switch("reranker", "on", "none", lambda p: _without_first_pass(p, {"reranker": NO_RERANKER})),
    Switch("first_pass", "on", "none", lambda p: _without_first_pass(p, {})),
    Switch("stopping", "on", "off", lambda p: p.with_(stopping=EarlyStopping())),
    Switch("extra_searches", "on", "none", lambda p: p.with_(extra_searches=())),
    Switch("rewrite.on", "on", "off", lambda p: p.with_(rewrite=Rewrite())),
)
"""A switch that changes nothing in a policy does not apply to it."""


def _without_first_pass(policy: Policy, more: dict[str, str]) -> Policy:
    """The policy whose reranker itself reads all that the first pass reads; the same one where there is no first pass,
    and where it reads more than a person can set."""
    if policy.first_pass is None:
        return policy.with_(**more)
    if policy.first_pass.pool > FULL_DEPTH:
        return policy
    return policy.with_(first_pass=None, pool=policy.first_pass.pool, **more)


def _signals(policy: Policy, on: bool) -> Policy:
    return policy.with_(signals=policy.signals.with_(on=on))
