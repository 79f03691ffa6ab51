"""Owns who acts in a session. Edges make it; services check it; audit reads it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Actor:
    person_id: UUID | None  # None: the system, a job that nobody asked for
    name: str = ""
    acting_for: UUID | None = None  # the vendor's person signed in as a shop's person
    till_id: UUID | None = None
    request_id: str = ""
    address: str = ""  # of the network, where the request came from
    rights: frozenset[str] = frozenset()

    def may(self, right: str) -> bool:
        return right in self.rights
