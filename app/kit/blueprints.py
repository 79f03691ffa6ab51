"""Owns the doors that domains hang their routes on: typed blueprints of the API, the console's API and the pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

import flask
import flask_smorest
import marshmallow as ma
from werkzeug.routing import BaseConverter

from app.kit.schemas import StrictParser

F = TypeVar("F", bound=Callable[..., Any])
SHOP_PREFIX = "/api/v1/shops/<int:shop_id>"
CONSOLE_PREFIX = "/api/v1/console"
API_PREFIX = "/api/v1"
PAGES_PREFIX = "/s/<shop_slug>"


class IdConverter(BaseConverter):
    """`<id:item_id>`: a UUID in canonical text; anything else is at no address."""

    regex = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"

    def to_python(self, value: str) -> UUID:
        return UUID(value)

    def to_url(self, value: Any) -> str:
        return str(value)


class ApiBlueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # smorest has no types; these are ours
    """smorest's blueprint with the house's parser, and types that let mypy see through its decorators."""

    ARGUMENTS_PARSER = StrictParser()

    def get(self, rule: str, **options: Any) -> Callable[[F], F]:
        return self._on("GET", rule, options)

    def post(self, rule: str, **options: Any) -> Callable[[F], F]:
        return self._on("POST", rule, options)

    def put(self, rule: str, **options: Any) -> Callable[[F], F]:
        return self._on("PUT", rule, options)

    def patch(self, rule: str, **options: Any) -> Callable[[F], F]:
        return self._on("PATCH", rule, options)

    def delete(self, rule: str, **options: Any) -> Callable[[F], F]:
        return self._on("DELETE", rule, options)

    def arguments(self, schema: type[ma.Schema] | ma.Schema, **options: Any) -> Callable[[F], F]:
        """The body (or `location="query"`), checked, as the view's first argument."""
        kept = schema() if isinstance(schema, type) else schema  # a Schema costs 42 µs: made once
        declare: Callable[[F], F] = super().arguments(kept, **options)
        return declare

    def response(self, status: int, schema: Any = None, **options: Any) -> Callable[[F], F]:
        """What a success looks like; a POST that answers 201 or 202 needs an Idempotency-Key."""
        declare: Callable[[F], F] = super().response(status, schema, **options)
        return declare

    def _on(self, method: str, rule: str, options: dict[str, Any]) -> Callable[[F], F]:
        declare: Callable[[F], F] = self.route(rule, methods=[method], **options)
        return declare


def api_blueprint(name: str, prefix: str, *, description: str = "") -> ApiBlueprint:
    """Routes of one shop: /api/v1/shops/<shop_id><prefix>. Views take `shop_id`, the session comes from shop_read."""
    return ApiBlueprint(name, name, url_prefix=f"{SHOP_PREFIX}{prefix}", description=description)


def console_blueprint(name: str, prefix: str, *, description: str = "") -> ApiBlueprint:
    """Routes of the vendor's console: /api/v1/console<prefix>."""
    return ApiBlueprint(f"console_{name}", name, url_prefix=f"{CONSOLE_PREFIX}{prefix}", description=description)


def platform_blueprint(name: str, prefix: str, *, description: str = "") -> ApiBlueprint:
    """Routes that belong to no shop: /api/v1<prefix>, like sign-in and one's own profile."""
    return ApiBlueprint(name, name, url_prefix=f"{API_PREFIX}{prefix}", description=description)


def page_blueprint(name: str, prefix: str, *, module: str) -> flask.Blueprint:
    """Pages of one shop: /s/<shop slug><prefix>. Views take no slug; `url_for` fills it in. `module` is __name__."""
    return flask.Blueprint(f"{name}_pages", module, url_prefix=f"{PAGES_PREFIX}{prefix}")


def install(app: flask.Flask) -> None:
    """Before any route: ids in addresses; the shop's slug is taken out of pages' arguments and put into their links."""
    app.url_map.converters["id"] = IdConverter

    @app.url_value_preprocessor
    def drop_slug(_endpoint: str | None, values: dict[str, Any] | None) -> None:
        if values and "shop_slug" in values:
            flask.g.shop_slug = values.pop("shop_slug")

    @app.url_defaults
    def add_slug(endpoint: str, values: dict[str, Any]) -> None:
        if "shop_slug" in values or "shop_slug" not in flask.g:
            return
        if app.url_map.is_endpoint_expecting(endpoint, "shop_slug"):
            values["shop_slug"] = flask.g.shop_slug
