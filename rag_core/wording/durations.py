"""How long something takes, in words for people who wait."""

from __future__ import annotations


def about(seconds: float) -> str:
    """A duration as a rough figure that promises no more than an estimate can.

    >>> about(3), about(42), about(80), about(400), about(9000)
    ('a few seconds', 'about 40 s', 'about 1 min', 'about 7 min', 'about 2.5 h')
    """
    if seconds < 8:
        return "a few seconds"
    if seconds < 60:
        return f"about {round(seconds / 5) * 5} s" if seconds < 57 else "about 1 min"
    if seconds < 3600:
        return f"about {round(seconds / 60)} min"
    return f"about {seconds / 3600:.1f} h".replace(".0 h", " h")


def ago(seconds: float) -> str:
    """How long ago something was.

    >>> ago(8), ago(200), ago(7300), ago(200_000)
    ('8 s ago', '3 min ago', '2 h ago', '2 days ago')
    """
    units = (("day", 86_400), ("h", 3600), ("min", 60))
    for name, size in units:
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {name}{'s' * (name == 'day' and count > 1)} ago"
    return f"{max(0, int(seconds))} s ago"
