"""Owns the JSON of sign-in, people and a shop's profile."""

from marshmallow import fields, post_load

from app.kit.errors import Unprocessable
from app.kit.locale import LANGUAGES
from app.kit.paging import page_of
from app.kit.schemas import ApiSchema, Flag, IdField, Moment, OneOf, Secret, Text
from app.kit.texts import N_
from app.tenants.service import Role

LONGEST_SECRET = 300  # characters; what is over 72 bytes is refused by the rule that says so


class NothingToChange(Unprocessable):
    """An update that names no field."""

    default_message = N_("There is nothing to change in it.")


class SignInIn(ApiSchema):
    """`newPassword` goes with a one-time password, which it replaces; elsewhere it may be left out."""

    email = Text(least=3, most=254, required=True)
    password = Secret(least=1, most=LONGEST_SECRET, required=True)
    new_password = Secret(least=1, most=LONGEST_SECRET, load_default=None)


class PasswordIn(ApiSchema):
    old_password = Secret(least=1, most=LONGEST_SECRET, required=True)
    new_password = Secret(least=1, most=LONGEST_SECRET, required=True)


class PersonOut(ApiSchema):
    id = IdField()
    email = fields.String()
    name = fields.String()
    phone = fields.String(allow_none=True)
    locale = fields.String()
    version = fields.Integer()


class TokenOut(ApiSchema):
    """Send the token as `Authorization: Bearer …`; it says who you are and holds no rights."""

    token = fields.String(attribute="token.text")
    token_type = fields.Constant("Bearer")
    expires_at = Moment(attribute="token.expires_at")
    person = fields.Nested(PersonOut)


class MembershipOut(ApiSchema):
    shop_id = fields.Integer()
    slug = fields.String()
    shop_name = fields.String()
    role = fields.String()
    ready = Flag()


class MeOut(PersonOut):
    memberships = fields.List(fields.Nested(MembershipOut))


class _Change(ApiSchema):
    @post_load
    def _something(self, data: dict[str, object], **_kwargs: object) -> dict[str, object]:
        if not data:
            raise NothingToChange()
        return data


class MeIn(_Change):
    name = Text(least=1, most=120)
    phone = Text(most=30, allow_none=True)
    locale = OneOf(LANGUAGES)


class MemberIn(ApiSchema):
    """`name` and `phone` are what the shop calls the person; somebody who has a sign-in keeps their own."""

    email = Text(least=3, most=254, required=True)
    name = Text(least=1, most=120, required=True)
    phone = Text(most=30, allow_none=True, load_default=None)
    role = OneOf(Role, required=True)


class RoleIn(ApiSchema):
    role = OneOf(Role, required=True)


class MemberOut(ApiSchema):
    person_id = IdField()
    name = fields.String()
    email = fields.String()
    phone = fields.String(allow_none=True)
    role = fields.String()
    since = Moment()
    version = fields.Integer()


MemberPage = page_of(MemberOut)


class InvitationOut(ApiSchema):
    """What was typed; who has the address, the shop learns once they have accepted."""

    id = IdField()
    email = fields.String()
    name = fields.String()
    phone = fields.String(allow_none=True)
    role = fields.String()
    invited_at = Moment()
    expires_at = Moment()


class InvitedOut(ApiSchema):
    """Hand the code to the person: they accept with it. It is shown this once; a replayed reply has none."""

    invitation = fields.Nested(InvitationOut)
    code = fields.String(allow_none=True)


class InvitationsOut(ApiSchema):
    items = fields.List(fields.Nested(InvitationOut))


class OwnInvitationOut(ApiSchema):
    id = IdField()
    shop_name = fields.String()
    role = fields.String()
    expires_at = Moment()


class OwnInvitationsOut(ApiSchema):
    items = fields.List(fields.Nested(OwnInvitationOut))


class AcceptIn(ApiSchema):
    code = Text(least=1, most=60, required=True)


class JoinIn(ApiSchema):
    """For who has no sign-in yet: the password is their own from now on."""

    email = Text(least=3, most=254, required=True)
    code = Text(least=1, most=60, required=True)
    password = Secret(least=1, most=LONGEST_SECRET, required=True)


class RegistrationOut(ApiSchema):
    id = IdField()
    gstin = fields.String(allow_none=True)
    state_code = fields.String()
    legal_name = fields.String()
    composition = Flag()


class OutletOut(ApiSchema):
    id = IdField()
    registration_id = IdField()
    name = fields.String()
    address = fields.String()
    city = fields.String()
    pin = fields.String()
    state_code = fields.String()
    bis_registration = fields.String(allow_none=True)


class TillOut(ApiSchema):
    id = IdField()
    outlet_id = IdField()
    code = fields.String()
    name = fields.String()


class ProfileOut(ApiSchema):
    """One version, and one ETag, for all of it: registrations, outlets and tills as well."""

    slug = fields.String()
    name = fields.String()
    name_local = fields.String(allow_none=True)
    legal_name = fields.String()
    phone = fields.String(allow_none=True)
    locale = fields.String()
    rate_basis = fields.String()
    logo = fields.String(allow_none=True, metadata={"description": "SHA-256 of the logo's PNG."})
    version = fields.Integer()
    registrations = fields.List(fields.Nested(RegistrationOut))
    outlets = fields.List(fields.Nested(OutletOut))
    tills = fields.List(fields.Nested(TillOut))


class RegistrationIn(_Change):
    """Its state never changes: another state is another registration."""

    gstin = Text(most=20, allow_none=True)
    legal_name = Text(least=1, most=120)
    composition = Flag()


class OutletIn(_Change):
    name = Text(least=1, most=120)
    address = Text(least=1, most=300)
    city = Text(least=1, most=80)
    pin = Text(least=6, most=6)
    bis_registration = Text(least=1, most=30, allow_none=True)


class NewOutletIn(ApiSchema):
    """Another place in the registration's state; `tillCode` is that of its first till."""

    registration_id = IdField(required=True)
    name = Text(least=1, most=120, required=True)
    address = Text(least=1, most=300, required=True)
    city = Text(least=1, most=80, required=True)
    pin = Text(least=6, most=6, required=True)
    bis_registration = Text(least=1, most=30, allow_none=True, load_default=None)
    till_code = Text(least=1, most=4, required=True)


class TillIn(ApiSchema):
    """`code` is part of the numbers that are issued there, so it never changes."""

    outlet_id = IdField(required=True)
    code = Text(least=1, most=4, required=True)
    name = Text(least=1, most=60, required=True)


class TillNameIn(ApiSchema):
    name = Text(least=1, most=60, required=True)


class ProfileIn(_Change):
    """Rates of other purities follow from 24 karat by fineness (916/1000) or by karat (22/24)."""

    name = Text(least=1, most=120)
    name_local = Text(most=120, allow_none=True)
    legal_name = Text(least=1, most=120)
    phone = Text(most=30, allow_none=True)
    locale = OneOf(LANGUAGES)
    rate_basis = OneOf(("fineness", "karat"))
