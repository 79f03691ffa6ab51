"""Owns what is written down about running: a JSON line per event, request, shop and person by id, nothing personal."""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import MutableMapping
from typing import Any
from uuid import uuid4

import orjson
import structlog
from flask import Flask, Response, g, request

from app.kit.runtime import runtime

_SANE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
_SECRET = re.compile(
    r"password|secret|token|authorization|cookie|otp|^key$|_key$|email|phone|mobile|pan$|aadhaar|gstin|address|dsn",
    re.I,
)
HIDDEN = "[hidden]"

log = structlog.get_logger("boolagold")


def configure(level: str = "INFO", *, json: bool = True) -> None:
    """Everything, the libraries' lines too, as JSON lines on standard error."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide,
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level.lower()),
        cache_logger_on_first_use=True,
    )
    plain = structlog.dev.ConsoleRenderer(
        exception_formatter=structlog.dev.plain_traceback
    )  # the rich one shows locals
    renderer = structlog.processors.JSONRenderer(_json) if json else plain
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.getLogger("werkzeug").setLevel("WARNING")  # its access lines hold query strings


def _json(event: Any, **options: Any) -> str:
    return orjson.dumps(event, default=options.get("default", str), option=orjson.OPT_NON_STR_KEYS).decode()


def hide(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Values under a telling name are hidden, at any depth of dictionaries."""
    for name, value in event.items():
        if _SECRET.search(name):
            event[name] = HIDDEN
        elif isinstance(value, dict):
            event[name] = hide(_, __, dict(value))
    return event


def bind(**facts: Any) -> None:
    """Add to every later line of this request or job."""
    structlog.contextvars.bind_contextvars(**{name: value for name, value in facts.items() if value is not None})


def request_id() -> str:
    """Of this request; empty outside of one."""
    return str(g.get("request_id", "")) if g else ""


def install(app: Flask) -> None:
    app.before_request(_begin)
    app.after_request(_end)


def configure_sentry(dsn: str, *, release: str, environment: str) -> None:
    """Errors go to Sentry without bodies, headers, cookies, query strings or local variables."""
    import sentry_sdk
    from sentry_sdk.integrations.flask import FlaskIntegration

    sentry_sdk.init(
        dsn=dsn, release=release, environment=environment, integrations=[FlaskIntegration()], send_default_pii=False,
        include_local_variables=False, max_request_body_size="never", before_send=_without_request,
    )  # fmt: skip


def report(error: BaseException) -> None:
    """An error that nobody expected: to the log with its trace, and to Sentry where there is one."""
    log.error("unexpected error", exc_info=error)
    sentry = sys.modules.get("sentry_sdk")
    if sentry is not None:
        sentry.capture_exception(error)


def _without_request(event: Any, _hint: Any) -> Any:
    whole = event.get("request")
    if whole:
        event["request"] = {"method": whole.get("method"), "url": str(whole.get("url", "")).split("?")[0]}
    event.setdefault("tags", {})["request_id"] = request_id()
    event.pop("user", None)
    return event


def _begin() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _SANE_ID.fullmatch(given) else uuid4().hex
    g.began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    bind(request_id=g.request_id)


def _end(response: Response) -> Response:
    response.headers["X-Request-Id"] = request_id()
    seconds = time.perf_counter() - g.get("began", time.perf_counter())
    rule = request.url_rule.rule if request.url_rule else "none"
    runtime().metrics.requests.labels(request.method, rule, str(response.status_code)).observe(seconds)
    log.info("request", method=request.method, route=rule, status=response.status_code, ms=round(seconds * 1000, 1))
    return response
