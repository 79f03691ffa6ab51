"""The mirror is the machine's own, in whichever of apt's two forms it is written."""

import dataclasses

import pytest

from ops.debian import Bundle, mirror_in, triplet
from ops.tools import CHROMIUM, FONTS, chromium_libraries


@pytest.mark.parametrize(
    ("text", "mirror"),
    [
        ("deb http://mirror.example/debian bookworm main", "http://mirror.example/debian"),
        ("deb [signed-by=/k.gpg arch=amd64] https://m.example/debian/ bookworm main", "https://m.example/debian"),
        ("Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm", "http://mirror.example/debian"),
        (
            "# deb http://old.example/debian bookworm main\ndeb http://new.example/debian x main",
            "http://new.example/debian",
        ),
        ("deb http://mirror.example/debian-security bookworm-security main", None),
        ("deb http://archive.example/ubuntu noble main", None),
        ("deb-src http://mirror.example/debian bookworm main", None),
        ("", None),
    ],
)
def test_the_mirror_is_read_from_either_form(text, mirror):
    assert mirror_in([text]) == mirror


def test_the_first_source_that_names_a_mirror_wins():
    texts = ["# nothing", "URIs: http://a.example/debian", "URIs: http://b.example/debian"]
    assert mirror_in(texts) == "http://a.example/debian"


def test_a_bundle_is_unpacked_anew_when_anything_about_it_changes():
    one = Bundle("x", "bookworm", ("x",))
    others = [
        dataclasses.replace(one, suite="sid"),
        dataclasses.replace(one, packages=("x", "y")),
        dataclasses.replace(one, pretended=()),
        dataclasses.replace(one, keep=("usr/*",)),
    ]
    assert len({bundle.signature() for bundle in (one, *others)}) == 5


def test_every_script_of_a_bill_has_its_font():
    names = " ".join(FONTS.keep)
    for script in ("NotoSans-", "NotoSansDevanagari-", "NotoSansGujarati-", "NotoSansTamil-"):
        assert f"{script}Regular.ttf" in names
        assert f"{script}Bold.ttf" in names


def test_chromium_uses_the_machines_c_library_since_it_starts_itself_again():
    assert "libc6" in CHROMIUM.pretended


def test_chromium_finds_the_libraries_that_debian_keeps_apart():
    """libpulse names /usr/lib/…/pulseaudio, which only a machine with the package installed has."""
    assert f"usr/lib/{triplet()}/pulseaudio" in chromium_libraries()
