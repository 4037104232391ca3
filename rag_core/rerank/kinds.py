"""`RerankerKind`: one kind of reranker, as a row of the registry or as what a plug-in brings.

RerankerKind(
    name="FlashRank",
    prefixes=("flashrank:",),
    factory="second_pass_flashrank:FlashRankReranker.from_spec",
    space=ScoreSpace.PROBABILITY,
    packages=("flashrank",),
    note="A small cross-encoder in ONNX.",
)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, cast

from pydantic import SecretStr

from rag_core.errors import ModelError, first_line
from rag_core.rerank.base import Reranker
from rag_core.rerank.entry import Entry, Requirement
from rag_core.schema.protocols import listed, missing_members
from rag_core.schema.spaces import ScoreSpace

if TYPE_CHECKING:
    from rag_core.generation.chat.access import ChatAccess
    from rag_core.rerank.access import Credentials


@dataclass(frozen=True)
class RerankerSpec:
    """What a factory gets.

    key      the reranker's key in full: `colbert:answerdotai/answerai-colbert-small-v1`
    name     the key without its prefix: `answerdotai/answerai-colbert-small-v1`
    device   `cpu`, `cuda` or `mps`
    part     returns another reranker by its key, for one that combines several
    secret   the caller's own API key
    trusted  the caller lets this model run Python code that comes with it (trust_remote_code)
    chat     the caller's chat model
    """

    key: str
    name: str
    device: str
    part: Callable[[str], Reranker]
    secret: SecretStr | None = None
    trusted: bool = False
    chat: ChatAccess | None = None


@dataclass(frozen=True)
class RerankerKind:
    """One kind of reranker.

    name         shown on the Rerankers page
    factory      `module:callable`; imported when the first reranker of this kind is made, called with a RerankerSpec
    prefixes     what its keys begin with, each with its colon: `colbert:`; none if every reranker is in `entries`
    space        what a score means; None if that depends on the reranker
    packages     modules the factory needs; if one is missing, the page says how to install it
    needs        what a reranker needs that is named by its key only
    note         a sentence for the page
    entries      rerankers to list by name
    describe     makes the Entry of a key with a prefix, unless this row says enough
    offered      further keys to list for one caller
    complete     turns a short key into the full one: `tei` -> `tei:http://localhost:8080`
    personal     its rerankers hold something of the caller's, so they are never shared between callers
    independent  whether a reranker runs on this machine without `packages`
    """

    name: str
    factory: str
    prefixes: tuple[str, ...] = ()
    space: ScoreSpace | None = None
    packages: tuple[str, ...] = ()
    needs: Requirement = "nothing"
    note: str = ""
    entries: tuple[Entry, ...] = ()
    describe: Callable[[str], Entry] | None = None
    offered: Callable[[Credentials], list[str]] = lambda _credentials: []
    complete: Callable[[str, Mapping[str, str]], str] = lambda key, _environ: key
    personal: bool = False
    independent: Callable[[Entry], bool] = lambda _entry: False

    def __post_init__(self) -> None:
        if not self.name.strip() or ":" not in self.factory:
            raise ValueError("A kind of reranker needs a name, and a factory in the form module:callable.")
        if not self.prefixes and not self.entries:
            raise ValueError(f"{self.name} needs prefixes or entries: else no key names its rerankers.")
        if not all(prefix.endswith(":") and len(prefix) > 1 for prefix in self.prefixes):
            raise ValueError(f"Every prefix of {self.name} must end with a colon.")
        if self.prefixes and self.space is None and self.describe is None:
            raise ValueError(f"{self.name} must say what its scores mean (space).")

    @property
    def takes_any_model(self) -> bool:
        """Whether a user may name any model of this kind, by folder or hub name."""
        return bool(self.prefixes) and self.needs in ("nothing", "download")

    def name_in(self, key: str) -> str:
        """The key without this kind's prefix."""
        return next((key.removeprefix(prefix) for prefix in self.prefixes if key.startswith(prefix)), key)

    def entry(self, key: str) -> Entry:
        """What is known about a reranker that is named by its key only. Raises BadInput for a key that cannot be."""
        if self.describe is not None:
            return self.describe(key)
        name = self.name_in(key)
        space = cast(ScoreSpace, self.space)
        return Entry(
            key=key,
            label=Path(name).name,
            kind=self.name,
            model=name,
            space=space,
            needs=self.needs,
            note=self.note,
        )

    def fault(self) -> str:
        """Why none of its rerankers can be used, as a sentence; empty if nothing is known against them.

        Imports the factory, unless a package that it needs is missing. Where the factory is a class or a classmethod,
        the class must define or announce (`slice_size: int`) every member of the `Reranker` protocol.
        """
        if any(find_spec(name) is None for name in self.packages):
            return ""
        try:
            factory = resolve_name(self.factory)
        except Exception as exc:  # noqa: BLE001 - another package's import may raise anything
            return f"its factory {self.factory} could not be imported ({type(exc).__name__}: {first_line(exc)})."
        made = factory.__self__ if inspect.ismethod(factory) else factory
        if inspect.isclass(made) and (missing := missing_members(Reranker, made)):
            return f"{made.__qualname__} defines or announces no {listed(missing)}."
        return ""

    def make(self, spec: RerankerSpec) -> Reranker:
        """Make a reranker. Raises BadInput or ModelError with a message for users."""
        try:
            factory = cast(Callable[[RerankerSpec], Reranker], resolve_name(self.factory))
        except (ImportError, AttributeError) as exc:
            raise ModelError(f"{self.name} rerankers could not be imported: {first_line(exc)}") from exc
        made = factory(spec)
        if missing := missing_members(Reranker, made):
            raise ModelError(
                f"{self.name} rerankers cannot be used: {type(made).__qualname__} has no {listed(missing)}, which "
                "every reranker has. Update the package that brings it, or choose another reranker."
            )
        return made
