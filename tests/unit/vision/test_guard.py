"""What is let in, told from the bytes alone."""

import functools
import io
import random

import pytest
from PIL import Image, ImageCms

from app.kit.errors import Unprocessable
from app.vision import guard
from app.vision.errors import PictureAnimated, PictureBroken, PictureTooManyPixels, PictureUnreadable
from tests.support import pictures


def seen(body: bytes) -> guard.Seen:
    return guard.inspect(io.BytesIO(body))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_the_five_formats_are_taken_whatever_the_name_says(kind: str) -> None:
    assert seen(pictures.encoded(pictures.ring((320, 200)), kind)) == guard.Seen(kind, 320, 200)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "PPM"])
def test_other_formats_are_not(kind: str) -> None:
    with pytest.raises(PictureUnreadable):
        seen(pictures.encoded(pictures.ring((64, 64)), kind))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"%PDF-1.7",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF0000WEBP",
    ],
    ids=["nothing", "pdf", "svg", "jpeg's first bytes", "png's first bytes", "webp's first bytes"],
)
def test_what_only_begins_like_a_picture_is_none(body: bytes) -> None:
    with pytest.raises(PictureUnreadable):
        seen(body)


def test_two_hundred_megapixels_are_refused_by_the_head_alone() -> None:
    with pytest.raises(PictureTooManyPixels):
        seen(pictures.png_bomb())


def test_fifty_one_megapixels_are_refused_too_though_the_library_would_open_them() -> None:
    with pytest.raises(PictureTooManyPixels):
        seen(pictures.png_bomb(10_200, 5_000))


def test_moving_pictures_are_refused() -> None:
    with pytest.raises(PictureAnimated):
        seen(pictures.moving())


def test_a_speck_is_no_picture_of_a_piece() -> None:
    with pytest.raises(PictureUnreadable):
        seen(pictures.encoded(Image.new("RGB", (15, 400)), "PNG"))


def test_sides_are_those_of_the_picture_turned_upright() -> None:
    found = seen(pictures.phone_photo())
    assert (found.width, found.height) == (900, 1200)


def load(body: bytes) -> Image.Image:
    return guard.load(io.BytesIO(body), longest=1600)


def test_a_loaded_picture_is_upright_and_carries_nothing_of_the_file() -> None:
    picture = load(pictures.phone_photo())
    assert picture.size == (900, 1200)
    assert picture.info == {}
    assert not picture.getexif()


def test_a_damaged_picture_is_refused_when_it_is_read() -> None:
    body = pictures.encoded(pictures.ring())
    assert seen(body[: len(body) // 2]).width == 1200
    with pytest.raises(PictureBroken):
        load(body[: len(body) // 2])


@pytest.mark.parametrize("mode", ["CMYK", "L"])
def test_jpegs_of_printers_and_scanners_become_rgb(mode: str) -> None:
    assert load(pictures.encoded(pictures.ring((64, 64)).convert(mode))).mode == "RGB"


def test_a_palette_with_a_transparent_colour_keeps_its_transparency() -> None:
    flat = pictures.ring((64, 64)).quantize(8)
    picture = load(pictures.encoded(flat, "PNG", transparency=flat.getpixel((0, 0))))
    assert picture.mode == "RGBA"
    assert picture.getpixel((0, 0))[3] == 0


def test_sixteen_bits_become_eight_by_scale_and_not_by_clipping() -> None:
    deep = Image.new("I;16", (64, 64), 32_896)  # half of 65,535
    assert load(pictures.encoded(deep, "PNG")).getpixel((5, 5)) == (128, 128, 128)


def test_a_profile_of_srgb_changes_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = load(pictures.encoded(pictures.ring((64, 64)), "PNG", icc_profile=profile))
    assert picture.getpixel((0, 0)) == (250, 250, 248)


def test_a_profile_that_cannot_be_read_is_ignored() -> None:
    assert load(pictures.encoded(pictures.ring((64, 64)), "PNG", icc_profile=b"nonsense")).size == (64, 64)


def test_a_pngs_head_is_read_without_its_pixels() -> None:
    """46 megapixels of which a few lines came: decoding them is the job's work, not the upload's."""
    body = pictures.png_bomb(65_535, 700)
    assert seen(body) == guard.Seen("PNG", 65_535, 700)
    with pytest.raises(PictureBroken):
        guard.load(io.BytesIO(body), longest=64)


@pytest.mark.filterwarnings("ignore")  # Pillow's own, about the nonsense it is given here
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_whatever_breaks_on_the_way_is_refused_and_never_an_error(kind: str) -> None:
    """Decoders raise all sorts of things: a RuntimeError of AVIF's, a TypeError of Exif's, a SyntaxError of TIFF's."""
    chance = random.Random(916)  # the same bytes each time
    exif = Image.Exif()
    exif[guard.ORIENTATION] = 6
    exif[0x8825] = {1: "N", 2: (19.0, 4.0, 33.0)}
    whole = io.BytesIO()
    Image.new("RGB", (48, 32), (212, 175, 55)).save(whole, kind, exif=exif)
    ended = {"read": 0, "refused": 0}
    for _ in range(300):
        body = bytearray(whole.getvalue())
        if chance.random() < 0.3:
            del body[chance.randrange(1, len(body)) :]
        else:
            for _ in range(chance.choice((1, 2, 8))):
                body[chance.randrange(len(body))] = chance.randrange(256)
        for read in (guard.inspect, functools.partial(guard.load, longest=64)):
            try:
                read(io.BytesIO(body))
                ended["read"] += 1
            except Unprocessable:  # anything else fails the test
                ended["refused"] += 1
    assert sum(ended.values()) == 600
    assert min(ended.values()) > 0, "broken too much, or too little, to prove anything"
