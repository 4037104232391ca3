"""What a page's own style sheets say of each element, by the whole cascade: importance, specificity, order.

Style sheets elsewhere are not fetched. Of two rules the one that a browser follows decides; text that only waits to
fade or slide into sight counts as seen, and is in doubt.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag_core.corpus.readers.hiding import Declarations, declared, reveals, rules

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag
    from soupsieve import SoupSieve

_COMMA = re.compile(r",(?![^(\[]*[)\]])")
_STRING = re.compile(r"\"[^\"]*\"|'[^']*'")
_WHERE = re.compile(r":where\([^()]*\)")
_ID = re.compile(r"#[\w-]+")
_CLASS = re.compile(r"\.[\w-]+|\[[^\]]*\]|(?<!:):(?!is\b|not\b|has\b)[\w-]+")
_ELEMENT = re.compile(r"(?:^|[\s>+~(,])[a-zA-Z][\w-]*|::[\w-]+")
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_BESIDE = re.compile(r"[+~](?!=)")
_COMBINATOR = re.compile(r"(?<!\\)[\s>+~]+")
_NAME = re.compile(r"[#.](?:[^\W\d]|[-_]|\\.)(?:[\w-]|\\.)*")
_CODED = re.compile(r"\\[0-9a-fA-F]")
_REVEALED = "[data-aos], .wow, [data-sal], [data-scroll-reveal]"
"""Elements that programs for moving pages show."""

Weight = tuple[bool, bool, int, int, int]
"""Important, inline, ids, classes, elements: the larger one wins."""


@dataclass(frozen=True)
class _Rule:
    """One selector with what it declares, its place among the rules, and the ids and classes that must be around the
    element (empty where they may stand beside it)."""

    selector: SoupSieve
    place: int
    special: tuple[int, int, int]
    values: Declarations
    outer: frozenset[str]


class Cascade:
    """The style sheets of a page, asked for one element after the other, parents first."""

    def __init__(self, soup: BeautifulSoup, css: str) -> None:
        tags = soup.find_all(True)
        known = {"", *(key for tag in tags for key in _keys_of(tag))}
        self._by_key: dict[str, list[_Rule]] = {}
        for key, rule in _rules(css, known):
            self._by_key.setdefault(key, []).append(rule)
        self._values: dict[int, Declarations] = {}
        self._around: dict[int, frozenset[str]] = {}

    def values(self, tag: Tag) -> Declarations:
        """The values that win for this element. What it inherits is not among them."""
        key = id(tag)
        if key not in self._values:
            around = self._keys_around(tag)
            found = [rule for one in ("", *_keys_of(tag)) for rule in self._by_key.get(one, ()) if rule.outer <= around]
            matching = [rule for rule in found if rule.selector.match(tag)]
            self._values[key] = _computed(tag, sorted(matching, key=lambda rule: rule.place))
        return self._values[key]

    def _keys_around(self, tag: Tag) -> frozenset[str]:
        """The ids and classes of the elements that this one stands in."""
        chain: list[Tag] = []
        for parent in tag.parents:
            if id(parent) in self._around:
                break
            chain.append(parent)
        for parent in reversed(chain):
            outer = self._around.get(id(parent.parent), frozenset())
            own = [one for one in _keys_of(parent) if one[:1] in "#."]
            self._around[id(parent)] = outer.union(own) if own else outer
        return self._around.get(id(tag.parent), frozenset())


def _keys_of(tag: Tag) -> list[str]:
    """What a selector can ask of an element: name, `#id`, `.class`."""
    classes = [f".{name}" for name in dict.fromkeys(tag.get_attribute_list("class")) if name]
    own = tag.get("id")
    return [tag.name.lower(), *([f"#{own}"] if own else []), *classes]


def specificity(selector: str) -> tuple[int, int, int]:
    """How many ids, classes and elements a selector names.

    >>> specificity("#a .pane.open > p"), specificity("[data-x='#']:first-child"), specificity("*")
    ((1, 2, 1), (0, 2, 0), (0, 0, 0))
    """
    plain = _WHERE.sub("", _STRING.sub("", re.sub(r"\\.", "_", selector)))
    ids, plain = len(_ID.findall(plain)), _ID.sub("", plain)
    classes, plain = len(_CLASS.findall(plain)), _CLASS.sub("", plain)
    return ids, classes, len(_ELEMENT.findall(plain))


def _rules(css: str, known: Container[str]) -> Iterator[tuple[str, _Rule]]:
    """The rules that may be for an element of the page, each with what it asks of the element itself; those that say
    nothing about a page at rest (`:hover`), or name an id or a class that no element has, are left out."""
    import soupsieve

    for place, (selectors, values) in enumerate(rules(css)):
        for part in _COMMA.split(selectors):
            selector = part.strip()
            outer, own = _keys(selector)
            if all(one in known for one in (*outer, *own)):
                try:
                    compiled = soupsieve.compile(selector)
                except (soupsieve.SelectorSyntaxError, NotImplementedError):
                    continue
                around = frozenset() if _BESIDE.search(selector) else frozenset(outer)
                yield own[-1], _Rule(compiled, place, specificity(selector), values, around)


def waits(tag: Tag, values: Declarations) -> bool:
    """Whether an element that these values hide only waits to move into sight."""
    import soupsieve

    return reveals(values) or soupsieve.match(_REVEALED, tag)


def _keys(selector: str) -> tuple[list[str], list[str]]:
    """The ids and classes that the elements around, or before, must have for a selector; and those of the element
    itself, its name where it asks for neither, "" where it asks for nothing.

    >>> _keys("#a > div.b > .pane.on:not(.x)"), _keys(".a b"), _keys(r".md\\:block"), _keys("*")
    ((['#a', '.b'], ['.pane', '.on']), (['.a'], ['b']), ([], ['.md:block']), ([], ['']))
    """
    plain = _STRING.sub("", selector)
    while (shorter := _BRACKETS.sub("", plain)) != plain:
        plain = shorter
    if _CODED.search(plain):
        return [], [""]
    parts = _COMBINATOR.split(plain.strip())
    outer = [name for part in parts[:-1] for name in _NAME.findall(part)]
    own = _NAME.findall(parts[-1])
    name = re.match(r"[a-zA-Z][\w-]*", parts[-1])
    return list(map(_unescaped, outer)), list(map(_unescaped, own)) or [name.group().lower() if name else ""]


def _unescaped(name: str) -> str:
    return re.sub(r"\\(.)", r"\1", name)


def _computed(tag: Tag, matching: Sequence[_Rule]) -> Declarations:
    """The values that win for this element."""
    weights: dict[str, Weight] = {}
    values: Declarations = {}
    inline = declared(str(tag.get("style") or ""))
    sheets = [(rule.values, False, rule.special) for rule in matching]
    for offered, is_inline, special in [*sheets, (inline, True, (0, 0, 0))]:
        for name, value in offered.items():
            weight = (value.important, is_inline, *special)
            if name not in weights or weight >= weights[name]:
                weights[name], values[name] = weight, value
    return values
