"""Owns which texts people can read: of what draws nothing two alike could differ, and direction marks show other words.

Edges ask it for every text that is typed or sent; services ask again for names, since commands call them too.
"""

import re
import unicodedata

from app.kit.texts import N_

UNREADABLE = N_("This holds signs that nobody sees, or that turn the text around.")
"""What is said of a text that is not readable."""

JOINERS = "\u200c\u200d"
"""Zero width, yet spelling: Indian scripts write with them, after a letter or sign that is not ASCII."""

_JOINED = re.compile(rf"(?<=[^\x00-\x7f\s{JOINERS}])[{JOINERS}]")
_SPACES = dict.fromkeys(map(ord, " \t\r\n\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))))
_DRAWN = frozenset("LNPS")  # letters, numbers, punctuation, symbols: a mark needs one of them to stand on
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters and one symbol that are drawn as nothing


def is_readable(text: str) -> bool:
    """Nothing in it is invisible or turns the direction, and something in it is seen; an empty text is readable too."""
    bare = text.translate(_SPACES)
    if not bare or (bare.isascii() and bare.isprintable()):
        return True
    return _JOINED.sub("", bare).isprintable() and any(map(_is_drawn, bare))


def _is_drawn(character: str) -> bool:
    return unicodedata.category(character)[0] in _DRAWN and character not in _BLANKS
