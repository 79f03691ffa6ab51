"""Owns the headers that protect a browser, who of elsewhere may call the API, and CSRF on cookie pages."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from flask_wtf.csrf import CSRFError, CSRFProtect

from app.kit.errors import Forbidden
from app.kit.texts import N_

CORS_METHODS = "GET, POST, PUT, PATCH, DELETE"
CORS_TAKES = "Authorization, Content-Type, Idempotency-Key, If-Match, X-Consistency, X-Request-Id, X-Till-Id"
CORS_SHOWS = "ETag, Retry-After, X-Consistency, X-Request-Id, Idempotent-Replay, Location"
CORS_SECONDS = "600"
HSTS = "max-age=31536000; includeSubDomains"
EXTENSION = "boolagold.csrf"


class FormExpired(Forbidden):
    """A page's form came without its CSRF token or with an old one; nothing was done."""

    default_message = N_("This page was open for too long, so it was not sent.")
    default_action = N_("Reload the page and send it again.")


@dataclass(frozen=True)
class Policy:
    """What settings say about browsers."""

    files_from: tuple[str, ...]  # origins of the side service and of an object store that browsers reach by themselves
    https: bool
    cors_origins: frozenset[str] = frozenset()

    @classmethod
    def of(cls, *, side_url: str, https: bool, cors_origins: Sequence[str], store_url: str | None = None) -> Policy:
        origins = tuple(dict.fromkeys(_origin_of(url) for url in (side_url, store_url) if url))
        return cls(origins, https, frozenset(one.rstrip("/") for one in cors_origins))


def install(app: Flask, policy: Policy) -> None:
    app.config.update(WTF_CSRF_CHECK_DEFAULT=False)  # checked by the guard, and only where a cookie signs in
    app.extensions[EXTENSION] = CSRFProtect(app)
    app.jinja_env.globals["csp_nonce"] = csp_nonce
    app.before_request(_preflight(policy))
    app.after_request(_headers(policy))


def csp_nonce() -> str:
    """This page's nonce: `<script nonce="{{ csp_nonce() }}">`."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def check_csrf(_view: Callable[..., Any]) -> None:
    """On pages, for every method that changes something; a view can't opt out."""
    from flask import current_app

    if request.method in ("GET", "HEAD", "OPTIONS") or current_app.config.get("FACE") == "side":
        return
    guard: CSRFProtect = current_app.extensions[EXTENSION]
    try:
        guard.protect()
    except CSRFError as error:
        raise FormExpired() from error


def page_policy(policy: Policy, nonce: str | None) -> str:
    """Nothing inline without the page's nonce, nothing from elsewhere but our own files."""
    own = f"'self' 'nonce-{nonce}'" if nonce else "'self'"
    files = " ".join(policy.files_from)
    rules = {
        "default-src": "'self'",
        "script-src": own,
        "style-src": own,
        "img-src": f"'self' data: blob: {files}",
        "font-src": "'self' data:",
        "connect-src": f"'self' {files}",
        "frame-src": f"'self' {files}",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": f"'self' {files}",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _headers(policy: Policy) -> Callable[[Response], Response]:
    def add(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("Referrer-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(self), microphone=(), geolocation=()")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if response.mimetype == "text/html":
            headers.setdefault("Content-Security-Policy", page_policy(policy, g.get("csp_nonce")))
        else:
            headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
        if "Cache-Control" not in headers:
            headers["Cache-Control"] = "no-store"
        if policy.https:
            headers.setdefault("Strict-Transport-Security", HSTS)
        return _cors(policy, response)

    return add


def _preflight(policy: Policy) -> Callable[[], Response | None]:
    def answer() -> Response | None:
        asked = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        if not asked or not request.path.startswith("/api/"):
            return None
        response = Response(status=204)
        if _origin(policy) is not None:
            response.headers["Access-Control-Allow-Methods"] = CORS_METHODS
            response.headers["Access-Control-Allow-Headers"] = CORS_TAKES
            response.headers["Access-Control-Max-Age"] = CORS_SECONDS
        return response

    return answer


def _cors(policy: Policy, response: Response) -> Response:
    """Only the API, only for origins on the list, never with credentials: the API takes no cookie."""
    if not request.path.startswith("/api/"):
        return response
    response.vary.add("Origin")
    origin = _origin(policy)
    if origin is not None:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = CORS_SHOWS
    return response


def _origin(policy: Policy) -> str | None:
    origin = request.headers.get("Origin", "")
    return origin if origin in policy.cors_origins else None
