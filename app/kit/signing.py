"""Owns signatures on what leaves the house and comes back: expiring links to objects, cursors, consistency tokens."""

import base64
import datetime as dt
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from app.kit.clock import utc_now
from app.kit.errors import BadRequest, Forbidden
from app.kit.texts import N_, _

KEY_BYTES = 32


class LinkExpired(Forbidden):
    """The link to a file is past its time; ask for a new one."""

    default_message = N_("This link has expired.")
    default_action = N_("Open the document again to get a new link.")


class LinkForged(Forbidden):
    """The link to a file is not one that we made, or was changed."""

    default_message = N_("This link is not valid.")


class TokenForged(BadRequest):
    """A signed text (cursor, consistency token) is not one that we made for this use."""


@dataclass(frozen=True, slots=True)
class SignedLink:
    """What a checked link allows, and nothing else."""

    method: str
    path: str
    expires_at: dt.datetime
    disposition: str
    filename: str
    length: int | None  # uploads: exactly so many bytes


class LinkSigner:
    """Links over method, path, expiry, disposition, file name and (uploads) length, with a key of their own.

    Holds while the key is secret; a link given away works for whoever holds it until it expires.
    """

    def __init__(self, key: bytes, *, now: Callable[[], dt.datetime] = utc_now) -> None:
        self._key = _checked_key(key)
        self._now = now

    def query(
        self,
        method: str,
        path: str,
        *,
        lasts: dt.timedelta,
        disposition: str = "attachment",
        filename: str = "",
        length: int | None = None,
    ) -> str:
        """The query string to put behind the path."""
        expires = str(int((self._now() + lasts).timestamp()))
        facts = {"e": expires, "d": disposition, "f": filename, "l": "" if length is None else str(length)}
        signature = _mac(self._key, b"link", method.upper(), path, *facts.values())
        return urlencode({**{name: value for name, value in facts.items() if value}, "s": signature}, quote_via=quote)

    def check(self, method: str, path: str, query: Mapping[str, str]) -> SignedLink:
        """What the link allows; raises LinkForged or LinkExpired."""
        facts = [query.get(name, "") for name in ("e", "d", "f", "l")]
        expected = _mac(self._key, b"link", method.upper(), path, *facts)
        if not hmac.compare_digest(expected.encode(), _bytes(query.get("s", ""))):
            raise LinkForged()
        expires, disposition, filename, length = facts
        expires_at = dt.datetime.fromtimestamp(int(expires), dt.UTC)
        if expires_at <= self._now():
            raise LinkExpired()
        return SignedLink(method.upper(), path, expires_at, disposition, filename, int(length) if length else None)


class TextSigner:
    """Signs short texts for one use in one scope (a shop, a list), so that a text of one is worthless in another."""

    def __init__(self, key: bytes) -> None:
        self._key = _checked_key(key)

    def sign(self, text: str, *, use: str, scope: str = "") -> str:
        return f"{_b64(text.encode())}.{_mac(self._key, use.encode(), scope, text)}"

    def read(self, signed: str, *, use: str, scope: str = "") -> str:
        """The text again; raises TokenForged."""
        body, _dot, signature = signed.partition(".")
        try:
            text = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True).decode()
        except ValueError:
            raise TokenForged(_("A signed text cannot be read.")) from None
        if not hmac.compare_digest(_mac(self._key, use.encode(), scope, text).encode(), _bytes(signature)):
            raise TokenForged(_("A signed text was changed or belongs elsewhere."))
        return text


def _mac(key: bytes, use: bytes, *parts: str) -> str:
    """Length before each part, so that no two lists of parts give the same bytes."""
    body = b"".join(len(part).to_bytes(4, "big") + part for part in (use, *(_bytes(part) for part in parts)))
    return _b64(hmac.digest(key, body, hashlib.sha256))


def _bytes(text: str) -> bytes:
    """A caller may send halves of characters; they sign nothing, but must not break the check."""
    return text.encode("utf-8", "surrogatepass")


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _checked_key(key: bytes) -> bytes:
    if len(key) < KEY_BYTES:
        raise ValueError(f"a signing key needs {KEY_BYTES} bytes")
    return key
