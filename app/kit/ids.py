"""Owns ids: UUIDv7 made by the application, so that a row is known before it is written and tills can work alone."""

from uuid import UUID

from uuid6 import uuid7

from app.kit.errors import NotFound


class UnknownId(NotFound):
    """The id in the address is no id of this system."""

    default_message = "There is nothing with this id."


def new_id() -> UUID:
    """A new id; ids of one process rise with time."""
    return UUID(bytes=uuid7().bytes)


def parse_id(text: str) -> UUID:
    """The id of its canonical text; raises UnknownId, because a malformed id names nothing."""
    try:
        return UUID(text)
    except (ValueError, AttributeError, TypeError):
        raise UnknownId() from None
