"""Owns what the karigars' challans say to the book of metal beside what the stock posts itself.

The stock posts what is drawn from a lot, what makes a lot again, and finished pieces as it takes them in, their labour
in their cost. Metal that was issued from no lot was there before the book. Stones that came from no lot stand on the
challans alone.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from uuid import UUID

from app.inventory.service import STONE, Origin, Spot
from app.karigar.models import KarigarLine, Why
from app.kit.weights import stone_mg
from app.metal.service import MIXED, Account, Balance, Entry, balances, post
from shard_router import ShopSession

RECEIPT = "karigar_receipt"
_GONE = {
    Why.WASTAGE.value: Account.LOSS, Why.ACCEPTED.value: Account.LOSS, Why.CHARGED.value: Account.SOLD,
}  # fmt: skip


def post_challan(
    db: ShopSession,
    *,
    challan_id: UUID,
    kind: str,
    lines: Sequence[KarigarLine],
    at: dt.datetime,
    booked_stones: frozenset[str] = frozenset(),
) -> None:
    """booked_stones  kinds of stones of the job that the book has with the karigar"""
    entries = [*_metal(lines), *_stones(lines, booked_stones)]
    if entries:
        post(db, movement_id=challan_id, kind=f"karigar_{kind}", entries=entries, at=at)


def origin_of(karigar_id: UUID, challan_id: UUID) -> Origin:
    """Where a finished piece, and metal or stones that make a lot again, come from."""
    return Origin(spot=Spot(Account.KARIGAR, karigar_id), kind=RECEIPT, movement_id=challan_id)


def held_by_book(db: ShopSession) -> list[Balance]:
    """What the book says lies with karigars."""
    return balances(db, account=Account.KARIGAR)


def _metal(lines: Sequence[KarigarLine]) -> Iterator[Entry]:
    for line in lines:
        if line.metal is None:
            continue
        what = {"metal": line.metal, "fineness": line.fineness, "net_mg": line.net_mg, "cost_paise": line.value_paise}
        if line.why == Why.ISSUED.value and line.lot_id is None:
            yield Entry(from_account=Account.OPENING, to_account=Account.KARIGAR, to_ref=line.karigar_id, **what)  # type: ignore[arg-type]
        if line.why in _GONE:
            yield Entry(
                from_account=Account.KARIGAR, from_ref=line.karigar_id, to_account=_GONE[line.why], fine=line.fine,
                **what,  # type: ignore[arg-type]
            )  # fmt: skip


def _stones(lines: Sequence[KarigarLine], booked: frozenset[str]) -> Iterator[Entry]:
    """Broken and lost stones, and the carats by which the counted ones differ, either way."""
    for line in lines:
        if line.stone_kind not in booked or line.why not in (Why.BROKEN.value, Why.DIFFERENCE.value):
            continue
        mct = abs(line.weight_mct)
        lost = Entry(
            from_account=Account.KARIGAR, from_ref=line.karigar_id, to_account=Account.LOSS, metal=STONE,
            fineness=MIXED, fine=0, pieces=line.stones, stone_mg=stone_mg(mct), stone_mct=mct,
            cost_paise=line.value_paise,
        )  # fmt: skip
        yield lost if line.weight_mct >= 0 else lost.reversed()
