"""Owns what a form says when somebody else changed the same thing while one was typing: who, when, what it says now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from app.kit.audit_reading import Change, last_change
from app.kit.http import shop_read
from app.kit.locale import moment
from app.kit.pages import Refusal
from app.kit.texts import _
from app.tenants import service as tenants
from shard_router import ShopSession

CHANGED = 412


def explained(
    refusal: Refusal | None,
    *,
    actions: Sequence[str],
    now: Mapping[str, str],
    typed: Mapping[str, str],
    subject_id: UUID | None = None,
) -> Refusal | None:
    """A refusal for a newer version, in full; every other one as it is.

    now    what the form's fields would show of the thing as it is
    typed  what stands in them; a field that differs says what is there now
    """
    if refusal is None or refusal.status != CHANGED:
        return refusal
    change, names = shop_read(lambda db: _who(db, actions, subject_id))
    differing = {name: value for name, value in now.items() if value != typed.get(name, "").strip()}
    return refusal._replace(
        message=_told(change, names),
        action=_(
            "What you typed is kept and not saved. Fields that differ say what is there now: "
            "save again to put yours in its place."
        ),
        fields={name: _("Now it says: %(value)s", value=value or "—") for name, value in differing.items()},
    )


def _who(db: ShopSession, actions: Sequence[str], subject_id: UUID | None) -> tuple[Change | None, dict[UUID, str]]:
    names = {member.person_id: member.name for member in tenants.list_kept_members(db)}
    return last_change(db, actions, subject_id=subject_id), names


def _told(change: Change | None, names: Mapping[UUID, str]) -> str:
    if change is None:
        return str(_("Somebody changed this while you were typing."))
    who = names.get(change.actor_id, _("Somebody")) if change.actor_id else _("The system")
    return str(_("%(who)s changed this at %(at)s, while you were typing.", who=who, at=moment(change.at)))
