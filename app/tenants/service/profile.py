"""Owns the shop's own page of settings on its shard: how it is called in print, and how it prices.

The control plane shows the shop's names too. They go there by the shop's outbox, since no request writes both planes.
"""

from typing import Any

from app.kit import audit, outbox
from app.kit.clock import utc_now
from app.tenants.errors import ChangedMeanwhile, ShopBeingPrepared, ShopUnknown
from app.tenants.models import ShopProfile
from app.tenants.repository import shops as repository
from app.tenants.service.people import normal_name, normal_phone
from app.tenants.service.views import OutletView, ProfileView, RegistrationView, TillView
from shard_router import ControlSession, ShopSession

TELL_NAMES = "app.tenants.jobs.tell_names"
CHANGEABLE = ("name", "name_local", "legal_name", "phone", "locale", "rate_basis")


def get_profile(db: ShopSession) -> ProfileView:
    """Raises ShopBeingPrepared where the shard has no rows of the shop yet."""
    return profile_view(db, _profile(db))


def change_shop_profile(db: ShopSession, *, expected_version: int, changes: dict[str, Any]) -> ProfileView:
    """Names, phone, language and the basis of rates; bills issued before keep what they were printed with.

    Raises ChangedMeanwhile.
    """
    row = locked_profile(db, expected_version)
    given = {name: _normal(name, changes[name]) for name in CHANGEABLE if name in changes}
    changed = sorted(name for name, value in given.items() if getattr(row, name) != value)
    for name in changed:
        setattr(row, name, given[name])
    if changed:
        row.version, row.updated_at = row.version + 1, utc_now()
        db.flush()
        audit.record(db, "shop.profile_changed", None, {"fields": changed, "version": row.version})
    if {"name", "legal_name"} & set(changed):
        ask_to_tell_names(db, row.version)
    return profile_view(db, row)


def set_logo(db: ShopSession, *, expected_version: int, logo: str | None) -> ProfileView:
    """Print this logo from the next bill on, by the hash of its file, or none. Raises ChangedMeanwhile."""
    row = locked_profile(db, expected_version)
    if row.logo != logo:
        row.logo, row.version, row.updated_at = logo, row.version + 1, utc_now()
        db.flush()
        audit.record(db, "shop.logo_changed", None, {"logo": logo, "version": row.version})
    return profile_view(db, row)


def ask_to_tell_names(db: ShopSession, version: int) -> None:
    """Of what the control plane shows of a profile something changed."""
    outbox.enqueue(db, TELL_NAMES, key=f"names-{version}")


def locked_profile(db: ShopSession, expected_version: int) -> ShopProfile:
    """The row that stands for all settings of the shop, until the commit; raises ChangedMeanwhile."""
    row = _profile(db, lock=True)
    if row.version != expected_version:
        raise ChangedMeanwhile()
    return row


def keep_names(control: ControlSession, shop_id: int, profile: ProfileView) -> bool:
    """What the shop is called and its GSTIN, for the console and people's lists; False where newer ones stand there."""
    row = repository.find_shop(control, shop_id, lock=True)
    if row is None:
        raise ShopUnknown()
    if row.profile_version >= profile.version:
        return False
    row.name, row.profile = profile.name, {**row.profile, "legal_name": profile.legal_name}
    row.gstin = next((one.gstin for one in profile.registrations), None)
    row.profile_version, row.version = profile.version, row.version + 1
    control.flush()
    facts = {"name": profile.name, "legalName": profile.legal_name, "gstin": row.gstin}
    audit.record_platform(control, "shop.renamed", facts, actor_id=None, shop_id=shop_id)
    return True


def _normal(name: str, value: str | None) -> str | None:
    if name == "phone":
        return normal_phone(value)
    return normal_name(value) if name in ("name", "name_local", "legal_name") and value is not None else value


def _profile(db: ShopSession, *, lock: bool = False) -> ShopProfile:
    if (row := repository.find_profile(db, lock=lock)) is None:
        raise ShopBeingPrepared(headers={"Retry-After": "3"})
    return row


def profile_view(db: ShopSession, row: ShopProfile) -> ProfileView:
    return ProfileView(
        slug=row.slug, name=row.name, name_local=row.name_local, legal_name=row.legal_name, phone=row.phone,
        locale=row.locale, rate_basis=row.rate_basis, logo=row.logo, version=row.version,
        registrations=tuple(
            RegistrationView(one.id, one.gstin, one.state_code, one.legal_name, one.composition)
            for one in repository.list_registrations(db)
        ),
        outlets=tuple(
            OutletView(
                one.id, one.registration_id, one.name, one.address, one.city, one.pin, one.state_code,
                one.bis_registration,
            )
            for one in repository.list_outlets(db)
        ),
        tills=tuple(TillView(one.id, one.outlet_id, one.code, one.name) for one in repository.list_tills(db)),
    )  # fmt: skip
