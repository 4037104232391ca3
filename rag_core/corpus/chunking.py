"""Documents to chunks: at headings first, then to a limit of the bi-encoder's own tokens.

Spans are exact: `document.text[chunk.start:chunk.end] == chunk.text`. Only white space and heading lines stay outside
of all chunks, and each heading is in the heading path of a chunk or is one itself; so is the header row of a table that
is cut (`table_headers`). Splitting below headings is semchunk's (paragraphs, then lines, sentences, words, letters).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from math import ceil
from typing import cast

from rag_core.corpus.headings import Heading, headings
from rag_core.corpus.table_headers import header_at, tables
from rag_core.retrieval.embedders.counting import token_spans_of
from rag_core.retrieval.embedders.protocol import Embedder
from rag_core.schema.chunking import Chunking
from rag_core.schema.documents import Document, Passage
from rag_core.schema.progress import Progress

Span = tuple[int, int]

_LONGEST_TOKEN = 24
_SPECIAL_TOKENS = 2
_SMALLEST_BUDGET = 16
_FIRST_CJK = 0x2E80


@dataclass(frozen=True)
class Section:
    """The text under one heading, without the heading line: `text[start:end]`."""

    start: int
    end: int
    path: tuple[str, ...]


def chunk_all(
    documents: Sequence[Document], chunking: Chunking, embedder: Embedder, progress: Progress | None = None
) -> list[Passage]:
    """The chunks of all documents, in order."""
    passages: list[Passage] = []
    for done, document in enumerate(documents, start=1):
        passages += chunk_document(document, chunking, embedder)
        if progress:
            progress(done, len(documents))
    return passages


def chunk_document(document: Document, chunking: Chunking, embedder: Embedder) -> list[Passage]:
    """The chunks of one document, in order of reading; ids are `<document id>::<number>`, from 0.

    A chunk's text has at most `chunking.max_tokens` tokens, and fewer where its heading line would push it past
    what the embedder reads (but never fewer than 16). A document of white space only has no chunks. A chunk that starts
    within the rows of a table has the table's header row at the end of its heading path, unless that row would take
    more than a third of the room.
    """
    counter = TokenCounter(embedder)
    passages: list[Passage] = []
    found = list(tables(document.text))
    for section in sections(document.text):
        line = Passage(
            id="-", document_id="-", start=0, end=0, text="", heading_path=section.path, title=document.title
        )
        room = embedder.max_tokens - counter(line.heading) - _SPECIAL_TOKENS
        named = [table for table in found if section.start <= table.start < section.end]
        headers = {table.header: counter(table.header) for table in named}
        named = [table for table in named if headers[table.header] <= room // 3]
        room -= max((headers[table.header] for table in named), default=0)
        budget = max(min(chunking.max_tokens, room), _SMALLEST_BUDGET)
        for start, end in _pieces(document.text, section, budget, chunking.overlap, counter):
            header = header_at(named, start)
            path = (*section.path, header) if header else section.path
            passages.append(_chunk(document, len(passages), start, end, path))
    return passages


def sections(text: str) -> Iterator[Section]:
    """The sections in order; white space around them is left out. A heading that no section would carry in its path
    (nothing stands under it) is a section itself."""
    path: list[Heading] = []
    start = 0
    found = list(headings(text))
    for heading, following in zip_longest(found, found[1:]):
        yield from _section(text, start, heading.start, path)
        path = [*(above for above in path if above.level < heading.level), heading]
        start = heading.end
        after = following.start if following else len(text)
        is_parent = following is not None and following.level > heading.level
        if not text[start:after].strip() and not is_parent:
            yield from _section(text, heading.start, heading.end, path[:-1])
    yield from _section(text, start, len(text), path)


class TokenCounter:
    """How many tokens a text has. A word so long that the tokenizer gives up on it counts as several.

    Texts much longer than `enough` tokens are not counted to their end: the answer is then only "more".
    """

    def __init__(self, embedder: Embedder) -> None:
        self.spans = token_spans_of(embedder)
        self._known: dict[str, int] = {}

    def __call__(self, text: str, enough: int = 0) -> int:
        """The number of tokens; with `enough` any number over it may stand for a larger one."""
        head = text[: enough * 8]
        if enough and len(text) > 2 * len(head) and (count := self._count(head)) > enough:
            return count
        return self._count(text)

    def _count(self, text: str) -> int:
        known = self._known.get(text)
        if known is None:
            known = sum(ceil((end - start) / _LONGEST_TOKEN) for start, end in self.spans(text))
            self._known[text] = known
        return known


def _section(text: str, start: int, end: int, path: Iterable[Heading]) -> Iterator[Section]:
    """The span without white space at its ends, unless nothing is left."""
    words = text[start:end]
    if words.strip():
        start += len(words) - len(words.lstrip())
        yield Section(start, start + len(words.strip()), tuple(heading.title for heading in path))


def _pieces(text: str, section: Section, budget: int, overlap: int, counter: TokenCounter) -> Iterator[Span]:
    """Spans of the section's pieces, each within the budget, with the overlap at their start."""
    body = text[section.start : section.end]
    if counter(body, budget) <= budget:
        yield section.start, section.end
        return
    overlap = min(overlap, budget // 2)
    spans = _split(body, budget - overlap, counter)
    if overlap:
        spans = _overlapped(body, spans, overlap, budget, counter)
    yield from ((section.start + start, section.start + end) for start, end in spans)


def _split(body: str, limit: int, counter: TokenCounter) -> list[Span]:
    """Spans of at most `limit` tokens that cover all but white space."""
    from semchunk import semchunk

    def count(part: str) -> int:
        return counter(part, limit)

    result = semchunk.chunk(body, chunk_size=limit, token_counter=count, memoize=False, offsets=True)
    spans = cast("list[Span]", result[1])
    return [trimmed for start, end in spans if (trimmed := _trimmed(body, start, end))[0] < end]


def _trimmed(body: str, start: int, end: int) -> Span:
    """The span without white space at its ends."""
    words = body[start:end]
    return start + len(words) - len(words.lstrip()), end - (len(words) - len(words.rstrip()))


def _overlapped(body: str, spans: list[Span], overlap: int, budget: int, counter: TokenCounter) -> list[Span]:
    """The spans with up to `overlap` tokens of what stands before each, from the start of a word on."""
    tokens = [start for start, _ in counter.spans(body)]
    result = spans[:1]
    for (before, _), (start, end) in pairwise(spans):
        place = bisect_left(tokens, start)
        words = [
            word for word in tokens[max(place - overlap, 0) : place] if word > before and not _inside_word(body, word)
        ]
        fitting = (word for word in words if counter(body[word:end], budget) <= budget)
        result.append((next(fitting, start), end))
    return result


def _inside_word(body: str, place: int) -> bool:
    """True between two letters or digits of one word; scripts without blanks have a word per letter."""
    return place > 0 and body[place - 1].isalnum() and body[place].isalnum() and ord(body[place]) < _FIRST_CJK


def _chunk(document: Document, number: int, start: int, end: int, path: tuple[str, ...]) -> Passage:
    """The chunk at this span, with what it inherits of its document."""
    return Passage(
        id=f"{document.id}::{number}",
        document_id=document.id,
        start=start,
        end=end,
        text=document.text[start:end],
        heading_path=path,
        title=document.title,
        source=document.source,
        updated_at=document.updated_at,
        tenant=document.tenant,
        metadata=document.metadata,
    )
