"""Owns the numbering room's refusals."""

from app.kit.errors import Conflict, Unprocessable


class NumberFormUnlawful(Unprocessable):
    """Rule 46(b): at most 16 letters, digits, - and /; a document number or a series prefix breaks it."""


class SeriesExhausted(Conflict):
    """The next number of a series would be longer than Rule 46(b) allows."""

    default_action = "Open a series with a shorter prefix."
