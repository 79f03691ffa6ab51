"""The bonus of a full scheme: a pre-agreed discount before tax, claimed by one bill, once.

What breaks the promise: nothing short of writing to the table by hand. The claim is one compare-and-set on the scheme's
row, in the bill's own transaction; a bill that is cancelled frees it again in its own.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import orjson
from msgspec import Struct

from app.customers import service as customers
from app.kit.clock import utc_now
from app.kit.money import percent_of
from app.kit.texts import _
from app.schemes import repository
from app.schemes.errors import BonusAbsent, BonusUsed, SchemeUnknown
from app.schemes.models import SchemeState
from app.schemes.plans import Promise
from shard_router import PacketResult, ShopSession


class Bonus(Struct, frozen=True):
    """What a scheme gives off a bill: `paise` before tax, or basis points of the bill's making charge.

    customer_id  as they joined; who was merged since is the same person (`customers.same_person`)
    credit_id    what was paid in; a bill that claims the bonus uses this credit too
    document_id  the bill that gave it, None while it waits
    """

    scheme_id: UUID
    number: str
    customer_id: UUID
    credit_id: UUID | None
    paise: int
    making_bp: int
    state: str
    document_id: UUID | None

    @property
    def promise(self) -> Promise:
        return Promise(self.paise, self.making_bp)

    @property
    def waits(self) -> bool:
        """Whether a bill may claim it."""
        return self.state == SchemeState.MATURED.value and bool(self.promise) and self.document_id is None


def waiting_bonuses(
    db: ShopSession, scheme_ids: Iterable[UUID], *, customer_id: UUID, field: str = "schemes"
) -> tuple[Bonus, ...]:
    """Bonuses that a bill to this customer could claim, not claimed: for a quote, in the order of their schemes' ids.

    Raises SchemeUnknown, another's included, whose savings are nobody's business; BonusAbsent, BonusUsed."""
    ordered = _ordered(scheme_ids)
    if not ordered:
        return ()
    known, person = _known(repository.bonus_rows(db, ordered)), customers.same_person(db, customer_id)
    theirs = {one.scheme_id: one for one in known.values() if one.customer_id in person}
    return tuple(_claimed(theirs.get(one), taken=one in theirs and theirs[one].waits, field=field) for one in ordered)


def bonuses_of(db: ShopSession, customer_id: UUID) -> list[Bonus]:
    """Those of a customer that wait for a bill, in two statements: what the counter offers."""
    matured = repository.schemes_of(db, customers.same_person(db, customer_id), state=SchemeState.MATURED.value)
    found = _known(repository.bonus_rows(db, [row.id for row in matured])) if matured else {}
    return [one for one in found.values() if one.waits]


def stands_on(db: ShopSession, credit_id: UUID) -> str:
    """What the credits' room asks before it gives a credit back: the scheme whose bonus waits for a bill, or was given
    on one, in words. What was saved with a bonus buys, all of it."""
    scheme_id = repository.with_credit(db, credit_id)
    found = _known(repository.bonus_rows(db, [scheme_id])) if scheme_id is not None else {}
    for one in found.values():
        if one.state == SchemeState.MATURED.value and one.promise:
            return _("%(number)s matured with a bonus: what was saved in it is for a bill.", number=one.number)
    return ""


def free_bonus(db: ShopSession, *, document_id: UUID) -> int:
    """Let a cancelled document's bonuses wait for another bill: how many. In the transaction of the cancelling."""
    return repository.free_bonus(db, document_id=document_id, now=utc_now())


# ---------------------------------------------------------------- in the packets of a bill


def bind_claims(
    scheme_ids: Sequence[UUID], *, customer_id: UUID, document_id: UUID, now: dt.datetime
) -> list[Any]:  # fmt: skip
    """For the first packet: a claim for each scheme in the order of their ids, and one statement that reads them;
    `read_claims` reads their results, which are as many: `len(scheme_ids) + 1`, none for none."""
    if not scheme_ids:
        return []
    ordered = _ordered(scheme_ids)
    claims = [repository.CLAIM.bind(b_id=one, b_document_id=document_id, b_now=now) for one in ordered]
    return [*claims, repository.BONUS.bind(ids=ordered, customer_id=customer_id)]


def read_claims(
    scheme_ids: Sequence[UUID], results: Sequence[PacketResult], *, field: str = "schemes"
) -> tuple[Bonus, ...]:
    """The bonuses that the packet claimed, in the order of their schemes' ids; raises for the first that it did not:
    SchemeUnknown, another's included; BonusAbsent, BonusUsed."""
    if not scheme_ids:
        return ()
    *claims, read = results
    known = _known(read.rows)
    return tuple(
        _claimed(known.get(one), taken=claim.rowcount == 1, field=field)
        for one, claim in zip(_ordered(scheme_ids), claims, strict=True)
    )


def most_off(promise: Promise, *, making_paise: int) -> int:
    """What a promise takes off a bill with so much making, in paise."""
    return promise.paise or percent_of(making_paise, promise.making_bp)


def _claimed(bonus: Bonus | None, *, taken: bool, field: str) -> Bonus:
    if bonus is None:
        raise SchemeUnknown(fields={field: "unknown"})
    if taken:
        return bonus
    if bonus.document_id is not None:
        raise BonusUsed(_("The bonus of %(number)s was used before.", number=bonus.number), fields={field: "used"})
    raise BonusAbsent(_("%(number)s has no bonus to give.", number=bonus.number), fields={field: "none"})


def _ordered(scheme_ids: Iterable[UUID]) -> list[UUID]:
    return sorted(set(scheme_ids), key=lambda one: one.bytes)


def _known(rows: Iterable[Sequence[Any]]) -> dict[UUID, Bonus]:
    found = {}
    for scheme_id, customer_id, credit_id, document_id, facts in rows:
        number, state, paise, making_bp = orjson.loads(facts)
        found[scheme_id] = Bonus(scheme_id, number, customer_id, credit_id, paise, making_bp, state, document_id)
    return found
