"""The words of a paragraph: runs, links, fields and their results, tracked changes, symbols, formulas.

An element that is not known is looked into, so that no kind of wrapper hides its text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from rag_core.corpus.readers.scripts import lowered, raised, struck
from rag_core.corpus.readers.word.formulas import FORMS, in_one_line, is_formula
from rag_core.corpus.readers.word.package import attribute, child, is_on, local, name_of
from rag_core.corpus.readers.word.story import Story
from rag_core.corpus.readers.word.styles import PLAIN, Style
from rag_core.corpus.readers.word.symbol_fonts import DINGBATS, SYMBOLS
from rag_core.corpus.readers.word.white_letters import why_unseen

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

Piece = tuple[str, str]
"""Text, and how it is drawn: raised ("superscript"), lowered ("subscript"), struck through ("struck") or as it is."""


def paragraph_words(paragraph: Element, story: Story, style: Style = PLAIN) -> str:
    """The visible text of a paragraph. What is raised, lowered or struck through together is marked as one."""
    text, kept, kind = "", "", ""
    for words, raising in [*_inside(paragraph, story, style), ("", "")]:
        if raising != kind:
            text += _SCRIPTS.get(kind, _as_it_is)(kept)
            kept, kind = "", raising
        kept += words
    return (text + kept).strip()


def _as_it_is(text: str) -> str:
    return text


_SCRIPTS: dict[str, Callable[[str], str]] = {"superscript": raised, "subscript": lowered, "struck": struck}


_HIDDEN = "It is formatted as hidden.", False


def _inside(element: Element, story: Story, style: Style) -> Iterator[Piece]:
    """The pieces of all children."""
    for one in element:
        handler = _HANDLERS.get(name_of(one), _inside)
        yield from handler(one, story, style)


def _nothing(_element: Element, _story: Story, _style: Style) -> Iterable[Piece]:
    return ()


def _run(element: Element, story: Story, style: Style) -> Iterator[Piece]:
    own = story.styles.run(child(element, "rPr"), style)
    pieces = list(_inside(element, story, own))
    words = "".join(text for text, _ in pieces).strip()
    unseen, doubtful = _HIDDEN if own.hidden else why_unseen(element, own, story.styles.fills)
    if words and unseen:
        story.note(unseen, words, doubtful=doubtful)
    if doubtful or not unseen:
        yield from pieces


def _text(element: Element, story: Story, style: Style) -> Iterator[Piece]:
    if not story.in_code:
        yield element.text or "", style.drawn


def _constant(text: str) -> Callable[[Element, Story, Style], Iterator[Piece]]:
    def constant(_element: Element, story: Story, style: Style) -> Iterator[Piece]:
        if not story.in_code:
            yield text, style.drawn

    return constant


def _break(_element: Element, _story: Story, _style: Style) -> Iterator[Piece]:
    yield "\n", ""


def _deleted(element: Element, story: Story, _style: Style) -> Iterable[Piece]:
    """A tracked deletion, or the place that text was moved from."""
    text = story.raw_words(element)
    if text.strip() and name_of(element) == "del":
        author = f" by {name}" if (name := attribute(element, "author")) else ""
        story.leave_out(f"It is a deletion{author} that was tracked.", text)
    return ()


def _field(element: Element, story: Story, _style: Style) -> Iterable[Piece]:
    """The beginning, the turn to the result, and the end of a field."""
    kind = attribute(element, "fldCharType")
    if kind == "begin":
        story.fields.append("code")
        return _form_field(element, story)
    if kind == "separate" and story.fields:
        story.fields[-1] = "result"
    elif kind == "end" and story.fields:
        story.fields.pop()
    return ()


def _form_field(element: Element, story: Story) -> Iterable[Piece]:
    """A tick box or a chosen entry of an old form, which has no result of its own."""
    if "code" in story.fields[:-1]:
        return ()
    data = child(element, "ffData")
    box, entries = child(data, "checkBox"), child(data, "ddList")
    if box is not None:
        checked = child(box, "checked")
        return [("[x]" if is_on(checked if checked is not None else child(box, "default")) else "[ ]", "")]
    if entries is not None:
        options = [attribute(one, "val") for one in entries if name_of(one) == "listEntry"]
        chosen = attribute(child(entries, "result"), "val") or attribute(child(entries, "default"), "val") or "0"
        return [(options[int(chosen)], "")] if chosen.isdigit() and int(chosen) < len(options) else ()
    return ()


def _symbol(element: Element, story: Story, style: Style) -> Iterator[Piece]:
    """A sign of a symbol font, by its place in the font."""
    font, code = attribute(element, "font"), attribute(element, "char")
    try:
        sign = chr(int(code, 16) & 0xFF) if len(code) == 4 and code.upper().startswith("F0") else chr(int(code, 16))
    except (ValueError, OverflowError):
        return
    known = SYMBOLS if font.lower() == "symbol" else DINGBATS if "ding" in font.lower() else {}
    if sign in known:
        yield known[sign], style.drawn
    else:
        story.leave_out(f"A sign of the font {font}, which is no letter.", f"U+{code}")


def _note(element: Element, story: Story, _style: Style) -> Iterator[Piece]:
    yield story.mark_note(name_of(element).removesuffix("Reference"), attribute(element, "id")), ""


def _ruby(element: Element, story: Story, style: Style) -> Iterator[Piece]:
    """Text with its reading beside it: 東京 (とうきょう)."""
    for name, form in (("rubyBase", "{}"), ("rt", " ({})")):
        part = child(element, name)
        words = "".join(text for text, _ in _inside(part, story, style)) if part is not None else ""
        if words:
            yield form.format(words), style.drawn


def _choice(element: Element, story: Story, style: Style) -> Iterable[Piece]:
    """One content in two forms, for newer and for older programs: the first that holds anything."""
    for form in element:
        before = story.found
        pieces = list(_inside(form, story, style))
        if any(text.strip() for text, _ in pieces) or story.found != before:
            return pieces
    return ()


def _box(element: Element, story: Story, _style: Style) -> Iterable[Piece]:
    story.due.append(element)
    return ()


def _word_art(element: Element, _story: Story, _style: Style) -> Iterator[Piece]:
    if words := attribute(element, "string"):
        yield f" {words} ", ""


def _picture(_element: Element, story: Story, _style: Style) -> Iterable[Piece]:
    story.pictures += 1
    return ()


def _embedded(element: Element, story: Story, _style: Style) -> Iterable[Piece]:
    what = attribute(element, "ProgID") or "another program"
    story.leave_out(f"An object of {what} is embedded there. Add its file by itself.")
    return ()


def _elsewhere(element: Element, story: Story, _style: Style) -> Iterable[Piece]:
    """A chart or a diagram, which has a part of its own: its words are listed."""
    for key, ident in element.items():
        if local(str(key)) in ("id", "dm") and (part := story.package.target(story.part, str(ident))):
            words = [one.text for one in story.package.xml(part).iter() if name_of(one) in ("t", "v") and one.text]
            kind = "chart" if name_of(element) == "chart" else "diagram"
            story.leave_out(f"It is a {kind}.", "\n".join(words))
    return ()


def _formula(element: Element, story: Story, style: Style) -> Iterable[Piece]:
    """A construct of a formula in one line. The drawing language and others use the names for things of their own."""
    if not is_formula(element):
        return _inside(element, story, style)
    return ((in_one_line(element, lambda part: _joined(part, story, style)), style.drawn),)


def _joined(element: Element | None, story: Story, style: Style) -> str:
    pieces = _inside(element, story, style) if element is not None else ()
    return "".join(_SCRIPTS.get(kind, _as_it_is)(text) for text, kind in pieces).strip()


_PROPERTIES = (
    *("pPr", "rPr", "tblPr", "sdtPr", "sdtEndPr", "smartTagPr", "customXmlPr", "docPr", "fldData", "ffData"),
    *("ctrlPr", "fPr", "sSupPr", "sSubPr", "sSubSupPr", "instrText", "delInstrText", "delText", "softHyphen"),
)
_HANDLERS: dict[str, Callable[[Element, Story, Style], Iterable[Piece]]] = {
    "r": _run,
    "t": _text,
    "tab": _constant("\t"),
    "ptab": _constant("\t"),
    "cr": _constant("\n"),
    "noBreakHyphen": _constant("-"),
    "br": _break,
    "sym": _symbol,
    "del": _deleted,
    "moveFrom": _deleted,
    "fldChar": _field,
    "footnoteReference": _note,
    "endnoteReference": _note,
    "ruby": _ruby,
    "AlternateContent": _choice,
    "txbxContent": _box,
    "textpath": _word_art,
    "blip": _picture,
    "imagedata": _picture,
    "OLEObject": _embedded,
    "chart": _elsewhere,
    "relIds": _elsewhere,
    **dict.fromkeys(FORMS, _formula),
    **dict.fromkeys(_PROPERTIES, _nothing),
}
"""How each element is read; one that is not named here is looked into."""
