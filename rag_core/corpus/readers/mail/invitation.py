"""Invitations to a meeting, which mail programs show above the message: what, when, where."""

from __future__ import annotations

import re

_SHOWN = {"SUMMARY": "Meeting", "DTSTART": "Begins", "DTEND": "Ends", "LOCATION": "Where", "DESCRIPTION": "About"}
_FOLDED = re.compile(r"\r?\n[ \t]")
_ESCAPED = re.compile(r"\\([nN,;\\])")
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)\d\d(Z?))?")


def invitation_words(text: str) -> str:
    """The lines of an invitation that a person reads.

    >>> invitation_words("BEGIN:VEVENT\\nSUMMARY:Gate\\\\, north\\nDTSTART;TZID=Europe/Berlin:20260314T093000\\nUID:1")
    'Meeting: Gate, north\\nBegins: 2026-03-14 09:30 Europe/Berlin'
    """
    _, _, event = _FOLDED.sub("", text).partition("BEGIN:VEVENT")
    found = []
    for line in event.partition("END:VEVENT")[0].splitlines():
        name, _, value = line.partition(":")
        key, *options = name.split(";")
        key = key.upper()
        if key in _SHOWN and value.strip():
            zone = next((one.partition("=")[2] for one in options if one.upper().startswith("TZID=")), "")
            found.append(f"{_SHOWN[key]}: {_time(value, zone) if key.startswith('DT') else _plain(value)}")
    return "\n".join(found)


def _plain(value: str) -> str:
    return _ESCAPED.sub(lambda match: "\n" if match[1] in "nN" else match[1], value).strip()


def _time(value: str, zone: str) -> str:
    match = _TIME.fullmatch(value.strip())
    if match is None:
        return value
    clock = f" {match[4]}:{match[5]}{' UTC' if match[6] else ''}" if match[4] else ""
    return f"{match[1]}-{match[2]}-{match[3]}{clock}{f' {zone}' if zone else ''}"
