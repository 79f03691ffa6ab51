"""Owns what is asked for, in one form: who asks, who allows and the document that uses it mean the same bytes."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from app.approvals.errors import FactsUnfit
from app.kit.audit import canonical
from app.kit.readable import is_readable

MOST_BYTES = 8_000
MOST_TEXT = 200
MOST_LISTED = 50
DEEPEST = 4
BIGGEST = 2**63 - 1
_KEY = re.compile(r"[a-z][A-Za-z0-9]{0,39}")
_CODE = re.compile(r"[a-z][a-z0-9_.]{0,39}")


@dataclass(frozen=True, slots=True)
class Want:
    """What somebody wants to do, exactly: its kind, the right that it takes, the thing, and the numbers.

    Facts are named in camelCase with their units (`fromPaisePerG`, `netMg`, `wastageBp`), and `costPaise` is what it
    costs the shop. The document reckons them itself, so what a caller made up never fits. No person's particulars.
    """

    kind: str
    right: str
    subject_id: UUID | None
    facts: Mapping[str, Any]

    @property
    def hash(self) -> bytes:
        """SHA-256 of the one form of all four."""
        body = {"kind": self.kind, "right": self.right, "subject": self.subject_id, "facts": self.facts}
        return hashlib.sha256(canonical(body)).digest()


def settled(want: Want) -> Want:
    """The want with its facts as they are kept; raises FactsUnfit where one has another form."""
    for name, code in (("kind", want.kind), ("right", want.right)):
        if not _CODE.fullmatch(code):
            raise FactsUnfit(fields={name: "not a code"})
    if not want.facts:
        raise FactsUnfit(fields={"facts": "missing"})
    _check(want.facts, "facts", 1)
    body = canonical(want.facts)
    if len(body) > MOST_BYTES:
        raise FactsUnfit(fields={"facts": "too many"})
    return Want(want.kind, want.right, want.subject_id, orjson.loads(body))


def _check(value: object, path: str, depth: int) -> None:
    if depth > DEEPEST:
        raise FactsUnfit(fields={path: "too deep"})
    match value:
        case None | bool() | UUID():
            return
        case int():
            fits = abs(value) <= BIGGEST
        case str():
            fits = len(value) <= MOST_TEXT and is_readable(value)
        case Mapping():
            fits = len(value) <= MOST_LISTED and all(isinstance(key, str) and _KEY.fullmatch(key) for key in value)
            for key, inner in value.items() if fits else ():
                _check(inner, f"{path}.{key}", depth + 1)
        case list() | tuple():
            fits = len(value) <= MOST_LISTED
            for at, inner in enumerate(value if fits else ()):
                _check(inner, f"{path}.{at}", depth + 1)
        case _:
            fits = False
    if not fits:
        raise FactsUnfit(fields={path: "not a fact"})
