"""A Word file as a package of parts: which is the document, and what it refers to.

Names are matched without their namespace, so that "Strict Open XML" (other namespaces, the same elements) is read like
any other. Parts are found by their relationships, never by their names.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from rag_core.corpus.readers.base import Source

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_MAIN, _USUAL = "officeDocument", "word/document.xml"


@cache
def local(tag: str) -> str:
    """The name without its namespace."""
    return tag.rpartition("}")[2]


def name_of(element: Element) -> str:
    """What the element is called; "" for a comment or a processing instruction."""
    return local(element.tag) if isinstance(element.tag, str) else ""


def child(element: Element | None, *path: str) -> Element | None:
    """The first child of that name, and the first of the next name in it, and so on; None where one is missing."""
    for name in path:
        element = next((one for one in (() if element is None else element) if name_of(one) == name), None)
    return element


def attribute(element: Element | None, name: str) -> str:
    """The attribute of that name, in whatever namespace; "" for none."""
    if element is None:
        return ""
    return next((str(value) for key, value in element.items() if local(str(key)) == name), "")


def is_on(element: Element | None) -> bool:
    """Whether a switch (`<w:vanish/>`) is there and not off."""
    return element is not None and attribute(element, "val").lower() not in ("0", "false", "off")


class Package:
    """The parts of one file. Raises DocumentError for one that is broken or would unzip to more than the limit."""

    def __init__(self, source: Source) -> None:
        self._source = source
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(source.data))
            members = self._zip.infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as exc:
            raise source.error("It is not a complete Word document; it may have been cut off. Save it again.") from exc
        limit = source.limits.unzipped_mb  # by the sizes that it states: zipfile never unpacks more of a member
        if sum(member.file_size for member in members) > limit * 2**20:
            raise source.error(f"It would unpack to more than {limit} MB, so it was not opened.")
        self._names = {member.filename.lower(): member.filename for member in members}
        self.main = next((target for kind, target in self._relations("") if kind == _MAIN), _USUAL)
        if not self.has(self.main):
            raise source.error("It is a zip archive without a Word document in it.")

    def has(self, part: str) -> bool:
        """Whether the package holds the part."""
        return part.lower() in self._names

    def xml(self, part: str) -> Element:
        """The root element of a part. Raises DocumentError for one that is damaged."""
        from lxml import etree

        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
        try:
            return etree.fromstring(self._zip.read(self._names[part.lower()]), parser)
        except (
            etree.XMLSyntaxError,
            zipfile.BadZipFile,
            NotImplementedError,
            RuntimeError,
            ValueError,
            OSError,
            zlib.error,
        ) as exc:
            raise self._source.error(
                f"Its contents are damaged: {posixpath.basename(part)} cannot be read. Save it again."
            ) from exc

    def related(self, part: str, kind: str) -> Element | None:
        """The part of this kind that another one refers to ("styles", "comments"); None where there is none."""
        return next(
            (self.xml(target) for each, target in self._relations(part) if each == kind and self.has(target)), None
        )

    def targets(self, part: str, kind: str) -> list[str]:
        """The names of all parts of this kind that another one refers to."""
        return [target for each, target in self._relations(part) if each == kind and self.has(target)]

    def target(self, part: str, relation: str) -> str:
        """The name of the part that a relation's id stands for; "" where it is none of this package."""
        found = next((target for _, target, ident in self._all_relations(part) if ident == relation), "")
        return found if self.has(found) else ""

    def _relations(self, part: str) -> Iterator[tuple[str, str]]:
        for kind, target, _ in self._all_relations(part):
            yield kind, target

    def _all_relations(self, part: str) -> Iterator[tuple[str, str, str]]:
        """(kind, target, id) of each relation of the part within the package."""
        folder, name = posixpath.split(part)
        path = posixpath.join(folder, "_rels", f"{name}.rels")
        if not self.has(path):
            return
        for one in self.xml(path):
            if attribute(one, "TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, attribute(one, "Target"))).lstrip("/")
                yield attribute(one, "Type").rpartition("/")[2], target, attribute(one, "Id")
