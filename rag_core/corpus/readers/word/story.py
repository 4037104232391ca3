"""What is known while a document is read: its styles and lists, the notes it refers to, what was left out so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag_core.corpus.readers.base import in_doubt, left_out
from rag_core.corpus.readers.word.numbering import Numbering, roman
from rag_core.corpus.readers.word.package import Package, attribute, name_of
from rag_core.corpus.readers.word.styles import Styles
from rag_core.schema.files import FileNote

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_SEPARATORS = ("separator", "continuationSeparator", "continuationNotice")


@dataclass
class Story:
    """One document being read. `part` is the part that is read now; `heading` the one that was read last.

    `due` holds what is to stand after the block that is being read: text boxes, and notes that it refers to.
    `code` is how deep in field codes, which nobody sees, the reading is; `fields` the fields that are open.
    """

    package: Package
    styles: Styles
    numbering: Numbering
    part: str
    heading: str = ""
    notes: list[FileNote] = field(default_factory=list)
    due: list[Element] = field(default_factory=list)
    due_notes: list[tuple[str, Element]] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    pictures: int = 0
    _footnotes: dict[tuple[str, str], Element] = field(default_factory=dict)
    _numbered: dict[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def of(cls, package: Package) -> Story:
        """A story with the styles, lists, foot- and endnotes of the package's document."""
        main = package.main
        story = cls(
            package, Styles(package.related(main, "styles")), Numbering(package.related(main, "numbering")), main
        )
        for kind in ("footnote", "endnote"):
            part = package.related(main, f"{kind}s")
            for one in part if part is not None else ():
                if name_of(one) == kind and attribute(one, "type") not in _SEPARATORS:
                    story._footnotes[kind, attribute(one, "id")] = one
        return story

    @property
    def in_code(self) -> bool:
        """True between a field's beginning and its result: what stands there is not seen."""
        return "code" in self.fields

    @property
    def found(self) -> tuple[int, int, int]:
        """How many boxes, notes and pictures there were so far."""
        return len(self.due), len(self.notes), self.pictures

    def leave_out(self, reason: str, text: str = "", where: str = "") -> None:
        """Note what the text does not hold."""
        words = " ".join(text.split())
        if words or not text:
            self.notes.append(left_out(where or self.place, reason, words))

    def note(self, reason: str, text: str, *, doubtful: bool) -> None:
        """Note words that may not be seen: left out, or kept if that is doubtful."""
        if doubtful:
            self.notes.append(in_doubt(self.place, reason, " ".join(text.split())))
        else:
            self.leave_out(reason, text)

    @property
    def place(self) -> str:
        """Where the reading is, as a person finds it."""
        return f"under “{self.heading}”" if self.heading else "before the first heading"

    def raw_words(self, element: Element) -> str:
        """All words below the element, and those of the notes that it refers to, whatever is to become of them."""
        words = ""
        for one in element.iter():
            if name_of(one) in ("t", "delText"):
                words += one.text or ""
            elif name_of(one) in ("p", "tc"):
                words += " "
            elif (
                note := self._footnotes.get((name_of(one).removesuffix("Reference"), attribute(one, "id")))
            ) is not None:
                words += f" {self.raw_words(note)}" if note is not one else ""
        return words

    def mark_note(self, kind: str, ident: str) -> str:
        """The mark of a foot- or endnote, `[^1]` or `[^i]`; the note itself is due after this block."""
        key = kind, ident
        if key not in self._footnotes:
            return ""
        if key not in self._numbered:
            count = 1 + sum(each == kind for each, _ in self._numbered)
            self._numbered[key] = str(count) if kind == "footnote" else roman(count)
            self.due_notes.append((self._numbered[key], self._footnotes[key]))
        return f"[^{self._numbered[key]}]"
