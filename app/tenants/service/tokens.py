"""Owns access tokens: what stands in one, how it is signed, and the short memory of those already verified.

A token says who (`sub`), for which face (`aud`), in which session version (`sv`), and no rights: rights may change
within its 24 hours. Hosts' clocks may be CLOCKS_APART; its end is exact, by the clock of who reads it.

flask-jwt-extended takes its settings from a Flask app; it is given one of our own here, so that web, side service,
commands and tests all make and read the same tokens.
"""

import datetime as dt
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from flask import Flask
from flask_jwt_extended import JWTManager, create_access_token, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt.exceptions import PyJWTError

from app.kit.clock import CLOCKS_APART, utc_now
from app.kit.ports import Audience
from app.tenants.service.keys import Key, SigningKeys

LASTS = dt.timedelta(hours=24)
LASTS_ACTING = dt.timedelta(minutes=30)  # the vendor's person signed in as a shop's person
ISSUER = "boolagold"
REMEMBERED_S = 60.0
REMEMBERED_MOST = 20_000
LONGEST = 2_000  # characters; ours have about 500


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says."""

    person_id: UUID
    name: str
    audience: Audience
    session_version: int
    token_id: UUID
    expires_at: dt.datetime
    acting_for: UUID | None = None
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A fresh token and when it ends."""

    text: str
    token_id: UUID
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True)
class _Subject:
    """Who gets a token and the key that signs it, together, so that a rotation between the two cannot part them."""

    person_id: UUID
    key: Key


class AccessTokens:
    """Makes tokens with the key in force and verifies those of every key that still counts."""

    def __init__(self, keys: SigningKeys, *, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._keys = keys
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self._verified: OrderedDict[bytes, tuple[float, Claims]] = OrderedDict()
        self._app = _settings_app(keys)

    def issue(
        self, *, person_id: UUID, name: str, audience: Audience, session_version: int,
        acting_for: UUID | None = None, read_only: bool = False,
    ) -> IssuedToken:  # fmt: skip
        """A token of 24 h (30 minutes when acting for somebody); raises NoSigningKey."""
        claims: dict[str, Any] = {"aud": audience, "sv": session_version, "name": name}
        if acting_for is not None:
            claims |= {"act": str(acting_for), "ro": read_only}
        lasts = LASTS_ACTING if acting_for is not None else LASTS
        with self._app.app_context():
            text = create_access_token(
                _Subject(person_id, self._keys.signer()), additional_claims=claims, expires_delta=lasts
            )
            decoded = decode_token(text)
        return IssuedToken(text, UUID(decoded["jti"]), _moment(decoded["exp"]))

    def verify(self, text: str) -> Claims | None:
        """What the token says; None when it is malformed, forged, expired, or signed by a key that no longer counts."""
        if len(text) > LONGEST:
            return None
        digest = hashlib.sha256(text.encode("utf-8", "replace")).digest()
        if (claims := self._remembered(digest)) is None and (claims := self._decoded(text)) is not None:
            self._remember(digest, claims)
        return claims if claims is not None and utc_now() < claims.expires_at else None

    def forget(self) -> None:
        with self._lock:
            self._verified.clear()

    def _decoded(self, text: str) -> Claims | None:
        try:
            with self._app.app_context():
                return _claims(decode_token(text))
        except (PyJWTError, JWTExtendedException, _Malformed):
            return None

    def _remembered(self, digest: bytes) -> Claims | None:
        with self._lock:
            until, claims = self._verified.get(digest, (0.0, None))
        return None if claims is None or self._elapsed() >= until else claims

    def _remember(self, digest: bytes, claims: Claims) -> None:
        with self._lock:
            self._verified[digest] = (self._elapsed() + REMEMBERED_S, claims)
            self._verified.move_to_end(digest)
            while len(self._verified) > REMEMBERED_MOST:
                self._verified.popitem(last=False)


class _Malformed(Exception):
    """A token whose signature is ours and whose claims are not; or one that names no key we know."""


def _settings_app(keys: SigningKeys) -> Flask:
    app = Flask("tokens")
    app.config.update(
        JWT_ALGORITHM="EdDSA", JWT_DECODE_ALGORITHMS=["EdDSA"], JWT_ENCODE_ISSUER=ISSUER, JWT_DECODE_ISSUER=ISSUER,
        JWT_DECODE_AUDIENCE=["shop", "console"], JWT_DECODE_LEEWAY=CLOCKS_APART, JWT_COOKIE_CSRF_PROTECT=False,
    )  # fmt: skip
    manager = JWTManager(app)
    manager.user_identity_loader(lambda subject: str(subject.person_id))
    manager.encode_key_loader(lambda subject: subject.key.private)
    manager.additional_headers_loader(lambda subject: {"kid": subject.key.kid})
    manager.decode_key_loader(lambda header, claims: _verifier(keys, header))
    return app


def _verifier(keys: SigningKeys, header: dict[str, Any]) -> Ed25519PublicKey:
    kid = header.get("kid")
    if not isinstance(kid, str) or (public := keys.verifier(kid)) is None:
        raise _Malformed("no such key")
    return public


def _claims(decoded: dict[str, Any]) -> Claims:
    audience = decoded.get("aud")
    if decoded.get("type") != "access" or audience not in ("shop", "console"):
        raise _Malformed("of another kind")
    try:
        return Claims(
            person_id=UUID(decoded["sub"]), name=str(decoded.get("name", "")), audience=audience,
            session_version=int(decoded["sv"]), token_id=UUID(decoded["jti"]), expires_at=_moment(decoded["exp"]),
            acting_for=UUID(decoded["act"]) if decoded.get("act") else None, read_only=bool(decoded.get("ro")),
        )  # fmt: skip
    except (KeyError, ValueError, TypeError, AttributeError):
        raise _Malformed("claims missing") from None


def _moment(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)
