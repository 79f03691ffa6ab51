"""Pictures of measurements are well-formed, hold what they are given, and show it within their frame."""

import xml.etree.ElementTree as ET

from bench._svg import HEIGHT, WIDTH, Panel, document

SVG = "{http://www.w3.org/2000/svg}"


def drawn() -> ET.Element:
    panel = Panel("a < b & c", x=(0, 10), y=(0, 4)).axes([(5, "five")], [(0, "0"), (4, "4")], below="so many")
    panel.bar(5, 2, 4, name="4").line([(0, 0), (10, 4)]).mark(5, "mean").note(1, 1, "here")
    return ET.fromstring(document('what "it" shows', [str(panel)]))


def test_texts_are_texts():
    found = [text.text for text in drawn().iter(f"{SVG}text")]
    assert found[0] == "a < b & c"
    assert set(found) >= {"five", "so many", "mean", "here", "4"}
    assert drawn().get("aria-label") == 'what "it" shows'


def test_a_bar_stands_on_its_axis_and_under_the_top():
    (bar,) = [box for box in drawn().iter(f"{SVG}rect") if box.get("class") == "bar"]
    top, height = float(bar.get("y", "")), float(bar.get("height", ""))
    assert 0 < top < top + height < HEIGHT
    assert 0 < float(bar.get("x", "")) < WIDTH


def test_it_can_be_read_by_night():
    style = drawn().find(f"{SVG}style")
    assert style is not None and "prefers-color-scheme:dark" in (style.text or "")
