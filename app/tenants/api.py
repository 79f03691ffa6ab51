"""The API of sign-in and of oneself, and of a shop's people and profile."""

import dataclasses
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from flask import request

from app.kit.http import (
    allow,
    api_blueprint,
    control_read,
    control_write,
    expected_version,
    platform_blueprint,
    public,
    rate_limit,
    runtime,
    scope,
    shop_read,
    shop_write,
    signed_in,
    versioned,
)  # fmt: skip
from app.kit.paging import Page
from app.tenants import service
from app.tenants.errors import NotWhileActing, SignedOut
from app.tenants.schemas import (
    AcceptIn,
    InvitationsOut,
    InvitedOut,
    JoinIn,
    MeIn,
    MemberIn,
    MemberOut,
    MemberPage,
    MeOut,
    NewOutletIn,
    OutletIn,
    OwnInvitationsOut,
    PasswordIn,
    ProfileIn,
    ProfileOut,
    RegistrationIn,
    RoleIn,
    SignInIn,
    TillIn,
    TillNameIn,
    TokenOut,
)  # fmt: skip
from app.tenants.service import (
    Invited,
    MembershipView,
    MemberView,
    PersonView,
    ProfileView,
    Role,
    SignedIn,
    SignIns,
    TenantIdentity,
)  # fmt: skip
from shard_router import ControlSession

auth = platform_blueprint("auth", "/auth", description="Sign-in, and one's own profile.")
people = api_blueprint("people", "/people", description="Who works in the shop, as what.")
profile = api_blueprint("profile", "/profile", description="How the shop is called in print, and how it prices.")


# ---------------------------------------------------------------- sign-in


@auth.post("/sign-in")
@rate_limit("60/minute")
@public
@auth.arguments(SignInIn)
@auth.response(200, TokenOut)
def sign_in(body: dict[str, Any]) -> SignedIn:
    """E-mail and password for an access token of 24 hours."""
    return sign_ins().sign_in(**body, address=address())


@auth.post("/join")
@rate_limit("20/minute")
@public
@auth.arguments(JoinIn)
@auth.response(200, TokenOut)
def join(body: dict[str, Any]) -> SignedIn:
    """With the code of an invitation, for who has no sign-in yet: they have one now, and belong to the shop."""
    return sign_ins().join(**body)


@auth.post("/sign-out")
@signed_in
@auth.response(204)
def sign_out() -> None:
    """This token stops counting, everywhere within a minute."""
    if (claims := identity().claims(request)) is None:
        raise SignedOut()
    sign_ins().sign_out(claims)


@auth.post("/sign-out-everywhere")
@signed_in
@auth.response(204)
def sign_out_everywhere() -> None:
    """Every token of this person stops counting, everywhere within a minute."""
    person_id = oneself()
    control_write(lambda control: service.sign_out_everywhere(control, person_id=person_id, actor_id=person_id))


@auth.post("/password")
@rate_limit("20/minute")
@signed_in
@auth.arguments(PasswordIn)
@auth.response(200, TokenOut)
def change_password(body: dict[str, Any]) -> SignedIn:
    """A new password; everybody else who is signed in as this person is signed out, and this is the new token."""
    return sign_ins().change_password(
        person_id=oneself(), old=body["old_password"], new=body["new_password"], address=address()
    )


# ---------------------------------------------------------------- oneself


@dataclass(frozen=True, slots=True)
class Me:
    """A person with the shops they belong to."""

    id: UUID
    email: str
    name: str
    phone: str | None
    locale: str
    version: int
    memberships: tuple[MembershipView, ...]


@auth.get("/me")
@signed_in
@auth.response(200, MeOut)
def get_me() -> Me:
    """Who one is, and in which shops."""
    person_id = scope().principal.person_id
    return control_read(lambda control: _me(control, service.get_person(control, person_id)))


@auth.patch("/me")
@signed_in
@auth.arguments(MeIn)
@auth.response(200, MeOut)
def change_me(body: dict[str, Any]) -> Me:
    """One's own name, phone and language; needs If-Match."""
    person_id, version = oneself(), expected_version()
    return control_write(
        lambda control: _me(
            control,
            service.change_profile(control, person_id=person_id, expected_version=version, changes=body),
        )
    )


def _me(control: ControlSession, person: PersonView) -> Me:
    memberships = service.list_memberships(control, person.id)
    return Me(person.id, person.email, person.name, person.phone, person.locale, person.version, memberships)


@auth.get("/invitations")
@signed_in
@auth.response(200, OwnInvitationsOut)
def list_own_invitations() -> dict[str, Any]:
    """Shops that ask one to belong to them."""
    person_id = scope().principal.person_id
    return {"items": control_read(lambda control: service.list_own_invitations(control, person_id))}


@auth.post("/invitations/<id:invitation_id>/acceptance")
@rate_limit("20/minute")
@signed_in
@auth.arguments(AcceptIn)
@auth.response(204)
def accept_invitation(body: dict[str, Any], invitation_id: UUID) -> None:
    """Join the shop, with the code that its owner handed over."""
    person_id = oneself()
    control_write(lambda control: service.accept_invitation(
        control, person_id=person_id, invitation_id=invitation_id, code=body["code"]
    ))  # fmt: skip


@auth.delete("/invitations/<id:invitation_id>")
@signed_in
@auth.response(204)
def decline_invitation(invitation_id: UUID) -> None:
    """The shop is not told why."""
    person_id = oneself()
    control_write(lambda control: service.decline_invitation(control, person_id=person_id, invitation_id=invitation_id))


# ---------------------------------------------------------------- a shop's people


@people.get("")
@allow("people.view")
@people.response(200, MemberPage)
def list_people(shop_id: int) -> Page[MemberView]:
    """Everybody who belongs to the shop, by name; all on one page."""
    return Page(list(control_read(lambda control: service.list_people(control, shop_id))), None)


@people.post("")
@allow("people.manage")
@people.arguments(MemberIn)
@people.response(201, InvitedOut)
def invite_member(body: dict[str, Any], shop_id: int) -> Invited:
    """Ask somebody to belong to the shop: they do once they accept. Asked again, only the newest code counts."""
    actor_id, shown = oneself(), []
    given = {**body, "role": Role(body["role"])}

    def work(control: ControlSession) -> Invited:
        invited = service.invite(control, shop_id=shop_id, actor_id=actor_id, **given)
        shown.append(invited.code)
        return dataclasses.replace(invited, code=None)  # what is kept for a replay holds no code

    return dataclasses.replace(control_write(work), code=shown[-1])


@people.get("/invitations")
@allow("people.view")
@people.response(200, InvitationsOut)
def list_invitations(shop_id: int) -> dict[str, Any]:
    """Who was asked and has not answered yet."""
    return {"items": control_read(lambda control: service.list_invitations(control, shop_id))}


@people.delete("/invitations/<id:invitation_id>")
@allow("people.manage")
@people.response(204)
def withdraw_invitation(shop_id: int, invitation_id: UUID) -> None:
    """Its code counts no more."""
    actor_id = oneself()
    control_write(lambda control: service.withdraw_invitation(
        control, shop_id=shop_id, invitation_id=invitation_id, actor_id=actor_id
    ))  # fmt: skip


@people.patch("/<id:person_id>")
@allow("people.manage")
@people.arguments(RoleIn)
@people.response(200, MemberOut)
def change_role(body: dict[str, Any], shop_id: int, person_id: UUID) -> MemberView:
    """Another role; needs If-Match. The shop keeps at least one owner."""
    actor_id, version, role = oneself(), expected_version(), Role(body["role"])
    return control_write(
        lambda control: service.change_role(
            control, shop_id=shop_id, person_id=person_id, role=role, expected_version=version, actor_id=actor_id
        )
    )


@people.delete("/<id:person_id>")
@allow("people.manage")
@people.response(204)
def remove_member(shop_id: int, person_id: UUID) -> None:
    """The person no longer belongs to the shop; what they did stays. The shop keeps at least one owner."""
    actor_id = oneself()
    control_write(
        lambda control: service.remove_member(control, shop_id=shop_id, person_id=person_id, actor_id=actor_id)
    )


@people.post("/<id:person_id>/sign-out")
@allow("people.manage")
@people.response(204)
def sign_out_member(shop_id: int, person_id: UUID) -> None:
    """Every token of somebody who belongs to this shop only stops counting, everywhere within a minute."""
    actor_id = oneself()
    control_write(
        lambda control: service.sign_out_member(control, shop_id=shop_id, person_id=person_id, actor_id=actor_id)
    )


# ---------------------------------------------------------------- a shop's profile


@profile.get("")
@allow("settings.view")
@profile.response(200, ProfileOut)
def get_profile(shop_id: int) -> ProfileView:
    """The shop's names, its registrations, outlets and tills."""
    return shop_read(service.get_profile)


@profile.patch("")
@allow("settings.edit")
@profile.arguments(ProfileIn)
@profile.response(200, ProfileOut)
def change_shop_profile(body: dict[str, Any], shop_id: int) -> ProfileView:
    """Names, phone, language, basis of rates; needs If-Match. Bills issued before keep what they say."""
    version = expected_version()
    return shop_write(lambda db: service.change_shop_profile(db, expected_version=version, changes=body))


@profile.patch("/registrations/<id:registration_id>")
@allow("settings.edit")
@profile.arguments(RegistrationIn)
@profile.response(200, ProfileOut)
def change_registration(body: dict[str, Any], shop_id: int, registration_id: UUID) -> ProfileView:
    """GSTIN, legal name, composition; needs If-Match with the profile's ETag."""
    version = expected_version()
    return shop_write(lambda db: service.change_registration(
        db, registration_id=registration_id, expected_version=version, changes=body
    ))  # fmt: skip


@profile.patch("/outlets/<id:outlet_id>")
@allow("settings.edit")
@profile.arguments(OutletIn)
@profile.response(200, ProfileOut)
def change_outlet(body: dict[str, Any], shop_id: int, outlet_id: UUID) -> ProfileView:
    """Name, address and BIS registration; needs If-Match with the profile's ETag."""
    version = expected_version()
    return shop_write(lambda db: service.change_outlet(db, outlet_id=outlet_id, expected_version=version, changes=body))


@profile.post("/outlets")
@allow("settings.edit")
@versioned
@profile.arguments(NewOutletIn)
@profile.response(201, ProfileOut)
def add_outlet(body: dict[str, Any], shop_id: int) -> ProfileView:
    """Another place that the shop sells from, with its first till; needs If-Match with the profile's ETag."""
    version, registration_id, till_code = expected_version(), body.pop("registration_id"), body.pop("till_code")
    return shop_write(lambda db: service.add_outlet(
        db, registration_id=registration_id, expected_version=version, facts=body, till_code=till_code
    ))  # fmt: skip


@profile.post("/tills")
@allow("settings.edit")
@versioned
@profile.arguments(TillIn)
@profile.response(201, ProfileOut)
def add_till(body: dict[str, Any], shop_id: int) -> ProfileView:
    """A counter more; needs If-Match with the profile's ETag."""
    version = expected_version()
    return shop_write(lambda db: service.add_till(db, expected_version=version, **body))


@profile.patch("/tills/<id:till_id>")
@allow("settings.edit")
@profile.arguments(TillNameIn)
@profile.response(200, ProfileOut)
def rename_till(body: dict[str, Any], shop_id: int, till_id: UUID) -> ProfileView:
    """Another name; needs If-Match with the profile's ETag."""
    version = expected_version()
    return shop_write(lambda db: service.rename_till(db, till_id=till_id, expected_version=version, name=body["name"]))


def identity() -> TenantIdentity:
    return cast(TenantIdentity, runtime().identity)


def sign_ins() -> SignIns:
    return identity().sign_ins


def address() -> str:
    return request.remote_addr or "unknown"


def oneself() -> UUID:
    """Who acts on people, credentials and rights: the person themselves, never somebody signed in as them."""
    principal = scope().principal
    if principal.acting_for is not None:
        raise NotWhileActing()
    return principal.person_id
