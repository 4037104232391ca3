"""Which rerankers there are, as data, and the one instance of each per process.

A policy names a reranker by its key:

    none                                   the fused order stays (the pipeline handles it)
    late-interaction                       MaxSim over the packaged bi-encoder; always there
    <folder under rag_core/models>         a cross-encoder that ships with the project
    <the same>+late-interaction            both of these, added; one of these is `DEFAULT_RERANKER`
    cross-encoder:<folder or hub name>     any sentence-transformers CrossEncoder with one output
    colbert:<folder or hub name>           any ColBERT model that sentence-transformers reads
    rerankers:t5:<folder or hub name>      a model of the optional rerankers package
    cohere:<model>                         a hosted one; `providers` lists all services
    tei:<address>, or tei                  a server of one's own, there or where the environment (TEI_URL) says

What each entry says is in `entry`, the rerankers that do not come with the project are in `known`, what any other key
may name in `schemes`, how one is made in `makers`, what a caller may use beyond the process in `access`.
"""

from __future__ import annotations

import threading
from pathlib import Path

from rag_core.errors import BadInput
from rag_core.rerank.access import Credentials
from rag_core.rerank.base import Reranker
from rag_core.rerank.blend import Weights
from rag_core.rerank.entry import Entry, unmet_requirement
from rag_core.rerank.hosted.providers import HOSTED, OWN_SERVERS
from rag_core.rerank.known import COLBERT, CROSS_ENCODER, KNOWN
from rag_core.rerank.llm_grader import keys_of
from rag_core.rerank.makers import BLENDED, MAKERS, MODELS, RerankerSpec
from rag_core.rerank.platt import PlattScaling
from rag_core.rerank.schemes import SCHEMES
from rag_core.schema.policy import DEFAULT_RERANKER, NO_RERANKER
from rag_core.schema.spaces import ScoreSpace
from rag_core.settings import Settings

NONE = NO_RERANKER
LATE_INTERACTION = "late-interaction"

BUILT_IN = (
    Entry(
        key=LATE_INTERACTION,
        label="Late interaction (MaxSim)",
        kind="late interaction",
        model="all-MiniLM-L6-v2",
        maker="sentence-transformers",
        licence="Apache-2.0",
        size="22.7M",
        languages="English",
        context=256,
        space=ScoreSpace.MAXSIM,
        note="Compares every word of the question with every word of the passage. Needs no download or training.",
    ),
    Entry(
        key=NONE,
        label="No reranker",
        kind="none",
        space=ScoreSpace.RRF,
        note="Candidates stay in fused order.",
    ),
)


def shipped() -> list[Entry]:
    """The entries of each folder of `rag_core/models` that holds a model, by name; the last folder is the newest."""
    folders = sorted(path.parent for path in MODELS.glob("*/config.json"))
    return [entry for folder in folders for entry in (_alone(folder), *_blended(folder))]


def _blended(folder: Path) -> list[Entry]:
    """The model with late interaction, where its config has the weights of both."""
    weights = Weights.of(folder)
    if weights is None:
        return []
    own = {
        "key": folder.name + BLENDED,
        "label": "Cross-encoder + MaxSim",
        "kind": "blend",
        "model": folder.name + BLENDED,
        "size": "22.7M twice",
        "default_threshold": weights.default_threshold,
        "note": "The cross-encoder's logit and MaxSim, added: the two err in different ways. Ranks like late "
        "interaction, as the model's card says, and gives probabilities. Takes the time of both.",
    }
    return [_alone(folder).model_copy(update=own)]


def _alone(folder: Path) -> Entry:
    return Entry(
        key=folder.name,
        label=f"{folder.name} (ships with Second Pass)",
        kind="cross-encoder",
        model=folder.name,
        maker="Second Pass",
        licence="Apache-2.0",
        size="22.7M",
        languages="English",
        context=512,
        space=ScoreSpace.LOGIT,
        default_threshold=PlattScaling.of(folder).default_threshold,
        note="A cross-encoder: reads question and passage together, gives probabilities. Trained on little: it ranks "
        "below late interaction on labelled sets, as its card says.",
    )


def _in_order(entries: list[Entry]) -> dict[str, Entry]:
    """By key, the default first, `none` last."""
    return {one.key: one for one in sorted(entries, key=lambda one: (one.key == NONE, one.key != DEFAULT_RERANKER))}


CATALOGUE = _in_order([*BUILT_IN, *reversed(shipped())])
"""The rerankers that come with the project and need nothing, by key: the default first, `none` last."""


def usable(access: Credentials | None = None) -> dict[str, Entry]:
    """The rerankers that this caller can use now, by key, the default first and `none` last."""
    access = access or Credentials()
    known = {**KNOWN, **{key: entry_of(key) for key in (*access.added, *keys_of(access.chat))}}
    ready = {key: entry for key, entry in known.items() if not unmet_requirement(entry, access)}
    models = {key: entry for key, entry in CATALOGUE.items() if key != NONE}
    return {**models, **ready, NONE: CATALOGUE[NONE]}


def listed(access: Credentials | None = None) -> list[tuple[Entry, str]]:
    """Every reranker with a name, the usable ones first, each with what is missing (empty where nothing is)."""
    access = access or Credentials()
    first = usable(access)
    rest = [entry_of(key) for key in (*KNOWN, *access.added, *keys_of(access.chat)) if key not in first]
    return [*((entry, "") for entry in first.values()), *((entry, unmet_requirement(entry, access)) for entry in rest)]


def entry_of(key: str) -> Entry:
    """What is known about the reranker of that key. Raises BadInput for a key that names none."""
    if key in CATALOGUE or key in KNOWN:
        return CATALOGUE.get(key) or KNOWN[key]
    scheme, _, name = key.partition(":")
    describe = SCHEMES.get(scheme)
    if describe is None or not name.strip():
        raise BadInput(
            f"There is no reranker {key!r}. Known are: {', '.join(CATALOGUE)}, and "
            f"{CROSS_ENCODER}<folder or hub name>; {COLBERT}<folder or hub name>; "
            f"hosted, with the model behind the colon: {', '.join(f'{row.name}:' for row in HOSTED)}; "
            f"on your own server, with its address: {', '.join(f'{row.name}:' for row in OWN_SERVERS)}."
        )
    return describe(key)


_sharing = threading.RLock()
_shared: dict[tuple[str, str, bool], Reranker] = {}


def get_reranker(key: str, settings: Settings | None = None, access: Credentials | None = None) -> Reranker:
    """The one instance of that reranker (and device), not loaded yet: the process's, or the caller's own where it
    holds a key or the chat model of the caller.

    Raises BadInput for `none`, which has no model, and for a key that names nothing; never downloads or loads.
    """
    device = (settings or Settings()).device
    access = access or Credentials()
    entry = entry_of(key)
    name = _in_full(key, access) if entry.needs == "address" else key
    order = RerankerSpec(
        name,
        device,
        lambda part: get_reranker(part, settings, access),
        access.key_for(name),
        entry.model in access.trusted,
        access.chat,
    )
    if order.secret or entry.needs == "chat":
        return access.own(name, device, lambda: MAKERS[entry.kind](order))
    shared = (name, device, order.trusted)
    with _sharing:
        if shared not in _shared:
            _shared[shared] = MAKERS[entry.kind](order)
        return _shared[shared]


def _in_full(key: str, access: Credentials) -> str:
    """The key of an own server with the address that the environment has for it now."""
    from rag_core.rerank.hosted.service import parsed

    provider, address = parsed(key, access.environ)
    return f"{provider.name}:{address}"
