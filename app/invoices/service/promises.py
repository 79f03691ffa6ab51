"""What a bill takes that was promised before: rates that were locked, schemes' bonuses, the order that it delivers and
the rates it fixed, repairs that it charges, the estimate that it is made of.

Taken or held in the first packet, behind the customer and their credits, before any piece (docs/decisions/0050); what
is known only once the pieces are read, how many grams a lock gives, is written in the last.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from app.inventory.service import Item
from app.invoices.errors import BonusWithoutSavings
from app.invoices.service import kept
from app.invoices.service.drafts import BillDraft, LineDraft
from app.invoices.service.kept import Kept
from app.kit.texts import _
from app.orders import service as orders
from app.orders.service import Charge, Delivery
from app.ratelocks import service as ratelocks
from app.ratelocks.errors import RateLockUnknown
from app.ratelocks.service import HeldLock, LockUse
from app.schemes import service as schemes
from app.schemes.service import Bonus
from shard_router import Bound, PacketResult, ShopSession


@dataclass(frozen=True, slots=True)
class Promises:
    """What the bill's customer was promised, and the bill takes."""

    locks: Mapping[UUID, HeldLock] = field(default_factory=dict)
    bonuses: tuple[Bonus, ...] = ()
    delivery: Delivery | None = None
    charges: Mapping[UUID, Charge] = field(default_factory=dict)
    estimate: Kept | None = None

    def rate_of(self, line: LineDraft, item: Item, path: str) -> int | None:
        """Paise per gram that the line's metal was promised at; None where its rate is nobody's promise.

        Raises RateLockUnknown, OrderRateOpen, RateNotKept."""
        if line.rate_lock_id is not None:
            if line.rate_lock_id not in self.locks:
                raise RateLockUnknown(fields={f"{path}.rateLockId": "unknown"})
            return self.locks[line.rate_lock_id].paise_per_g
        if line.of_order:
            assert self.delivery is not None  # check_draft saw to it
            return self.delivery.rate_of(item.metal, item.fineness, field=f"{path}.ofOrder")
        if line.of_estimate:
            assert self.estimate is not None  # check_draft saw to it
            return self.estimate.rate_of(item, field=f"{path}.ofEstimate")
        return None

    def other_rates(self, line: LineDraft, item: Item) -> Mapping[tuple[str, int], int]:
        """Paise per gram at which an estimate keeps the piece's other metals."""
        return self.estimate.other_rates(item) if line.of_estimate and self.estimate is not None else {}

    def locked_mg(self, draft: BillDraft, items: Mapping[UUID, Item]) -> dict[int, int]:
        """By the place of its line: how much of its piece's main metal is taken at a locked rate. A lock gives what is
        left of it, in the order of the lines; of one that has nothing left all is asked, and refused."""
        left = {lock.id: lock.left_mg for lock in self.locks.values()}
        found = {}
        for place, line in enumerate(draft.lines):
            if line.rate_lock_id in left and line.item_id is not None:
                own_mg = items[line.item_id].own_mg
                found[place] = min(own_mg, max(left[line.rate_lock_id], 0)) or own_mg
                left[line.rate_lock_id] -= found[place]
        return found

    def bonus_paise(self, making_paise: int) -> int:
        """What the bonuses take off a bill with so much making, before tax."""
        return sum(schemes.most_off(one.promise, making_paise=making_paise) for one in self.bonuses)


NO_PROMISES = Promises()


def bind(draft: BillDraft, *, document_id: UUID, now: dt.datetime) -> list[Bound]:
    """For the first packet; `read` reads what they gave. Nothing where the bill takes no promise."""
    return [
        *_bind_to_customer(draft, document_id=document_id, now=now),
        *kept.bind(draft.estimate_id, document_id=document_id),
    ]


def _bind_to_customer(draft: BillDraft, *, document_id: UUID, now: dt.datetime) -> list[Bound]:
    """All but the estimate, which may be anybody's."""
    if draft.customer_id is None:
        return []
    delivery = [] if draft.order_id is None else orders.bind_delivery(
        draft.order_id, customer_id=draft.customer_id, document_id=document_id, now=now
    )  # fmt: skip
    return [
        *schemes.bind_claims(
            draft.scheme_ids, customer_id=draft.customer_id, document_id=document_id, now=now
        ),
        *ratelocks.bind_hold(draft.rate_lock_ids),
        *delivery,
        *orders.bind_charges(
            draft.repair_fields, customer_id=draft.customer_id, document_id=document_id, now=now
        ),
    ]  # fmt: skip


def read(draft: BillDraft, results: Sequence[PacketResult], *, document_id: UUID, on: dt.date) -> Promises:
    """What `bind`'s statements took; raises for the first promise that the bill cannot have."""
    own = len(results) - (kept.STATEMENTS if draft.estimate_id is not None else 0)
    found = _read_of_customer(draft, results[:own], document_id=document_id, on=on)
    estimate = kept.read(results[own:], customer_id=draft.customer_id, document_id=document_id, on=on)
    return replace(found, estimate=estimate)


def _read_of_customer(draft: BillDraft, results: Sequence[PacketResult], *, document_id: UUID, on: dt.date) -> Promises:
    if draft.customer_id is None or not results:
        return NO_PROMISES
    rest: Iterator[PacketResult] = iter(results)
    claimed = [next(rest) for _one in range(len(set(draft.scheme_ids)) + 1)] if draft.scheme_ids else []
    bonuses = schemes.read_claims(draft.scheme_ids, claimed, field="schemeIds")
    held = ratelocks.held_of(next(rest).rows) if draft.rate_lock_ids else ()
    delivery = None if draft.order_id is None else orders.read_delivery(
        draft.order_id, [next(rest) for _one in range(3)], customer_id=draft.customer_id, document_id=document_id,
        on=on,
    )  # fmt: skip
    charges = orders.read_charges(
        draft.repair_fields, list(rest), customer_id=draft.customer_id, document_id=document_id
    )
    _check_savings(draft, bonuses)
    return _promises(held, bonuses, delivery, charges)


def look(db: ShopSession, draft: BillDraft, *, on: dt.date) -> Promises:
    """The same for a quote, with nothing taken; raises what `read` does, but for savings that are not used yet."""
    estimate = kept.look_at(db, draft.estimate_id, customer_id=draft.customer_id, on=on)
    return replace(_look_for_customer(db, draft, on=on), estimate=estimate)


def _look_for_customer(db: ShopSession, draft: BillDraft, *, on: dt.date) -> Promises:
    if draft.customer_id is None:
        return NO_PROMISES
    bonuses = schemes.waiting_bonuses(db, draft.scheme_ids, customer_id=draft.customer_id, field="schemeIds")
    held = tuple(ratelocks.look_at(db, draft.rate_lock_ids)) if draft.rate_lock_ids else ()
    delivery = None if draft.order_id is None else orders.look_at_delivery(
        db, draft.order_id, customer_id=draft.customer_id, on=on
    )  # fmt: skip
    charges = orders.look_at_charges(db, draft.repair_fields, customer_id=draft.customer_id)
    return _promises(held, bonuses, delivery, charges)


def uses_of(draft: BillDraft, promises: Promises, items: Mapping[UUID, Item]) -> list[LockUse]:
    """How much of which lock each line takes: the net weight of its piece's main metal, or what is left."""
    taken, found = promises.locked_mg(draft, items), []
    for place, line in enumerate(draft.lines):
        if line.rate_lock_id is not None and line.item_id is not None:
            item = items[line.item_id]
            path = f"lines.{place}.rateLockId"
            mg = taken.get(place, item.own_mg)  # of a lock that is not there: refused
            found.append(LockUse(line.rate_lock_id, item.metal, item.fineness, mg, path))
    return found


def check(draft: BillDraft, promises: Promises, items: Mapping[UUID, Item], on: dt.date) -> None:
    """That the locks have grams left, and the order's rate covers so much weight as the pieces weigh.

    Raises what ratelocks.check_uses does, and OrderOverweight."""
    if draft.customer_id is None:
        return
    ratelocks.check_uses(
        uses_of(draft, promises, items), tuple(promises.locks.values()), customer_id=draft.customer_id, on=on
    )  # fmt: skip
    if promises.delivery is not None:
        taken: defaultdict[tuple[str, int], int] = defaultdict(int)
        for line in draft.lines:
            if line.of_order and line.item_id is not None:
                item = items[line.item_id]
                taken[item.metal, item.fineness] += item.own_mg
        promises.delivery.check_weight(taken, on)


def bind_taken(
    db: ShopSession, draft: BillDraft, promises: Promises, items: Mapping[UUID, Item], *, document_id: UUID,
    at: dt.datetime,
) -> list[Bound]:  # fmt: skip
    """For the last packet: the grams that the locks gave, and the step that the order came to."""
    delivered = [] if promises.delivery is None else [orders.bind_step(db, promises.delivery, at)]
    return [*ratelocks.bind_uses(db, uses_of(draft, promises, items), document_id=document_id, at=at), *delivered]


def told(draft: BillDraft, promises: Promises) -> dict[str, object]:
    """What the audit chain says of them; nothing where the bill took none."""
    found: dict[str, object] = {
        "schemes": [one.scheme_id for one in promises.bonuses],
        "rateLocks": sorted(promises.locks, key=lambda one: one.bytes),
        "order": promises.delivery and promises.delivery.order_id,
        "repairs": sorted(promises.charges, key=lambda one: one.bytes),
        "estimate": promises.estimate and promises.estimate.estimate_id,
    }
    return {name: value for name, value in found.items() if value}


def give_back(db: ShopSession, *, document_id: UUID) -> None:
    """All that a cancelled bill took is promised again. Behind the customer's lock, before any piece."""
    schemes.free_bonus(db, document_id=document_id)
    ratelocks.give_back(db, document_id=document_id)
    orders.reopen(db, document_id=document_id)


def _promises(
    held: Sequence[HeldLock], bonuses: tuple[Bonus, ...], delivery: Delivery | None, charges: Mapping[UUID, Charge]
) -> Promises:
    return Promises({one.id: one for one in held}, bonuses, delivery, charges)


def _check_savings(draft: BillDraft, bonuses: Sequence[Bonus]) -> None:
    """A bonus is given with what was saved for it: that the credit is this customer's, the credits' room has seen."""
    used = {use.credit_id for use in draft.credit_uses}
    for one in bonuses:
        if one.credit_id not in used:
            message = _("The bonus of %(number)s comes with what was saved in it.", number=one.number)
            raise BonusWithoutSavings(message, fields={"schemeIds": "savings not used"})
