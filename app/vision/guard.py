"""Owns what is let in: few formats, told from the bytes and not from a name, every bound checked before any pixel."""

import struct
import warnings
from dataclasses import dataclass
from typing import IO

from PIL import Image, ImageCms, ImageOps

from app.vision.errors import PictureAnimated, PictureBroken, PictureTooManyPixels, PictureUnreadable

FORMATS: tuple[str, ...] = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF")
MAX_BYTES = 15 * 1024 * 1024
MAX_PIXELS = 50_000_000
LEAST_SIDE = 16
ORIENTATION = 0x0112
BROKEN = (
    OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, AssertionError,
    RuntimeError, struct.error, ImageCms.PyCMSError, Image.DecompressionBombError,
)  # fmt: skip
"""What decoders raise at bytes that somebody made up or that broke off; none of it is a fault of ours."""

try:
    from pillow_heif import register_heif_opener

    register_heif_opener()
except ImportError:  # a slim installation takes no HEIF, and says so
    FORMATS = tuple(one for one in FORMATS if one != "HEIF")


@dataclass(frozen=True, slots=True)
class Seen:
    """What the file's head says; `turned` sides are as they will be shown."""

    format: str
    width: int
    height: int


def inspect(file: IO[bytes]) -> Seen:
    """Reads the head only. Raises PictureUnreadable, PictureTooManyPixels, PictureAnimated, PictureBroken."""
    with _opened(file) as picture:
        width, height = picture.size
        if _orientation(picture) in (5, 6, 7, 8):
            width, height = height, width
        return Seen(picture.format or "", width, height)


def load(file: IO[bytes], *, longest: int) -> Image.Image:
    """The pixels as shown: turned upright, in sRGB, RGB or RGBA, 8 bits, none of the file's own data with them.

    A JPEG is read at the smallest scale that still has `longest` on its long side.
    """
    with _opened(file) as opened:
        picture: Image.Image = opened
        try:
            if picture.format == "JPEG":
                picture.draft("RGB", (longest, longest))
            picture.load()
            picture = _srgb(_upright(picture))
        except BROKEN:
            raise PictureBroken() from None
        bare = Image.new(picture.mode, picture.size)
        bare.paste(picture)
        return bare


def _opened(file: IO[bytes]) -> Image.Image:
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own bound is stricter
            picture = Image.open(file, formats=FORMATS)
    except Image.DecompressionBombError:
        raise PictureTooManyPixels() from None
    except BROKEN:
        raise PictureUnreadable() from None
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise PictureTooManyPixels()
    if min(width, height) < LEAST_SIDE:
        raise PictureUnreadable()
    if picture.format != "MPO" and _frames(picture) > 1:  # MPO: a phone's still with a second view
        raise PictureAnimated()
    return picture


def _frames(picture: Image.Image) -> int:
    try:
        return int(getattr(picture, "n_frames", 1))
    except BROKEN:
        raise PictureUnreadable() from None


def _orientation(picture: Image.Image) -> int:
    """As the head says; Pillow's own getexif() decodes all of a PNG that has none. Nonsense means: upright."""
    exif = Image.Exif()
    try:
        exif.load(picture.info.get("exif", b""))
        return int(exif.get(ORIENTATION, 1))
    except BROKEN:
        return 1


def _upright(picture: Image.Image) -> Image.Image:
    """Turned as its Exif says; one that can't be read or written again leaves the picture as it is."""
    try:
        return ImageOps.exif_transpose(picture)
    except BROKEN:
        return picture


def _srgb(picture: Image.Image) -> Image.Image:
    profile = picture.info.get("icc_profile")
    if picture.mode in ("I;16", "I;16B", "I;16L", "I", "F"):
        picture = _eight_bits(picture)
    if picture.mode in ("P", "PA", "LA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
    if profile and picture.mode in ("RGB", "RGBA", "CMYK", "L"):
        picture = _converted(picture, profile)
    return picture if picture.mode in ("RGB", "RGBA") else picture.convert("RGB")


def _eight_bits(picture: Image.Image) -> Image.Image:
    """16-bit grey: the upper byte; Pillow's own conversion clips instead."""
    return picture.convert("I").point(lambda level: level * (1 / 257)).convert("L")


def _converted(picture: Image.Image, profile: bytes) -> Image.Image:
    """Into sRGB; a profile that can't be read is ignored, as browsers do."""
    import io

    alpha = picture.getchannel("A") if picture.mode == "RGBA" else None
    plain = picture.convert("RGB") if picture.mode == "RGBA" else picture
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        turned = ImageCms.profileToProfile(plain, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return picture
    if turned is None:
        return picture
    if alpha is not None:
        turned.putalpha(alpha)
    return turned
