"""Rerankers from other packages: a package adds a kind by the entry point group `second_pass.rerankers`.

    [project.entry-points."second_pass.rerankers"]          # in the package's pyproject.toml
    flashrank = "second_pass_flashrank:KIND"                # KIND is a RerankerKind

A plug-in that cannot be used does no harm: it is left out, and the Rerankers page names it and says why. Its factory
is imported when the kinds are first asked for, to look whether its rerankers have all that a reranker has.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

from rag_core.errors import first_line
from rag_core.rerank.kinds import RerankerKind

GROUP = "second_pass.rerankers"


@dataclass(frozen=True)
class BrokenPlugin:
    """A plug-in that was left out. `package`: the distribution it comes with; `reason`: a sentence for users."""

    name: str
    package: str
    reason: str

    def __str__(self) -> str:
        return f"The plug-in {self.name} of {self.package} is not used: {self.reason} Update or uninstall that package."


def load_plugins(taken: Collection[RerankerKind]) -> tuple[list[RerankerKind], list[BrokenPlugin]]:
    """Import every plug-in that is installed. `taken`: kinds whose names and prefixes a plug-in may not use."""
    good: list[RerankerKind] = []
    broken: list[BrokenPlugin] = []
    for point in sorted(entry_points(group=GROUP), key=lambda one: (_package(one), one.name)):
        try:
            kind = point.load()
        except Exception as exc:  # noqa: BLE001 - another package's import may raise anything, and must not stop the app
            reason = f"its import failed ({type(exc).__name__}: {first_line(exc)})."
        else:
            reason = _fault(kind, [*taken, *good])
        if reason:
            broken.append(BrokenPlugin(point.name, _package(point), reason))
        else:
            good.append(kind)
    return good, broken


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "an unknown package"


def _fault(kind: object, taken: Collection[RerankerKind]) -> str:
    """Why the object of an entry point cannot be used; empty if it can."""
    if not isinstance(kind, RerankerKind):
        return f"it is a {type(kind).__name__}, not a RerankerKind."
    if kind.name in {one.name for one in taken}:
        return f"there is a kind {kind.name!r} already."
    prefixes = {prefix: one.name for one in taken for prefix in one.prefixes}
    twice = next((prefix for prefix in kind.prefixes if prefix in prefixes), "")
    if twice:
        return f"keys that begin with {twice} belong to the kind {prefixes[twice]!r}."
    return kind.fault()
