"""Owns the numbering room's refusals."""

from app.kit.errors import Conflict, Unprocessable
from app.kit.texts import N_


class NumberFormUnlawful(Unprocessable):
    """Rule 46(b): at most 16 letters, digits, - and /; a document number or a series prefix breaks it."""


class SeriesExhausted(Conflict):
    """The next number of a series would be longer than Rule 46(b) allows."""

    default_action = N_("Open a series with a shorter prefix.")


class TillCodeUnfit(Unprocessable):
    """A till's code that cannot stand in every document's number: too long, other signs, or a kind's own letters."""

    default_action = N_("Use one to three capitals or digits that begin like no kind of document: T2, A, 12.")
