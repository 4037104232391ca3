"""Signs of the fonts that Word keeps by their place in a font: Symbol, and the dingbats."""

from __future__ import annotations

SYMBOLS = dict(zip("abgdezhqiklmnxoprstufcyw", "αβγδεζηθικλμνξοπρστυφχψω", strict=True))
SYMBOLS |= {
    "D": "Δ",
    "S": "Σ",
    "W": "Ω",
    "P": "Π",
    "F": "Φ",
    "G": "Γ",
    "m": "μ",
    "\xb0": "°",
    "\xb1": "±",
    "\xb3": "≥",
}
SYMBOLS |= {"\xa3": "≤", "\xb4": "×", "\xb7": "•", "\xb9": "≠", "\xbb": "≈", "\xae": "→", "\xa5": "∞", "\xd6": "√"}
DINGBATS = {"\xfe": "[x]", "\xfd": "[x]", "\x52": "[x]", "\xa8": "[ ]", "\x6f": "[ ]", "\xfc": "✓", "\xfb": "✗"}
DINGBATS |= {"\xe0": "→", "\xdf": "←", "\xa7": "▪", "\xd8": "➢", "\x6c": "●", "\x6e": "■", "\x4a": "☺"}
