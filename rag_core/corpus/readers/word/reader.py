"""Word documents as Markdown: the body in its order, headers and footers once, foot- and endnotes where they are due.

Left out and named: comments, deletions that were tracked, hidden text, the table of contents, pictures, charts,
embedded files. What Word draws but does not store as text (numbers of lists and headings) is put in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from rag_core.corpus.readers.base import Parsed, Record, Source
from rag_core.corpus.readers.word.blocks import Block, blocks, due, text_of
from rag_core.corpus.readers.word.bound_data import out_of_date
from rag_core.corpus.readers.word.package import Package, attribute, child, is_on, name_of
from rag_core.corpus.readers.word.story import Story

if TYPE_CHECKING:
    from lxml.etree import _Element as Element


def read_word(source: Source) -> Parsed:
    """One document. Raises DocumentError for a file that is broken or would unzip to more than the limit."""
    package = Package(source)
    main = package.xml(package.main)
    body = child(main, "body")
    if body is None:
        raise source.error("It holds no Word document.")
    story = Story.of(package)
    above = _edges(body, story, "header")
    middle = [*blocks(body, story), *due(story)]
    below = _edges(body, story, "footer")
    _comments(story)
    if story.pictures:
        count = f"{story.pictures:,} picture{'s' * (story.pictures > 1)}"
        story.leave_out("Pictures are not read.", where=count)
    record = Record(text_of([*above, *middle, *below]), _properties(package))
    return Parsed([record], notes=[*story.notes, *out_of_date(package, body)])


def _edges(body: Element, story: Story, kind: str) -> list[Block]:
    """The headers or footers of all sections; the same words stand once."""
    settings = story.package.related(story.package.main, "settings")
    even = is_on(child(settings, "evenAndOddHeaders"))
    found: dict[str, Block] = {}
    for section in (one for one in body.iter() if name_of(one) == "sectPr"):
        first = is_on(child(section, "titlePg"))
        for reference in (one for one in section if name_of(one) == f"{kind}Reference"):
            which = attribute(reference, "type")
            part = story.package.target(story.package.main, attribute(reference, "id"))
            if part and (which == "default" or (which == "first" and first) or (which == "even" and even)):
                for block in _part_blocks(story, part):
                    found.setdefault(block.markdown, block)
    return list(found.values())


def _part_blocks(story: Story, part: str) -> Iterator[Block]:
    """The blocks of another part of the package; its headings are none of the document's."""
    there = replace(story, part=part, due=[], due_notes=[], fields=[], pictures=0, heading="")
    for block in [*blocks(story.package.xml(part), there), *due(there)]:
        yield replace(block, level=0)
    story.pictures += there.pictures


def _comments(story: Story) -> None:
    """Name each comment with its author."""
    part = story.package.related(story.package.main, "comments")
    for one in part if part is not None else ():
        words = text_of(blocks(one, replace(story, notes=[])))
        author = attribute(one, "author")
        story.leave_out(f"It is a comment{f' by {author}' if author else ''}.", words, "comments")


def _properties(package: Package) -> dict[str, object]:
    """The title among the document's properties."""
    core = package.related("", "core-properties")
    title = child(core, "title")
    words = (title.text or "").strip() if title is not None else ""
    return {"title": words} if words else {}
