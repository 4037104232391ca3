"""The parts of a message, as a mail program shows them: text, web pages, messages forwarded in it.

Of a text that comes in several forms the last that can be read is taken, as mail programs do; words that only another
form has are listed. Attached files, pictures, and what is encrypted are left out, each named.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message

from rag_core.corpus.readers.base import Source, left_out
from rag_core.corpus.readers.charset import charset_of, declared_charset
from rag_core.corpus.readers.html import read_html
from rag_core.corpus.readers.mail.flowed import is_flowed, unwrapped
from rag_core.corpus.readers.mail.headers import file_name, head, header
from rag_core.corpus.readers.mail.invitation import invitation_words
from rag_core.corpus.readers.plain import escaped
from rag_core.corpus.readers.text import Text, decode
from rag_core.errors import DocumentError
from rag_core.schema.files import FileNote

_ADDRESS = re.compile(r"\S*(?:://|@)\S*|\[cid:[^\]]*\]")
_WORD = re.compile(r"\w+")
_ATTACHED = "Attached files are not read. Add it by itself."
_MEETING = "It is an invitation to a meeting, which is not part of the message's text."
_PICTURE = "Pictures are not read."
_SEALED = "It is encrypted, or signed so that only a mail program opens it. Save the message without that."
_ELSEWHERE = "Only a piece of it, or its address, is in this file."
_OTHER_FORM = "The message comes in several forms, and only one that mail programs do not show says this."


@dataclass
class Found:
    """The texts of a message in their order, what was left out of it, and how its first text was encoded."""

    source: Source
    texts: list[str] = field(default_factory=list)
    notes: list[FileNote] = field(default_factory=list)
    encoding: str = ""

    def text(self) -> str:
        """All of it, parts with an empty line between them."""
        return "\n\n".join(self.texts)

    def add(self, text: str, encoding: str = "") -> None:
        """Put text below what is there, if it says anything."""
        if text.strip():
            self.texts.append(text.strip("\r\n"))
            self.encoding = self.encoding or encoding


def read_part(part: Message, found: Found) -> None:
    """What a part of a message shows, whatever it is."""
    kind = part.get_content_type()
    if part.get_content_disposition() == "attachment":
        _attached(part, found)
    else:
        read = _BY_KIND.get(kind) or _BY_KIND.get(part.get_content_maintype(), _attached)
        read(part, found)


def _mixed(part: Message, found: Found) -> None:
    """Parts one after another. What says that it has parts and has none is text."""
    for one in _inside(part):
        read_part(one, found)
    if not part.is_multipart():
        _plain(part, found)


def _alternative(part: Message, found: Found) -> None:
    """One text in several forms."""
    forms = []
    for one in _inside(part):
        forms.append(Found(found.source))
        read_part(one, forms[-1])
    shown = next((form for form in reversed(forms) if form.texts), None)
    for form in forms:
        found.notes += form.notes
        if form is shown:
            found.add(form.text(), form.encoding)
        elif shown and (only := _missing(form.text(), shown.text())):
            found.notes.append(left_out("another form of the message", _OTHER_FORM, only))
    if not part.is_multipart():
        _plain(part, found)


def _missing(text: str, shown: str) -> str:
    """The lines of a text with a word that the other does not hold, addresses apart."""
    known = set(_WORD.findall(shown.lower()))
    lines = [line.strip() for line in text.splitlines()]
    return "\n".join(line for line in lines if set(_WORD.findall(_ADDRESS.sub(" ", line.lower()))) - known)


def _plain(part: Message, found: Found) -> None:
    decoded = _decoded(part, found)
    if decoded:
        text = decoded.text.replace("\r\n", "\n").replace("\r", "\n")
        if is_flowed(part):
            text = unwrapped(text, drop_blanks=str(part.get_param("delsp", "")).lower() == "yes")
        found.add(escaped(text), decoded.encoding)


def _page(part: Message, found: Found) -> None:
    """A web page, in the encoding that the message says, else the page itself."""
    decoded = _decoded(part, found, declared_charset(_bytes(part)))
    if decoded:
        parsed = read_html(Source(found.source.name, codecs.BOM_UTF8 + decoded.text.encode("utf-8", "replace")))
        found.notes += parsed.notes
        found.add(parsed.records[0].text, decoded.encoding)


def _decoded(part: Message, found: Found, declared: str = "") -> Text | None:
    """The characters of a part; None where there are none, which is noted if there are bytes."""
    data = _bytes(part)
    if not data.strip():
        return None
    try:
        text = decode(Source(found.source.name, data), charset_of(str(part.get_content_charset(""))) or declared)
    except DocumentError as problem:
        found.notes.append(left_out(_place(part), problem.reason))
        return None
    found.notes += text.notes
    return text


def _forwarded(part: Message, found: Found) -> None:
    """A message within the message, with its own headers above it."""
    for one in _inside(part):
        found.add("\n".join(filter(None, [f"Subject: {header(one, 'Subject')}", head(one)])))
        read_part(one, found)


def _report(part: Message, found: Found) -> None:
    """What a mail server says of a delivery: fields and their values."""
    blocks = [str(one).strip() for one in _inside(part)] or [_bytes(part).decode("utf-8", "replace")]
    found.add(escaped("\n\n".join(blocks)))


def _named(reason: str) -> Callable[[Message, Found], None]:
    """A reader of parts that are left out for this reason."""

    def leave_out(part: Message, found: Found) -> None:
        found.notes.append(left_out(_place(part), reason))

    return leave_out


def _invitation(part: Message, found: Found) -> None:
    """An invitation: above or below the message, as mail programs show it. One of several forms of a message beside it
    is no form of its text."""
    decoded = _decoded(part, found)
    words = invitation_words(decoded.text) if decoded else ""
    if words:
        found.notes.append(left_out(_place(part), _MEETING, words))
    else:
        _attached(part, found)


def _unseen(part: Message, found: Found) -> None:
    """A signature: mail programs check it, and show none of it."""


_attached = _named(_ATTACHED)

_BY_KIND: dict[str, Callable[[Message, Found], None]] = {
    "multipart": _mixed,
    "multipart/alternative": _alternative,
    "multipart/encrypted": _named(_SEALED),
    "text/plain": _plain,
    "text/enriched": _plain,
    "text/richtext": _plain,
    "text/html": _page,
    "text/calendar": _invitation,
    "text/rfc822-headers": _report,
    "message/rfc822": _forwarded,
    "message/global": _forwarded,
    "message/delivery-status": _report,
    "message/disposition-notification": _report,
    "message/partial": _named(_ELSEWHERE),
    "message/external-body": _named(_ELSEWHERE),
    "application/pkcs7-mime": _named(_SEALED),
    "application/x-pkcs7-mime": _named(_SEALED),
    "application/pgp-signature": _unseen,
    "application/pkcs7-signature": _unseen,
    "application/x-pkcs7-signature": _unseen,
    "image": _named(_PICTURE),
}
"""What reads a part, by its kind, or the first word of it; the others are attached files."""


def _inside(part: Message) -> list[Message]:
    """The messages that a part is made of."""
    inside = part.get_payload()
    return [one for one in inside if isinstance(one, Message)] if isinstance(inside, list) else []


def _bytes(part: Message) -> bytes:
    """What the part holds, decoded from the form that it travels in."""
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _place(part: Message) -> str:
    """A part as a person finds it: the file `notes.pdf`, else its kind."""
    return file_name(part) or f"a part of the kind {part.get_content_type()}"
