"""Owns the pages of a person rather than of a shop: sign-in, sign-out, own profile and password, choice of shop."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for

from app.dashboard import forms
from app.kit.http import control_read, control_write, public, rate_limit, runtime, scope, signed_in
from app.kit.locale import LANGUAGES
from app.kit.pages import Refusal, go_to, safe_next, text_field, try_form, whole_number
from app.kit.texts import _
from app.tenants import service as tenants
from app.tenants.errors import NotWhileActing
from app.tenants.service import MembershipView, OwnInvitation, SignedIn, SignIns, TenantIdentity

pages = Blueprint("account", __name__)

LANGUAGE_NAMES = {"en": "English", "hi": "हिन्दी", "gu": "ગુજરાતી", "mr": "मराठी", "ta": "தமிழ்"}
NEW_PASSWORD_NEEDED = "new_password_needed"  # noqa: S105 (an error's code)


@pages.get("/")
@public
def front() -> Response:
    """The one shop of a person with one, the choice for others, the sign-in for nobody."""
    return go_to(url_for("account.shops"))


@pages.route("/sign-in", methods=["GET", "POST"])
@rate_limit("30/minute")
@public
def sign_in() -> str | Response | tuple[str, int]:
    if request.method == "GET":
        return _sign_in_page()
    tried = try_form(_signed_in, signs_in=True)
    if tried.refusal is not None or tried.result is None or tried.result.token is None:
        return _sign_in_page(tried.refusal), tried.refusal.status if tried.refusal else 401
    return _welcome(tried.result, safe_next(url_for("account.shops")))


@pages.post("/sign-out")
@signed_in
def sign_out() -> Response:
    """This browser's sign-in stops counting, also where a copy of its cookie was kept."""
    claims = _identity().claims(request)
    if claims is not None:
        _sign_ins().sign_out(claims)
    answer = go_to(url_for("account.sign_in"))
    tenants.clear_sign_in_cookie(answer, audience="shop", secure=_secure())
    return answer


@pages.get("/shops")
@signed_in
def shops() -> str | Response:
    """Straight into the only shop; an accountant with twenty chooses."""
    mine, asked = _shops_and_invitations()
    if len(mine) == 1 and mine[0].ready and not asked and "stay" not in request.args:
        return go_to(_home_of(mine[0]))
    return _shops_page()


@pages.route("/join", methods=["GET", "POST"])
@rate_limit("20/minute")
@public
def join() -> str | Response | tuple[str, int]:
    """With the code of an invitation, for who has no sign-in yet."""
    tried = None if request.method == "GET" else try_form(lambda: _sign_ins().join(
        email=text_field("email"), code=text_field("code"), password=request.form.get("password", "")
    ))  # fmt: skip
    if tried is None or tried.result is None:
        refusal = tried.refusal if tried else None
        page = render_template("account/join.html", refusal=refusal, email=text_field("email"))
        return page, refusal.status if refusal else 200
    return _welcome(tried.result, url_for("account.shops"))


@pages.post("/invitations/<id:invitation_id>/accept")
@rate_limit("20/minute")
@signed_in
def accept_invitation(invitation_id: UUID) -> str | Response | tuple[str, int]:
    person_id = _oneself()
    tried = try_form(lambda: control_write(lambda control: tenants.accept_invitation(
        control, person_id=person_id, invitation_id=invitation_id, code=text_field("code")
    )))  # fmt: skip
    if tried.refusal is not None:
        return _shops_page(tried.refusal), tried.refusal.status
    return go_to(url_for("account.shops", stay="yes"))


@pages.post("/invitations/<id:invitation_id>/decline")
@signed_in
def decline_invitation(invitation_id: UUID) -> Response:
    person_id = _oneself()
    control_write(lambda control: tenants.decline_invitation(control, person_id=person_id, invitation_id=invitation_id))
    return go_to(url_for("account.shops", stay="yes"))


@pages.route("/me", methods=["GET", "POST"])
@signed_in
def me() -> str | Response | tuple[str, int]:
    person_id = scope().principal.person_id
    if request.method == "GET":
        return _me_page()
    tried = try_form(lambda: control_write(lambda control: tenants.change_profile(
        control, person_id=person_id, expected_version=whole_number("version"), changes=_changes()
    )))  # fmt: skip
    if tried.refusal is not None:
        return _me_page(refused=tried.refusal), tried.refusal.status
    return go_to(url_for("account.me", saved="profile"))


@pages.post("/me/password")
@rate_limit("10/minute")
@signed_in
def change_password() -> str | Response | tuple[str, int]:
    """Everything else is signed out; this browser goes on with the new token."""
    tried = try_form(
        lambda: _sign_ins().change_password(
            person_id=scope().principal.person_id,
            old=request.form.get("old_password", ""),
            new=request.form.get("new_password", ""),
            address=_address(),
        ),
        signs_in=True,
    )
    if tried.refusal is not None or tried.result is None:
        return _me_page(password_refused=tried.refusal), tried.refusal.status if tried.refusal else 422
    return _welcome(tried.result, url_for("account.me", saved="password"))


@pages.post("/me/sign-out-everywhere")
@signed_in
def sign_out_everywhere() -> Response:
    person_id = scope().principal.person_id
    control_write(lambda control: tenants.sign_out_everywhere(control, person_id=person_id, actor_id=person_id))
    answer = go_to(url_for("account.sign_in"))
    tenants.clear_sign_in_cookie(answer, audience="shop", secure=_secure())
    return answer


def _shops_and_invitations() -> tuple[tuple[MembershipView, ...], tuple[OwnInvitation, ...]]:
    person_id = scope().principal.person_id
    return control_read(
        lambda control: (tenants.list_memberships(control, person_id), tenants.list_own_invitations(control, person_id))
    )


def _shops_page(refusal: object = None) -> str:
    mine, asked = _shops_and_invitations()
    return render_template(
        "account/shops.html", shops=mine, invitations=asked, home_of=_home_of, person=scope().principal,
        refusal=refusal,
    )  # fmt: skip


def _oneself() -> UUID:
    """Nobody joins a shop as somebody else."""
    principal = scope().principal
    if principal.acting_for is not None:
        raise NotWhileActing()
    return principal.person_id


def _changes() -> dict[str, str | None]:
    return {
        "name": forms.line("name", least=1, most=120), "phone": forms.line_or_none("phone", most=30),
        "locale": forms.one_of("locale", LANGUAGES),
    }  # fmt: skip


def _signed_in() -> SignedIn:
    return _sign_ins().sign_in(
        email=text_field("email"),
        password=request.form.get("password", ""),
        new_password=request.form.get("new_password") or None,
        address=_address(),
    )


def _sign_in_page(refusal: Refusal | None = None) -> str:
    renewing = (refusal is not None and refusal.code == NEW_PASSWORD_NEEDED) or "new_password" in request.form
    return render_template(
        "account/sign_in.html", refusal=forms.beside(refusal, {}), renewing=renewing,
        next=request.values.get("next", ""), email=text_field("email"), demo=runtime().demo,
    )  # fmt: skip


def _me_page(*, refused: Refusal | None = None, password_refused: Refusal | None = None) -> str:
    person = control_read(lambda control: tenants.get_person(control, scope().principal.person_id))
    said = {"profile": _("Your profile is saved."), "password": _("Your password is changed.")}
    return render_template(
        "account/me.html", me=person, person=scope().principal, refusal=forms.beside(refused, {}),
        password_refusal=forms.beside(password_refused, {}),
        languages=[(key, LANGUAGE_NAMES[key]) for key in LANGUAGES], saved=said.get(request.args.get("saved", "")),
    )  # fmt: skip


def _welcome(found: SignedIn, where: str) -> Response:
    assert found.token is not None
    answer = go_to(where)
    tenants.set_sign_in_cookie(
        answer, found.token.text, audience="shop", expires_at=found.token.expires_at, secure=_secure()
    )
    return answer


def _home_of(shop: MembershipView) -> str:
    return url_for("shop_pages.home", shop_slug=shop.slug)


def _identity() -> TenantIdentity:
    found = runtime().identity
    assert isinstance(found, TenantIdentity)
    return found


def _sign_ins() -> SignIns:
    return _identity().sign_ins


def _secure() -> bool:
    return runtime().public_url.startswith("https:")


def _address() -> str:
    return request.remote_addr or "unknown"
