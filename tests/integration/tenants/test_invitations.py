"""Being asked into a shop: nobody belongs to it, or is anybody, before they said yes with the code they were given."""

import dataclasses
import datetime as dt

import pytest
import time_machine

from app.kit.clock import today_ist, utc_now
from app.tenants import service as tenants
from app.tenants.errors import AlreadyMember, InvitationRefused, InvitationUnknown, SignInRefused
from app.tenants.models import Role
from app.tenants.service.opening import SYSTEM
from shard_router import Mode
from tests.support.tenancy import PASSWORD, fresh_email

OWN = "lamps over the Ganga 26"


@pytest.fixture
def ravi(tenancy):
    return tenancy.person(name="Ravi")


@pytest.fixture
def ravis(tenancy, ravi):
    return tenancy.open(owner_email=ravi.email).shop.shop_id


@pytest.fixture
def invite(change, shop_id, asha):
    def ask(email, **changes):
        given = {"shop_id": shop_id, "name": "Bina Rao", "role": Role.CLERK, "phone": None, "actor_id": asha.id}
        return change(tenants.invite, email=email, **{**given, **changes})

    return ask


def look(tenancy, service, *given):
    with tenancy.router.control() as control:
        return service(control, *given)


def names(tenancy, shop_id):
    return sorted(member.name for member in look(tenancy, tenants.list_people, shop_id))


def invited(tenancy, shop_id):
    return sorted(one.name for one in look(tenancy, tenants.list_invitations, shop_id))


def join(tenancy, email, code, password=OWN):
    return tenancy.identity.sign_ins.join(email=email, code=code, password=password)


def sign_in(tenancy, email, password, **more):
    return tenancy.identity.sign_ins.sign_in(email=email, password=password, address="192.0.2.44", **more)


def test_inviting_makes_nobody_until_they_join_with_a_password_of_their_own(tenancy, shop_id, invite):
    email = fresh_email()
    asked = invite(email.upper(), name="  Bina   Rao ", phone="098200 54321")
    assert (asked.invitation.email, asked.invitation.name, asked.invitation.phone) == (
        email,
        "Bina Rao",
        "+919820054321",
    )
    assert look(tenancy, tenants.find_person, email) is None
    assert (names(tenancy, shop_id), invited(tenancy, shop_id)) == (["Asha"], ["Bina Rao"])

    joined = join(tenancy, email, f" {asked.code.upper()} ").person
    assert (joined.name, joined.phone) == ("Bina Rao", "+919820054321")
    assert (names(tenancy, shop_id), invited(tenancy, shop_id)) == (["Asha", "Bina Rao"], [])
    assert sign_in(tenancy, email, OWN).person.id == joined.id
    with pytest.raises(SignInRefused):
        sign_in(tenancy, email, asked.code)
    tenancy.run_jobs(shop_id)
    with tenancy.router.shop(shop_id, SYSTEM, mode=Mode.WRITE) as db:
        assert tenants.find_member(db, joined.id).role == "clerk"
    with pytest.raises(InvitationRefused):
        join(tenancy, email, asked.code)


def test_an_owner_learns_nothing_of_an_address_by_inviting_it(tenancy, shop_id, invite):
    meera = tenancy.person(name="Meera", phone="98200 11111")
    known, unknown = invite(meera.email, name="Whoever"), invite(fresh_email(), name="Whoever")
    told = [
        dataclasses.asdict(one.invitation) | {"id": None, "email": None, "invited_at": None, "expires_at": None}
        for one in (known, unknown)
    ]
    assert told[0] == told[1]
    assert len(known.code) == len(unknown.code)
    assert (names(tenancy, shop_id), invited(tenancy, shop_id)) == (["Asha"], ["Whoever", "Whoever"])
    assert look(tenancy, tenants.list_memberships, meera.id) == ()


def test_somebody_known_accepts_at_their_own_sign_in_and_then_shows_their_own_name(
    tenancy, shop_id, asha, invite, change
):
    meera = tenancy.person(name="Meera")
    asked = invite(meera.email, name="Whoever", role=Role.ACCOUNTANT)
    (seen,) = look(tenancy, tenants.list_own_invitations, meera.id)
    assert (seen.id, seen.role) == (asked.invitation.id, "accountant")
    assert look(tenancy, tenants.list_own_invitations, asha.id) == ()
    given = {"invitation_id": seen.id, "person_id": meera.id}
    with pytest.raises(InvitationRefused):
        change(tenants.accept_invitation, code="aaaa-bbbb-cccc-dddd", **given)
    with pytest.raises(InvitationUnknown):
        change(tenants.accept_invitation, code=asked.code, **{**given, "person_id": asha.id})
    change(tenants.accept_invitation, code=asked.code, **given)
    assert names(tenancy, shop_id) == ["Asha", "Meera"]
    with pytest.raises(InvitationUnknown):
        change(tenants.accept_invitation, code=asked.code, **given)
    with pytest.raises(AlreadyMember):
        invite(meera.email)


def test_with_the_code_alone_nobody_becomes_somebody_known(tenancy, shop_id, invite):
    """The owner has the code: it must not be a way into another's sign-in."""
    meera = tenancy.person(name="Meera")
    asked = invite(meera.email)
    with pytest.raises(InvitationRefused):
        join(tenancy, meera.email, asked.code)
    assert sign_in(tenancy, meera.email, PASSWORD).person.id == meera.id
    assert names(tenancy, shop_id) == ["Asha"]


def test_declined_and_taken_back_an_invitation_is_gone(tenancy, shop_id, ravis, asha, ravi, invite, change):
    meera = tenancy.person(name="Meera")
    first = invite(meera.email).invitation.id
    with pytest.raises(InvitationUnknown):
        change(tenants.decline_invitation, person_id=ravi.id, invitation_id=first)
    change(tenants.decline_invitation, person_id=meera.id, invitation_id=first)
    assert invited(tenancy, shop_id) == []

    email = fresh_email()
    second = invite(email)
    with pytest.raises(InvitationUnknown):
        change(tenants.withdraw_invitation, shop_id=ravis, invitation_id=second.invitation.id, actor_id=ravi.id)
    change(tenants.withdraw_invitation, shop_id=shop_id, invitation_id=second.invitation.id, actor_id=asha.id)
    with pytest.raises(InvitationRefused):
        join(tenancy, email, second.code)


def test_only_the_newest_code_counts_and_for_seven_days(tenancy, shop_id, invite):
    email = fresh_email()
    first, second = invite(email), invite(email, role=Role.MANAGER)
    assert len(invited(tenancy, shop_id)) == 1
    with pytest.raises(InvitationRefused):
        join(tenancy, email, first.code)
    with time_machine.travel(utc_now() + dt.timedelta(days=7, minutes=1)):
        with pytest.raises(InvitationRefused):
            join(tenancy, email, second.code)
        assert invited(tenancy, shop_id) == []
        tenancy.run_job(tenancy.ask("app.tenants.jobs.purge_sign_ins", on=today_ist().isoformat()))
    with pytest.raises(InvitationRefused):
        join(tenancy, email, second.code)


def test_who_takes_a_strangers_address_by_their_own_code_gets_nowhere_with_it(
    tenancy, shop_id, ravis, ravi, invite, change
):
    """An owner invites an address that nobody used yet and joins as that person: who it belongs to is not harmed."""
    stranger = fresh_email()
    taken = join(tenancy, stranger, invite(stranger).code)
    assert tenancy.identity.sign_ins.tokens.verify(taken.token.text) is not None

    asked = invite(stranger, shop_id=ravis, actor_id=ravi.id)  # Ravi hands the code to the true one
    (seen,) = look(tenancy, tenants.list_own_invitations, taken.person.id)
    with pytest.raises(InvitationRefused):
        change(tenants.accept_invitation, person_id=taken.person.id, invitation_id=seen.id, code="guessed")
    assert names(tenancy, ravis) == ["Ravi"]

    opened = tenancy.ask_to_open(owner_email=stranger)  # the vendor knows whom it opens a shop for
    assert opened.owner.id == taken.person.id
    with pytest.raises(SignInRefused):
        sign_in(tenancy, stranger, OWN)
    back = sign_in(tenancy, stranger, opened.one_time_password, new_password="my own long words")
    assert back.person.session_version > taken.person.session_version
    change(tenants.accept_invitation, person_id=back.person.id, invitation_id=seen.id, code=asked.code)
    assert tenancy.ask_to_open(owner_email=stranger).one_time_password is None  # proved once, that is that


def test_a_shop_that_is_invited_from_opens_nothing_for_a_future_owner(tenancy, invite):
    email = fresh_email()
    early = invite(email)
    opened = tenancy.ask_to_open(owner_email=email)
    assert opened.one_time_password is not None
    with pytest.raises(InvitationRefused):
        join(tenancy, email, early.code)
