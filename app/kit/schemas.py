"""Owns the shape of JSON at the border: camelCase, nothing unknown, nothing converted in silence, no NUL bytes."""

from __future__ import annotations

import datetime as dt
import enum
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn
from uuid import UUID

import marshmallow as ma
from flask import Request
from marshmallow import fields, validate
from webargs.flaskparser import FlaskParser
from webargs.multidictproxy import MultiDictProxy

from app.kit.bodies import read_json
from app.kit.clock import rfc3339
from app.kit.errors import Unprocessable
from app.kit.money import MAX_PAISE
from app.kit.readable import UNREADABLE, is_readable
from app.kit.texts import N_, _

BIGGEST = 2**63 - 1
_DIGITS = re.compile(r"-?[0-9]{1,18}")
_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class InvalidInput(Unprocessable):
    """The input has the wrong shape: a field missing, unknown, of the wrong type or out of its bounds."""

    default_message = N_("Some of what was sent can't be taken.")
    default_action = N_("Correct the fields named and send it again.")


def camel(name: str) -> str:
    """net_mg → netMg."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


class ApiSchema(ma.Schema):
    """Base of every schema: keys in camelCase, unknown ones refused."""

    class Meta:
        unknown = ma.RAISE

    error_messages = {  # noqa: RUF012 (marshmallow's own form)
        "unknown": N_("There is no such field."),
        "type": N_("An object is expected."),
    }

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        if field_obj.data_key is None:
            field_obj.data_key = camel(field_name)


_NOTHING = ApiSchema()


class QueryArgs(ApiSchema):
    """Base of schemas of query arguments: numbers and flags arrive as text there, and only there."""


class Whole(fields.Integer):
    """A whole number within 64 bits; 1.0, true and "1" are refused (a query argument may be "1")."""

    default_error_messages = {  # noqa: RUF012
        "invalid": N_("A whole number is expected."),
        "null": N_("A whole number is expected, not null."),
    }

    def __init__(self, *, least: int = 0, most: int = BIGGEST, **kwargs: Any) -> None:
        bounds = validate.Range(min=least, max=most)
        super().__init__(validate=[bounds, *_listed(kwargs.pop("validate", None))], **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if isinstance(value, str) and isinstance(self.root, QueryArgs) and _DIGITS.fullmatch(value):
            return int(value)
        if type(value) is not int:
            raise self.make_error("invalid", input=value)
        return value


class Paise(Whole):
    """Money in paise, from nothing to ₹1,000 crore unless said otherwise."""

    def __init__(self, *, least: int = 0, most: int = MAX_PAISE, **kwargs: Any) -> None:
        super().__init__(least=least, most=most, **kwargs)


class Text(fields.String):
    """Text in NFC, trimmed, of what people can read; `lines=True` lets it have line breaks and tabs."""

    default_error_messages = {  # noqa: RUF012
        "invalid": N_("Text is expected."),
        "control": N_("Control characters are not taken."),
        "unseen": UNREADABLE,
    }

    def __init__(self, *, least: int = 0, most: int = 200, lines: bool = False, **kwargs: Any) -> None:
        self._lines = lines
        bounds = validate.Length(min=least or None, max=most)
        super().__init__(validate=[bounds, *_listed(kwargs.pop("validate", None))], **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        text = unicodedata.normalize("NFC", value).strip()
        if _CONTROL.search(value) or (not self._lines and re.search(r"[\r\n\t\u2028\u2029]", text)):
            raise self.make_error("control")
        if not is_readable(text):
            raise self.make_error("unseen")
        return text


class Secret(Text):
    """A password: kept as it was typed, counted in bytes by whoever hashes it."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if "\x00" in value:
            raise self.make_error("control")
        return value


class Flag(fields.Boolean):
    """true or false; "yes" and 1 are refused (a query argument may be "true")."""

    default_error_messages = {"invalid": N_("true or false is expected.")}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        if isinstance(value, str) and isinstance(self.root, QueryArgs) and value in ("true", "false"):
            return value == "true"
        if type(value) is not bool:
            raise self.make_error("invalid", input=value)
        return value


class IdField(fields.UUID):
    """An id in its canonical text."""

    default_error_messages = {"invalid_uuid": N_("An id is expected.")}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> UUID:
        if not isinstance(value, str) or not _ID.fullmatch(value):  # UUID() itself takes braces, blanks and _ too
            raise self.make_error("invalid_uuid")
        return super()._deserialize(value, attr, data, **kwargs)


class Day(fields.Date):
    """A date as 2026-04-01, between 1990 and 2199."""

    default_error_messages = {  # noqa: RUF012
        "invalid": N_("A date like 2026-04-01 is expected."),
        "range": N_("The date lies outside of what makes sense."),
    }

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> dt.date:
        if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value, re.ASCII):
            raise self.make_error("invalid", obj_type=self.OBJ_TYPE)
        day = super()._deserialize(value, attr, data, **kwargs)
        if not 1990 <= day.year <= 2199:
            raise self.make_error("range")
        return day


class Moment(fields.AwareDateTime):
    """A moment as 2026-04-01T10:30:00Z; one without a time zone is refused."""

    default_error_messages = {"invalid": N_("A moment like 2026-04-01T10:30:00Z is expected.")}  # noqa: RUF012

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", default_timezone=None, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else rfc3339(value)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> dt.datetime:
        if not isinstance(value, str) or not 20 <= len(value) <= 40:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        moment = super()._deserialize(value, attr, data, **kwargs)
        if not 1990 <= moment.year <= 2199:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        return moment.astimezone(dt.UTC)


class OneOf(Text):
    """One of the values of a StrEnum, or of the texts given."""

    def __init__(self, choices: type[enum.StrEnum] | tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(validate=validate.OneOf([str(one) for one in choices]), **kwargs)


class StrictParser(FlaskParser):
    """Reads arguments with the house's JSON and answers mistakes with the house's errors."""

    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012
        "json": None, "query": ma.RAISE, "form": None, "files": ma.EXCLUDE, "headers": ma.EXCLUDE,
        "cookies": ma.EXCLUDE, "view_args": ma.EXCLUDE, "path": ma.EXCLUDE,
    }  # fmt: skip

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        return read_json(req)

    def load_querystring(self, req: Request, schema: ma.Schema) -> Any:
        return MultiDictProxy(req.args, schema)

    def handle_error(self, error: ma.ValidationError, req: Request, schema: ma.Schema, **kwargs: Any) -> NoReturn:
        messages = error.messages
        body = messages.get("json", messages.get("query", messages.get("form", messages))) if isinstance(
            messages, dict
        ) else messages  # fmt: skip
        raise InvalidInput(fields=dict(flat(body)))


def check_no_content(request: Request) -> None:
    """Where no body is described: an empty object is none, and all else is refused as unknown fields are."""
    if messages := _NOTHING.validate(read_json(request)):
        raise InvalidInput(fields=dict(flat(messages)))


def flat(messages: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Marshmallow's nested messages as path → message: `lines.0.itemId`."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            name = "" if key == "_schema" else str(key)
            yield from flat(inner, f"{path}.{name}".strip(".") if name else path)
    elif isinstance(messages, list):
        yield path or "body", " ".join(str(_(str(one))) for one in messages)
    else:
        yield path or "body", str(messages)


def _listed(validators: Any) -> list[Any]:
    if validators is None:
        return []
    return list(validators) if isinstance(validators, list | tuple) else [validators]
