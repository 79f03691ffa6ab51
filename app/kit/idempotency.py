"""Owns Idempotency-Keys: a POST that creates is done once, however often it is sent, and its reply can be had again.

The claim is a row of the same transaction as its effect, so both are there or neither. It holds for 48 hours (the
retention of the table); after that the same key is a new request.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from flask import current_app, g, request
from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from app.kit.bodies import read_json
from app.kit.clock import utc_now
from app.kit.errors import BadRequest, Conflict, Unprocessable
from app.kit.models import ControlIdempotencyKey, IdempotencyKey
from app.kit.texts import N_
from shard_router import ControlSession, Prepared, ShopSession
from shard_router.tables import State, shop_fence

HEADER = "Idempotency-Key"
FORM_FIELD = "idempotency_key"
REPLAY_HEADER = "Idempotent-Replay"
KIND_LENGTH = 40
_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
DUPLICATE, LOCK_WAIT = 1062, 1205


class IdempotencyKeyMissing(BadRequest):
    """A POST that creates came without an Idempotency-Key header, so sending it twice could create twice."""

    default_message = N_("The Idempotency-Key header is missing.")
    default_action = N_("Send a new random key with each new request, and the same one when you send it again.")


class IdempotencyKeyMalformed(BadRequest):
    """An Idempotency-Key is 1 to 64 letters, digits, hyphens or underscores."""

    default_message = N_("The Idempotency-Key must be 1 to 64 letters, digits, hyphens or underscores.")


class IdempotencyKeyReused(Unprocessable):
    """The key was used before for a request with another method, address or body."""

    default_message = N_("This Idempotency-Key was used before for a different request.")
    default_action = N_("Send a new key with a new request.")


class IdempotencyKeyBusy(Conflict):
    """A request with this key is still running, or waits for others of this shop; Retry-After says how long to wait."""

    default_message = N_("This request is still being worked on.")
    default_action = N_("Send it again, unchanged, in a moment.")


class AlreadySent(Conflict):
    """A page's form was sent a second time; what it asked for was done the first time."""

    default_message = N_("This was already saved; it was not saved again.")


class KeyTaken(Exception):
    """Not for people: the claim collided with a committed one, so there is a reply to give again."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One request's key, what the request was, and what kind of thing it makes."""

    key: str
    request_hash: bytes
    kind: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a key did when it was first sent; `reply` None means: rebuild it from the subject."""

    request_hash: bytes
    status: int
    subject_id: UUID | None
    reply: bytes | None


# ---------------------------------------------------------------- the request


def is_keyed() -> bool:
    """Whether this request brought a key and is a POST."""
    return request.method == "POST" and bool(_key_text())


def creates(view: Callable[..., Any]) -> bool:
    """A POST that answers 201 or 202 makes something, and needs a key."""
    codes = getattr(view, "_apidoc", {}).get("success_status_codes", [])
    return any(int(code) in (201, 202) for code in codes)


def check_header(view: Callable[..., Any], *, api: bool, public: bool) -> None:
    """Missing or malformed, before anything is done."""
    if request.method != "POST":
        return
    text = _key_text() if api or HEADER in request.headers else request.form.get(FORM_FIELD, "")
    if text and not _KEY.fullmatch(text):
        raise IdempotencyKeyMalformed()
    if api and not public and not text and creates(view):
        raise IdempotencyKeyMissing()


def claim_facts() -> Claim | None:
    """This request's claim; None where it brought no key. The hot write's service gets it from its edge."""
    if request.method != "POST" or not (key := _key_text()):
        return None
    kept: Claim | None = g.get("claim")
    if kept is None:
        kept = g.claim = claim_of(key, kind=request.endpoint or "", path=request.path, body=_body())
    return kept


def claim_of(key: str, *, kind: str, path: str, body: bytes, method: str = "POST") -> Claim:
    """The claim of a key for what this request was: its hash covers method, path and body."""
    digest = hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).digest()
    return Claim(key, digest, kind[-KIND_LENGTH:])


def _key_text() -> str:
    given = request.headers.get(HEADER, "")
    if given or request.path.startswith("/api/"):
        return given
    return request.form.get(FORM_FIELD, "") if request.method == "POST" else ""


def _body() -> bytes:
    """JSON in one form (so that a client may order its keys anew), a form's fields, a file by its hash."""
    if request.mimetype == "application/json" and request.content_length:
        return orjson.dumps(read_json(request), option=orjson.OPT_SORT_KEYS)
    if request.mimetype in ("multipart/form-data", "application/x-www-form-urlencoded"):
        fields = sorted((name, value) for name, value in request.form.items(multi=True) if name != FORM_FIELD)
        fields = [(name, value) for name, value in fields if name != "csrf_token"]
        files = sorted(
            (name, one.filename or "", _hash_of(one.stream)) for name, one in request.files.items(multi=True)
        )
        return orjson.dumps([fields, files])
    return request.get_data(cache=True)


def _hash_of(stream: Any) -> str:
    digest = hashlib.file_digest(stream, "sha256").hexdigest()
    stream.seek(0)
    return digest


# ---------------------------------------------------------------- the claim, by the ORM


def claim(db: ShopSession, claim: Claim, *, subject_id: UUID | None = None) -> IdempotencyKey:
    """The first statement after the fence. Waits for a running request of the same key; raises KeyTaken or KeyBusy."""
    row = IdempotencyKey(
        key=claim.key, request_hash=claim.request_hash, kind=claim.kind, subject_id=subject_id, status=201, reply=None,
        created_at=utc_now(),
    )  # fmt: skip
    _insert(db, row)
    return row


def claim_control(control: ControlSession, claim: Claim, *, person_id: UUID) -> ControlIdempotencyKey:
    """The same, for the console and the platform's own API, per person."""
    row = ControlIdempotencyKey(
        person_id=person_id, key=claim.key, request_hash=claim.request_hash, kind=claim.kind, status=201, reply=None,
        created_at=utc_now(),
    )  # fmt: skip
    _insert(control, row)
    return row


def find(db: ShopSession, claim: Claim) -> Earlier | None:
    """What the key did earlier; raises IdempotencyKeyReused where that was another request."""
    row = db.scalars(select(IdempotencyKey).where(IdempotencyKey.key == claim.key)).one_or_none()
    return _earlier(row, claim, row.subject_id if row else None)


def find_control(control: ControlSession, claim: Claim, *, person_id: UUID) -> Earlier | None:
    row = control.get(ControlIdempotencyKey, (person_id, claim.key))
    return _earlier(row, claim, None)


def _insert(session: Any, row: Any) -> None:
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        if is_taken(error):
            raise KeyTaken() from error
        raise
    except DBAPIError as error:
        if number_of(error) == LOCK_WAIT:
            raise busy() from error
        raise


def _earlier(row: Any, claim: Claim, subject_id: UUID | None) -> Earlier | None:
    if row is None:
        return None
    if row.request_hash != claim.request_hash:
        raise IdempotencyKeyReused()
    return Earlier(row.request_hash, row.status, subject_id, row.reply)


def is_taken(error: BaseException) -> bool:
    """A duplicate of the claim itself, not of anything else that must be unique."""
    args: tuple[Any, ...] = getattr(getattr(error, "orig", None), "args", ())
    return len(args) > 1 and args[0] == DUPLICATE and "idempotency_keys.PRIMARY" in str(args[1])


def busy() -> IdempotencyKeyBusy:
    return IdempotencyKeyBusy(headers={"Retry-After": "1"})


def number_of(error: BaseException) -> int:
    """MySQL's own number of what went wrong."""
    args: tuple[Any, ...] = getattr(getattr(error, "orig", None), "args", ())
    return args[0] if args and isinstance(args[0], int) else 0


# ---------------------------------------------------------------- the claim, in a packet of the hot write

PREPARED_CLAIM = Prepared(
    lambda: insert(IdempotencyKey).from_select(
        ["shop_id", "key", "request_hash", "kind", "subject_id", "status", "reply", "created_at"],
        select(
            shop_fence.c.shop_id,
            bindparam("key", type_=IdempotencyKey.key.type),
            bindparam("request_hash", type_=IdempotencyKey.request_hash.type),
            bindparam("kind", type_=IdempotencyKey.kind.type),
            bindparam("subject_id", type_=IdempotencyKey.subject_id.type),
            bindparam("status", type_=IdempotencyKey.status.type),
            bindparam("reply", type_=IdempotencyKey.reply.type, value=None),
            bindparam("created_at", type_=IdempotencyKey.created_at.type),
        )
        .where(
            shop_fence.c.shop_id == bindparam("shop_id"),
            shop_fence.c.epoch == bindparam("epoch"),
            shop_fence.c.state == bindparam("fence_state", value=State.OPEN.value),
        )
        .with_for_update(read=True),
        include_defaults=False,
    )
)
"""Claims the key and checks the fence in one statement, the first of a hot write's first packet.

No row: the router raises ShopMoved. A duplicate: IntegrityError, which the edge turns into the replay.
"""


def bind_claim(claim: Claim, *, subject_id: UUID, status: int = 201) -> Any:
    """The bound statement to put first into the first packet: `db.run_packet([bind_claim(...), ...])`."""
    return PREPARED_CLAIM.bind(
        key=claim.key, request_hash=claim.request_hash, kind=claim.kind, subject_id=subject_id, status=status,
        created_at=utc_now(),
    )  # fmt: skip


# ---------------------------------------------------------------- the reply


def reply_schema() -> tuple[int, Any]:
    """Status and schema that this request's view declared for its success."""
    view = current_app.view_functions[request.endpoint or ""]
    declared = getattr(view, "_apidoc", {})
    code = declared.get("success_status_codes", [200])[0]
    documents = declared.get("response", {}).get("responses", {}).get(code, [{}])
    return int(code), documents[0].get("schema")


def rendered(result: Any) -> tuple[int, bytes]:
    """The reply as it goes out and is stored: the declared schema's JSON."""
    status, schema = reply_schema()
    return status, current_app.json.dumps(result if schema is None else schema.dump(result)).encode()
