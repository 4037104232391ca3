"""Colours as style sheets and old attributes write them, and whether two of them can be told apart."""

from __future__ import annotations

import re
from colorsys import hls_to_rgb
from dataclasses import dataclass

_NAMES = """
aliceblue f0f8ff antiquewhite faebd7 aqua 00ffff aquamarine 7fffd4 azure f0ffff beige f5f5dc bisque ffe4c4 black
000000 blanchedalmond ffebcd blue 0000ff blueviolet 8a2be2 brown a52a2a burlywood deb887 cadetblue 5f9ea0
chartreuse 7fff00 chocolate d2691e coral ff7f50 cornflowerblue 6495ed cornsilk fff8dc crimson dc143c cyan 00ffff
darkblue 00008b darkcyan 008b8b darkgoldenrod b8860b darkgray a9a9a9 darkgreen 006400 darkgrey a9a9a9 darkkhaki
bdb76b darkmagenta 8b008b darkolivegreen 556b2f darkorange ff8c00 darkorchid 9932cc darkred 8b0000 darksalmon
e9967a darkseagreen 8fbc8f darkslateblue 483d8b darkslategray 2f4f4f darkslategrey 2f4f4f darkturquoise 00ced1
darkviolet 9400d3 deeppink ff1493 deepskyblue 00bfff dimgray 696969 dimgrey 696969 dodgerblue 1e90ff firebrick
b22222 floralwhite fffaf0 forestgreen 228b22 fuchsia ff00ff gainsboro dcdcdc ghostwhite f8f8ff gold ffd700
goldenrod daa520 gray 808080 green 008000 greenyellow adff2f grey 808080 honeydew f0fff0 hotpink ff69b4 indianred
cd5c5c indigo 4b0082 ivory fffff0 khaki f0e68c lavender e6e6fa lavenderblush fff0f5 lawngreen 7cfc00 lemonchiffon
fffacd lightblue add8e6 lightcoral f08080 lightcyan e0ffff lightgoldenrodyellow fafad2 lightgray d3d3d3 lightgreen
90ee90 lightgrey d3d3d3 lightpink ffb6c1 lightsalmon ffa07a lightseagreen 20b2aa lightskyblue 87cefa
lightslategray 778899 lightslategrey 778899 lightsteelblue b0c4de lightyellow ffffe0 lime 00ff00 limegreen 32cd32
linen faf0e6 magenta ff00ff maroon 800000 mediumaquamarine 66cdaa mediumblue 0000cd mediumorchid ba55d3
mediumpurple 9370db mediumseagreen 3cb371 mediumslateblue 7b68ee mediumspringgreen 00fa9a mediumturquoise 48d1cc
mediumvioletred c71585 midnightblue 191970 mintcream f5fffa mistyrose ffe4e1 moccasin ffe4b5 navajowhite ffdead
navy 000080 oldlace fdf5e6 olive 808000 olivedrab 6b8e23 orange ffa500 orangered ff4500 orchid da70d6
palegoldenrod eee8aa palegreen 98fb98 paleturquoise afeeee palevioletred db7093 papayawhip ffefd5 peachpuff ffdab9
peru cd853f pink ffc0cb plum dda0dd powderblue b0e0e6 purple 800080 rebeccapurple 663399 red ff0000 rosybrown
bc8f8f royalblue 4169e1 saddlebrown 8b4513 salmon fa8072 sandybrown f4a460 seagreen 2e8b57 seashell fff5ee sienna
a0522d silver c0c0c0 skyblue 87ceeb slateblue 6a5acd slategray 708090 slategrey 708090 snow fffafa springgreen
00ff7f steelblue 4682b4 tan d2b48c teal 008080 thistle d8bfd8 tomato ff6347 turquoise 40e0d0 violet ee82ee wheat
f5deb3 white ffffff whitesmoke f5f5f5 yellow ffff00 yellowgreen 9acd32
canvas ffffff canvastext 000000
"""
_HEX = dict(zip(_NAMES.split()[::2], _NAMES.split()[1::2], strict=True))
_FUNCTION = re.compile(r"(rgb|hsl)a?\(([^()]*)\)")
_NUMBER = re.compile(r"([+-]?\d*\.?\d+)(%|deg)?")
_UNSEEN_SHARE = 0.05
"""Ink that covers less than this is not seen."""
_SAME = 12
"""Steps of 255 by which two colours may differ and still look like one."""


@dataclass(frozen=True)
class Color:
    """Red, green and blue from 0 to 255, and how much of what is behind it is covered, from 0 to 1."""

    red: float
    green: float
    blue: float
    share: float = 1.0

    @property
    def unseen(self) -> bool:
        """Whether it covers nothing."""
        return self.share <= _UNSEEN_SHARE

    def over(self, ground: Color) -> Color:
        """What this colour looks like on a ground."""
        own = (self.red, self.green, self.blue)
        mixed = [self.share * a + (1 - self.share) * b for a, b in zip(own, (ground.red, ground.green, ground.blue))]  # noqa: B905
        return Color(*mixed)

    def looks_like(self, other: Color) -> bool:
        """Whether a person cannot tell the two apart.

        >>> WHITE.looks_like(Color(250, 250, 250)), WHITE.looks_like(Color(238, 238, 238))
        (True, False)
        """
        pairs = ((self.red, other.red), (self.green, other.green), (self.blue, other.blue))
        return all(abs(a - b) <= _SAME for a, b in pairs)


WHITE, BLACK = Color(255, 255, 255), Color(0, 0, 0)


def color_of(text: str) -> Color | None:
    """The colour; None for what is none, or is written in a way that is not known here.

    >>> color_of("#fff") == color_of("White") == color_of("rgb(100% 100% 100%)") == WHITE, color_of("var(--x)")
    (True, None)
    >>> color_of("hsla(0, 100%, 50%, 0.5)")
    Color(red=255.0, green=0.0, blue=0.0, share=0.5)
    """
    text = text.strip().lower()
    if text == "transparent":
        return Color(0, 0, 0, 0)
    if match := _FUNCTION.fullmatch(text):
        return _FUNCTIONS[match[1]]([(float(number), unit) for number, unit in _NUMBER.findall(match[2])])
    digits = _HEX.get(text) or text.removeprefix("#")
    if not (text in _HEX or text.startswith("#")) or re.fullmatch("[0-9a-f]+", digits) is None:
        return None
    if len(digits) in (3, 4):
        digits = "".join(digit * 2 for digit in digits)
    if len(digits) not in (6, 8):
        return None
    red, green, blue, *share = (int(digits[at : at + 2], 16) for at in range(0, len(digits), 2))
    return Color(red, green, blue, share[0] / 255 if share else 1.0)


_Numbers = list[tuple[float, str]]


def _rgb(numbers: _Numbers) -> Color | None:
    if len(numbers) not in (3, 4):
        return None
    red, green, blue = (number * 255 / 100 if unit == "%" else number for number, unit in numbers[:3])
    return Color(red, green, blue, _share(numbers))


def _hsl(numbers: _Numbers) -> Color | None:
    if len(numbers) not in (3, 4):
        return None
    (hue, _), (saturation, _), (light, _) = numbers[:3]
    red, green, blue = hls_to_rgb(hue % 360 / 360, light / 100, saturation / 100)
    return Color(255 * red, 255 * green, 255 * blue, _share(numbers))


def _share(numbers: _Numbers) -> float:
    if len(numbers) < 4:
        return 1.0
    number, unit = numbers[3]
    return number / 100 if unit == "%" else number


_FUNCTIONS = {"rgb": _rgb, "hsl": _hsl}
