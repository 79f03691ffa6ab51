"""Owns a person's standing on the platform: looked at, disabled and enabled by the vendor, each with its reason."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from app.kit.audit import record_platform
from app.kit.clock import utc_now
from app.tenants.errors import NotOneself, PersonUnknown
from app.tenants.models import Person
from app.tenants.repository import people as repository
from app.tenants.service.changes import note_person
from app.tenants.service.people import list_memberships, view_of
from app.tenants.service.projections import ask_to_push_person
from app.tenants.service.views import MembershipView, PersonView
from shard_router import ControlSession


@dataclass(frozen=True, slots=True)
class PersonStanding:
    """A person as the vendor sees them."""

    person: PersonView
    memberships: tuple[MembershipView, ...]
    last_sign_in_at: dt.datetime | None
    disabled_at: dt.datetime | None
    disabled_because: str | None
    version: int


def get_standing(control: ControlSession, person_id: UUID) -> PersonStanding:
    """Raises PersonUnknown."""
    return _standing(control, _person(control, person_id))


def disable_person(control: ControlSession, *, person_id: UUID, reason: str, actor_id: UUID) -> PersonStanding:
    """No sign-in counts any more and none is let in, in every shop and at the console; what they did stays.

    Twice is harmless. Raises PersonUnknown, NotOneself.
    """
    if person_id == actor_id:
        raise NotOneself()
    row = _person(control, person_id, lock=True)
    if row.disabled_at is None:
        row.disabled_at, row.disabled_because = utc_now(), reason
        row.session_version += 1
        _changed(control, row, "person.disabled", reason, actor_id)
    return _standing(control, row)


def enable_person(control: ControlSession, *, person_id: UUID, reason: str, actor_id: UUID) -> PersonStanding:
    """They may sign in again, with the password that they had; nobody is signed in by it."""
    row = _person(control, person_id, lock=True)
    if row.disabled_at is not None:
        row.disabled_at = row.disabled_because = None
        _changed(control, row, "person.enabled", reason, actor_id)
    return _standing(control, row)


def names_of(control: ControlSession, person_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Names of those of these people that there are."""
    return repository.find_names(control, set(person_ids))


def _changed(control: ControlSession, row: Person, action: str, reason: str, actor_id: UUID) -> None:
    row.version, row.updated_at = row.version + 1, utc_now()
    ask_to_push_person(control, row.id)
    note_person(control, row.id)
    record_platform(control, action, {"person": str(row.id), "reason": reason}, actor_id=actor_id)
    control.flush()


def _person(control: ControlSession, person_id: UUID, *, lock: bool = False) -> Person:
    if (row := repository.find_person(control, person_id, lock=lock)) is None:
        raise PersonUnknown()
    return row


def _standing(control: ControlSession, row: Person) -> PersonStanding:
    return PersonStanding(
        person=view_of(row), memberships=list_memberships(control, row.id), last_sign_in_at=row.last_sign_in_at,
        disabled_at=row.disabled_at, disabled_because=row.disabled_because, version=row.version,
    )  # fmt: skip
