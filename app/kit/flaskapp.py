"""Owns the bare application that both faces start from: JSON, logs, admission, problems, headers, texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from flask import Flask
from flask.json.provider import JSONProvider
from werkzeug.middleware.proxy_fix import ProxyFix

from app.kit import access, assets, blueprints, edges, limits, locale, logs, problems, runtime, security, tokens
from app.kit.clock import rfc3339
from app.kit.formsession import FormSession
from app.kit.limits import Limits
from app.kit.runtime import Runtime
from app.kit.security import Policy

ROOT = Path(__file__).parent.parent


class OrjsonProvider(JSONProvider):
    """Flask's JSON by orjson: one form for replies, stored replies and tests."""

    def dumps(self, obj: Any, **_kwargs: Any) -> str:
        return orjson.dumps(obj, default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME).decode()

    def loads(self, s: str | bytes, **_kwargs: Any) -> Any:
        return orjson.loads(s)


def bare_app(
    face: str, parts: Runtime, *, secret: bytes, policy: Policy, rates: Limits, asset_files: assets.Assets, proxies: int
) -> Flask:
    """`face` is web or side. Order matters: admission runs after the request id is known, headers are added last."""
    app = Flask("app", root_path=str(ROOT), static_folder=None, template_folder="templates")
    app.json = OrjsonProvider(app)
    app.secret_key = secret
    app.session_interface = FormSession()
    app.config.update(
        FACE=face, SESSION_COOKIE_NAME="boola_form", SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=policy.https, PREFERRED_URL_SCHEME="https" if policy.https else "http",
        WTF_CSRF_TIME_LIMIT=None,  # a form is as good as its cookie: another host's clock must not end it
    )  # fmt: skip
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
    runtime.install(app, parts)
    limits.install(app, rates)
    blueprints.install(app)
    logs.install(app)
    locale.install(app)
    security.install(app, policy)
    access.install(app)
    app.after_request(tokens.attach)
    problems.install(app)
    app.register_error_handler(edges.Replayed, lambda replayed: replayed.response)
    assets.install(app, asset_files)
    return app


def _plain(value: Any) -> Any:
    import datetime as dt

    if isinstance(value, dt.datetime):
        return rfc3339(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")
