"""Owns what becomes of a shop's logo: checked like any picture, flat on white, small enough for every bill's file."""

import io
from typing import IO

from PIL import Image

from app.vision import guard
from app.vision.errors import LogoTooLarge

MAX_BYTES = 2 * 1024 * 1024
MAX_PIXELS = 9_000_000
"""It is read while its owner waits: 9 megapixels take some 30 MB of memory for a moment."""
WIDEST, HIGHEST = 600, 240
"""Pixels; at 40 mm wide they are finer than printers print."""
LIGHT = 48 * 1024
"""Heavier ones are kept in 256 colours: the file is part of every bill's PDF."""


def make_logo(file: IO[bytes]) -> bytes:
    """A PNG of at most WIDEST × HIGHEST. Raises LogoTooLarge, PictureUnreadable, PictureBroken, PictureAnimated and
    PictureTooManyPixels."""
    if file.seek(0, 2) > MAX_BYTES:
        raise LogoTooLarge()
    seen = guard.inspect(file)
    if seen.width * seen.height > MAX_PIXELS:
        raise LogoTooLarge()
    flat = _on_white(guard.load(file, longest=2 * WIDEST))
    flat.thumbnail((WIDEST, HIGHEST), Image.Resampling.LANCZOS)
    made = _png(flat)
    return made if len(made) <= LIGHT else _png(flat.quantize(256))


def _on_white(picture: Image.Image) -> Image.Image:
    white = Image.new("RGB", picture.size, (255, 255, 255))
    white.paste(picture, mask=picture.getchannel("A") if picture.mode == "RGBA" else None)
    return white


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()
