"""Owns the API's description: OpenAPI 3.1 from the routes themselves, and a page to read it, all of our own."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson
from flask import Flask, Response, render_template
from flask_smorest import Api
from flask_smorest.spec.plugins import FlaskPlugin

from app.kit import errors
from app.kit.access import Access, Who, access_of, public
from app.kit.blueprints import IdConverter
from app.kit.idempotency import creates

TITLE = "BoolaGold"
VERSION = "v1"
PROBLEM = "#/components/responses/Problem"
METHODS = ("get", "post", "put", "patch", "delete")

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "requestId"],
    "properties": {
        "type": {"type": "string", "description": "Where this code is described."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened, for a person."},
        "action": {"type": "string", "description": "What to do about it."},
        "code": {"type": "string", "description": "Stable; see the list of codes."},
        "requestId": {"type": "string", "description": "Finds this request in our log."},
        "fields": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "What is wrong, by path: lines.0.itemId.",
        },
    },
}
PARAMETERS: dict[str, dict[str, Any]] = {
    "IdempotencyKey": {
        "in": "header", "name": "Idempotency-Key", "required": True,
        "description": "A new random key for each new request; the same one when sending it again.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"},
    },
    "IfMatch": {
        "in": "header", "name": "If-Match", "required": True,
        "description": "The ETag that was read; refused by 412 if somebody changed it since.",
        "schema": {"type": "string", "pattern": '^"[0-9]+"$'},
    },
    "Consistency": {
        "in": "header", "name": "X-Consistency", "required": False,
        "description": "The token of an earlier reply about this shop: what was written then is seen now.",
        "schema": {"type": "string"},
    },
}  # fmt: skip


class HouseApi(Api):  # type: ignore[misc]  # smorest has no types
    """smorest's, without its own error handler: the house answers all errors in one way."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """problems.install did."""


def begin(app: Flask) -> HouseApi:
    """Before any route is registered."""
    app.config.update(API_TITLE=TITLE, API_VERSION=VERSION, OPENAPI_VERSION="3.1.0")
    api = HouseApi(app, spec_kwargs={"servers": [{"url": "/"}], "security": [{"bearer": []}]})
    api.register_converter(IdConverter, lambda converter: {"type": "string", "format": "uuid"})
    spec = api.spec
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    spec.components.schema("Problem", PROBLEM_SCHEMA)
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    spec.components.response("Problem", {"description": "A refusal", "content": content})
    for name, parameter in PARAMETERS.items():
        described = {key: value for key, value in parameter.items() if key not in ("in", "name")}
        spec.components.parameter(name, parameter["in"], {"name": parameter["name"], **described})
    return api


def install(app: Flask, api: HouseApi) -> None:
    """After all routes: the description and its page."""
    description = Description(app, api)

    @app.get("/api/v1/openapi.json")
    @public
    def openapi_json() -> Response:
        return Response(orjson.dumps(description.made()), content_type="application/json")

    @app.get("/api/v1/docs")
    @public
    def openapi_page() -> str:
        made = description.made()
        return render_template("reference.html", spec=made, groups=list(grouped(made)), errors=codes(), shape=shape)


class Description:
    """Made at first asking, once per process."""

    def __init__(self, app: Flask, api: HouseApi) -> None:
        self._app = app
        self._api = api
        self._lock = threading.Lock()
        self._made: dict[str, Any] | None = None

    def made(self) -> dict[str, Any]:
        with self._lock:
            if self._made is None:
                self._made = completed(self._app, self._api.spec.to_dict())
            return self._made


def completed(app: Flask, spec: dict[str, Any]) -> dict[str, Any]:
    """What every route has in common, from what its view declares: who may call it, its headers, its refusals."""
    views = dict(_views(app))
    for path, operations in spec["paths"].items():
        for method in METHODS:
            if method in operations:
                _complete(operations[method], method, views[path, method])
    kept = {"Problem": spec["components"]["responses"]["Problem"]}
    spec["components"]["responses"] = kept
    for unused in ("Error", "PaginationMetadata"):
        spec["components"]["schemas"].pop(unused, None)
    return spec


def _views(app: Flask) -> Iterator[tuple[tuple[str, str], tuple[str, Callable[..., Any]]]]:
    for rule in app.url_map.iter_rules():
        path = FlaskPlugin.flaskpath2openapi(rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            yield (path, method.lower()), (rule.endpoint, app.view_functions[rule.endpoint])


def _complete(operation: dict[str, Any], method: str, found: tuple[str, Callable[..., Any]]) -> None:
    endpoint, view = found
    access = access_of(view) or Access(Who.PUBLIC)
    operation["operationId"] = endpoint.replace(".", "_")
    headers = []
    if access.who is Who.PUBLIC:
        operation["security"] = []
    elif method == "post" and creates(view):
        headers.append("IdempotencyKey")
    if method in ("patch", "put") or getattr(view, "versioned", False):
        headers.append("IfMatch")
    if access.who is Who.MEMBER:
        headers.append("Consistency")
        operation["x-right"] = access.right
    references = [{"$ref": f"#/components/parameters/{name}"} for name in headers]
    operation["parameters"] = [*operation.get("parameters", []), *references]
    responses = operation.setdefault("responses", {})
    for status in [one for one in responses if str(one).startswith(("4", "5"))]:
        del responses[status]
    responses["default"] = {"$ref": PROBLEM}


# ---------------------------------------------------------------- to read


def grouped(spec: Mapping[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Operations by tag, as the page lists them."""
    by_tag: dict[str, list[dict[str, Any]]] = {}
    for path, operations in spec["paths"].items():
        shared = operations.get("parameters", [])
        for method in METHODS:
            if method in operations:
                one = operations[method]
                parameters = [_resolved(spec, each) for each in [*shared, *one.get("parameters", [])]]
                whole = {**one, "method": method.upper(), "path": path, "parameters": parameters}
                by_tag.setdefault((one.get("tags") or ["other"])[0], []).append(whole)
    yield from sorted(by_tag.items())


def codes() -> list[type[errors.AppError]]:
    """Every error that a caller can meet, by code."""
    found = {error.code: error for error in errors.all_errors() if error.__module__.startswith("app.")}
    return [found[code] for code in sorted(found)]


def shape(spec: Mapping[str, Any], schema: Mapping[str, Any], depth: int = 0) -> list[dict[str, Any]]:
    """A schema as rows of a table: path, type, whether it is needed, bounds."""
    whole = _resolved(spec, schema)
    if whole.get("type") == "array":
        return shape(spec, whole.get("items", {}), depth)
    rows = []
    for name, member in whole.get("properties", {}).items():
        inner = _resolved(spec, member)
        rows.append({
            "name": name, "depth": depth, "type": _type(inner), "needed": name in whole.get("required", []),
            "note": _bounds(inner),
        })  # fmt: skip
        if depth < 3:
            rows += shape(spec, inner, depth + 1)
    return rows


def _resolved(spec: Mapping[str, Any], one: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in one:
        found: Any = spec
        for part in one["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        one = found
    return one


def _type(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type", "any")
    names = [str(one) for one in (kind if isinstance(kind, list) else [kind])]
    if "array" in names:
        names = ["list"]
    return " or ".join([*names, *([schema["format"]] if "format" in schema else [])])


def _bounds(schema: Mapping[str, Any]) -> str:
    known = {"minimum": "from", "maximum": "to", "minLength": "at least", "maxLength": "at most", "pattern": "like"}
    parts = [f"{word} {schema[name]}" for name, word in known.items() if schema.get(name) is not None]
    if "enum" in schema:
        parts.append("one of " + ", ".join(str(one) for one in schema["enum"]))
    return "; ".join([*parts, *([schema["description"]] if "description" in schema else [])])


def errors_reference() -> str:
    """docs/errors.md."""
    lines = [
        "# Error codes", "",
        "Made by `python -m app.reference` from the error classes; a test holds the two together. A code never changes",
        "once it is released.", "",
        "| Code | Status | What it means |", "|---|---|---|",
    ]  # fmt: skip
    for error in codes():
        meaning = re.sub(r"\s+", " ", (error.__doc__ or "").strip()).replace("|", "\\|")
        lines.append(f"| `{error.code}` | {error.status} | {meaning} |")
    return "\n".join([*lines, ""])


__all__ = ["begin", "codes", "errors_reference", "grouped", "install", "shape"]
