"""Owns the consistency token at the edge: what a person has seen of a shop, signed, in a header or a cookie."""

from __future__ import annotations

from flask import Response, g, request

from app.kit.runtime import runtime
from app.kit.signing import TokenForged
from shard_router import CausalToken

HEADER = "X-Consistency"
COOKIE = "boola_seen"
USE = "consistency"
COOKIE_SECONDS = 3600


def incoming(shop_id: int) -> CausalToken | None:
    """The caller's token for this shop; None where it is lost, forged or of another shop."""
    text = request.headers.get(HEADER) or request.cookies.get(COOKIE)
    if not text or len(text) > 1000:
        return None
    try:
        return CausalToken.parse(runtime().signer.read(text, use=USE, scope=str(shop_id)))
    except (TokenForged, ValueError):
        return None


def remember(shop_id: int, token: CausalToken) -> None:
    """Send this token with the reply; later reads of the same request use it too."""
    g.seen = runtime().signer.sign(str(token), use=USE, scope=str(shop_id))
    if "scope" in g:
        g.scope.token = token


def attach(response: Response) -> Response:
    """To every reply of a request that wrote: a header for the API, a cookie below the shop's own path for pages."""
    text: str | None = g.get("seen")
    if text is None:
        return response
    slug = g.get("shop_slug")
    if request.path.startswith("/api/"):
        response.headers[HEADER] = text
    elif slug is not None:
        response.set_cookie(
            COOKIE, text, max_age=COOKIE_SECONDS, path=f"/s/{slug}", secure=request.is_secure, httponly=True,
            samesite="Lax",
        )  # fmt: skip
    return response
