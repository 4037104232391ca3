"""HTML: what a reader of the page would see, as Markdown. Hidden text does not get in.

Left out: scripts, styles, templates, comments, and, each listed with its words: `hidden` elements, those that a style
of the page itself hides on a desktop screen (`cascade`), menus, pictures with words in them, filled-in fields. Style
sheets elsewhere are not fetched.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

from rag_core.corpus.readers.added_words import added_words
from rag_core.corpus.readers.base import Parsed, Record, Source, in_doubt, left_out
from rag_core.corpus.readers.cascade import Cascade, waits
from rag_core.corpus.readers.charset import declared_charset
from rag_core.corpus.readers.drawn_letters import name_drawn_letters
from rag_core.corpus.readers.hiding import hides, on_desktop
from rag_core.corpus.readers.html_blocks import write_ticks
from rag_core.corpus.readers.ink import Unseen, ground_is_doubtful, unseen_letters
from rag_core.corpus.readers.text import decode
from rag_core.schema.files import FileNote

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_CODE = "script, style, template, noscript, head"
_PICTURES = "iframe, object, svg, canvas, input, select, video, audio"
_CLOSED = "dialog:not([open]), [hidden]:not([hidden=until-found])"
_MENUS = "nav, [role=navigation]"
_DRAWN = "It is in a picture, a frame or a form of the page."
_HIDDEN = "The page hides it."
_PALE = "Its letters have the colour of what is behind them, so that nobody sees them."
_MAY_BE_PALE = "Its letters have the colour of the page, unless something else is behind them. It was read."
_AROUND = "It is a menu, or the header or footer around the page's content."
_ADDED = "The page's style puts these words before or behind elements."
_WHOLE = ("html", "body")
_SHOWN_LATER = "The style hides the whole page, which a program of the page may show again. It was read."
_FADES = "The page hides it at first and moves it into sight. It was read."
_MOST_NOTES = 20
_TINY, _LINE = 32, 4
"""Pixels."""
_XML = re.compile(r"\A\s*<\?xml[^>]*>")
_TAGS = re.compile(r"</(?:p|div|li|ul|ol|table|h[1-6]|span|strong|em|b|i|a)\s*>|<br\s*/?>", re.IGNORECASE)
_META = ("name", "property")


def read_html(source: Source) -> Parsed:
    """One document: headings as `#` lines, `<title>` and `<meta name=... content=...>` as metadata."""
    from bs4 import BeautifulSoup, XMLParsedAsHTMLWarning

    found = decode(source, declared_charset(source.data))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        soup = BeautifulSoup(_XML.sub("", found.text), "lxml")
    metadata = _metadata(soup)
    notes = [*_strip_unseen(soup), *_images(soup)]
    parsed = found.parsed(Record(_markdown(source, soup), metadata))
    return replace(parsed, notes=[*parsed.notes, *notes])


def read_fragment(source: Source, words: str) -> tuple[str, list[FileNote]]:
    """A piece of HTML, as tools keep the body of an article, as Markdown, with the notes of it; text without tags as it
    is. The page around it is not known, so that letters in the colour of white paper are kept, in doubt."""
    from bs4 import BeautifulSoup

    if not _TAGS.search(words):
        return words, []
    soup = BeautifulSoup(words, "lxml")
    notes = [*_strip_unseen(soup, alone=False), *_images(soup)]
    return _markdown(source, soup), notes


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


def _strip_unseen(soup: BeautifulSoup, *, alone: bool = True) -> list[FileNote]:
    """Take everything out that a person looking at the page does not see, and what stands around the page's content.
    Gives notes of the words in it, and of those that are kept in doubt. `alone`: the page is all that is shown."""
    css = _css(soup)
    cascade, doubtful = Cascade(soup, css), not alone or ground_is_doubtful(soup, css)
    name_drawn_letters(soup, cascade)
    write_ticks(soup)
    unseen = [(tag, "") for tag in soup.select(_CODE)]
    unseen += [(tag, _DRAWN) for tag in soup.select(_PICTURES)]
    unseen += [(tag, _HIDDEN) for tag in soup.select(_CLOSED)]
    styled = [(tag, values) for tag in soup.find_all(True) if hides(values := cascade.values(tag))]
    whole = [tag for tag, _ in styled if tag.name in _WHOLE]
    waiting = [tag for tag, values in styled if tag.name not in _WHOLE and waits(tag, values)]
    kept = {id(tag) for tag in (*whole, *waiting)}
    unseen += [(tag, _HIDDEN) for tag, _ in styled if id(tag) not in kept]
    unseen += [(tag, _AROUND) for tag in _around(soup)]
    doubts = [in_doubt(_place(tag), _SHOWN_LATER) for tag in whole]
    doubts += [in_doubt(_place(tag), _FADES, words) for tag in waiting if (words := _words(tag))]
    notes = []
    for tag, why in unseen:
        words = "" if tag.decomposed or not why else _words(tag)
        if words:
            notes.append(left_out(_place(tag), why, words))
        if not tag.decomposed:
            tag.decompose()
    for one in unseen_letters(soup, cascade):
        note = _letters_note(one, doubtful)
        (notes if note.kind == "left out" else doubts).append(note)
    if added := added_words(soup, css):
        notes.append(left_out("style sheet", _ADDED, "\n".join(added)))
    return [*few(notes), *few(doubts)]


def _letters_note(one: Unseen, doubtful: bool) -> FileNote:
    """What becomes of letters that nobody sees: they are taken out, or kept where that is not sure."""
    place, words = _place(one.tag), " ".join(" ".join(one.pieces).split())
    if one.tag.name in _WHOLE and not one.colored:
        return in_doubt(place, _SHOWN_LATER)
    if one.fades:
        return in_doubt(place, _FADES, words)
    if one.colored and doubtful:
        return in_doubt(place, _MAY_BE_PALE, words)
    for piece in one.pieces:
        piece.extract()
    return left_out(place, _PALE if one.colored else _HIDDEN, words)


def _images(soup: BeautifulSoup) -> list[FileNote]:
    """A note of the pictures that are more than decoration, with what the page says of them."""
    found = [one for one in soup.find_all("img") if one.get("alt") != "" and not _is_tiny(one)]
    if not found:
        return []
    where = "1 picture" if len(found) == 1 else f"{len(found):,} pictures"
    told = "\n".join(dict.fromkeys(words for one in found if (words := str(one.get("alt") or "").strip())))
    return [left_out(where, "Pictures are not read.", told)]


def _is_tiny(image: Tag) -> bool:
    """Whether it is a sign, a line, or counts visits."""
    written = [str(image.get(name) or "") for name in ("width", "height")]
    sizes = [int(size) for size in written if size.isdigit()]
    return bool(sizes) and (max(sizes) <= _TINY or min(sizes) <= _LINE)


def _around(soup: BeautifulSoup) -> list[Tag]:
    """Menus, and the header and footer of a page that says where its main part is; none that holds the main heading."""
    main = soup.select_one("main, [role=main]")
    found = soup.select(_MENUS + (", header, footer, [role=banner], [role=contentinfo]" if main else ""))
    inside = [tag for tag in found if not tag.select_one("h1, main, [role=main], article")]
    return [tag for tag in inside if not tag.find_parent(["main", "article"]) or tag.name == "nav"]


def few(notes: list[FileNote]) -> list[FileNote]:
    """The first twenty notes; the words of the others in one more."""
    if len(notes) <= _MOST_NOTES:
        return notes
    rest = notes[_MOST_NOTES:]
    more = rest[0].model_copy(
        update={"where": f"{len(rest):,} more elements", "text": "\n".join(note.text for note in rest)}
    )
    return [*notes[:_MOST_NOTES], more]


def _place(tag: Tag) -> str:
    """An element as a person who looks at the page's source finds it: `<div id="old">`."""
    named = next(
        (f' {name}="{" ".join(tag.get_attribute_list(name))}"' for name in ("id", "class") if tag.get(name)), ""
    )
    return f"<{tag.name}{named}>"


def _words(tag: Tag) -> str:
    """What an element says, without scripts and styles in it; the value of a field that is filled in."""
    if tag.name == "input":
        words = str(tag.get("value") or tag.get("placeholder") or "")
        return words.strip() if tag.get("type", "text") not in ("hidden", "password") else ""
    if tag.name == "iframe" and tag.get("srcdoc"):
        return " ".join(_page_words(str(tag["srcdoc"])).split())
    parts = [piece for piece in tag.find_all(string=True) if piece.find_parent(["script", "style", "template"]) is None]
    return " ".join(" ".join(part for part in parts if type(part).__name__ == "NavigableString").split())


def _page_words(page: str) -> str:
    """What a page within the page says."""
    from bs4 import BeautifulSoup

    return BeautifulSoup(page, "lxml").get_text(" ")


def _css(soup: BeautifulSoup) -> str:
    """The page's own style sheets for a desktop screen."""
    sheets = soup.find_all("style")
    return "\n".join(sheet.get_text() for sheet in sheets if on_desktop(str(sheet.get("media") or "all")))


def _markdown(source: Source, soup: BeautifulSoup) -> str:
    """The visible page as Markdown."""
    from rag_core.corpus.readers.html_markdown import markdown_of

    try:
        return markdown_of(soup)
    except RecursionError as exc:
        raise source.error("Its elements are nested too deeply to be read. Save the page's text instead.") from exc
