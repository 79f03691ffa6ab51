"""Owns which language and numbers a person sees: their own choice, their shop's, the browser's, else English."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from flask import Flask, current_app, g, has_request_context, request
from flask_babel import Babel

from app.kit.clock import ist
from app.kit.money import grouped, rupees
from app.kit.weights import carats, fine_mg, grams, purity_label

DEFAULT = "en"
LANGUAGES = ("en", "hi", "gu", "mr", "ta")
"""What a person may choose; one whose catalogue is not there yet is shown in English, and says so in `lang`."""

TRANSLATIONS = Path(__file__).parent.parent / "translations"
EXTENSION = "boolagold.languages"


def install(app: Flask, folder: Path = TRANSLATIONS) -> None:
    app.config.update(BABEL_DEFAULT_LOCALE=DEFAULT, BABEL_DEFAULT_TIMEZONE="Asia/Kolkata")
    app.extensions[EXTENSION] = spoken(folder)
    Babel(app, default_translation_directories=str(folder), locale_selector=chosen)
    app.jinja_env.filters.update(rupees=rupees, grams=grams, date=date, moment=moment)
    app.jinja_env.filters.update(grouped=grouped, carats=carats, fine=fine_mg)
    app.jinja_env.globals.update(page_language=chosen, purity_label=purity_label)


def spoken(folder: Path) -> tuple[str, ...]:
    """English, and every language with a compiled catalogue: a page must not call itself Hindi and be English."""
    return (DEFAULT, *sorted(one.parts[-3] for one in folder.glob("*/LC_MESSAGES/messages.mo")))


def prefer(*locales: str | None) -> None:
    """The first of these that we speak goes before what the browser asks for."""
    for one in locales:
        if one in current_app.extensions[EXTENSION]:
            g.locale = one
            return


def chosen() -> str:
    """The language of this request."""
    if not has_request_context():
        return DEFAULT
    asked = request.accept_languages.best_match(current_app.extensions[EXTENSION])
    return str(g.get("locale") or asked or DEFAULT)


def date(day: dt.date) -> str:
    """15-04-2026, as India writes it."""
    return day.strftime("%d-%m-%Y")


def moment(at: dt.datetime) -> str:
    """15-04-2026 16:05, by the clock of India."""
    return ist(at).strftime("%d-%m-%Y %H:%M")


def parse_day(text: str) -> dt.date | None:
    """A date as India writes it: 01-04-2026, 01/04/2026, 01042026; also 2026-04-01. None for what is no date."""
    for form in ("%d-%m-%Y", "%d/%m/%Y", "%d.%m.%Y", "%d%m%Y", "%Y-%m-%d"):
        try:
            found = dt.datetime.strptime(text.strip(), form).replace(tzinfo=dt.UTC).date()
        except ValueError:
            continue
        return found if 1990 <= found.year <= 2199 else None
    return None
