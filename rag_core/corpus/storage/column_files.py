"""The columns of a collection's documents and passages as array files, mapped into memory when they are read.

columns/<name>.npy                  the arrays of `Columns`
columns/document_starts.npy         where each line of documents.jsonl begins, and where the last one ends
columns/passage_starts.npy          the same of passages.jsonl
columns/kinds.jsonl                 what filters can tell apart
"""

from __future__ import annotations

import json
import mmap
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rag_core.corpus.columns import HASH_BYTES, Columns, Keys
from rag_core.corpus.lines import Lines, write_lines
from rag_core.schema.documents import Passage

if TYPE_CHECKING:
    import numpy.typing as npt

    from rag_core.corpus.lines import Starts

FOLDER = "columns"
KINDS, IDS = "kinds.jsonl", "document_ids.json"


def save_columns(folder: Path, columns: Columns, document_starts: Starts, passage_starts: Starts) -> None:
    """Write the columns below the folder of a version, with where the lines of its two files begin."""
    place = folder / FOLDER
    place.mkdir()
    arrays: dict[str, npt.NDArray[Any]] = {
        "digests": columns.digests,
        "hashes": columns.hashes,
        "group_starts": columns.group_starts,
        "group_kinds": columns.group_kinds,
        "document_starts": document_starts,
        "passage_starts": passage_starts,
    }
    for name, keys in (("documents", columns.documents), ("passages", columns.passages), ("groups", columns.groups)):
        arrays |= {f"{name}_keys": keys.keys, f"{name}_places": keys.places}
    for name, array in arrays.items():
        np.save(place / f"{name}.npy", array, allow_pickle=False)
    write_lines(place / KINDS, columns.kinds)
    (place / IDS).write_text(json.dumps(list(columns.document_ids())), encoding="utf-8")


def load_columns(folder: Path) -> tuple[Columns, Starts, Starts]:
    """The columns that `save_columns` wrote, and where lines begin. Raises ValueError where they do not fit."""
    place = folder / FOLDER

    def array(name: str) -> npt.NDArray[Any]:
        return np.asarray(np.load(place / f"{name}.npy", mmap_mode="r"))

    def keys(name: str) -> Keys:
        return Keys(array(f"{name}_keys"), array(f"{name}_places"))

    columns = Columns(
        documents=keys("documents"),
        digests=array("digests"),
        passages=keys("passages"),
        hashes=array("hashes"),
        groups=keys("groups"),
        group_starts=array("group_starts"),
        group_kinds=array("group_kinds"),
        kinds=list(Lines.of_file(place / KINDS, Passage)),
        document_ids=cache(partial(_read_ids, _mapped(place / IDS))),
    )
    documents, passages = array("document_starts"), array("passage_starts")
    _check(columns, len(documents) - 1, len(passages) - 1)
    return columns, documents, passages


def _mapped(path: Path) -> mmap.mmap:
    """The file, which can be read for as long as it is held, also when its version is cleaned away."""
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _read_ids(data: mmap.mmap) -> list[str]:
    found: list[str] = json.loads(data[:])
    return found


def _check(columns: Columns, documents: int, passages: int) -> None:
    groups = len(columns.group_kinds)
    stated = (
        columns.documents.keys.shape,
        columns.digests.shape,
        columns.passages.keys.shape,
        columns.hashes.shape,
        columns.groups.keys.shape,
        columns.group_starts.shape,
        int(columns.group_starts[-1]),
    )
    expected = ((documents,), (documents, HASH_BYTES), (passages,), (passages, HASH_BYTES), (groups,), (groups + 1,))
    if stated != (*expected, passages):
        raise ValueError("what is known of its passages does not fit together")
