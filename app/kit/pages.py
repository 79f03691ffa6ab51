"""Owns what forms on pages share: where to go next, a refusal beside the form, a key that makes a form count once."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from flask import Response, redirect, request

from app.kit.errors import AppError
from app.kit.ids import new_id
from app.kit.problems import shown

T = TypeVar("T")
NOBODY_SIGNED_IN = 401
_LOCAL = re.compile(r"/(?![/\\])[^\x00-\x1f\x7f\\]*")  # a line's end would be another header, which werkzeug refuses


class Refusal(NamedTuple):
    """A refusal in words for the page: what happened, what to do, and what is wrong with which field."""

    message: str
    action: str
    fields: dict[str, str]
    status: int
    code: str


class Tried(NamedTuple, Generic[T]):
    """What came of a form: its result, or the refusal to show beside it."""

    result: T | None
    refusal: Refusal | None


def try_form(work: Callable[[], T], *, signs_in: bool = False) -> Tried[T]:
    """Runs what a form asks for; what a person can mend is given back, the rest goes to the error page.

    signs_in  a 401 is this form's own refusal (a wrong password), not a sign-in that ended
    """
    try:
        return Tried(work(), None)
    except AppError as error:
        if error.status >= 500 or (error.status == NOBODY_SIGNED_IN and not signs_in):
            raise
        return Tried(None, refusal_of(error))


def refusal_of(error: AppError) -> Refusal:
    fields = {str(path): str(wrong) for path, wrong in (error.fields or {}).items()}
    return Refusal(shown(error.message), shown(error.action), fields, error.status, error.code)


def go_to(url: str) -> Response:
    """After a form: a page that can be reloaded without sending the form again."""
    answer = redirect(url, 303)
    assert isinstance(answer, Response)
    return answer


def safe_next(fallback: str) -> str:
    """Where the form's `next` points to, if that is a page of this site; else the fallback."""
    wanted = request.values.get("next", "")
    return wanted if _LOCAL.fullmatch(wanted) else fallback


def form_key() -> str:
    """The key that a form carries, so that sending it twice does it once; a refused form keeps its own."""
    return request.form.get("idempotency_key") or new_id().hex


def text_field(name: str) -> str:
    """A typed text without the spaces around it; empty where the form has none."""
    return request.form.get(name, "").strip()


def optional(name: str) -> str | None:
    """A typed text, or None where it was left empty."""
    return text_field(name) or None


def whole_number(name: str) -> int:
    """A number that a hidden field carries (a version); -1 where somebody changed it."""
    text = request.form.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1
