"""Owns the cookies that sign pages in: one for the shops' pages, one for the console on a path of its own.

HttpOnly keeps scripts away from them, SameSite=Lax keeps other sites' forms away, and the pages' CSRF token does the
rest. The API reads neither.
"""

import datetime as dt

from flask import Response

from app.kit.clock import utc_now
from app.kit.ports import Audience

SHOP_COOKIE = "boola_session"
CONSOLE_COOKIE = "boola_console"
CONSOLE_PATH = "/console"
CONSOLE_API = "/api/v1/console"


def is_console(path: str) -> bool:
    return any(path == root or path.startswith(f"{root}/") for root in (CONSOLE_PATH, CONSOLE_API))


def set_sign_in_cookie(
    response: Response, text: str, *, audience: Audience, expires_at: dt.datetime, secure: bool
) -> Response:
    """The browser keeps it as long as the token counts."""
    seconds = max(0, int((expires_at - utc_now()).total_seconds()))
    name, path = _place(audience)
    response.set_cookie(name, text, max_age=seconds, path=path, secure=secure, httponly=True, samesite="Lax")
    return response


def clear_sign_in_cookie(response: Response, *, audience: Audience, secure: bool) -> Response:
    name, path = _place(audience)
    response.delete_cookie(name, path=path, secure=secure, httponly=True, samesite="Lax")
    return response


def _place(audience: Audience) -> tuple[str, str]:
    return (CONSOLE_COOKIE, CONSOLE_PATH) if audience == "console" else (SHOP_COOKIE, "/")
