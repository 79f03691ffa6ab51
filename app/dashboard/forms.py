"""Owns reading what was typed: each figure with its field's name, so that a refusal stands beside what caused it."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import TypeVar
from uuid import UUID

from flask import request

from app.kit.clock import financial_year
from app.kit.errors import AppError, Unprocessable
from app.kit.locale import parse_day
from app.kit.pages import Refusal, text_field
from app.kit.readable import UNREADABLE, is_readable
from app.kit.texts import N_, _

T = TypeVar("T")
_BREAKS = re.compile(r"[\r\n\t]")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class TypedWrongly(Unprocessable):
    """A field of a page's form is empty, too long, or not what belongs there."""

    default_message = N_("Something that was typed can't be taken.")


def line(name: str, *, most: int, least: int = 0) -> str:
    """One line of typed text within its length, in one form of the same letters."""
    return one_line(name, text_field(name), most=most, least=least)


def one_line(name: str, typed_text: str, *, most: int, least: int = 0) -> str:
    """The same of a text that a page kept aside, with the field that it stands in."""
    text = unicodedata.normalize("NFC", typed_text.strip())
    if _BREAKS.search(text) or not is_readable(text):
        refuse(name, _(UNREADABLE))
    if len(text) < least:
        refuse(name, _("Please fill this in.") if least == 1 else _("At least %(least)s letters.", least=least))
    if len(text) > most:
        refuse(name, _("At most %(most)s letters fit here.", most=most))
    return text


def line_or_none(name: str, *, most: int) -> str | None:
    return line(name, most=most) or None


def figure(name: str, parse: Callable[[str], int], *, empty: int | None = None) -> int:
    """A typed amount or weight by its parser; `empty` is what an empty field means, None: it must be filled in."""
    text = text_field(name)
    if not text and empty is not None:
        return empty
    return at_field(name, lambda: parse(text if text else refuse(name, _("Please fill this in."))))


def id_or_none(text: str) -> UUID | None:
    """An id that a link or a hidden field carries; None where it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


def one_of(name: str, choices: Mapping[str, object] | tuple[str, ...] | list[str]) -> str:
    """A choice of the page; another text was not chosen on it."""
    text = text_field(name)
    return text if text in choices else refuse(name, _("Choose one of these."))


def day(name: str) -> dt.date:
    """A date as India writes it: 01-04-2026, 01/04/2026, 01042026; also 2026-04-01."""
    found = parse_day(text_field(name))
    return found if found is not None else day_refused(name)


def periods(today: dt.date) -> list[tuple[str, dt.date, dt.date]]:
    """What is asked for most: name, first and last day."""
    first = today.replace(day=1)
    before = first - dt.timedelta(days=1)
    year = financial_year(today)
    return [
        (_("Today"), today, today), (_("This month"), first, today), (_("Last month"), before.replace(day=1), before),
        (_("Year %(label)s", label=year.label), year.starts_on, today),
    ]  # fmt: skip


def day_refused(name: str) -> dt.date:
    raise TypedWrongly(fields={name: _("A date like 01-04-2026 is expected.")})


def at_field(name: str, work: Callable[[], T]) -> T:
    """What goes wrong in it is said at this field."""
    try:
        return work()
    except AppError as error:
        error.fields = {name: f"{error.message} {error.action}".strip()}
        raise


def refuse(name: str, wrong: str) -> str:
    raise TypedWrongly(fields={name: wrong})


def beside(refusal: Refusal | None, names: Mapping[str, str]) -> Refusal | None:
    """The refusal with its fields called as the form calls them: `names` maps a service's path to a form's field.

    A lone field gets the whole sentence: services name the fault shortly ("taken") and say it well in the message.
    """
    if refusal is None or not refusal.fields:
        return refusal
    known = {names.get(path, _HUMP.sub("_", path).lower()): wrong for path, wrong in refusal.fields.items()}
    if len(known) == 1 and refusal.code != TypedWrongly.code:  # that one's message says less than its field does
        known = {name: wrong if len(wrong) > len(refusal.message) else refusal.message for name, wrong in known.items()}
    return refusal._replace(fields=known)


def typed() -> dict[str, str]:
    """What stood in the form, to show it again."""
    return dict(request.form.items())
