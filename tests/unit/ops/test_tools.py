"""What the launcher unpacks is what the product asks for."""

from app.printing.fonts import NEEDED
from ops.tools import FONTS


def test_every_font_that_a_print_needs_is_unpacked():
    kept = {path.rpartition("/")[2] for path in FONTS.keep}
    assert set(NEEDED) <= kept
    assert "NotoSerifDevanagari-Bold.ttf" in kept  # a shop's name in its own script, in the heading
