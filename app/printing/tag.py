"""Owns how a piece's facts become the strings and bars of its label: thermal printers of 203 dpi, eight dots a mm."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import segno

from app.kit.clock import ist
from app.kit.money import rupees
from app.kit.weights import grams, purity_label
from app.printing.barcode import QUIET, code128, code128_svg
from app.printing.fonts import Typeface

DOTS_PER_MM = 8
QR_QUIET = 2
"""White modules around a QR code: the label's own margin does the rest of the four that the norm wants."""


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a label, in tenths of a millimetre from its upper left corner."""

    left: int
    top: int
    wide: int
    high: int


@dataclass(frozen=True, slots=True)
class TagSize:
    """A label as the roll has it, in tenths of a millimetre; text in tenths of a point."""

    wide: int
    high: int
    code: str  # qr | code128
    code_box: Box
    main_box: Box  # tag and purity
    more_box: Box  # weights, HUID, price
    text: int


@dataclass(frozen=True, slots=True)
class TagFacts:
    """What stands on one label."""

    tag: str
    metal: str
    fineness: int
    gross_mg: int
    net_mg: int
    huid: str = ""
    price_paise: int | None = None
    others: tuple[tuple[str, int], ...] = ()  # metal and fineness of what it has beside its main metal


@dataclass(frozen=True, slots=True)
class TagSheet:
    """Labels of one size, a page each; `at` is the PDF's own date."""

    size: TagSize
    tags: tuple[TagFacts, ...]
    at: dt.datetime


def tag_data(sheet: TagSheet, type_: Typeface) -> dict[str, Any]:
    """The form's data: lengths in tenths of a mm, texts fit to be drawn, codes as SVG with their true size."""
    size, on = sheet.size, ist(sheet.at)
    return {
        "date": [on.year, on.month, on.day],
        "wide": size.wide,
        "high": size.high,
        "text": size.text,
        "boxes": {
            name: [box.left, box.top, box.wide, box.high]
            for name, box in (("code", size.code_box), ("main", size.main_box), ("more", size.more_box))
        },
        "tags": [_tag(tag, size, type_) for tag in sheet.tags],
    }


def _tag(tag: TagFacts, size: TagSize, type_: Typeface) -> dict[str, Any]:
    svg, wide, high = code_of(tag.tag, size)
    more = [f"G {grams(tag.gross_mg)}   N {grams(tag.net_mg)}"]
    more += [f"HUID {tag.huid}"] if tag.huid else []
    return {
        "tag": type_.fit(tag.tag),
        "purity": " + ".join(purity_label(*purity) for purity in ((tag.metal, tag.fineness), *tag.others)),
        "more": more,
        "price": rupees(tag.price_paise) if tag.price_paise is not None else "",
        "svg": svg,
        "svg_size": [wide, high],
    }


def code_of(text: str, size: TagSize) -> tuple[str, int, int]:
    """The code as SVG, with its width and height in thousandths of a mm: whole dots a module, as many as fit.

    A tag too long for bars of two dots in its box becomes a QR code there, which is read all the same.
    """
    box = size.code_box
    if size.code == "code128":
        modules = sum(code128(text))
        dots = box.wide * DOTS_PER_MM // 10 // (modules + QUIET)  # its own quiet zone, where the edge is near
        if dots >= 2:
            tall = max(1, box.high * DOTS_PER_MM // 10 // dots)
            svg, _wide = code128_svg(text, tall=tall)
            return svg, modules * dots * 1000 // DOTS_PER_MM, tall * dots * 1000 // DOTS_PER_MM
    qr = segno.make(text, error="m", micro=False)
    modules = len(qr.matrix)
    side = min(box.wide, box.high) * DOTS_PER_MM // 10
    dots = max(1, side // (modules + QR_QUIET))
    svg = qr.svg_inline(border=0, omitsize=True)
    return svg, modules * dots * 1000 // DOTS_PER_MM, modules * dots * 1000 // DOTS_PER_MM
