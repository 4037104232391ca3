"""Which rerankers there are, as data, and the one instance of each per process.

A policy names a reranker by its key:

    none                                   the fused order stays (the pipeline handles it)
    late-interaction                       MaxSim over the packaged bi-encoder; always there
    <folder under rag_core/models>         a cross-encoder that ships with the project
    cross-encoder:<folder or hub name>     any sentence-transformers CrossEncoder with one output
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from rag_core.config import Settings
from rag_core.errors import BadInput
from rag_core.rerank.base import Reranker
from rag_core.rerank.calibration import Calibration
from rag_core.rerank.late_interaction import LateInteractionReranker
from rag_core.types import Frozen, ScoreSpace

MODELS = Path(__file__).parent.parent / "models"
NONE = "none"
LATE_INTERACTION = "late-interaction"
PREFIX = "cross-encoder:"

Kind = Literal["none", "late interaction", "cross-encoder"]


class Entry(Frozen):
    """One reranker. `default_threshold` is a probability, where the model is calibrated well enough to have one."""

    key: str
    label: str
    kind: Kind
    model: str = ""
    maker: str = ""
    licence: str = ""
    space: ScoreSpace
    default_threshold: float | None = None
    note: str = ""


BUILT_IN = (
    Entry(
        key=LATE_INTERACTION,
        label="Late interaction (MaxSim)",
        kind="late interaction",
        model="all-MiniLM-L6-v2",
        maker="sentence-transformers",
        licence="Apache-2.0",
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
    """An entry per folder of `rag_core/models` that holds a model, by name; the last one is the newest."""
    folders = sorted(path.parent for path in MODELS.glob("*/config.json"))
    return [
        Entry(
            key=folder.name,
            label=f"{folder.name} (ships with Second Pass)",
            kind="cross-encoder",
            model=folder.name,
            maker="Second Pass",
            licence="Apache-2.0",
            space=ScoreSpace.LOGIT,
            default_threshold=Calibration.of(folder).default_threshold,
            note="A cross-encoder: reads question and passage together. Its model card says how good it is, and where.",
        )
        for folder in folders
    ]


CATALOGUE: dict[str, Entry] = {entry.key: entry for entry in (*reversed(shipped()), *BUILT_IN)}
"""All rerankers that can be named without a folder or hub name, by key, the default first."""


def default_key() -> str:
    """The newest shipped cross-encoder where there is one, else late interaction."""
    return next(iter(CATALOGUE))


def entry_of(key: str) -> Entry:
    """What is known about the reranker of that key. Raises BadInput for a key that names none."""
    if key in CATALOGUE:
        return CATALOGUE[key]
    name = key.removeprefix(PREFIX)
    if name == key or not name.strip():
        raise BadInput(
            f"There is no reranker {key!r}. Known are: {', '.join(CATALOGUE)}, and {PREFIX}<folder or hub name>."
        )
    return Entry(
        key=key,
        label=Path(name).name,
        kind="cross-encoder",
        model=name,
        space=ScoreSpace.LOGIT,
        note="A cross-encoder of your choice. Its scores are logits; whether they are calibrated is not known.",
    )


_sharing = threading.Lock()
_shared: dict[tuple[str, str], Reranker] = {}


def get_reranker(key: str, settings: Settings | None = None) -> Reranker:
    """The process's one instance of that reranker (and device), not loaded yet.

    Raises BadInput for `none`, which has no model, and for a key that names nothing; never downloads or loads.
    """
    device = (settings or Settings()).device
    make = MAKERS[entry_of(key).kind]
    with _sharing:
        if (key, device) not in _shared:
            _shared[key, device] = make(key, device)
        return _shared[key, device]


def _cross_encoder(key: str, device: str) -> Reranker:
    from rag_core.rerank.cross_encoder import CrossEncoderReranker

    folder = MODELS / key
    return CrossEncoderReranker(str(folder) if folder.is_dir() else key.removeprefix(PREFIX), device=device)


def _late_interaction(_key: str, device: str) -> Reranker:
    return LateInteractionReranker(device=device)


def _none(_key: str, _device: str) -> Reranker:
    raise BadInput("No reranker is chosen, so there is nothing that could score. The fused order stays.")


MAKERS: dict[Kind, Callable[[str, str], Reranker]] = {
    "none": _none,
    "late interaction": _late_interaction,
    "cross-encoder": _cross_encoder,
}
