"""Content controls that Word fills from data in the file when it opens it: what the text says may be out of date."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from rag_core.corpus.readers.base import in_doubt
from rag_core.corpus.readers.word.package import attribute, child, name_of
from rag_core.errors import DocumentError
from rag_core.schema.files import FileNote

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from rag_core.corpus.readers.word.package import Package

_PATH = re.compile(r"(?:/[\w:.-]+(?:\[\d+\])?)+(?:/@[\w:.-]+|/text\(\)(?:\[\d+\])?)?")
"""A plain path to an element, an attribute or a text; Word writes no others."""
_PREFIX = re.compile(r"xmlns:([\w.-]+)\s*=\s*['\"]([^'\"]*)['\"]")
_SHOWN_OTHERWISE = ("date", "dropDownList", "comboBox", "picture", "repeatingSection", "docPartObj", "checkbox")
"""Controls that show something else than the data."""
_REFILLED = "Word fills this in again from data in the file when it opens it. There it says:"


def out_of_date(package: Package, body: Element) -> list[FileNote]:
    """A note of each control whose text is not what the file's data says: the text, then the data."""
    controls = [one for one in body.iter() if name_of(one) == "sdt" and child(one, "sdtPr", "dataBinding") is not None]
    data = dict(_items(package)) if controls else {}
    notes = []
    for control in controls:
        value, shown = _value(control, data), _words(child(control, "sdtContent"))
        differs = "".join(value.split()) != "".join(shown.split()) and not value.startswith("<")
        if value and differs and not any(name_of(one) in _SHOWN_OTHERWISE for one in control[0]):
            notes.append(in_doubt(f"“{shown}”" if shown else "an empty content control", _REFILLED, value))
    return notes


def _items(package: Package) -> Iterator[tuple[str, Element]]:
    """The data parts of the file by their ids, in small letters."""
    for part in package.targets(package.main, "customXml"):
        properties = package.related(part, "customXmlProps")
        with suppress(DocumentError):  # damaged data: the document's own words stand in its text
            yield attribute(properties, "itemID").lower() or part, package.xml(part)


def _value(control: Element, data: dict[str, Element]) -> str:
    """What the data says for this control; "" where it has none."""
    from lxml import etree

    binding = child(control, "sdtPr", "dataBinding")
    path, item = attribute(binding, "xpath"), attribute(binding, "storeItemID").lower()
    names = {prefix: name for prefix, name in _PREFIX.findall(attribute(binding, "prefixMappings")) if name}
    if not _PATH.fullmatch(path):
        return ""
    for root in [data[item]] if item in data else data.values() if not item else []:
        try:
            found = root.getroottree().xpath(path, namespaces=names)
        except etree.XPathError:
            continue
        for one in found if isinstance(found, list) else []:
            return " ".join(("".join(one.itertext()) if isinstance(one, etree._Element) else str(one)).split())
    return ""


def _words(content: Element | None) -> str:
    """The text of a control, on one line."""
    found = [one.text or "" for one in (content.iter() if content is not None else ()) if name_of(one) == "t"]
    return " ".join("".join(found).split())
