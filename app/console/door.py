"""Owns the console's door: sign-in with the second factor, sign-out."""

from __future__ import annotations

import segno
from flask import Response, render_template, request, url_for

from app.console.frame import identity, pages
from app.kit.http import public, rate_limit, runtime, vendor_admin
from app.kit.pages import Refusal, go_to, safe_next, text_field, try_form
from app.tenants import service as tenants
from app.tenants.service import Enrolment, SignedIn


@pages.route("/sign-in", methods=["GET", "POST"])
@rate_limit("30/minute")
@public
def sign_in() -> str | Response | tuple[str, int]:
    """The first time without a code: then the page shows how to set the second factor up."""
    if request.method == "GET":
        return _sign_in_page()
    tried = try_form(_signed_in, signs_in=True)
    if tried.result is None:
        return _sign_in_page(tried.refusal), tried.refusal.status if tried.refusal else 401
    if tried.result.token is None:
        return _sign_in_page(enrolment=tried.result.enrolment)
    answer = go_to(safe_next(url_for("console.shops")))
    tenants.set_sign_in_cookie(
        answer, tried.result.token.text, audience="console", expires_at=tried.result.token.expires_at, secure=_secure()
    )
    return answer


@pages.post("/sign-out")
@vendor_admin
def sign_out() -> Response:
    claims = identity().claims(request)
    if claims is not None:
        identity().sign_ins.sign_out(claims)
    answer = go_to(url_for("console.sign_in"))
    tenants.clear_sign_in_cookie(answer, audience="console", secure=_secure())
    return answer


def _signed_in() -> SignedIn:
    return identity().sign_ins.sign_in(
        email=text_field("email"), password=request.form.get("password", ""),
        code=text_field("code").replace(" ", "")[:10], address=request.remote_addr or "unknown", audience="console",
    )  # fmt: skip


def _sign_in_page(refusal: Refusal | None = None, *, enrolment: Enrolment | None = None) -> str:
    code = segno.make(enrolment.uri, error="m").svg_data_uri(scale=5, border=1) if enrolment else ""
    return render_template(
        "console/sign_in.html", refusal=refusal, enrolment=enrolment, picture=code, email=text_field("email"),
        next=request.values.get("next", ""), demo=runtime().demo,
    )  # fmt: skip


def _secure() -> bool:
    return runtime().public_url.startswith("https:")
