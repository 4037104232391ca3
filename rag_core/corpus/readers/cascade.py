"""Which elements of a page its own style sheets hide, by the whole cascade: importance, specificity, order.

Style sheets elsewhere are not fetched. Of two rules the one that a browser follows decides; text that only waits to
fade or slide into sight counts as seen, and is in doubt.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag_core.corpus.readers.hiding import Declarations, declared, hides, reveals, rules

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
_COMBINATOR = re.compile(r"(?<!\\)[\s>+~]+")
_NAME = re.compile(r"[#.](?:[^\W\d]|[-_]|\\.)(?:[\w-]|\\.)*")
_CODED = re.compile(r"\\[0-9a-fA-F]")
_REVEALED = "[data-aos], .wow, [data-sal], [data-scroll-reveal]"

Weight = tuple[bool, bool, int, int, int]
"""Important, inline, ids, classes, elements: the larger one wins."""


@dataclass(frozen=True)
class Hidden:
    """An element that is not seen; `fades`: it waits to move into sight."""

    tag: Tag
    fades: bool


@dataclass(frozen=True)
class _Rule:
    """One selector with what it declares."""

    selector: SoupSieve
    key: str
    special: tuple[int, int, int]
    values: Declarations


def hidden_by_style(soup: BeautifulSoup, css: str) -> Iterator[Hidden]:
    """The elements that a person who looks at the page does not see, because of a style."""
    tags = soup.find_all(True)
    by_key = _index(tags)
    every = list(_rules(css, by_key))
    suspects = {id(tag): tag for tag in tags if tag.has_attr("style") and hides(declared(str(tag["style"])))}
    for rule in every:
        if hides(rule.values) or _clips(rule.values):
            suspects.update((id(tag), tag) for tag in _matched(rule, by_key[rule.key]))
    sheets: dict[int, list[_Rule]] = {key: [] for key in suspects}
    for rule in every:
        for tag in _matched(rule, [tag for tag in by_key[rule.key] if id(tag) in suspects]):
            sheets[id(tag)].append(rule)
    revealed = {id(tag) for tag in soup.select(_REVEALED)}
    for key, tag in suspects.items():
        values = _computed(tag, sheets[key])
        if hides(values):
            yield Hidden(tag, reveals(values) or key in revealed)


def _index(tags: Sequence[Tag]) -> dict[str, list[Tag]]:
    """The elements by what a selector can ask of them: `#id`, `.class`, name; all under ""."""
    by_key: dict[str, list[Tag]] = {"": list(tags)}
    for tag in tags:
        classes = [f".{name}" for name in dict.fromkeys(tag.get_attribute_list("class")) if name]
        for key in (tag.name.lower(), f"#{tag.get('id')}", *classes):
            by_key.setdefault(key, []).append(tag)
    return by_key


def _matched(rule: _Rule, tags: Sequence[Tag]) -> list[Tag]:
    """Those of the elements that the rule is for."""
    return rule.selector.filter(tags)


def _clips(values: Declarations) -> bool:
    """Whether the values may hide text together with a size that another rule gives."""
    return any(name.startswith("overflow") for name in values)


def specificity(selector: str) -> tuple[int, int, int]:
    """How many ids, classes and elements a selector names.

    >>> specificity("#a .pane.open > p"), specificity("[data-x='#']:first-child"), specificity("*")
    ((1, 2, 1), (0, 2, 0), (0, 0, 0))
    """
    plain = _WHERE.sub("", _STRING.sub("", re.sub(r"\\.", "_", selector)))
    ids, plain = len(_ID.findall(plain)), _ID.sub("", plain)
    classes, plain = len(_CLASS.findall(plain)), _CLASS.sub("", plain)
    return ids, classes, len(_ELEMENT.findall(plain))


def _rules(css: str, by_key: Container[str]) -> Iterator[_Rule]:
    """The rules that may be for an element of the page; those that say nothing about a page at rest (`:hover`), or name
    an id or a class that no element has, are left out."""
    import soupsieve

    for selectors, values in rules(css):
        for part in _COMMA.split(selectors):
            selector = part.strip()
            *outer, key = _keys(selector)
            if key in by_key and all(one in by_key for one in outer):
                try:
                    yield _Rule(soupsieve.compile(selector), key, specificity(selector), values)
                except (soupsieve.SelectorSyntaxError, NotImplementedError):
                    continue


def _keys(selector: str) -> list[str]:
    """The ids and classes that elements must have for a selector; the last is an id, a class or a name of the element
    itself, "" where it has none of them.

    >>> _keys("#a > div.b > .pane:not(.x)"), _keys(".a b"), _keys(r".md\\:block"), _keys("*")
    (['#a', '.b', '.pane'], ['.a', 'b'], ['.md:block'], [''])
    """
    plain = _STRING.sub("", selector)
    while (shorter := _BRACKETS.sub("", plain)) != plain:
        plain = shorter
    if _CODED.search(plain):
        return [""]
    parts = _COMBINATOR.split(plain.strip())
    outer = [name for part in parts[:-1] for name in _NAME.findall(part)]
    own = _NAME.findall(parts[-1])
    name = re.match(r"[a-zA-Z][\w-]*", parts[-1])
    return [re.sub(r"\\(.)", r"\1", one) for one in (*outer, *(own or [name.group().lower() if name else ""]))]


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
