"""Which language a person sees, and how India writes numbers and days."""

import datetime as dt

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask import Flask, render_template_string

from app.kit import locale
from app.kit.texts import N_, _, _l


@pytest.fixture
def app(tmp_path):
    """English, and a word of Gujarati; Hindi has a catalogue that nobody compiled."""
    folder = tmp_path / "gu" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalogue = Catalog(locale="gu")
    catalogue.add("Gold", "સોનું")
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalogue)
    (tmp_path / "hi" / "LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "hi" / "LC_MESSAGES" / "messages.po").touch()
    made = Flask("x")
    locale.install(made, tmp_path)
    return made


@pytest.mark.parametrize(
    ("asked", "own", "language", "word"),
    [
        ("", None, "en", "Gold"),
        ("gu", None, "gu", "સોનું"),
        ("hi, gu;q=0.5", None, "gu", "સોનું"),
        ("hi", None, "en", "Gold"),
        ("en", "gu", "gu", "સોનું"),
        ("gu", "en", "en", "Gold"),
        ("gu", "hi", "gu", "સોનું"),
        ("gu", "", "gu", "સોનું"),
        ("gu", "../../etc", "gu", "સોનું"),
    ],
)
def test_the_persons_own_goes_before_the_browsers_and_only_what_we_speak(app, asked, own, language, word):
    with app.test_request_context(headers={"Accept-Language": asked}):
        locale.prefer(own)
        assert (locale.chosen(), _("Gold")) == (language, word)


def test_a_text_written_down_at_import_is_translated_when_shown(app):
    written = _l("Gold")
    with app.test_request_context(headers={"Accept-Language": "gu"}):
        assert str(written) == "સોનું"
    assert N_("Gold") == "Gold"


def test_a_job_speaks_english():
    assert locale.chosen() == "en"
    assert _("Gold") == "Gold"


def test_pages_write_as_india_does(app):
    at = dt.datetime(2026, 4, 14, 19, 0, tzinfo=dt.UTC)
    with app.test_request_context():
        shown = render_template_string("{{ p | rupees }} {{ w | grams }} {{ d | date }} {{ at | moment }}",
                                       p=189257120, w=3390, d=dt.date(2026, 4, 5), at=at)  # fmt: skip
    assert shown == "₹18,92,571.20 3.390 05-04-2026 15-04-2026 00:30"
