"""Every error that the library raises on purpose. Each message can be shown to a user as it is.

SecondPassError
├── BadInput                 what the caller gave cannot be used; the message says what to change
│   ├── DocumentError        one file or row could not be read (names it and why)
│   └── UnreadableRecord     something stored that is damaged, or that a newer version wrote
│       └── BadTrace         a trace that is not one
├── CollectionError          a collection that is missing, damaged, busy, or made with another model
│   └── NewerCollection      one that a newer version of Second Pass wrote; it is whole
├── MissingPackage           an optional package is not installed; the message says what to install
├── ModelError               a model could not be loaded or failed while it ran
├── EngineError              an index that somebody else keeps cannot be searched now
│   ├── EngineGone           nothing answers at its address
│   ├── EngineTimeout        it took too long
│   ├── EngineRefused        it does not accept the user or the key
│   ├── MissingIndex         there is no such table, collection or index
│   ├── MissingField         it has no such field
│   └── WrongDimension       the question's vector is shorter or longer than its vectors
├── RetrieverError           a live retriever could not be asked, or its answer not be read
├── WorkStopped              work in the background was stopped before its end
├── UnscoredPairs            replay was asked to rank pairs that no one has scored yet
├── UnmeasuredSearch         replay was asked to fuse a search that no one has run yet
│   └── UnmeasuredFusion     or for the engine's own fusion, which no one has asked for yet
├── CaseConflict             somebody else revised the case meanwhile
├── Stopped                  somebody asked this work to stop; what it has done is kept
└── GenerationError          the language model could not answer; retrieval results stay
"""

from __future__ import annotations

import errno
from collections.abc import Iterable

from rag_core.installation.extras import install_command

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


def first_line(exc: BaseException) -> str:
    """The first line of what another library's exception says, or its type where it says nothing.

    >>> first_line(ValueError("no such file\\nTraceback ...")), first_line(KeyError())
    ('no such file', 'KeyError')
    """
    return (str(exc).strip().splitlines() or [type(exc).__name__])[0]


def disk_refused(exc: OSError) -> str:
    """What to do where a disk is full or a file may not be written, in words; empty for other troubles.

    >>> disk_refused(OSError(errno.ENOSPC, "No space left on device", "/data/x"))
    '/data/x cannot be written (No space left on device). Free some space there, then try again.'
    """
    if exc.errno not in (*FULL, *FORBIDDEN):
        return ""
    place = str(exc.filename) if exc.filename else "A file of the data folder, or a temporary one,"
    there = "Free some space there" if exc.errno in FULL else "Let this process write there"
    return f"{place} cannot be written ({exc.strerror or exc}). {there}, then try again."


class SecondPassError(Exception):
    """Base of all errors that the library raises on purpose."""


class BadInput(SecondPassError):
    """What the caller gave cannot be used. The message says what to change."""


class CannotBeListed(BadInput):
    """An index cannot list the passages that have some value, so that nobody knows whether there are any."""


class DocumentError(BadInput):
    """One file (or row of it) could not be read.

    `name` is the file as the user knows it, `reason` the sentence to show beside it.
    """

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


class UnreadableRecord(BadInput):
    """Something stored that is damaged, or, where `newer` is set, that a newer version of Second Pass wrote."""

    def __init__(self, message: str, newer: bool = False) -> None:
        super().__init__(message)
        self.newer = newer


class BadTrace(UnreadableRecord):
    """A trace that is not one, or not one that this version reads."""


class CollectionError(SecondPassError):
    """A collection that is missing, damaged, busy, or made with another model."""


class NewerCollection(CollectionError):
    """A collection that a newer version of Second Pass wrote. It is whole, and is never offered for removal."""


class MissingPackage(SecondPassError):
    """An optional package is not installed.

    `package` is the module's name, `purpose` the subject of the sentence. `install` is what to type, where that is not
    the extra that brings the module.
    """

    def __init__(self, package: str, purpose: str, install: str = "") -> None:
        command = install or install_command(package)
        super().__init__(f"{purpose} needs the package {package}. Install it with: {command}")
        self.package = package


class ModelError(SecondPassError):
    """A model could not be loaded, or failed while it ran."""


class EngineError(SecondPassError):
    """An index that somebody else keeps cannot be searched now, or its answer not be used. Never holds a secret."""


class EngineGone(EngineError):
    """Nothing answers at its address. `place`: what was asked, without a secret."""

    def __init__(self, place: str, why: str = "") -> None:
        told = f" ({why.rstrip('.')})" if why else ""
        super().__init__(f"Nothing answers at {place}{told}. Start the server, check the address, then ask again.")


class EngineTimeout(EngineError):
    """It took longer than the time-out of the connection."""

    def __init__(self, place: str, seconds: float) -> None:
        super().__init__(
            f"{place} did not answer within {seconds:g} s. Ask again, raise the time-out, or add an index to it."
        )


class EngineRefused(EngineError):
    """It does not accept the user, the password or the key."""

    def __init__(self, place: str, why: str = "") -> None:
        told = f" ({why.rstrip('.')})" if why else ""
        super().__init__(f"{place} refuses this user, password or key{told}. Enter the right one.")


class MissingIndex(EngineError):
    """There is no such table, collection or index. `noun`: what its kind calls one."""

    def __init__(self, place: str, noun: str, name: str) -> None:
        super().__init__(f"There is no {noun} {name} at {place}. Choose another one, or check its name.")


class MissingField(EngineError):
    """It has no such field. `known`: those that it has."""

    def __init__(self, place: str, field: str, known: Iterable[str] = ()) -> None:
        there = ", ".join(known)
        told = f" It has {there}." if there else ""
        super().__init__(f"{place} has no field {field}.{told} Correct the fields of the connection.")


class WrongDimension(EngineError):
    """The question's vector is shorter or longer than its vectors."""

    def __init__(self, place: str, needed: int, given: int) -> None:
        super().__init__(
            f"The vectors of {place} have {needed} numbers, and the embedding model here makes {given}. "
            "Use the model that made its vectors."
        )


class RetrieverError(SecondPassError):
    """A live retriever could not be asked, or what it answered not be read. The message says what to do.

    It may quote the retriever: half of a character, which no page can show, becomes a question mark.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message.encode("utf-8", "replace").decode())


class WorkStopped(SecondPassError):
    """Work in the background was stopped before its end. What it had paid for until then is kept."""

    def __init__(self) -> None:
        super().__init__("It was stopped before it was done.")


class UnscoredPairs(SecondPassError):
    """`replay` needs scores of pairs that no one has scored yet. Call `Pipeline.score` first."""

    def __init__(self, reranker: str, passage_ids: tuple[str, ...]) -> None:
        super().__init__(
            f"{len(passage_ids)} candidates of the pool have no score from {reranker} yet. "
            "Score them first (Pipeline.score), then replay."
        )
        self.reranker = reranker
        self.passage_ids = passage_ids


class UnmeasuredSearch(SecondPassError):
    """`replay` needs an extra search that no one has run yet. Call `Pipeline.search` (or `score`) first."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The extra search {name} has not been run yet. Run it first (Pipeline.search), then replay.")
        self.name = name


class UnmeasuredFusion(UnmeasuredSearch):
    """`replay` needs the engine's own fusion, which no one has asked for yet. Call `Pipeline.search` (or `score`)."""

    def __init__(self) -> None:
        SecondPassError.__init__(
            self, "The engine's own fusion has not been asked for yet. Run it first (Pipeline.search), then replay."
        )
        self.name = "hybrid"


class CaseConflict(SecondPassError):
    """Somebody else revised the case meanwhile. `current` is the case as it is now; nothing was overwritten."""

    def __init__(self, by: str, current: object) -> None:
        super().__init__(
            f"{by or 'Somebody else'} changed this case in the meantime. Check what it says now, then save again."
        )
        self.current = current


class Stopped(SecondPassError):
    """Somebody asked this work to stop. What it has done so far is kept."""


class GenerationError(SecondPassError):
    """The language model could not answer. What retrieval found is not touched by it."""
