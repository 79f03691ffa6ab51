"""Owns what is made of a picture: WebP in three sizes on white, and the piece alone on nothing."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from app.kit.ports import CutOut, CutOutMaker

LONGEST = (400, 800, 1600)
CUT_AT = 1024
QUALITY = 82
OWN_ALPHA = 0.02
"""A picture with so much transparency was cut out by somebody already."""


@dataclass(frozen=True, slots=True)
class Made:
    """One encoded picture."""

    name: str
    body: bytes
    width: int
    height: int


def make_sizes(picture: Image.Image) -> list[Made]:
    """By longest side; a small original is never blown up, so its larger sizes are as large as it is."""
    flat = _on_white(picture)
    made, at = [], flat
    for longest in sorted(LONGEST, reverse=True):
        at = _resized(at, _fitting(flat.size, longest))
        made.append(Made(str(longest), _webp(at), at.width, at.height))
    return made


def cut_out(picture: Image.Image, maker: CutOutMaker | None) -> tuple[Made | None, str, int]:
    """The piece alone, which method made it, and how sure it is in basis points; None where no piece was told apart."""
    small = _within(picture, CUT_AT)
    if small.mode == "RGBA" and _transparent(small) > OWN_ALPHA:
        return Made("cut-out", _webp(small), small.width, small.height), "given", 10_000
    if maker is None:
        return None, "none", 0
    flat = small.convert("RGB")
    found: CutOut = maker.cut(np.asarray(flat))
    if found.by == "none":
        return None, found.by, found.sure_bp
    flat.putalpha(Image.fromarray(found.alpha))
    return Made("cut-out", _webp(flat), flat.width, flat.height), found.by, found.sure_bp


def _within(picture: Image.Image, longest: int) -> Image.Image:
    return _resized(picture, _fitting(picture.size, longest))


def _fitting(size: tuple[int, int], longest: int) -> tuple[int, int]:
    scale = min(1.0, longest / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _resized(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    return picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS)


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    white = Image.new("RGB", picture.size, (255, 255, 255))
    white.paste(picture, mask=picture.getchannel("A"))
    return white


def _transparent(picture: Image.Image) -> float:
    return float(np.mean(np.asarray(picture.getchannel("A")) < 128))


def _webp(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=QUALITY, method=4, exif=b"", xmp=b"", icc_profile=b"")
    return out.getvalue()
