"""A mailbox (.mbox): the mails that it keeps one after the other, each a document.

A mail begins at a line with `From `, behind an empty one, as Thunderbird, Apple Mail, Gmail and mail servers write it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from rag_core.corpus.readers.base import Parsed, Source
from rag_core.corpus.readers.html import few
from rag_core.corpus.readers.mail.reader import read_mail
from rag_core.errors import DocumentError
from rag_core.schema.files import FileNote

_BEGINS = re.compile(rb"(?:\A|(?<=\n\n)|(?<=\n\r\n))From [^\r\n]*\r?\n(?=[!-9;-~]+:|>?From )")
"""The line between two mails; a header follows it."""
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)


def read_mailbox(source: Source) -> Parsed:
    """A record per mail, numbered in the order of the file. Raises DocumentError where no mail of it can be read."""
    mails = list(_mails(source.data))
    if not mails:
        why = "It has no line that begins with “From ” before a mail. If it is one mail, rename it to .eml."
        raise source.error(why)
    if len(mails) > source.limits.rows:
        raise source.error(f"It has more than {source.limits.rows:,} mails. Split it into several files.")
    parsed = Parsed([])
    notes: list[FileNote] = []
    for number, mail in enumerate(mails, start=1):
        try:
            read = read_mail(Source(source.name, mail, source.limits))
        except DocumentError as problem:
            parsed.problems.append((f"mail {number}", problem.reason))
            continue
        parsed.records.extend(replace(record, key=str(number)) for record in read.records)
        notes += [note.model_copy(update={"where": f"mail {number}: {note.where}"}) for note in read.notes]
        parsed = replace(parsed, encoding=parsed.encoding or read.encoding)
    if not parsed.records:
        raise source.error(f"None of its {len(mails):,} mails can be read. The first: {parsed.problems[0][1]}")
    kinds = ("left out", "in doubt")
    return replace(parsed, notes=[note for kind in kinds for note in few([one for one in notes if one.kind == kind])])


def _mails(data: bytes) -> list[bytes]:
    """The mails, each without the line before it; lines that were quoted so that they begin no mail as they were."""
    begins = list(_BEGINS.finditer(data))
    if not begins:
        return []
    ends = [one.start() for one in begins[1:]] + [len(data)]
    return [_QUOTED.sub(rb"\1", data[one.end() : end]) for one, end in zip(begins, ends, strict=True)]
