"""Owns reading a request's body: how large, of which type, and JSON that can mean only one thing."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from flask import Request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from app.kit.errors import AppError, BadRequest, PayloadTooLarge
from app.kit.texts import N_, _

MAX_BODY = 1_000_000
MAX_DEPTH = 24
MAX_ITEMS = 20_000
"""Containers and values in one body; more is no bill."""

DRAINED = 32 * 1024 * 1024
"""A refused body up to this size is read and thrown away, so that the client sees the refusal and not a broken pipe."""

F = TypeVar("F", bound=Callable[..., Any])


class MalformedJson(BadRequest):
    """The body is no JSON, or JSON that two readers could take differently (a key twice, NaN, half a character)."""

    default_message = N_("The request can't be read: its body is not proper JSON.")


class JsonTooDeep(BadRequest):
    """The body nests lists and objects deeper, or holds more values, than anything here needs."""

    default_message = N_("The request can't be read: its JSON is nested too deep or too long.")


class BodyTooLarge(PayloadTooLarge):
    """The body is larger than this address takes: 1 MB, or what an upload was declared with."""

    default_message = N_("The request is too large.")


class LengthMissing(AppError):
    """A body came in chunks, without a Content-Length: how large it is must be known before it is read."""

    status = 411
    default_message = N_("The request does not say how long its body is.")
    default_action = N_("Send a Content-Length.")


class WrongContentType(AppError):
    """The body's Content-Type is not one that this address takes."""

    status = 415
    default_message = N_("The request's Content-Type is not one that can be read here.")


@dataclass(frozen=True, slots=True)
class Upload:
    """What an upload route takes instead of JSON."""

    max_bytes: int
    content_types: tuple[str, ...]


def takes_upload(*, max_bytes: int, content_types: tuple[str, ...] = ("multipart/form-data",)) -> Callable[[F], F]:
    """Declare on a view that it takes a file, how large, and as which Content-Type (`image/*` allows all images)."""

    def declare(view: F) -> F:
        view.upload = Upload(max_bytes, content_types)  # type: ignore[attr-defined]
        return view

    return declare


def bound(request: Request, view: Callable[..., Any]) -> None:
    """Whoever reads the body from here on, also its form, reads no more than the view takes."""
    upload: Upload | None = getattr(view, "upload", None)
    request.max_content_length = upload.max_bytes if upload else MAX_BODY


def check_body(request: Request, view: Callable[..., Any], *, api: bool) -> None:
    """Refuse what is too large or of the wrong type before anything reads it."""
    upload: Upload | None = getattr(view, "upload", None)
    limit = upload.max_bytes if upload else MAX_BODY
    if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
        raise LengthMissing()
    if request.content_length is not None and request.content_length > limit:
        raise BodyTooLarge(action=_("At most %(limit)s bytes are taken here.", limit=f"{limit:,}"))
    if not request.content_length or request.method in ("GET", "HEAD", "OPTIONS"):
        return
    if upload is not None:
        _check_type(request, upload.content_types)
    elif api:
        _check_type(request, ("application/json", *_declared_types(view)))


def read_json(request: Request) -> Any:
    """The body's value. Refuses NaN, Infinity, numbers beyond a double, lone surrogates, doubled keys, deep nesting."""
    kept = vars(request).get("read_json")  # asked twice by every POST: for the view's arguments, for its claim
    if kept is not None:
        return kept[0]
    try:
        raw = request.get_data(cache=True)
    except RequestEntityTooLarge:
        raise BodyTooLarge() from None
    except ClientDisconnected:
        raise MalformedJson() from None
    vars(request)["read_json"] = (value := parse_json(raw),)
    return value


def parse_json(raw: bytes) -> Any:
    """See read_json."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        if "depth limit" in str(error):
            raise JsonTooDeep() from None
        raise MalformedJson(
            action=_(
                "%(fault)s (line %(lineno)s, column %(colno)s).",
                fault=error.msg,
                lineno=error.lineno,
                colno=error.colno,
            )
        ) from None
    _check_size(value, raw)
    return value


def _check_size(value: Any, raw: bytes) -> None:
    """Walk the value once: depth, number of values, and as many keys as the text holds (else one stood twice)."""
    level, depth, seen, keys = [value], 0, 0, 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise JsonTooDeep()
        deeper: list[Any] = []
        for one in level:
            if type(one) is dict:
                keys += len(one)
                deeper.extend(one.values())
            elif type(one) is list:
                deeper.extend(one)
        seen += len(deeper)
        if seen > MAX_ITEMS:
            raise JsonTooDeep()
        level = deeper
    if _colons(raw) != keys:
        raise MalformedJson(action=_("A key stands twice in one object."))


def _colons(raw: bytes) -> int:
    """Colons outside strings: in valid JSON, one for each key written."""
    if b"\\" in raw:
        raw = raw.replace(b"\\\\", b"").replace(b'\\"', b"")
    return sum(part.count(b":") for part in raw.split(b'"')[::2])


def takes_body(view: Callable[..., Any]) -> bool:
    """Whether a route of the API takes more than its address, query and headers."""
    declared = getattr(view, "_apidoc", {}).get("arguments", {}).get("parameters", [])
    return hasattr(view, "upload") or any(one.get("in") in ("json", "form", "files") for one in declared)


def _declared_types(view: Callable[..., Any]) -> tuple[str, ...]:
    """Form routes of the API declare their location by smorest's `arguments`."""
    declared = getattr(view, "_apidoc", {}).get("arguments", {}).get("parameters", [])
    places = {one.get("in") for one in declared}
    forms = ("application/x-www-form-urlencoded", "multipart/form-data") if "form" in places else ()
    return (*forms, "multipart/form-data") if "files" in places else forms


def _check_type(request: Request, allowed: tuple[str, ...]) -> None:
    for one in allowed:
        family, _slash, kind = one.partition("/")
        if request.mimetype == one or (kind == "*" and request.mimetype.startswith(f"{family}/")):
            return
    raise WrongContentType(action=_("Send it as %(types)s.", types=" or ".join(dict.fromkeys(allowed))))


def drain(request: Request) -> None:
    """Take in what a refused request still sends; see DRAINED."""
    left = min(request.content_length or 0, DRAINED)
    stream: io.RawIOBase = request.environ["wsgi.input"]
    while left > 0:
        chunk = stream.read(min(left, 65_536))
        if not chunk:
            return
        left -= len(chunk)
