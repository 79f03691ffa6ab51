"""Owns how a refusal looks: problem+json (RFC 9457) for the API, a page for people, nothing leaked for the unknown."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Flask, Response, redirect, render_template, request
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as BaseResponse

from app.kit import errors, logs
from app.kit.bodies import BodyTooLarge, LengthMissing, MalformedJson, WrongContentType
from app.kit.errors import AppError
from app.kit.texts import N_, _
from shard_router import (
    AmbiguousCommit,
    DirectoryUnavailable,
    ShardUnavailable,
    ShopCrowded,
    ShopMoved,
    UnknownShop,
)

PROBLEM_JSON = "application/problem+json"
RETRY_SOON = {"Retry-After": "1"}
SOON = (429, 503)


class InternalError(AppError):
    """Something went wrong that nobody expected; the request id finds it in the log."""

    status = 500
    default_message = N_("Something went wrong on our side. It was written down and will be looked at.")
    default_action = N_("Try again; if it happens again, tell us the request id.")


class NoSuchAddress(errors.NotFound):
    """There is nothing at this address."""

    default_message = N_("There is nothing at this address.")


class NoSuchShop(errors.NotFound):
    """The shop was never opened, or its shard does not know it yet."""

    default_message = N_("There is no such shop.")


class MethodNotAllowed(AppError):
    """The address exists, but not for this method."""

    status = 405
    default_message = N_("This can't be done at this address.")


class ShardDown(errors.Unavailable):
    """The database that holds this shop does not answer; nothing was done, and other shops are not touched."""

    default_message = N_("Your shop's data can't be reached at the moment. Nothing was changed.")
    default_action = N_("Try again in a few seconds.")


class TooManyAtOnce(errors.TooManyRequests):
    """So many requests of this shop are being worked on that one more would make other shops wait; nothing was done."""

    default_message = N_("Too many requests of your shop are being worked on at this moment. Nothing was changed.")
    default_action = N_("Try again in a second.")


class DatabaseDown(errors.Unavailable):
    """The platform's own database does not answer; shops go on working, sign-up and settings of people wait."""

    default_message = N_("This part of the service can't be reached at the moment. Nothing was changed.")
    default_action = N_("Try again in a few seconds.")


class ShopMoving(errors.Unavailable):
    """The shop is being moved to another server at this very moment; nothing was done."""

    default_message = N_("Your shop is being moved to another server at this moment. Nothing was changed.")
    default_action = N_("Try again in a second.")


class CommitUnclear(errors.Unavailable):
    """The database was lost while it was saving: the change may or may not have been made."""

    default_message = N_("The connection was lost while saving; it may or may not have been saved.")
    default_action = N_("Look before you try again.")


class Busy(errors.Conflict):
    """Others are changing the same thing right now; nothing was done."""

    default_message = N_("Others are changing the same thing at this moment. Nothing was changed.")
    default_action = N_("Try again.")


class AlreadyExists(errors.Conflict):
    """Another row with the same value exists already where there may be only one."""

    default_message = N_("There is one like this already.")


class ValueRefused(errors.Unprocessable):
    """The database refused a value: too long, out of range, or pointing to something that is not there."""

    default_message = N_(
        "A value can't be stored: it is too large, too long, or refers to something that is not there."
    )


BY_STATUS: dict[int, type[AppError]] = {
    400: errors.BadRequest, 401: errors.Unauthorized, 403: errors.Forbidden, 404: NoSuchAddress, 405: MethodNotAllowed,
    409: errors.Conflict, 411: LengthMissing, 413: BodyTooLarge, 415: WrongContentType, 422: errors.Unprocessable,
    429: errors.TooManyRequests, 503: errors.Unavailable,
}  # fmt: skip

CONTROL = "control"  # as every topology calls the control plane

OF_OTHERS: tuple[tuple[tuple[type[Exception], ...], type[AppError]], ...] = (
    ((ShopCrowded,), TooManyAtOnce),
    ((ShardUnavailable, DirectoryUnavailable), ShardDown),
    ((ShopMoved,), ShopMoving),
    ((AmbiguousCommit,), CommitUnclear),
    ((UnknownShop,), NoSuchShop),
    ((PoolTimeout,), DatabaseDown),
)

LOST_CONNECTION = frozenset((2002, 2003, 2006, 2013, 1040, 1053, 1129, 1203))
BUSY = frozenset((1205, 1213, 3572))
READ_ONLY = frozenset((1290, 1792, 1836))
MISSING_PARENT = frozenset((1452, 1216, 3819, 4025))
BAD_VALUE = frozenset((1264, 1406, 1366, 1292, 1048, 3140, 3141, 1690))


def install(app: Flask) -> None:
    app.register_error_handler(HTTPException, answer)
    app.register_error_handler(Exception, answer)


def answer(error: Exception) -> BaseResponse | HTTPException:
    """The one handler of every error."""
    if isinstance(error, RequestRedirect):
        return error
    known = as_app_error(error)
    if known is None:
        logs.report(error)
        known = InternalError()
    elif known.status >= 500:
        logs.log.warning("unavailable", code=known.code, cause=f"{type(error).__name__}: {error}"[:500])
    return problem(known) if wants_problem() else page(known)


def as_app_error(error: BaseException) -> AppError | None:
    """The refusal that an exception stands for; None where nobody expected it."""
    if isinstance(error, AppError):
        return error
    if isinstance(error, HTTPException):
        return _of_http(error)
    if isinstance(error, DBAPIError):
        return _of_database(error)
    if isinstance(error, ShardUnavailable) and error.shard == CONTROL:
        return DatabaseDown(headers=RETRY_SOON)
    for kinds, refusal in OF_OTHERS:
        if isinstance(error, kinds):
            return refusal(headers=RETRY_SOON if refusal.status in SOON and refusal is not CommitUnclear else None)
    return None


def mysql_code(error: BaseException) -> int:
    """The server's (or the client library's) error number behind an exception; 0 where there is none."""
    cause = getattr(error, "orig", None) or error
    first = cause.args[0] if getattr(cause, "args", ()) else 0
    return first if isinstance(first, int) else 0


def wants_problem() -> bool:
    """JSON for the API and for whoever asks for JSON; a page for the rest."""
    if request.path.startswith("/api/"):
        return True
    best = request.accept_mimetypes.best_match(("text/html", "application/json"), "text/html")
    return best == "application/json" and "Accept" in request.headers


def problem(error: AppError) -> Response:
    body: dict[str, Any] = {
        "type": f"/api/v1/docs#{error.code}",
        "title": error.code.replace("_", " ").capitalize(),
        "status": error.status,
        "detail": shown(error.message),
        "code": error.code,
        "requestId": logs.request_id(),
    }
    if error.action:
        body["action"] = shown(error.action)
    if error.fields:
        body["fields"] = {str(path): str(wrong) for path, wrong in error.fields.items()}
    body.update(getattr(error, "members", {}))  # RFC 9457 extension members of this one error: a new quote
    return Response(orjson.dumps(body), error.status, error.headers, content_type=PROBLEM_JSON)


def page(error: AppError) -> BaseResponse:
    """The sign-in page for who must sign in, else the error's own page."""
    if error.status == 401 and request.method in ("GET", "HEAD"):
        face = "/console/sign-in" if request.path.startswith("/console") else "/sign-in"
        if request.path != face:
            return redirect(f"{face}?{_next()}", 303)
    html = render_template(
        "error.html", error=error, message=shown(error.message), action=shown(error.action),
        request_id=logs.request_id(),
    )  # fmt: skip
    return Response(html, error.status, error.headers, content_type="text/html; charset=utf-8")


def shown(text: str) -> str:
    """Translated where it is one of the fixed texts; what was put together was translated then."""
    return str(_(str(text))) if text else ""


def _next() -> str:
    from urllib.parse import urlencode

    return urlencode({"next": request.full_path.rstrip("?")})


def _of_http(error: HTTPException) -> AppError:
    status = error.code or 500
    kind = BY_STATUS.get(status, errors.BadRequest if 400 <= status < 500 else InternalError)
    if status == 400 and type(error).__name__ == "BadRequestKeyError":
        kind = MalformedJson
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    found = kind(headers=headers)
    if not found.message:
        found.message = str(error.description or "")
    if found.status != status:
        found.status = status  # type: ignore[misc]  # a rare 4xx of the framework keeps its own number
    return found


def _of_database(error: DBAPIError) -> AppError | None:
    code = mysql_code(error)
    if code in BUSY:
        return Busy(headers=RETRY_SOON)
    if error.connection_invalidated or code in LOST_CONNECTION or code in READ_ONLY:
        return DatabaseDown(headers=RETRY_SOON)
    if code in MISSING_PARENT or code in BAD_VALUE:
        logs.log.warning("the database refused a value", mysql=code)
        return ValueRefused()
    if isinstance(error, IntegrityError) and code == 1062:
        return AlreadyExists()
    if isinstance(error, OperationalError) and code == 0:
        return DatabaseDown(headers=RETRY_SOON)
    return None
