"""The models that were fine-tuned here: a folder each, with a record of how it was made and what that changed.

    <root>/<name>/                  a cross-encoder
    <root>/<name>/fine_tune.json    its `FineTuneResult`

Training one is `train.py`'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from rag_core.errors import BadInput, UnreadableRecord
from rag_core.evaluation.compare import Comparison
from rag_core.rerank.local_models import CROSS_ENCODER as PREFIX
from rag_core.schema.base import Frozen
from rag_core.schema.records import Listing, Raw, RecordFormat, listing
from rag_core.storage.files import replace_text

RECORD = "fine_tune.json"
OLD_RECORD = "lesson.json"
"""What version 1 was called."""

METRICS = ("nDCG@10", "nDCG@5", "P@5")


class FineTuneResult(Frozen):
    """How a model was fine-tuned and what that changed.

    `key` is the reranker's key in a policy. `comparisons`: before and after, by metric, on the held-out questions.
    """

    version: Literal[2] = 2
    name: str
    base: str
    key: str
    set_name: str
    train: tuple[str, ...]
    held_out: tuple[str, ...]
    pairs: int
    seconds: float
    comparisons: dict[str, Comparison]

    @property
    def headline(self) -> tuple[str, Comparison]:
        """The metric that decides, and what became of it."""
        return METRICS[0], self.comparisons[METRICS[0]]


def _same_fields(raw: Raw) -> Raw:
    """Version 1 had no version; its fields are those of version 2."""
    return raw


FINE_TUNED = RecordFormat(
    noun="record of a fine-tuned model",
    model=FineTuneResult,
    version=2,
    upgrades={1: _same_fields},
    accepts="It is written when the fine-tuning ends. Fine-tune the model again, or remove its folder.",
)


def new_folder(root: Path, name: str) -> Path:
    """Where a new model of that name goes. Raises BadInput for a name that cannot be used or is taken."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}", name):
        raise BadInput("Use letters, digits, dots, dashes and underscores for the name.")
    if (root / name).exists():
        raise taken(name)
    return root / name


def taken(name: str) -> BadInput:
    """The error for a name that a model has already."""
    return BadInput(f"There is a model called {name!r} already. Choose another name.")


def keep_record(folder: Path, result: FineTuneResult) -> None:
    """Write the model's record, whole or not at all."""
    replace_text(folder / RECORD, result.model_dump_json(indent=1))


def fine_tuned_models(root: Path) -> Listing[FineTuneResult]:
    """The fine-tuned models below `root`, by name; one without a record that can be read is left out with a note."""
    return listing(_records(root))


def _records(root: Path) -> Iterator[tuple[str, Callable[[], FineTuneResult]]]:
    """A model a folder. Hidden folders are trainings that still go on."""
    if (root / OLD_RECORD).is_file():
        yield root.name, lambda: _misplaced(root)
    folders = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    for folder in folders:
        if not folder.name.startswith("."):
            yield folder.name, lambda folder=folder: _read(folder)  # type: ignore[misc]


def _read(folder: Path) -> FineTuneResult:
    """The model's record. Its name and key are those of the folder, which may have been moved since."""
    kept = next((path for name in (RECORD, OLD_RECORD) if (path := folder / name).is_file()), None)
    if kept is None:
        raise UnreadableRecord(
            "It has no record yet. It is being examined right now, or its fine-tuning was interrupted; "
            f"then remove the folder {folder}."
        )
    result = FINE_TUNED.read(kept.read_bytes())
    missing = [name for name in METRICS[:1] if name not in result.comparisons]
    if missing:
        raise UnreadableRecord(f"Its record holds no {missing[0]}. {FINE_TUNED.accepts}")
    return result.model_copy(update={"name": folder.name, "key": PREFIX + str(folder)})


def _misplaced(root: Path) -> FineTuneResult:
    raise UnreadableRecord(
        f"An earlier version of Second Pass wrote a model into {root} itself. "
        "Move its files into a folder of their own there, named as you like, to use it."
    )
