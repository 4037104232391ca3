"""Mail (.eml): who wrote to whom and when, then the message as a mail program shows it.

What a message holds beside its text is `parts`' matter.
"""

from __future__ import annotations

import email
import email.policy
from email import errors
from email.message import Message

from rag_core.corpus.readers.base import Parsed, Record, Source, in_doubt, told
from rag_core.corpus.readers.mail.headers import SHOWN, dated, head, header, in_no_encoding
from rag_core.corpus.readers.mail.parts import Found, read_part

_SIGNS = (*SHOWN, "Subject", "Received", "Message-ID", "MIME-Version")
_BROKEN = "The message is damaged: a part of it breaks off or is not where it should be. Compare it with the mail."
_GUESSED = "The mail does not say in which encoding this header is written, so its letters may be wrong."
_HARMLESS = (errors.InvalidMultipartContentTransferEncodingDefect, errors.InvalidBase64PaddingDefect)


def read_mail(source: Source) -> Parsed:
    """One document: the subject is its title, the day that it was sent its date. Raises DocumentError for a file that
    is no mail, or has neither a subject nor text."""
    message = email.message_from_bytes(source.data, policy=email.policy.compat32)
    try:
        return _read(source, message)
    except (TypeError, ValueError, LookupError) as exc:  # the standard library's answer to odd parameters of headers
        why = "A header of it has parts that cannot be read. Save the message again with a mail program."
        raise source.error(why) from exc


def _read(source: Source, message: Message) -> Parsed:
    if not any(message.get(name) for name in _SIGNS):
        raise source.error("It has no headers of a mail, such as From and Subject. If it is text, rename it to .txt.")
    found = Found(source)
    read_part(message, found)
    title = header(message, "Subject")
    if not (title or found.text()):
        raise source.error(f"It has neither a subject nor text that can be read.{told(found.notes)}")
    if any(not isinstance(defect, _HARMLESS) for part in message.walk() for defect in part.defects):
        found.notes.append(in_doubt("the message", _BROKEN))
    found.notes += [in_doubt(name, _GUESSED, header(message, name)) for name in dict.fromkeys(in_no_encoding(message))]
    metadata: dict[str, object] = {name.lower(): header(message, name) for name in SHOWN}
    metadata |= {"title": title, "date": dated(header(message, "Date"))}
    kept = {name: value for name, value in metadata.items() if value}
    text = "\n\n".join(part for part in (head(message), found.text()) if part)
    return Parsed([Record(text or title, kept)], notes=found.notes, encoding=found.encoding)
