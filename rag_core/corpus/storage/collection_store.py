"""Which folder below a root holds the collection of which name, and who may write to it.

A folder's name is made from the collection's first name and then means nothing: the manifest of the live version
says what the collection is called, so that renaming is one atomic step.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import unicodedata
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from rag_core.corpus.collection import Collection
from rag_core.corpus.storage import joined_files
from rag_core.corpus.storage.manifest import MANIFEST, Manifest, damaged, read_manifest
from rag_core.corpus.storage.versions import Versions, locked
from rag_core.errors import BadInput, CollectionError, NewerCollection
from rag_core.schema.documents import Document
from rag_core.schema.files import SourceFile
from rag_core.storage.files import replace_text

_TRASH = ".trash-"
_LONGEST_NAME = 120
_TRIES = 3
_NAMES_WAIT = 10.0

Content = TypeVar("Content")


class CollectionStore:
    """The collections' folders below `root`. A writer waits `wait` seconds for another one to finish."""

    def __init__(self, root: Path, wait: float = 10.0) -> None:
        self.root = root
        self._wait = wait

    def manifests(self) -> list[Manifest]:
        """The manifest of every collection that has one that can be read."""
        return [found for _, found in self._all() if isinstance(found, Manifest)]

    def problems(self) -> list[CollectionError]:
        """An error for every collection whose manifest cannot be read."""
        return [found for _, found in self._all() if isinstance(found, CollectionError)]

    def lookup(self, name: str) -> tuple[Path, Manifest] | None:
        """Folder and manifest of the collection of that name, or None."""
        for folder, found in self._all():
            if isinstance(found, Manifest) and found.name == name:
                return folder, found
        return None

    def find(self, name: str) -> tuple[Path, Manifest]:
        """Folder and manifest of the collection of that name. Raises CollectionError that names those there are."""
        there = self.lookup(name)
        if there is None:
            names = ", ".join(sorted(each.name for each in self.manifests() if each.owner is None)) or "none"
            raise CollectionError(f"There is no collection called {name!r}. Collections here: {names}.")
        return there

    def load(self, name: str) -> Collection:
        """The collection from disk, whole."""
        return self._read(name, joined_files.load)

    def load_documents(self, name: str) -> tuple[Sequence[Document], Sequence[SourceFile]]:
        """The documents of the collection and their files, which may be had where an index of it is damaged."""
        return self._read(name, joined_files.load_documents)

    def new_folder(self, name: str) -> Path:
        """A folder for a collection of this name, which no other collection has."""
        slug = slug_of(name)
        numbers = iter(range(2, 1000))
        folder = self.root / slug
        while Versions(folder).live() is not None:
            folder = self.root / f"{slug}-{next(numbers)}"
        return folder

    @contextmanager
    def writing(self, folder: Path) -> Iterator[Versions]:
        """The versions in the folder, for one writer at a time. Raises CollectionError while another one writes."""
        with locked(self.root, folder.name, wait=self._wait):
            for leftover in self.root.glob(f"{_TRASH}*"):
                shutil.rmtree(leftover, ignore_errors=True)
            folder.mkdir(parents=True, exist_ok=True)
            yield Versions(folder)

    def state_of(self, folder: Path) -> tuple[Path | None, str]:
        """The live version and its manifest's text: other than before where anything was written meanwhile."""
        live = Versions(folder).live()
        try:
            return live, (live / MANIFEST).read_text(encoding="utf-8") if live else ""
        except OSError:  # it was just replaced, or is damaged
            return live, ""

    def publish(self, versions: Versions, partial: Path, name: str) -> None:
        """Make the written version live, unless its name was taken meanwhile."""
        with locked(self.root, "names", wait=_NAMES_WAIT):
            self.refuse_taken(name, but=versions.folder)
            versions.publish(partial)

    def rename(self, versions: Versions, name: str, new_name: str) -> Manifest:
        """Write the new name into the live manifest, in one step; what it says then."""
        with locked(self.root, "names", wait=_NAMES_WAIT):
            self.refuse_taken(new_name, but=versions.folder)
            live, manifest = self.live(versions, name)
            renamed = manifest.model_copy(update={"name": new_name})
            replace_text(live / MANIFEST, renamed.model_dump_json(indent=1))
            return renamed

    def copy_to(self, other: CollectionStore, versions: Versions, name: str) -> None:
        """Copy the live version into another store, under the same name, where it belongs to all."""
        live, manifest = self.live(versions, name)
        with other.writing(other.new_folder(name)) as target:
            partial = target.begin()
            half_written = shutil.ignore_patterns("*.tmp")
            shutil.copytree(live, partial, dirs_exist_ok=True, ignore=half_written)
            shared = manifest.model_copy(update={"owner": None})
            (partial / MANIFEST).write_text(shared.model_dump_json(indent=1), encoding="utf-8")
            other.publish(target, partial, name)

    def discard(self, versions: Versions) -> None:
        """Remove the folder: out of sight in one step, then its files."""
        trash = self.root / f"{_TRASH}{uuid.uuid4().hex}"
        versions.folder.rename(trash)
        shutil.rmtree(trash, ignore_errors=True)

    def damaged_folders(self) -> list[Path]:
        """The folders whose manifest cannot be read. One that a newer version wrote is whole, and is not among them."""
        return [
            folder
            for folder, found in self._all()
            if isinstance(found, CollectionError) and not isinstance(found, NewerCollection)
        ]

    def live(self, versions: Versions, name: str) -> tuple[Path, Manifest]:
        """The live version and its manifest. Raises CollectionError where it went away before the lock was had."""
        live = versions.live()
        if live is None:
            raise CollectionError(f"There is no collection called {name!r} any more.")
        return live, read_manifest(live)

    def refuse_taken(self, name: str, but: Path | None = None) -> None:
        """Raises CollectionError where a folder other than `but` holds a collection of this name."""
        there = self.lookup(name)
        if there is not None and there[0] != but:
            raise CollectionError(f"There is a collection called {name!r} already. Choose another name.")

    def _read(self, name: str, read: Callable[[Path], Content]) -> Content:
        """What `read` makes of the live version; one that is cleaned away meanwhile is read anew."""
        folder = self.find(name)[0]
        for _ in range(_TRIES):
            live = Versions(folder).live()
            try:
                if live is not None:
                    return read(live)
            except FileNotFoundError as exc:
                if Versions(folder).live() == live:
                    raise damaged(name, f"{Path(str(exc.filename)).name} is missing") from exc
        raise CollectionError(f"The collection {name!r} is changing too fast to be read. Try again.")

    def _all(self) -> Iterator[tuple[Path, Manifest | CollectionError]]:
        """Every folder that holds a collection, with its manifest or what is wrong with it."""
        folders = sorted(path for path in self.root.iterdir() if path.is_dir()) if self.root.is_dir() else []
        for folder in folders:
            if folder.name.startswith("."):
                continue
            try:
                live = Versions(folder).live()
                if live is not None:
                    yield folder, read_manifest(live)
            except FileNotFoundError:
                yield folder, damaged(folder.name, "its live version is missing")
            except OSError as exc:
                yield folder, damaged(folder.name, f"it cannot be read ({exc.strerror})")
            except CollectionError as problem:
                yield folder, problem


def checked_name(name: str) -> str:
    """The name in one spelling (NFC, single blanks). Raises BadInput for an empty, long or unprintable one."""
    kept = " ".join(unicodedata.normalize("NFC", name).split())
    if not kept or len(kept) > _LONGEST_NAME or not kept.isprintable():
        raise BadInput(f"A collection needs a name of 1 to {_LONGEST_NAME} printable characters.")
    return kept


def free_name(name: str, taken: Iterable[str]) -> str:
    """The name in one spelling. Raises BadInput where it cannot be used or one of `taken` reads the same; case and
    blanks make no difference."""
    kept = checked_name(name)
    there = {checked_name(each).casefold(): each for each in taken}
    if kept.casefold() in there:
        raise BadInput(f"There is a collection called {there[kept.casefold()]} already. Choose another name.")
    return kept


def slug_of(name: str) -> str:
    """A folder name that every system takes, and that no other collection name gives.

    >>> slug_of("Café / EU")
    'cafe-eu-03280c63eb'
    """
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")[:40].strip("-") or "collection"
    return f"{words}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:10]}"
