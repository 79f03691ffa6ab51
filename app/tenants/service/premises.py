"""Owns corrections of where a shop sells from: its registration, its outlets, its tills.

All of it is read as one profile and has the profile's version: whoever changes any of it has seen all of it. What was
issued keeps what it says; what comes next says the new.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.kit import audit
from app.kit.clock import utc_now
from app.kit.ids import new_id
from app.kit.texts import _
from app.numbering.service import check_till_code
from app.tax.gstin import parse_gstin
from app.tenants.errors import GstinOfOtherState, MalformedPin, NameUnusable, PlaceUnknown, TillCodeTaken
from app.tenants.models import Outlet, Registration, ShopProfile, Till
from app.tenants.repository import shops as repository
from app.tenants.service.opening import PIN, check_without_gstin
from app.tenants.service.people import normal_name
from app.tenants.service.profile import ask_to_tell_names, locked_profile, profile_view
from app.tenants.service.views import ProfileView
from shard_router import ShopSession


def change_registration(
    db: ShopSession, *, registration_id: UUID, expected_version: int, changes: Mapping[str, Any]
) -> ProfileView:
    """GSTIN, legal name, composition; the state stays, since another state is another registration.

    Raises ChangedMeanwhile, PlaceUnknown, MalformedGstin, GstinOfOtherState, CompositionWithoutGstin, NameUnusable.
    """
    profile = locked_profile(db, expected_version)
    row = _known(repository.list_registrations(db), registration_id)
    given = dict(changes)
    if given.get("gstin") is not None:
        given["gstin"] = _gstin_of(given["gstin"], row.state_code)
    if given.get("gstin", row.gstin) is None:
        check_without_gstin(composition=given.get("composition", row.composition))
    if changed := _set(row, given, ("gstin", "legal_name", "composition")):
        _note(db, profile, "registration.changed", row.id, {"fields": changed})
        ask_to_tell_names(db, profile.version)
    return profile_view(db, profile)


def change_outlet(
    db: ShopSession, *, outlet_id: UUID, expected_version: int, changes: Mapping[str, Any]
) -> ProfileView:
    """Name, address, town, PIN code, BIS registration; raises ChangedMeanwhile, PlaceUnknown, MalformedPin."""
    profile = locked_profile(db, expected_version)
    row = _known(repository.list_outlets(db), outlet_id)
    if "pin" in changes and not PIN.fullmatch(changes["pin"]):
        raise MalformedPin(fields={"pin": str(MalformedPin.default_message)})
    if changed := _set(row, changes, ("name", "address", "city", "pin", "bis_registration")):
        _note(db, profile, "outlet.changed", row.id, {"fields": changed})
    return profile_view(db, profile)


def add_outlet(
    db: ShopSession, *, registration_id: UUID, expected_version: int, facts: Mapping[str, Any], till_code: str
) -> ProfileView:
    """Another place under a registration, in its state, with its first till; another state is another registration.

    facts  name, address, city, pin and, where it has one of its own, bis_registration
    Raises ChangedMeanwhile, PlaceUnknown, MalformedPin, NameUnusable, TillCodeUnfit, TillCodeTaken.
    """
    profile = locked_profile(db, expected_version)
    registration = _known(repository.list_registrations(db), registration_id)
    if not PIN.fullmatch(facts["pin"]):
        raise MalformedPin(fields={"pin": str(MalformedPin.default_message)})
    row = Outlet(id=new_id(), registration_id=registration.id, state_code=registration.state_code, version=1)
    _set(row, facts, ("name", "address", "city", "pin", "bis_registration"))
    row.version = 1
    db.add(row)
    db.flush()
    code = check_till_code(till_code.strip().upper())
    _add_till(db, Till(id=new_id(), outlet_id=row.id, code=code, version=1, name=code), field="tillCode")
    _note(db, profile, "outlet.added", row.id, {"name": row.name, "till": code})
    return profile_view(db, profile)


def add_till(db: ShopSession, *, outlet_id: UUID, expected_version: int, code: str, name: str) -> ProfileView:
    """A counter more. Its code is part of its documents' numbers and never changes.

    Raises ChangedMeanwhile, PlaceUnknown, TillCodeUnfit, TillCodeTaken.
    """
    profile = locked_profile(db, expected_version)
    _known(repository.list_outlets(db), outlet_id)
    row = Till(id=new_id(), outlet_id=outlet_id, code=check_till_code(code.strip().upper()), version=1,
               name=normal_name(name) or code)  # fmt: skip
    _add_till(db, row, field="code")
    _note(db, profile, "till.added", row.id, {"code": row.code})
    return profile_view(db, profile)


def rename_till(db: ShopSession, *, till_id: UUID, expected_version: int, name: str) -> ProfileView:
    """Raises ChangedMeanwhile, PlaceUnknown, NameUnusable."""
    profile = locked_profile(db, expected_version)
    row = _known(repository.list_tills(db), till_id)
    if _set(row, {"name": name}, ("name",)):
        _note(db, profile, "till.renamed", row.id, {"code": row.code})
    return profile_view(db, profile)


def _add_till(db: ShopSession, row: Till, *, field: str) -> None:
    db.add(row)
    try:
        db.flush()
    except IntegrityError as taken:
        raise TillCodeTaken(fields={field: str(TillCodeTaken.default_message)}) from taken


def _known(rows: list[Any], wanted: UUID) -> Any:
    for row in rows:
        if row.id == wanted:
            return row
    raise PlaceUnknown()


def _set(row: Registration | Outlet | Till, changes: Mapping[str, Any], fields: tuple[str, ...]) -> list[str]:
    """Which of these fields got another value."""
    changed = []
    for field in fields:
        if field not in changes:
            continue
        value = normal_name(changes[field]) if isinstance(changes[field], str) else changes[field]
        if value == "":
            raise NameUnusable(fields={field: str(NameUnusable.default_message)})
        if getattr(row, field) != value:
            setattr(row, field, value)
            changed.append(field)
    if changed:
        row.version += 1
    return changed


def _gstin_of(text: str, state_code: str) -> str:
    gstin = parse_gstin(text)
    if gstin.state_code != state_code:
        said = _("The GSTIN is of state %(its)s, the shop of state %(ours)s.", its=gstin.state_code, ours=state_code)
        raise GstinOfOtherState(said, fields={"gstin": said})
    return gstin.text


def _note(db: ShopSession, profile: ShopProfile, action: str, subject_id: UUID, facts: dict[str, Any]) -> None:
    profile.version, profile.updated_at = profile.version + 1, utc_now()
    db.flush()
    audit.record(db, action, subject_id, {**facts, "version": profile.version})
