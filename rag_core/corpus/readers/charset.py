"""The encoding that a web page declares, as browsers read it: latin-1 means Windows-1252, GBK means GB 18030.

The labels are those of the WHATWG's Encoding Standard that pages really use.
"""

from __future__ import annotations

import codecs
import re

_HEAD = 4096
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_XML = re.compile(rb"\s*<\?xml[^>]*?\sencoding\s*=\s*[\"']([^\"'>]+)[\"']", re.IGNORECASE)
_META = re.compile(rb"<meta\b[^>]*?charset\s*=\s*[\"']?\s*([^\s\"'/>;]+)", re.IGNORECASE)

_MEANS = {
    "cp1252": "iso-8859-1 latin1 latin-1 l1 us-ascii ascii iso8859-1 x-user-defined",
    "cp1254": "iso-8859-9 latin5 iso8859-9",
    "cp874": "tis-620 iso-8859-11",
    "gb18030": "gb2312 gbk gb_2312-80 x-gbk hz-gb-2312",
    "big5hkscs": "big5 big5-hkscs x-x-big5 cn-big5",
    "cp932": "shift_jis shift-jis sjis x-sjis ms_kanji windows-31j",
    "euc_jis_2004": "euc-jp x-euc-jp",
    "iso2022_jp_2": "iso-2022-jp",
    "cp949": "euc-kr ks_c_5601-1987 korean windows-949",
    "mac-roman": "macintosh x-mac-roman",
    "mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "utf-8": "utf-16 utf-16le utf-16be utf8 unicode-1-1-utf-8",
}
_BY_LABEL = {label: name for name, labels in _MEANS.items() for label in labels.split()}


def declared_charset(data: bytes) -> str:
    """Python's name of the encoding that the page's head declares; "" for none, or none that is known.

    >>> declared_charset(b'<meta charset="iso-8859-1">'), declared_charset(b"<!-- <meta charset=x> --><p>")
    ('cp1252', '')
    """
    head = _COMMENT.sub(b"", data[:_HEAD])
    found = _XML.match(head) or _META.search(head)
    if not found:
        return ""
    return charset_of(found.group(1).decode("ascii", "ignore"))


def charset_of(label: str) -> str:
    """Python's name of the encoding that a page or a mail calls so; "" for one that is not known.

    >>> charset_of("ISO-8859-1"), charset_of("x-unknown")
    ('cp1252', '')
    """
    label = label.strip().lower()
    try:
        "".encode(label)  # "hex" and the like are codecs of Python, and no text
        return _BY_LABEL.get(label) or codecs.lookup(label).name
    except (LookupError, UnicodeError, ValueError):
        return _BY_LABEL.get(label, "")
