"""What the rules of a style sheet declare on a desktop screen, and which values hide an element. Knows CSS as text.

Which elements a rule matches, and which of several rules wins, is `cascade`'s; letters that are not seen are `ink`'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from rag_core.corpus.readers.colors import color_of

_DESKTOP_PX = 1280
_ROOT_PX = 16

_ZERO = r"[+-]?(?:0+(?:\.0*)?|\.0+)(?:px|em|rem|ex|ch|%|pt|vw|vh)?"
_FAR = r"-(?:\d{4,}(?:\.\d+)?px|\d{3,}(?:\.\d+)?(?:em|rem|ex|ch|vw|vh))"
_TINY = rf"(?:{_ZERO}|1px)"
_NO_SHAPE = (
    rf"inset\(\s*(?:[5-9]\d|100)(?:\.\d+)?%\s*\)|(?:circle|ellipse)\(\s*{_ZERO}\b[^()]*\)"
    rf"|rect\({_ZERO}(?:[\s,]+{_ZERO}){{3}}\)"
)

_HIDING = {
    name: re.compile(rf"(?:{values})", re.IGNORECASE)
    for names, values in (
        ("display", "none"),
        ("content-visibility", "hidden"),
        ("opacity", rf"{_ZERO}|0*\.0[0-5]\d*|[0-5](?:\.\d+)?%"),
        ("left right top bottom margin-left margin-top", _FAR),
        ("transform", rf"scale\(\s*{_ZERO}[^()]*\)|translate[xy]?\(\s*{_FAR}[^()]*\)"),
        ("clip", r"rect\(\s*([\d.]+)(?:px)?(?:[\s,]+\1(?:px)?){3}\s*\)"),
        ("clip-path", _NO_SHAPE),
    )
    for name in names.split()
}
_SIZES = ("width", "height", "max-width", "max-height")
_OVERFLOWS = ("overflow", "overflow-x", "overflow-y")
_COLORS = ("color", "-webkit-text-fill-color", "-webkit-text-stroke", "text-shadow")
_LETTERS = ("font-size", "visibility", "text-indent", "text-decoration", "text-decoration-line", "vertical-align")
_GROUND = ("background-color", "background-image", "background-clip", "-webkit-background-clip")
_WATCHED = frozenset({*_HIDING, *_SIZES, *_OVERFLOWS, *_COLORS, *_LETTERS, *_GROUND})
_FONT_SIZE = re.compile(
    r"(?:^|\s)([\d.]+(?:px|em|rem|ex|ch|%|pt|pc|vw|vh)|0|(?:xx?-)?(?:small|large)|medium|smaller|larger)(?=[\s/])",
    re.IGNORECASE,
)
_IMAGE = re.compile(r"url\(|gradient\(|image-set\(", re.IGNORECASE)
_PART = re.compile(r"[^\s(]+\((?:[^()]|\([^()]*\))*\)|[^\s()]+")
_MOVES = ("transition", "animation")
_FADING = ("opacity", "visibility", "transform", "left", "right", "top", "bottom")
_TINY_SIZE = re.compile(_TINY, re.IGNORECASE)

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|\([^(){}]*\)|[{};]')
_MEDIA = re.compile(r"(?:(?P<no>not)\s+|only\s+)?(?P<kind>[a-z]+)?(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_WIDTH = re.compile(r"\(\s*(min|max)-width\s*:\s*([\d.]+)(px|em|rem)\s*\)", re.IGNORECASE)


@dataclass
class _Block:
    """A block that is open: what its declarations apply to ("" for nothing), and whether they apply at all."""

    selector: str
    applies: bool
    declarations: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Value:
    """One declared value. `important`: it wins over those that are not."""

    text: str
    important: bool = False


Declarations = dict[str, Value]


def declared(text: str) -> Declarations:
    """The declarations of a rule or a `style` attribute that bear on whether text is seen.

    >>> declared("color: red; LEFT: -9999px !important")
    {'color': Value(text='red', important=False), 'left': Value(text='-9999px', important=True)}
    """
    values: Declarations = {}
    for declaration in _COMMENT.sub("", text).split(";"):
        name, _, value = declaration.partition(":")
        name, (value, *marks) = name.strip().lower(), value.split("!")
        important = any(mark.strip().lower() == "important" for mark in marks)
        for one, text in _SHORTHANDS.get(name, _itself)(name, value.strip()):
            if one in _WATCHED or one.startswith((*_MOVES, "--")):
                values[one] = Value(text, important)
    return values


def _itself(name: str, value: str) -> Iterator[tuple[str, str]]:
    yield name, value


def _font(_: str, value: str) -> Iterator[tuple[str, str]]:
    size = _FONT_SIZE.search(value)
    yield "font-size", size[1] if size else value


def _background(_: str, value: str) -> Iterator[tuple[str, str]]:
    """A colour, or nothing, and whether there is a picture."""
    colors = [
        part for part in _PART.findall(value.replace(",", ", ") if "(" not in value else value) if _may_be_color(part)
    ]
    yield "background-image", value if _IMAGE.search(value) else "none"
    yield "background-color", colors[-1] if colors else "transparent"
    if re.search(r"\btext\b", value):
        yield "background-clip", "text"


def _may_be_color(part: str) -> bool:
    return color_of(part) is not None or part.lower().startswith(("var(", "rgb", "hsl", "ok", "color", "light-dark("))


_SHORTHANDS: dict[str, Callable[[str, str], Iterator[tuple[str, str]]]] = {"font": _font, "background": _background}


def hides(values: Declarations) -> bool:
    """True for values that put an element with all that is in it out of sight.

    >>> hides(declared("color: red; left: -9999px")), hides(declared("opacity: 0.5"))
    (True, False)
    """
    if any(name in _HIDING and _HIDING[name].fullmatch(value.text) for name, value in values.items()):
        return True
    clipped = any(re.match(r"hidden|clip", values[name].text) for name in _OVERFLOWS if name in values)
    return clipped and any(_TINY_SIZE.fullmatch(values[name].text) for name in _SIZES if name in values)


def reveals(values: Declarations) -> bool:
    """True for values that hide text only until it moves into sight, as on pages that fade in while they are read.

    >>> reveals(declared("opacity: 0; transition: opacity 1s")), reveals(declared("display: none"))
    (True, False)
    """
    if not any(name.startswith(_MOVES) for name in values):
        return False
    return not hides({name: value for name, value in values.items() if name not in _FADING})


def rules(css: str) -> Iterator[tuple[str, Declarations]]:
    """Selectors and declarations of the rules that hold on a desktop screen, at rest, in order. Rules that do not bear
    on whether text is seen are left out."""
    css = _COMMENT.sub("", css)
    stack, prelude_at = [_Block("", True)], 0
    for token in _TOKEN.finditer(css):
        text = css[prelude_at : token.start()].strip()
        if token.group() not in "{};":
            continue
        prelude_at = token.end()
        if token.group() == "{":
            stack.append(_opened(stack[-1], text))
            continue
        stack[-1].declarations.append(text)
        if token.group() == "}" and len(stack) > 1:
            block = stack.pop()
            values = declared(";".join(block.declarations)) if block.selector and block.applies else {}
            if values:
                yield block.selector, values


def _opened(outer: _Block, prelude: str) -> _Block:
    """The block that this prelude opens within another one: a group of rules, or a rule."""
    if prelude.startswith("@"):
        name, _, condition = prelude[1:].partition(" ")
        name, bracket, rest = name.partition("(")
        test = _GROUPS.get(name.lower())
        return _Block(outer.selector, outer.applies and test is not None and test(bracket + rest + " " + condition))
    if not outer.selector:
        return _Block(prelude, outer.applies)
    within = f":is({outer.selector})"
    return _Block(prelude.replace("&", within) if "&" in prelude else f"{within} {prelude}", outer.applies)


def on_desktop(media: str) -> bool:
    """Whether a list of media queries holds on a desktop screen. Conditions other than its width hold for no one.

    >>> on_desktop("screen and (min-width: 600px)"), on_desktop("print, (max-width: 600px)")
    (True, False)
    """
    return any(_holds(query.strip()) for query in media.split(","))


def _holds(query: str) -> bool:
    match = _MEDIA.fullmatch(query)
    if match is None:
        return False
    kind = (match["kind"] or "all").lower()
    if match["no"]:
        return kind not in ("screen", "all")
    widths = _WIDTH.findall(match["rest"])
    other = re.sub(r"\band\b", "", _WIDTH.sub("", match["rest"])).strip()
    return kind in ("screen", "all") and not other and all(_wide(*width) for width in widths)


def _wide(bound: str, number: str, unit: str) -> bool:
    pixels = float(number) * (1 if unit.lower() == "px" else _ROOT_PX) if number.replace(".", "", 1).isdigit() else 0.0
    return pixels <= _DESKTOP_PX if bound.lower() == "min" else pixels >= _DESKTOP_PX


_GROUPS: dict[str, Callable[[str], bool]] = {
    "media": on_desktop,
    "supports": lambda condition: not condition.strip().lower().startswith("not"),
    "layer": lambda _: True,
    "scope": lambda _: True,
}
"""Which groups of rules are looked into, and when theirs apply. Key frames, fonts and pages are none."""
