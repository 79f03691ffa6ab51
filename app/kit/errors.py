"""Owns the shape of every refusal: status, stable code, words for a shopkeeper, what to do."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from app.kit.texts import N_


class AppError(Exception):
    """A refusal that a person can act on.

    `code` is the class name in snake_case and never changes once released; `message` says what happened and which
    rule; `action` says what to do; `fields` maps an input's path to what is wrong with it.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "app_error"
    default_message: ClassVar[str] = ""
    default_action: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.code = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()

    def __init__(
        self,
        message: str = "",
        *,
        action: str = "",
        fields: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.message = message or self.default_message
        self.action = action or self.default_action
        self.fields = dict(fields) if fields else None
        self.headers = dict(headers) if headers else {}
        super().__init__(self.message)


class BadRequest(AppError):
    """The request itself can't be read: no JSON, a broken header, an unknown parameter."""

    status = 400


class Unauthorized(AppError):
    """Nobody is signed in, or the sign-in is no longer valid."""

    status = 401
    default_message = N_("Please sign in.")


class PaymentRequired(AppError):
    """The shop's plan does not cover this at present."""

    status = 402


class Forbidden(AppError):
    """The person is known but has no right to this."""

    status = 403


class NotFound(AppError):
    """There is no such thing in this shop; another shop's thing is answered the same."""

    status = 404


class Conflict(AppError):
    """The state of things does not allow it now."""

    status = 409


class PreconditionFailed(AppError):
    """Somebody else changed it since it was read (If-Match does not fit)."""

    status = 412


class PayloadTooLarge(AppError):
    """The body or the file is larger than what is taken."""

    status = 413


class Unprocessable(AppError):
    """The input has the wrong shape or breaks a rule; `fields` says where."""

    status = 422


class PreconditionRequired(AppError):
    """An update without If-Match: it could overwrite somebody's change unseen."""

    status = 428


class TooManyRequests(AppError):
    """A limit was reached; Retry-After says when to come back."""

    status = 429


class Unavailable(AppError):
    """A part the request needs is down; nothing was done."""

    status = 503


BASES = frozenset(
    (
        BadRequest, Unauthorized, PaymentRequired, Forbidden, NotFound, Conflict, PreconditionFailed, PayloadTooLarge,
        Unprocessable, PreconditionRequired, TooManyRequests, Unavailable,
    )
)  # fmt: skip


def all_errors() -> Iterator[type[AppError]]:
    """Every error class that was imported, bases included, for the reference and its meta-test."""
    waiting = [AppError]
    while waiting:
        for error in waiting.pop().__subclasses__():
            waiting.append(error)
            yield error
