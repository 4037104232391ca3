"""Which rerankers there are, which of them a caller can use, and the one instance of each per process.

A policy names a reranker by its key:

    none                                   keeps the fused order (the pipeline handles it)
    late-interaction                       MaxSim over the packaged bi-encoder; always available
    <folder of rag_core/models>            a cross-encoder that ships with the project
    <the same>+late-interaction            both combined; `DEFAULT_RERANKER` is one of these
    cross-encoder:<folder or hub name>     any sentence-transformers CrossEncoder with one output
    colbert:<folder or hub name>           any ColBERT model that sentence-transformers reads
    rerankers:t5:<folder or hub name>      a T5 reranker, through the rerankers package
    cohere:<model>                         a hosted model; `hosted.providers` lists the services
    tei:<address>, or tei                  your own server, at that address or at the one in the environment (TEI_URL)
    llm:pointwise:<model>                  your chat model, as a grader

The rows of `registry` say how each kind works.
"""

from __future__ import annotations

import threading

from rag_core.errors import BadInput
from rag_core.rerank.access import Credentials
from rag_core.rerank.base import Reranker
from rag_core.rerank.entry import Entry
from rag_core.rerank.kinds import RerankerKind, RerankerSpec
from rag_core.rerank.registry import kind_named, kind_of, kinds, listed_entries
from rag_core.rerank.requirements import unmet_requirement
from rag_core.rerank.retired import no_longer_ships
from rag_core.rerank.shipped import LATE_INTERACTION, MAXSIM, NO_RERANKING, NONE, blends, cross_encoders
from rag_core.schema.policy import DEFAULT_RERANKER
from rag_core.settings import Settings

__all__ = ["CATALOGUE", "LATE_INTERACTION", "NONE", "called", "entry_of", "get_reranker", "listed", "usable"]


def _in_order(entries: list[Entry]) -> dict[str, Entry]:
    """By key, the default first, `none` last."""
    return {one.key: one for one in sorted(entries, key=lambda one: (one.key == NONE, one.key != DEFAULT_RERANKER))}


CATALOGUE = _in_order([MAXSIM, NO_RERANKING, *cross_encoders(), *blends()])
"""The rerankers that ship with the project, by key: the default first, `none` last."""


def usable(access: Credentials | None = None) -> dict[str, Entry]:
    """The rerankers that this caller can use now, by key: the default first, `none` last."""
    access = access or Credentials()
    ready = {key: entry for key, entry in _optional(access).items() if not unmet_requirement(entry, access)}
    models = {key: entry for key, entry in CATALOGUE.items() if key != NONE}
    return {**models, **ready, NONE: CATALOGUE[NONE]}


def listed(access: Credentials | None = None) -> list[tuple[Entry, str]]:
    """Every reranker with a name, each with what is missing (empty if nothing), the usable ones first."""
    access = access or Credentials()
    ready = usable(access)
    rest = [entry for key, entry in _optional(access).items() if key not in ready]
    return [*((entry, "") for entry in ready.values()), *((entry, unmet_requirement(entry, access)) for entry in rest)]


def _optional(access: Credentials) -> dict[str, Entry]:
    """What does not ship with the project: listed models, then what this caller added or can offer, by key."""
    listed_ones = {key: entry for key, entry in listed_entries().items() if key not in CATALOGUE}
    added = {key: entry_of(key) for key in access.added}
    offered = {key: kind.entry(key) for kind in kinds().values() for key in kind.offered(access)}
    return {**listed_ones, **added, **offered}


def entry_of(key: str) -> Entry:
    """What is known about the reranker of that key. Raises BadInput for a key that names none."""
    entry = CATALOGUE.get(key) or listed_entries().get(key)
    if entry:
        return entry
    if gone := no_longer_ships(key):
        raise BadInput(gone)
    kind = kind_of(key)
    if kind is None or not kind.name_in(key).strip():
        raise BadInput(_unknown(key))
    return kind.entry(key)


def called(key: str) -> str:
    """The label of the reranker of that key; the key itself where nobody here knows it, as in a run of an earlier
    version or of another installation."""
    try:
        return entry_of(key).label
    except BadInput:
        return key


def _unknown(key: str) -> str:
    """The message for a key that names no reranker: every way to name one."""
    named = {
        "with a folder or hub name": [kind for kind in kinds().values() if kind.takes_any_model],
        "hosted, with a model": [kind for kind in kinds().values() if kind.needs == "key"],
        "on your server, with its address": [kind for kind in kinds().values() if kind.needs == "address"],
        "by your chat model, with its name": [kind for kind in kinds().values() if kind.needs == "chat"],
    }
    by_name = {**{one: entry for one, entry in listed_entries().items() if entry.needs == "nothing"}, **CATALOGUE}
    ways = (f"{how}: {', '.join(prefix for kind in some for prefix in kind.prefixes)}" for how, some in named.items())
    return f"There is no reranker {key!r}. Known are: {', '.join(by_name)}; {'; '.join(ways)}."


_sharing = threading.RLock()
_shared: dict[tuple[str, str, bool], Reranker] = {}


def get_reranker(key: str, settings: Settings | None = None, access: Credentials | None = None) -> Reranker:
    """The one instance of that reranker, not loaded yet: the process's, or the caller's own if it holds a key or the
    chat model of the caller.

    Raises BadInput for `none`, which has no model, and for a key that names no reranker. Never downloads or loads.
    """
    device = (settings or Settings()).device
    access = access or Credentials()
    entry = entry_of(key)
    kind = kind_named(entry.kind)
    if kind is None:
        raise BadInput("No reranker is chosen, so nothing is scored. Candidates stay in fused order.")
    spec = _spec(kind, entry, kind.complete(key, access.environ), device, settings, access)
    if spec.secret or kind.personal:
        return access.own(spec.key, device, lambda: kind.make(spec))
    with _sharing:
        shared = (spec.key, device, spec.trusted)
        if shared not in _shared:
            _shared[shared] = kind.make(spec)
        return _shared[shared]


def _spec(
    kind: RerankerKind, entry: Entry, key: str, device: str, settings: Settings | None, access: Credentials
) -> RerankerSpec:
    return RerankerSpec(
        key=key,
        name=kind.name_in(key),
        device=device,
        part=lambda part: get_reranker(part, settings, access),
        secret=access.key_for(key),
        trusted=entry.model in access.trusted,
        chat=access.chat,
    )
