"""Paragraphs, lists and tables in their order, as Markdown. What is anchored in a block stands after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag_core.corpus.readers.plain import escaped
from rag_core.corpus.readers.tables import markdown_table
from rag_core.corpus.readers.word.package import attribute, child, is_on, name_of
from rag_core.corpus.readers.word.runs import paragraph_words
from rag_core.corpus.readers.word.story import Story

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_BULLETS = ("list bullet", "list number", "list paragraph")
_SKIPPED = ("sectPr", "tblPr", "tblGrid", "tcPr", "trPr", "sdtPr", "sdtEndPr", "moveFrom", "del", "pPr", "rPr")
_WIDEST = 1000


@dataclass(frozen=True)
class Block:
    """A heading of a `level`, an item of a list with its `label`, a table of `rows`, or a paragraph."""

    text: str
    level: int = 0
    label: str = ""
    rows: tuple[tuple[str, ...], ...] = ()

    @property
    def markdown(self) -> str:
        """The block as Markdown; what only looks like Markdown's own marks in it is escaped."""
        if self.level:
            return f"{'#' * self.level} {self.text}"
        if self.rows:
            return markdown_table(self.rows)
        return f"{self.label} {escaped(self.text)}" if self.label else escaped(self.text)


def text_of(blocks: Iterable[Block]) -> str:
    """The blocks as one text; items of a list stand together, all else has an empty line around it."""
    text, was_item = "", False
    for block in blocks:
        is_item = bool(block.label) and not block.label.startswith("[")
        text += ("\n" if is_item and was_item else "\n\n" if text else "") + block.markdown
        was_item = is_item
    return text


def blocks(element: Element, story: Story) -> Iterator[Block]:
    """All blocks below an element, whatever they are wrapped in (content controls, insertions, custom XML)."""
    for one in element:
        name = name_of(one)
        if name == "p":
            yield from _paragraph(one, story)
        elif name == "tbl":
            yield from _table(one, story)
        elif name == "AlternateContent":
            yield from _choice(one, story)
        elif name in ("altChunk", "subDoc"):
            story.leave_out("Another file is embedded there. Add it by itself.")
        elif name not in _SKIPPED:
            yield from blocks(one, story)


def _choice(element: Element, story: Story) -> Iterator[Block]:
    """One content in two forms: the first that holds anything."""
    for form in element:
        if found := list(blocks(form, story)):
            yield from found
            return


def _paragraph(paragraph: Element, story: Story) -> Iterator[Block]:
    properties = child(paragraph, "pPr")
    style = story.styles.paragraph(properties)
    words = paragraph_words(paragraph, story, style)
    label = story.numbering.label(style.list_of, style.depth) if style.list_of and words else None
    if words and style.name.startswith("toc "):
        story.leave_out("The table of contents repeats the headings.", words, "the table of contents")
    elif words and style.level:
        title = " ".join(f"{'' if label in (None, '-') else label} {words}".split())
        story.heading = title
        yield Block(title, level=style.level)
    elif words and (label or style.name.startswith(_BULLETS)):
        yield Block(words, label=f"{'  ' * style.depth}{label or '-'}")
    elif words:
        yield Block(words)
    yield from due(story)


def due(story: Story) -> Iterator[Block]:
    """The text boxes and the notes that are to stand here."""
    while story.due or story.due_notes:
        boxes, notes = story.due, story.due_notes
        story.due, story.due_notes = [], []
        for box in boxes:
            yield from blocks(box, story)
        for mark, note in notes:
            words = " ".join(_flat(block) for block in blocks(note, story))
            if words:
                yield Block(words, label=f"[^{mark}]:")


def _table(table: Element, story: Story) -> Iterator[Block]:
    """A table; one that only lays out a page (one column, or one row of long cells) as the blocks in it."""
    grid = [[(at, cell, list(blocks(cell, story))) for at, cell in _cells(row)] for row in _rows(table, story)]
    found = [content for row in grid for _, _, content in row]
    one_row = len(grid) == 1 and any(len(content) > 2 or any(one.rows for one in content) for content in found)
    if one_row or all(len(row) <= 1 for row in grid):
        for content in found:
            yield from content
        return
    rows: list[list[str]] = []
    for row in grid:
        rows.append(_filled(row, rows[-1] if rows else []))
    made = tuple(tuple(row) for row in rows if any(row))
    if made:
        yield Block("", rows=made)


def _rows(table: Element, story: Story) -> Iterator[Element]:
    """The rows, without those whose deletion was tracked."""
    for row in _wrapped(table, "tr"):
        if child(row, "trPr", "del") is not None:
            story.leave_out("It is a table row whose deletion was tracked.", story.raw_words(row))
        elif is_on(child(row, "trPr", "hidden")):
            story.leave_out("It is a hidden table row.", story.raw_words(row))
        else:
            yield row


def _wrapped(element: Element, wanted: str) -> Iterator[Element]:
    """The elements of that name below this one, through whatever they are wrapped in."""
    for one in element:
        if name_of(one) == wanted:
            yield one
        elif name_of(one) not in _SKIPPED:
            yield from _wrapped(one, wanted)


def _cells(row: Element) -> Iterator[tuple[int, Element]]:
    """Each cell with the column that it begins in."""
    at = _number(child(row, "trPr", "gridBefore"))
    for cell in _wrapped(row, "tc"):
        yield at, cell
        at += max(_number(child(cell, "tcPr", "gridSpan")), 1)


def _filled(row: list[tuple[int, Element, list[Block]]], above: list[str]) -> list[str]:
    """The row's cells by column. What spans several columns or rows stands in each of them, but for a cell that is the
    whole row."""
    filled: dict[int, str] = {}
    for at, cell, content in row:
        words = ("; " if any(one.rows for one in content) else " ").join(_flat(block) for block in content)
        merge = child(cell, "tcPr", "vMerge")
        if merge is not None and attribute(merge, "val") != "restart" and not words:
            words = above[at] if at < len(above) else ""
        width = max(_number(child(cell, "tcPr", "gridSpan")), 1)
        for column in range(at, at + (width if len(row) > 1 else 1)):
            filled[column] = words
    return [filled.get(column, "") for column in range(max(filled, default=-1) + 1)]


def _flat(block: Block) -> str:
    """A block on one line; a table in a cell as `North, 12 days; South, 5 days`."""
    if block.rows:
        return "; ".join(", ".join(cell for cell in row if cell) for row in block.rows)
    label = "" if block.label.strip() == "-" else f"{block.label} "
    return " ".join(f"{label}{block.text}".split())


def _number(element: Element | None) -> int:
    value = attribute(element, "val")
    return min(int(value), _WIDEST) if value.isdigit() else 0
