"""HTML: what a reader of the page would see, as Markdown. Hidden text does not get in.

Left out: scripts, styles, templates, comments, `hidden` elements, elements hidden by their own style, and those
that a rule of the page's own `<style>` hides on a desktop screen (`hiding`). Style sheets elsewhere are not fetched.
"""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING

from rag_core.corpus.readers.base import Parsed, Record, Source
from rag_core.corpus.readers.charset import declared_charset
from rag_core.corpus.readers.hiding import hides, hiding_selectors, on_desktop
from rag_core.corpus.readers.text import decode

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_INVISIBLE = (
    "script, style, template, noscript, iframe, object, svg, canvas, dialog:not([open]), [hidden], input, select"
)
_COMMA = re.compile(r",(?![^(\[]*[)\]])")
_XML = re.compile(r"\A\s*<\?xml[^>]*>")
_META = ("name", "property")


def read_html(source: Source) -> Parsed:
    """One document: headings as `#` lines, `<title>` and `<meta name=... content=...>` as metadata."""
    from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning

    found = decode(source, declared_charset(source.data))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        soup = BeautifulSoup(_XML.sub("", found.text), "lxml")
    metadata = _metadata(soup)
    _strip_hidden(soup)
    return found.parsed(Record(_markdown(source, soup), metadata))


def _metadata(soup: BeautifulSoup) -> dict[str, object]:
    """The named `<meta>` values; the `<title>` unless a meta value gives one."""
    values: dict[str, object] = {}
    if soup.title and soup.title.get_text(strip=True):
        values["title"] = soup.title.get_text(" ", strip=True)
    for tag in soup.find_all("meta", content=True):
        name = next((str(tag[key]) for key in _META if tag.get(key)), "")
        if name and name.lower() not in ("viewport", "robots", "generator"):
            values[name.strip()] = str(tag["content"])
    return values


def _strip_hidden(soup: BeautifulSoup) -> None:
    """Take everything out that a person looking at the page does not see."""
    hidden = [*soup.select(_INVISIBLE)]
    hidden += [tag for tag in soup.find_all(style=True) if hides(str(tag["style"]))]
    for selector in hiding_selectors(_css(soup)):
        hidden += _select(soup, selector)
    for tag in [*hidden, *soup.find_all("head")]:
        if not tag.decomposed:
            tag.decompose()


def _css(soup: BeautifulSoup) -> str:
    """The page's own style sheets for a desktop screen."""
    sheets = soup.find_all("style")
    return "\n".join(sheet.get_text() for sheet in sheets if on_desktop(str(sheet.get("media") or "all")))


def _select(soup: BeautifulSoup, selectors: str) -> list[Tag]:
    """The elements that the selectors match; none for one that says nothing about a page at rest (`:hover`)."""
    from soupsieve import SelectorSyntaxError

    found: list[Tag] = []
    for selector in _COMMA.split(selectors):
        try:
            found += soup.select(selector.strip())
        except (SelectorSyntaxError, NotImplementedError):
            continue
    return found


def _markdown(source: Source, soup: BeautifulSoup) -> str:
    """The visible page as Markdown: `#` headings, lists and tables kept, link targets and images left out."""
    from markdownify import MarkdownConverter

    converter = MarkdownConverter(
        heading_style="atx",
        bullets="-",
        strip=["a", "img"],
        escape_asterisks=False,
        escape_underscores=False,
        escape_misc=False,
    )
    try:
        return str(converter.convert_soup(soup)).strip()
    except RecursionError as exc:
        raise source.error("Its elements are nested too deeply to be read. Save the page's text instead.") from exc
