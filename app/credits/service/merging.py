"""Merging doubled customers with what the shop owes them: their entries become one, and so do their credits.

Rooms above that keep rows by customer (locked rates) say how theirs follow: the factory hands it in, once, at start.
"""

from collections.abc import Callable, Mapping
from uuid import UUID

from app.credits.service.credits import move_credits
from app.customers import service as customers
from app.customers.service import Customer
from app.kit import audit
from shard_router import ShopSession

Follow = Callable[..., int]
"""Takes the session, `loser_id` and `winner_id`; says how many rows followed. It locks behind customers and credits."""

_followers: dict[str, Follow] = {}


def follow_merges(followers: Mapping[str, Follow]) -> None:
    """By the name under which the audit entry tells how many followed."""
    _followers.clear()
    _followers.update(followers)


def merge_customers(
    db: ShopSession, *, winner_id: UUID, loser_id: UUID, winner_version: int, loser_version: int, confirm: str
) -> Customer:
    """The winner, who has all of the loser's credits; bills and vouchers stay as they were issued and are read as one
    person's. For ever. Raises what `customers.merge` raises."""
    taken = customers.merge(
        db, winner_id=winner_id, loser_id=loser_id, winner_version=winner_version, loser_version=loser_version,
        confirm=confirm,
    )  # fmt: skip
    moved = move_credits(db, loser_id=loser_id, winner_id=winner_id)
    followed = {name: follow(db, loser_id=loser_id, winner_id=winner_id) for name, follow in _followers.items()}
    audit.record(
        db, "customer.merged", winner_id, {"loser": loser_id, "credits": moved, "taken": taken, "followed": followed}
    )
    return customers.get_customer(db, winner_id)
