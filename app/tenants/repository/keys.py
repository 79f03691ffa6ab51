"""Owns the statements on signing keys and signed-out tokens."""

import datetime as dt
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.mysql import insert
from sqlalchemy.orm import Session

from app.tenants.models import EndedSession, SigningKey
from shard_router import ControlSession


def list_keys(control: Session, verifies_at: dt.datetime) -> list[SigningKey]:
    """Keys that verify at this moment, the one that signs last of all at the end."""
    known = select(SigningKey).where(SigningKey.verifies_until > verifies_at)
    return list(control.scalars(known.order_by(SigningKey.signs_from, SigningKey.kid)))


def lock_keys(control: ControlSession) -> list[SigningKey]:
    return list(control.scalars(select(SigningKey).order_by(SigningKey.kid).with_for_update()))


def delete_keys_before(control: ControlSession, moment: dt.datetime) -> None:
    control.execute(delete(SigningKey).where(SigningKey.verifies_until < moment))


def end_session(control: ControlSession, person_id: UUID, token_id: UUID, expires_at: dt.datetime) -> None:
    """Twice is once."""
    row = insert(EndedSession).values(person_id=person_id, token_id=token_id, expires_at=expires_at)
    control.execute(row.on_duplicate_key_update(expires_at=row.inserted.expires_at))


def list_ended_sessions(control: ControlSession, person_id: UUID, now: dt.datetime) -> list[UUID]:
    ended = select(EndedSession.token_id).where(EndedSession.person_id == person_id, EndedSession.expires_at > now)
    return list(control.scalars(ended))


def delete_ended_sessions_before(control: ControlSession, now: dt.datetime) -> int:
    gone = control.execute(delete(EndedSession).where(EndedSession.expires_at < now))
    return int(getattr(gone, "rowcount", 0))
