"""Owns the signed cookie that holds a page's CSRF secret: good as long as the browser keeps it, by no host's clock."""

from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import TimestampSigner, URLSafeTimedSerializer


class AgelessSigner(TimestampSigner):
    """Flask's way asks for an age, and refuses what another host, whose clock runs ahead, signed a moment ago."""

    def unsign(self, signed_value: str | bytes, max_age: int | None = None, return_timestamp: bool = False) -> Any:
        return super().unsign(signed_value, max_age=None, return_timestamp=return_timestamp)  # type: ignore[call-overload]


class FormSession(SecureCookieSessionInterface):
    """Nothing but the secret that a page's forms are compared with; who somebody is stands in a token of its own."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        serializer = super().get_signing_serializer(app)
        if serializer is not None:
            serializer.signer = AgelessSigner
        return serializer
