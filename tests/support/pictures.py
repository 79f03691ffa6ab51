"""Owns pictures for tests: drawn here, so that what is in them is known to the pixel."""

import io
import struct
import zlib
from typing import Any

from PIL import Image, ImageDraw

GOLD = (214, 165, 62)


def ring(size: tuple[int, int] = (1200, 900), *, ground: tuple[int, int, int] = (250, 250, 248)) -> Image.Image:
    """A golden ring in the middle of a plain ground, with a hole through which the ground is seen."""
    picture = Image.new("RGB", size, ground)
    draw = ImageDraw.Draw(picture)
    width, height = size
    radius = min(size) * 0.3
    box = (width / 2 - radius, height / 2 - radius, width / 2 + radius, height / 2 + radius)
    draw.ellipse(box, outline=GOLD, width=int(radius * 0.25))
    return picture


def encoded(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def phone_photo() -> bytes:
    """As a phone writes it: lying on its side with a note to turn it, where it was taken, and by which camera."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90° to the right
    exif[0x010F] = "A Phone"
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", (18.0, 56.0, 0.0)
    return encoded(ring((1200, 900)), exif=exif, quality=90)


def png_bomb(width: int = 20_000, height: int = 10_000) -> bytes:
    """200 megapixels of nothing in a few hundred kilobytes."""
    row = b"\0" + bytes(width // 8)
    packed = zlib.compressobj(9)
    body = b"".join(packed.compress(row) for _ in range(height)) + packed.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def moving() -> bytes:
    frames = [ring((64, 64), ground=(level, level, level)) for level in (50, 150, 250)]
    return encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=100)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
