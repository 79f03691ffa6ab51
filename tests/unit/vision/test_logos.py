"""A shop's logo: small and flat whatever was sent, and refused before its pixels are read where it is too much."""

import io

import pytest
from PIL import Image

from app.vision import logos
from app.vision.errors import LogoTooLarge, PictureAnimated, PictureUnreadable
from tests.support import pictures


def made(body: bytes) -> tuple[bytes, Image.Image]:
    png = logos.make_logo(io.BytesIO(body))
    return png, Image.open(io.BytesIO(png))


@pytest.mark.parametrize(
    ("sent", "expected"),
    [((1200, 900), (320, 240)), ((3000, 300), (600, 60)), ((100, 50), (100, 50)), ((240, 1200), (48, 240))],
)
def test_it_is_made_to_fit_and_never_blown_up(sent, expected):
    png, picture = made(pictures.encoded(pictures.ring(sent), "PNG"))
    assert (picture.format, picture.size) == ("PNG", expected)
    assert picture.info == {} and len(png) <= logos.LIGHT  # nothing of the file that was sent but its pixels


def test_what_is_transparent_is_white():
    clear = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    clear.paste((200, 0, 0, 255), (0, 0, 20, 40))
    _, picture = made(pictures.encoded(clear, "PNG"))
    assert (picture.mode, picture.getpixel((30, 20)), picture.getpixel((5, 20))) == (
        "RGB",
        (255, 255, 255),
        (200, 0, 0),
    )


def test_a_photograph_becomes_light_enough_for_every_bill():
    noise = Image.effect_noise((900, 600), 120).convert("RGB")
    png, picture = made(pictures.encoded(noise, "JPEG", quality=95))
    assert picture.size == (360, 240)
    assert len(png) < 360 * 240 + 4096  # a byte a pixel, of 256 colours, whatever is drawn


def test_the_same_file_is_the_same_logo():
    body = pictures.encoded(pictures.ring(), "PNG")
    assert logos.make_logo(io.BytesIO(body)) == logos.make_logo(io.BytesIO(body))


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", PictureUnreadable), (pictures.moving(), PictureAnimated),
        (pictures.encoded(Image.new("L", (4000, 3000)), "PNG"), LogoTooLarge),
        (b"\x89PNG\r\n\x1a\n" + bytes(logos.MAX_BYTES), LogoTooLarge),
    ],
    ids=["no picture", "moving", "12 megapixels in a small file", "too many bytes"],
)  # fmt: skip
def test_what_is_no_logo_is_refused(body, refusal):
    with pytest.raises(refusal):
        logos.make_logo(io.BytesIO(body))
