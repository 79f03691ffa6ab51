"""Owns Code 128: which bars and gaps a code is, in modules; a scanner reads it back to the letter.

Letters in set B, runs of digits in set C, which needs half the room; the check is the weighted sum modulo 103.
"""

import re

_TABLE = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231 "
    "113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211 "
    "212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131 "
    "113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 "
    "314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 "
    "241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 "
    "214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 211214 "
    "211232 "
)
"""Of the values 0 to 105: bar, gap, bar, gap, bar, gap (ISO/IEC 15417, table 1)."""

_WIDTHS = _TABLE.split()
_STOP = "2331112"
_TO_C, _TO_B, _START_B, _START_C = 99, 100, 104, 105
_RUN = re.compile(r"[0-9]{4,}")
QUIET = 10
"""Modules that stay white on each side."""


def code_values(text: str) -> list[int]:
    """The values from start to check, without the stop. Raises ValueError for what set B can't say."""
    if not text or any(not " " <= letter <= "~" for letter in text):
        raise ValueError(f"not a code: {text!r}")
    values: list[int] = []
    at, in_c = 0, None
    while at < len(text):
        run = _RUN.match(text, at)
        even = 0 if run is None else len(run[0]) // 2 * 2
        if even:
            values += [] if in_c else [_START_C if in_c is None else _TO_C]
            values += [int(text[place : place + 2]) for place in range(at, at + even, 2)]
            at, in_c = at + even, True
        else:
            values += [_START_B if in_c is None else _TO_B] if in_c is not False else []
            values.append(ord(text[at]) - 32)
            at, in_c = at + 1, False
    return [*values, (values[0] + sum(place * value for place, value in enumerate(values))) % 103]


def code128(text: str) -> list[int]:
    """Widths in modules, a bar first, then a gap, and so on to the last bar."""
    return [int(width) for value in code_values(text) for width in _WIDTHS[value]] + [int(width) for width in _STOP]


def code128_svg(text: str, *, tall: int) -> tuple[str, int]:
    """The bars as SVG, `tall` modules high, and how many modules they are wide; the quiet zone is the paper's."""
    path, at = "", 0
    for place, width in enumerate(code128(text)):
        path += f"M{at} 0h{width}v{tall}h-{width}z" if place % 2 == 0 else ""
        at += width
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {at} {tall}"><path d="{path}"/></svg>', at
