"""Owns what bad input is: values nobody should send, where a body may hold them, what a clear refusal looks like."""

import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pymysql
import pytest
from werkzeug.test import TestResponse

from migrations.tables import tables_of
from shard_router.gtid import TrackingConnection
from tests.support.cluster import Cluster

CODES = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", Path("docs/errors.md").read_text(encoding="utf-8"), re.M))
LEAKS = re.compile(r"Traceback|pymysql|sqlalchemy|marshmallow|SELECT |INSERT |\.py\b|<class |0x[0-9a-f]{8}", re.I)

FREE_ID = "018f0000-0000-7000-8000-000000000000"

CONTROL: tuple[str, ...] = (
    "\x00", "a\x00b", "a\x07b", "a\u2028b", "a\r\nX-Injected: 1", "\u202e\u200fgnir", "\u200b" * 6, "\ufeff",
    "\uffff\ufdd0",
)  # fmt: skip
"""What no text may hold."""

HUGE: tuple[str, ...] = ("x" * 100_000, "💍" * 50_000)

ODD_TEXTS: tuple[str, ...] = (
    "", "   ", "e" + "\u0301" * 15, "\U0001d160" * 150, "💍👩🏽‍🏭🇮🇳",
    "सोना", "𝟙𝟚𝟛", "१२", "' OR 1=1;--", "%_\\", "\"`$(id)", "#read(\"/x\")", "$ x_1 $ \\ *", "<script>alert(1)",
    "{{7*7}}${7*7}", "%s%n%x", "=1+1", "@SUM(1)", "-1", "1", "../../etc/passwd", "ZZ", "27AAACR5055K1Z8", "a@b..c",
)  # fmt: skip
"""Texts that are texts, and that somebody further down might take for something else."""

ODD_NUMBERS: tuple[str, ...] = ("0x1F", "007", "+1", "1.5", "true", "null", "NaN", "1e400", "999999999999999999999")

ODD_DAYS: tuple[str, ...] = (
    "2026-02-30", "9999-12-31", "0001-01-01", "2026-13-01", "2026-1-1", "0000-00-00", "10000-01-01",
    "2026-04-01T00:00:00Z", "2199-12-31", "1990-01-01", "१९९०-०१-०१",
)  # fmt: skip

ODD_IDS: tuple[str, ...] = (
    "not-an-id", FREE_ID, FREE_ID.upper(), FREE_ID.replace("-", ""), "{" + FREE_ID[1:-1] + "}", "urn:uuid:" + FREE_ID,
    "00000000-0000-0000-0000-000000000000", FREE_ID[:-2] + "_0", FREE_ID[:-1] + "०", " " + FREE_ID[1:], FREE_ID + " 1",
    "018f00000000-7000-8000--000000000000",
)  # fmt: skip

ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 1.0, 1.5, -0.0, 1e308, 5e-324, 2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1,
    -(2**63), 10**12, [], {}, [[]], [None], [{}], [1, "1"], {"a": 1}, {"$ne": 1}, {"__proto__": {}},
    *CONTROL, *HUGE, *ODD_TEXTS, *ODD_NUMBERS, *ODD_DAYS, *ODD_IDS,
)  # fmt: skip

UNREADABLE: tuple[tuple[bytes, str], ...] = (
    (b"NaN", "malformed_json"), (b"Infinity", "malformed_json"), (b"-Infinity", "malformed_json"),
    (b"1e400", "malformed_json"), (b"-1e999", "malformed_json"), (b"1" + b"0" * 400, "malformed_json"),
    (b'"\\ud800"', "malformed_json"), (b'"\\udfff\\ud800"', "malformed_json"), (b'"\xff"', "malformed_json"),
    (b'"\xed\xa0\x80"', "malformed_json"), (b'"\x01"', "malformed_json"), (b'"\\x41"', "malformed_json"),
    (b'{"a": 1, "a": 2}', "malformed_json"), (b'{"a": 1, "\\u0061": 2}', "malformed_json"), (b"01", "malformed_json"),
    (b"+1", "malformed_json"), (b".5", "malformed_json"), (b"[1,]", "malformed_json"), (b"'a'", "malformed_json"),
    (b"undefined", "malformed_json"), (b"/**/1", "malformed_json"), (b"", "malformed_json"),
    (b"[" * 40 + b"]" * 40, "json_too_deep"), (b"[" * 5000 + b"]" * 5000, "json_too_deep"),
    (b'{"a":' * 2000 + b"1" + b"}" * 2000, "json_too_deep"), (b"[" + b"1," * 30_000 + b"1]", "json_too_deep"),
)  # fmt: skip
"""Raw JSON for one value that leaves the whole body unreadable, whichever field it stands in."""

PLACE = "\ufffd the place \ufffd"


# ---------------------------------------------------------------- the description


@dataclass(frozen=True, eq=False)
class Slot:
    """A place in a body: its path (`lines.0.itemId`), and what the API's description lets stand there."""

    path: tuple[str | int, ...]
    schema: dict[str, Any] = field(repr=False)
    number: int = 0

    def __str__(self) -> str:
        return ".".join(map(str, self.path))

    @cached_property
    def _fits(self) -> Any:
        return validator(self.schema)

    def takes(self, value: Any) -> bool:
        """As described; texts are trimmed first, and none holds what CONTROL lists. Passwords are not trimmed."""
        if isinstance(value, str) and not self.secret:
            return value not in CONTROL and bool(self._fits.is_valid(value.strip()))
        return not (isinstance(value, str) and "\x00" in value) and bool(self._fits.is_valid(value))

    @property
    def secret(self) -> bool:
        return str(self.path[-1]).lower().endswith("password")

    @property
    def telling(self) -> tuple[Any, ...]:
        """Odd values that this place takes in form; of texts and figures every third, so that neighbours have them all
        together."""
        kind = str(self.schema.get("format"))
        likes = {"uuid": ODD_IDS, "date": ODD_DAYS}.get(kind, ("", *ODD_TEXTS[self.number % 3 :: 3]))
        others = [value for value in ODD_VALUES if not isinstance(value, str) and self.takes(value)]
        return (*others[self.number % 3 :: 3], *(value for value in likes if self.takes(value)))


@dataclass
class Description:
    """The API as /api/v1/openapi.json tells it, with every reference resolved."""

    spec: dict[str, Any]

    @cached_property
    def operations(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """operationId → method, operation."""
        return {
            one["operationId"]: (method.upper(), one)
            for path in self.spec["paths"].values()
            for method, one in path.items()
            if method in ("get", "post", "put", "patch", "delete")
        }

    def body_of(self, operation: str) -> dict[str, Any] | None:
        """The schema of its JSON body."""
        content = self.operations[operation][1].get("requestBody", {}).get("content", {})
        return self.resolved(content["application/json"]["schema"]) if "application/json" in content else None

    def queries_of(self, operation: str) -> dict[str, dict[str, Any]]:
        found = (self.resolved(one) for one in self.operations[operation][1].get("parameters", []))
        return {one["name"]: one["schema"] for one in found if one["in"] == "query"}

    def reply_of(self, operation: str, status: int) -> dict[str, Any] | None:
        """The schema of the reply with this status; None where no such reply is described or it has no body."""
        answer = self.operations[operation][1]["responses"].get(str(status), {})
        content = answer.get("content", {}).get("application/json")
        return None if content is None else self.resolved(content["schema"])

    def resolved(self, schema: Any) -> Any:
        if isinstance(schema, list):
            return [self.resolved(one) for one in schema]
        if not isinstance(schema, dict):
            return schema
        if "$ref" in schema:
            found: Any = self.spec
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            return self.resolved(found)
        return {name: self.resolved(one) for name, one in schema.items()}


def validator(schema: dict[str, Any]) -> Any:
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def slots(schema: dict[str, Any]) -> list[Slot]:
    """Every place below a body's schema, containers included, the first member of lists."""
    return [Slot(path, inner, number) for number, (path, inner) in enumerate(_places(schema, ()))]


def _places(schema: dict[str, Any], path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if path:
        yield path, schema
    for choice in schema.get("anyOf", [schema]):
        for name, inner in choice.get("properties", {}).items():
            yield from _places(inner, (*path, name))
        if "items" in choice:
            yield from _places(choice["items"], (*path, 0))


# ---------------------------------------------------------------- spoiling


def spoilt(body: Any, *places: tuple[str | int, ...], value: Any) -> Any:
    """A copy of the body with the value at each of the places."""
    found = copy.deepcopy(body)
    for *way, last in places:
        inner = found
        for step in way:
            inner = inner[step]
        inner[last] = copy.deepcopy(value)
    return found


def with_raw(body: Any, path: tuple[str | int, ...], raw: bytes) -> bytes:
    """The body's JSON with these bytes as the value at the path."""
    return orjson.dumps(spoilt(body, path, value=PLACE)).replace(orjson.dumps(PLACE), raw)


def reaches(body: Any, path: tuple[str | int, ...]) -> bool:
    """Whether the body has this place."""
    for step in path:
        if isinstance(step, int) != isinstance(body, list) or not body or (isinstance(body, dict) and step not in body):
            return False
        body = body[step]
    return True


# ---------------------------------------------------------------- what a refusal looks like


def unclear(reply: TestResponse) -> str:
    """What is wrong with a refusal; empty where it is as it must be."""
    status = reply.status_code
    if not 400 <= status < 500:
        return f"{status}, no refusal: {reply.text[:200]}"
    if reply.content_type != "application/problem+json":
        return f"{status} as {reply.content_type}"
    body = reply.get_json(silent=True) or {}
    code = body.get("code")
    if CODES.get(code) is None:
        return f"{status} with code {code}, which docs/errors.md does not know"
    if body.get("status") != status or int(CODES[code]) != status:
        return f"{status} for {code}, which is {CODES[code]} in docs/errors.md"
    if not body.get("requestId") or body["requestId"] != reply.headers.get("X-Request-Id"):
        return f"{code}: no request id, or another than the header's"
    if len(str(body.get("detail", "")).split()) < 3:
        return f"{code}: no words for a person: {body.get('detail')!r}"
    if LEAKS.search(reply.text):
        return f"{code} tells what is inside: {reply.text[:300]}"
    return ""


def wrong(description: Description, operation: str, reply: TestResponse) -> str:
    """The same for a reply that may also be a rightful success, which must be as described."""
    if not 200 <= reply.status_code < 300:
        return unclear(reply)
    described = description.operations[operation][1]["responses"]
    if str(reply.status_code) not in described:
        return f"{reply.status_code} is not described"
    schema = description.reply_of(operation, reply.status_code)
    if schema is None:
        return "" if not reply.data else "a body that is not described"
    fault = next(validator(schema).iter_errors(reply.get_json()), None)
    return "" if fault is None else f"not as described at {list(fault.instance_path)}: {fault.message}"[:300]


# ---------------------------------------------------------------- nothing half-written


COUNTERS = frozenset({"sign_in_gates"})
"""Tables that are there to count refusals."""


WRITTEN = re.compile(
    r"\b(?:INSERT(?:\s+IGNORE)?\s+INTO|REPLACE\s+INTO|UPDATE|DELETE(?:\s+\w+)?\s+FROM)\s+`?(\w+)", re.IGNORECASE
)


@dataclass
class Rows:
    """A look at all rows of the control plane and of a shop's, by connections that stay open.

    A table is read again only when this process has sent a statement since that writes to it; `close` reads all of them
    once more, so that a write which went past unseen is found at the end.
    """

    cluster: Cluster
    shard: str
    shop_id: int
    _seen: dict[str, tuple[int, str]] = field(default_factory=dict)
    _written: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        fleet = self.cluster.fleet
        home = next(one for one in fleet.shards if one.name == self.shard)
        self._looks = [
            (self._opened(fleet.control), self._statements(fleet.control, of_shop=False)),
            (self._opened(home), self._statements(home, of_shop=True)),
        ]
        self._patch = pytest.MonkeyPatch()
        send = TrackingConnection.query

        def note_and_send(connection: Any, sql: str | bytes, unbuffered: bool = False) -> int:
            text = sql if isinstance(sql, str) else bytes(sql).decode("latin-1")
            self._written.update(WRITTEN.findall(text))
            return send(connection, sql, unbuffered)

        self._patch.setattr(TrackingConnection, "query", note_and_send)
        self._seen = self._read(None)

    def _opened(self, target: Any) -> pymysql.Connection:
        connection = self.cluster.raw_connection(target, "app")
        connection.autocommit(True)
        return connection

    def _statements(self, target: Any, *, of_shop: bool) -> dict[str, str]:
        """By table."""
        parts = {}
        for table in tables_of(target.plane):
            if table.name in COUNTERS or (of_shop and "shop_id" not in table.columns):
                continue
            columns = ", ".join(f"COALESCE(HEX(`{column.name}`), '~')" for column in table.columns)
            where = f" WHERE shop_id = {self.shop_id:d}" if of_shop else ""
            digest = f"CAST(CONV(LEFT(SHA2(CONCAT_WS('|', {columns}), 256), 12), 16, 10) AS UNSIGNED)"
            parts[table.name] = (
                f"SELECT '{table.name}', COUNT(*), COALESCE(SUM({digest}), 0) FROM `{table.name}`{where}"
            )
        return parts

    def now(self) -> dict[str, tuple[int, str]]:
        written, self._written = self._written, set()
        self._seen |= self._read(written)
        return dict(self._seen)

    def _read(self, names: set[str] | None) -> dict[str, tuple[int, str]]:
        """Count and digest of each of these tables, or of all."""
        found: dict[str, tuple[int, str]] = {}
        for connection, statements in self._looks:
            wanted = [sql for name, sql in statements.items() if names is None or name in names]
            if not wanted:
                continue
            with connection.cursor() as cursor:
                cursor.execute(" UNION ALL ".join(wanted))
                found |= {name: (int(count), str(digest)) for name, count, digest in cursor.fetchall()}
        return found

    def close(self) -> None:
        self._patch.undo()
        unseen = changed(self.now(), self._read(None))
        for connection, _statements in self._looks:
            connection.close()
        assert not unseen, f"written to by statements that were not heard: {unseen}"


def changed(before: dict[str, tuple[int, str]], after: dict[str, tuple[int, str]]) -> list[str]:
    """Names of the tables that are not as they were."""
    return [name for name in after if after[name] != before.get(name)]
