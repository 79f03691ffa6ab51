"""Sizes for the web and the piece alone, on pictures whose truth is drawn."""

import io

import numpy as np
import pytest
from PIL import Image

from app.adapters.cut_out import CutOuts
from app.vision import sizes
from tests.support import pictures


def opened(made: sizes.Made) -> Image.Image:
    return Image.open(io.BytesIO(made.body))


def test_three_sizes_by_the_longest_side_in_webp_without_any_data_of_the_file() -> None:
    made = {one.name: one for one in sizes.make_sizes(pictures.ring((3000, 2000)))}
    assert {name: (one.width, one.height) for name, one in made.items()} == {
        "400": (400, 267), "800": (800, 533), "1600": (1600, 1067),
    }  # fmt: skip
    for one in made.values():
        picture = opened(one)
        assert (picture.format, picture.size) == ("WEBP", (one.width, one.height))
        assert not {"exif", "icc_profile", "xmp"} & set(picture.info)


def test_a_small_picture_is_never_blown_up() -> None:
    made = sizes.make_sizes(pictures.ring((500, 300)))
    assert sorted((one.name, one.width) for one in made) == [("1600", 500), ("400", 400), ("800", 500)]


def test_transparency_becomes_white() -> None:
    made = sizes.make_sizes(Image.new("RGBA", (40, 40), (0, 0, 0, 0)))
    assert opened(made[0]).getpixel((20, 20)) == (255, 255, 255)


@pytest.mark.parametrize("ground", [(250, 250, 248), (60, 20, 40), (120, 150, 190)], ids=["white", "wine", "sky"])
def test_a_piece_on_a_plain_ground_is_cut_out_with_its_hole(ground: tuple[int, int, int]) -> None:
    picture = pictures.ring((900, 700), ground=ground)
    made, by, sure_bp = sizes.cut_out(picture, CutOuts(None))
    assert made is not None
    assert by in ("border", "grabcut")
    assert sure_bp > 5000
    found = np.asarray(opened(made).getchannel("A")) > 127
    truth = np.any(np.asarray(picture) != np.array(ground), axis=2)
    assert (found & truth).sum() / (found | truth).sum() > 0.9
    assert not found[350, 450]


def test_noise_is_not_called_a_piece() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (300, 300, 3), dtype=np.uint8)
    made, by, sure_bp = sizes.cut_out(Image.fromarray(noise), CutOuts(None))
    assert (made, by, sure_bp) == (None, "none", 0) or sure_bp < 3000


def test_a_picture_that_came_cut_out_stays_as_it_came() -> None:
    picture = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    picture.paste((214, 165, 62, 255), (30, 30, 70, 70))
    made, by, sure_bp = sizes.cut_out(picture, None)
    assert made is not None
    assert (by, sure_bp) == ("given", 10_000)
    assert opened(made).getpixel((5, 5))[3] == 0


def test_where_nothing_can_cut_that_is_said() -> None:
    assert sizes.cut_out(pictures.ring((100, 100)), None) == (None, "none", 0)
