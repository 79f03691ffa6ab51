"""Owns which characters the fonts can draw, and texts made fit for paper.

PDF/A forbids a character that no font has, and the compiler then refuses the whole document. A customer's emoji must
not stop a bill, so every text passes `Typeface.fit` first.
"""

import struct
import unicodedata
from collections.abc import Iterable, Iterator
from copy import copy
from functools import cached_property
from pathlib import Path

from app.kit.readable import JOINERS
from app.kit.texts import _
from app.printing.errors import FontsMissing

NEEDED = ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf", "NotoSerif-Bold.ttf", "NotoSansDevanagari-Regular.ttf")
UNDRAWN = "?"
FIGURE_SIGNS = "₹–−×·…“”’\u00a0"
_ZERO_WIDTH_SPACE = "\u200b"  # where an endless word may break


class Typeface:
    """The fonts of one folder."""

    def __init__(self, folder: Path) -> None:
        files = {path.name: path for path in sorted(folder.rglob("*.[to]tf"))} if folder.is_dir() else {}
        missing = [name for name in NEEDED if name not in files]
        if missing:
            raise FontsMissing(
                _("The font folder %(folder)s lacks %(fonts)s.", folder=folder, fonts=", ".join(missing))
            )
        self.folder = folder
        self._files = tuple(files.values())

    def fit(self, text: str, *, most: int = 200, longest_word: int = 40) -> str:
        """One line of drawable text: composed, without control and direction marks, cut to `most` characters."""
        if text.isascii() and text.isprintable() and len(text) <= min(most, longest_word) and "  " not in text:
            return text.strip()  # nearly all texts: numbers, codes, short names
        composed = unicodedata.normalize("NFC", text[: most * 4])
        drawn = " "
        for character in composed:  # a mark may follow only what is really drawn before it
            drawn += self._drawn(drawn[-1], character)
        line = " ".join(unicodedata.normalize("NFC", drawn).split())
        if len(line) > most:
            line = line[: most - 1].rstrip() + "…"
        return " ".join(_breakable(word, longest_word) for word in line.split(" "))

    def latin(self) -> "Typeface":
        """The same fonts, with only Latin and the figures' own signs let through: what surely can be set."""
        plain = copy(self)
        plain._codes = frozenset(range(0x20, 0x7F)) | frozenset(map(ord, FIGURE_SIGNS))
        return plain

    def _drawn(self, before: str, character: str) -> str:
        if character.isspace():
            return " "
        category = unicodedata.category(character)
        if character in JOINERS or (character.isprintable() and ord(character) in self._codes):
            return character if category[0] != "M" or _same_script(before, character) else ""
        invisible = category in ("Cc", "Cf") or 0xFE00 <= ord(character) <= 0xFE0F
        return "" if invisible else UNDRAWN

    @cached_property
    def _codes(self) -> frozenset[int]:
        """Everything that some font of the folder draws, private areas left out."""
        codes: set[int] = set()
        for path in self._files:
            codes.update(*codes_of(path))
        return frozenset(code for code in codes if unicodedata.category(chr(code)) not in ("Co", "Cs", "Cn"))


def _same_script(before: str, mark: str) -> bool:
    """Whether a mark can sit on what stands before it: no font draws a sign of one script on a letter of another.

    Indian scripts have blocks of 128 each; the general marks at U+0300 are for Latin, Greek and Cyrillic.
    """
    if before in JOINERS:
        return True
    if 0x300 <= ord(mark) < 0x370:
        return (before.isalpha() and ord(before) < 0x530) or 0x300 <= ord(before) < 0x370
    return ord(before) >> 7 == ord(mark) >> 7


def codes_of(path: Path) -> Iterator[range]:
    """Ranges of characters in a font's Unicode cmap; formats 4 and 12 are what fonts of today carry."""
    with path.open("rb") as file:
        head = file.read(12)
        (tables,) = struct.unpack(">4xH6x", head)
        entries = struct.iter_unpack(">4sLLL", file.read(16 * tables))
        found = next(((offset, length) for tag, _, offset, length in entries if tag == b"cmap"), None)
        if found is None:
            return
        file.seek(found[0])
        cmap = file.read(found[1])
    yield from _ranges(cmap)


def _ranges(cmap: bytes) -> Iterator[range]:
    (count,) = struct.unpack_from(">2xH", cmap)
    subtables = {struct.unpack_from(">4xL", cmap, 4 + 8 * place)[0] for place in range(count)}
    for offset in sorted(subtables):
        (form,) = struct.unpack_from(">H", cmap, offset)
        if form == 4:
            yield from _ranges_of_4(cmap, offset)
        elif form == 12:
            (groups,) = struct.unpack_from(">12xL", cmap, offset)
            for first, last, _ in struct.iter_unpack(">LLL", cmap[offset + 16 : offset + 16 + 12 * groups]):
                yield range(first, last + 1)


def _ranges_of_4(cmap: bytes, offset: int) -> Iterator[range]:
    (twice,) = struct.unpack_from(">6xH", cmap, offset)
    ends = struct.unpack_from(f">{twice // 2}H", cmap, offset + 14)
    starts = struct.unpack_from(f">{twice // 2}H", cmap, offset + 16 + twice)
    for first, last in zip(starts, ends, strict=True):
        if first != 0xFFFF:
            yield range(first, last + 1)


def _breakable(word: str, longest: int) -> str:
    """A word longer than a column gets places to break; ordinary words stay as they are."""
    if len(word) <= longest:
        return word
    return _ZERO_WIDTH_SPACE.join(_pieces(word, longest))


def _pieces(word: str, longest: int) -> Iterable[str]:
    return (word[start : start + longest] for start in range(0, len(word), longest))
