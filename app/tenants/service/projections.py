"""Owns what a shop's shard knows of the control plane: member rights and entitlement dates, each with a version.

An older version never overwrites a newer one, so pushes may come late, twice or out of order. What breaks the promise:
a lost push leaves the shard behind until `reconcile_projections` (daily) compares them; meanwhile it only matters while
the control plane is down.
"""

import datetime as dt
from uuid import UUID

from app.kit.clock import today_ist
from app.kit.outbox import enqueue_control
from app.tenants.models import Entitlement, MemberRights, Membership, Person
from app.tenants.repository import people as repository
from app.tenants.repository import shops
from app.tenants.service.views import EntitlementDates, MemberRightsView
from shard_router import ControlSession, ShopSession

PUSH_MEMBER = "app.tenants.jobs.push_member"
PUSH_ENTITLEMENT = "app.tenants.jobs.push_entitlement"


def ask_to_push_member(control: ControlSession, *, shop_id: int, person_id: UUID, version: int) -> None:
    enqueue_control(
        control, PUSH_MEMBER, key=f"member-{shop_id}-{person_id.hex}-{version}", shop_id=shop_id,
        params={"shop_id": shop_id, "person_id": str(person_id)},
    )  # fmt: skip


def ask_to_push_person(control: ControlSession, person_id: UUID) -> None:
    """The person's name or session version changed: every shop they belong to learns of it."""
    control.flush()
    for shop_id, version in repository.raise_membership_versions(control, person_id):
        ask_to_push_member(control, shop_id=shop_id, person_id=person_id, version=version)


def ask_to_push_entitlement(control: ControlSession, *, shop_id: int, dates: EntitlementDates) -> None:
    """The dates ride in the job: the contract stands in a room above this one."""
    enqueue_control(
        control, PUSH_ENTITLEMENT, key=f"entitlement-{shop_id}-{dates.version}", shop_id=shop_id,
        params={"shop_id": shop_id, "dates": written_dates(dates)},
    )  # fmt: skip


def find_member_rights(control: ControlSession, shop_id: int, person_id: UUID) -> MemberRightsView | None:
    """One member's projection as it should be now."""
    member, person = repository.find_membership(control, person_id, shop_id), repository.find_person(control, person_id)
    if member is None or person is None:
        return None
    return _projected(member, person, frozenset(repository.list_rights(control, member.role, today_ist())))


def list_member_rights(control: ControlSession, shop_id: int, on: dt.date | None = None) -> list[MemberRightsView]:
    """Every member's projection, those who left included: the shard must know that they did."""
    day = on or today_ist()
    rows = repository.list_all_memberships(control, shop_id)
    roles = {member.role for member, _ in rows}
    rights = {role: frozenset(repository.list_rights(control, role, day)) for role in roles}
    return [_projected(member, person, rights[member.role]) for member, person in rows]


def keep_member(db: ShopSession, view: MemberRightsView) -> bool:
    """Writes one member's rights on the shard unless what stands there is as new; says whether it did."""
    row = shops.find_member_rights(db, view.person_id, lock=True)
    if row is not None and row.version >= view.version:
        return False
    if row is None:
        row = MemberRights(person_id=view.person_id)
        db.add(row)
    row.name, row.role, row.rights = view.name, view.role, sorted(view.rights)
    row.session_version, row.active, row.version = view.session_version, view.active, view.version
    db.flush()
    return True


def keep_entitlement(db: ShopSession, dates: EntitlementDates) -> bool:
    """Writes the plan's dates on the shard unless what stands there is as new; says whether it did."""
    row = shops.find_entitlement(db, lock=True)
    if row is not None and row.version >= dates.version:
        return False
    if row is None:
        row = Entitlement()
        db.add(row)
    row.state, row.plan, row.paid_until = dates.state, dates.plan, dates.paid_until
    row.grace_days, row.read_only_days, row.version = dates.grace_days, dates.read_only_days, dates.version
    db.flush()
    return True


def find_member(db: ShopSession, person_id: UUID) -> MemberRightsView | None:
    """A person's rights as the shard knows them."""
    row = shops.find_member_rights(db, person_id)
    return kept_view(row) if row is not None else None


def list_kept_members(db: ShopSession) -> list[MemberRightsView]:
    return [kept_view(row) for row in shops.list_member_rights(db)]


def find_entitlement(db: ShopSession) -> EntitlementDates | None:
    """The plan's dates as the shard knows them."""
    row = shops.find_entitlement(db)
    if row is None:
        return None
    return EntitlementDates(row.state, row.plan, row.paid_until, row.grace_days, row.read_only_days, row.version)


def stale_members(kept: list[MemberRightsView], wanted: list[MemberRightsView]) -> dict[UUID, int]:
    """Members whose row on the shard says something else than control, and the version that must be passed."""
    on_shard = {view.person_id: view for view in kept}
    return {
        view.person_id: max(view.version, on_shard[view.person_id].version if view.person_id in on_shard else 0)
        for view in wanted
        if on_shard.get(view.person_id) != view
    }


def renew_members(control: ControlSession, shop_id: int, stale: dict[UUID, int]) -> None:
    """Gives each stale member a version above both sides' and asks for the push; the membership itself is unchanged."""
    for person_id, passed in sorted(stale.items()):
        row = repository.find_membership(control, person_id, shop_id, lock=True)
        if row is None:
            continue
        row.version = max(row.version, passed) + 1
        control.flush()
        ask_to_push_member(control, shop_id=shop_id, person_id=person_id, version=row.version)


def written_dates(dates: EntitlementDates) -> dict[str, str | int]:
    return {
        "state": dates.state, "plan": dates.plan, "paid_until": dates.paid_until.isoformat(), "version": dates.version,
        "grace_days": dates.grace_days, "read_only_days": dates.read_only_days,
    }  # fmt: skip


def read_dates(written: dict[str, str | int]) -> EntitlementDates:
    return EntitlementDates(
        state=str(written["state"]), plan=str(written["plan"]),
        paid_until=dt.date.fromisoformat(str(written["paid_until"])), grace_days=int(written["grace_days"]),
        read_only_days=int(written["read_only_days"]), version=int(written["version"]),
    )  # fmt: skip


def kept_view(row: MemberRights) -> MemberRightsView:
    return MemberRightsView(
        row.person_id, row.name, row.role, frozenset(row.rights), row.session_version, row.active, row.version
    )


def _projected(member: Membership, person: Person, rights: frozenset[str]) -> MemberRightsView:
    active = member.ended_at is None and person.disabled_at is None
    return MemberRightsView(person.id, person.name, member.role, rights, person.session_version, active, member.version)
