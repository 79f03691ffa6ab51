"""Lots kept by weight: received, taken from, weighed anew, split, put together, and pieces tagged out of them.

What is left of a lot falls under its lock, in the transaction of its entry in the metal book.
"""

import dataclasses
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.inventory.errors import ExemptionNotYours, ItemUnknown, LotCodeTaken, LotFactsWrong, LotsDiffer, LotUnknown
from app.inventory.hallmarking import Hallmark
from app.inventory.lotting import (
    STONE,
    Lot,
    LotDraft,
    Weights,
    checked,
    cost_of,
    drawn,
    kind_of,
    of_stones,
    rest_of,
    settled,
)
from app.inventory.models import LotState, MetalLot
from app.inventory.pieces import Item, ItemDraft
from app.inventory.repository import lots as repository
from app.inventory.repository import pieces as worn
from app.inventory.service.booking import Spot
from app.inventory.service.entering import ADJUST_RIGHT, FOUND_HERE, Origin, register_item
from app.inventory.service.locking import live_lots
from app.inventory.service.shelves import place_or_home
from app.kit import audit, paging
from app.kit.clock import today_ist, utc_now
from app.kit.errors import PreconditionFailed
from app.kit.ids import new_id
from app.kit.texts import _
from app.metal import service as metal
from app.metal.service import Account, Entry
from shard_router import ShopSession

_FIELDS = tuple(field.name for field in dataclasses.fields(Lot))
DRAWN = {"lost": Account.LOSS, "corrected": Account.ADJUSTMENT}
"""Why something is taken out of a lot by hand → where it goes. Other rooms name their own account."""


def receive_lot(
    db: ShopSession,
    *,
    draft: LotDraft,
    place_id: UUID | None = None,
    origin: Origin = FOUND_HERE,
    as_taken: bool = False,
    hsn_unsaid: bool = False,
) -> Lot:
    """Take a lot into stock; raises LotCodeTaken and what is wrong with the draft.

    origin    left out: it was there before the book. A purchase, a customer's old gold or a melt says its own
    as_taken  it is a part of another lot: what its stones weigh in mg is what they weighed there
    hsn_unsaid  it came out of a lot that never said which of several codes it is of
    """
    facts, now = settled(draft, today_ist(), hsn_unsaid=hsn_unsaid), utc_now()
    if as_taken:
        facts = dataclasses.replace(facts, stone_mg=draft.stone_mg)
    row = MetalLot(
        id=new_id(), code=facts.code, name=facts.name, kind=facts.kind, metal=facts.metal, fineness=facts.fineness,
        hsn=facts.hsn, place_id=place_or_home(db, place_id), supplier_id=origin.supplier_id, state=LotState.OPEN.value,
        left_pieces=facts.pieces, left_stone_mg=facts.stone_mg, left_net_mg=facts.net_mg,
        left_stone_mct=facts.stone_mct, left_cost_paise=facts.cost_paise, version=1, created_at=now, updated_at=now,
    )  # fmt: skip
    db.add(row)
    try:
        db.flush()
    except IntegrityError as taken:
        raise LotCodeTaken(_("There is a lot %(code)s.", code=facts.code), fields={"code": "taken"}) from taken
    lot = lot_of(row)
    metal.post(
        db, movement_id=origin.movement_id or row.id, kind=origin.kind, book_on=origin.book_on,
        entries=[entry_of_lot(lot, origin.spot, shelf(lot))],
    )  # fmt: skip
    audit.record(db, "lot.received", row.id, {
        "code": row.code, "kind": row.kind, "netMg": row.left_net_mg, "fineness": row.fineness,
        "stoneMct": row.left_stone_mct,
    })  # fmt: skip
    return lot


def draw_from_lot(
    db: ShopSession, *, lot_id: UUID, part: Weights, target: Spot, kind: str, movement_id: UUID | None = None,
    expected_version: int | None = None, reason: str | None = None,
) -> Entry:  # fmt: skip
    """Take a part of a lot to another account, at its share of the cost; the entry that was posted.

    Raises LotUnknown, LotNotOpen, LotTooSmall, PreconditionFailed. The caller has no row of stock locked but earlier
    lots and pieces (decision 0040).
    """
    row = _locked(db, lot_id, expected_version)
    entry = take(row, drawn(lot_of(row), part), target)
    db.flush()
    act = movement_id or new_id()
    metal.post(db, movement_id=act, kind=kind, entries=[entry])
    audit.record(db, "lot.drawn", row.id, {
        "code": row.code, "kind": kind, "netMg": entry.net_mg, "stoneMct": entry.stone_mct, "pieces": entry.pieces,
        "reason": reason,
    })  # fmt: skip
    return entry


def take(row: MetalLot, part: Weights, target: Spot) -> Entry:
    """Lower a locked lot by a part, and the entry that says so; raises LotTooSmall."""
    lot = lot_of(row)
    rest, cost = rest_of(lot, part), cost_of(part, lot)
    entry = entry_of_lot(lot, shelf(lot), target, part=part, cost_paise=cost)
    put(row, rest, cost_paise=lot.left_cost_paise - cost)
    return entry


def put(row: MetalLot, left: Weights, *, cost_paise: int) -> None:
    """A locked lot has this left from now on."""
    row.left_pieces, row.left_stone_mg, row.left_net_mg = left.pieces, left.stone_mg, left.net_mg
    row.left_stone_mct, row.left_cost_paise = left.stone_mct, cost_paise
    row.version, row.updated_at = row.version + 1, utc_now()
    if not any(dataclasses.astuple(left)):
        row.state = LotState.USED.value


def weigh_lot(db: ShopSession, *, lot_id: UUID, expected_version: int, weights: Weights, reason: str) -> Lot:
    """A lot weighs other than is written: corrected in the book both ways, its cost unchanged."""
    row = _locked(db, lot_id, expected_version)
    before, left = lot_of(row), checked(_weighed(row, weights))
    if not (left.net_mg or left.stone_mct):
        raise LotFactsWrong(_("A lot of nothing was used up or lost."), fields={"netMg": "nothing"})
    put(row, left, cost_paise=before.left_cost_paise)
    db.flush()
    after, made = lot_of(row), Spot(Account.ADJUSTMENT)
    both = [entry_of_lot(before, shelf(before), made), entry_of_lot(after, made, shelf(after))]
    metal.post(db, movement_id=new_id(), kind="correction", entries=both)
    audit.record(db, "lot.weighed", row.id, {
        "code": row.code, "before": dataclasses.asdict(before.left), "after": dataclasses.asdict(left),
        "reason": reason,
    })  # fmt: skip
    return after


def split_lot(db: ShopSession, *, lot_id: UUID, expected_version: int, part: Weights, code: str) -> Lot:
    """A part of a lot becomes one of its own, in the same place; raises LotTooSmall, LotCodeTaken."""
    row = _locked(db, lot_id, expected_version)
    whole = lot_of(row)
    act, made = new_id(), Spot(Account.ADJUSTMENT)
    entry = take(row, drawn(lot_of(row), part), made)
    db.flush()
    metal.post(db, movement_id=act, kind="split", entries=[entry])
    draft = LotDraft(
        code=code, name=whole.name, kind=whole.kind, metal=whole.metal, fineness=whole.fineness, pieces=entry.pieces,
        stone_mg=entry.stone_mg, net_mg=entry.net_mg, stone_mct=entry.stone_mct, cost_paise=entry.cost_paise,
        hsn=whole.hsn,
    )  # fmt: skip
    origin = Origin(spot=made, kind="split", movement_id=act, supplier_id=whole.supplier_id)
    return receive_lot(
        db, draft=draft, place_id=whole.place_id, origin=origin, as_taken=True, hsn_unsaid=whole.hsn is None
    )


def merge_lots(db: ShopSession, *, into_id: UUID, lot_ids: Sequence[UUID]) -> Lot:
    """Put lots of one kind, purity and place into one of them; raises LotsDiffer, LotUnknown, LotNotOpen."""
    others = [one for one in lot_ids if one != into_id]
    if not others:
        raise LotsDiffer(_("Name at least two lots."), fields={"lotIds": "too few"})
    rows = {row.id: row for row in live_lots(db, sorted({into_id, *others}))}
    into, same = rows[into_id], ("kind", "metal", "fineness", "place_id", "hsn")
    act, made = new_id(), Spot(Account.ADJUSTMENT)
    entries: list[Entry] = []
    for one in sorted(others):
        row = rows[one]
        if any(getattr(row, name) != getattr(into, name) for name in same):
            message = _(
                "%(code)s is of another kind, purity, HSN or place than %(into)s.", code=row.code, into=into.code
            )
            raise LotsDiffer(message, fields={"lotIds": "differ"})
        given = take(row, lot_of(row).left, made)
        entries += [given, dataclasses.replace(given.reversed(), lot_id=into.id)]
        left = lot_of(into)
        whole = Weights(
            pieces=left.left_pieces + given.pieces, stone_mg=left.left_stone_mg + given.stone_mg,
            net_mg=left.left_net_mg + given.net_mg, stone_mct=left.left_stone_mct + given.stone_mct,
        )  # fmt: skip
        put(into, whole, cost_paise=left.left_cost_paise + given.cost_paise)
    db.flush()
    metal.post(db, movement_id=act, kind="merge", entries=entries)
    audit.record(db, "lot.merged", into.id, {"code": into.code, "from": [rows[one].code for one in others]})
    return lot_of(into)


def tag_from_lot(db: ShopSession, *, lot_id: UUID, expected_version: int, draft: ItemDraft) -> Item:
    """A piece out of a lot gets its tag: the lot falls by its weight and its share of the cost.

    Raises LotTooSmall, LotsDiffer where it is of another purity, ExemptionNotYours, and what register_item raises.
    """
    row = _locked(db, lot_id, expected_version)
    if (row.metal, row.fineness) != (draft.metal, draft.fineness):
        raise LotsDiffer(_("Lot %(code)s is of another purity.", code=row.code), fields={"purity": "not the lot's"})
    if draft.others:
        message = _("A piece out of lot %(code)s is of the lot's purity alone.", code=row.code)
        raise LotsDiffer(message, fields={"otherMetals": "not the lot's"})
    act, made = new_id(), Spot(Account.ADJUSTMENT)
    item = register_item(
        db, draft=draft, place_id=row.place_id,
        origin=Origin(spot=made, kind="tagging", movement_id=act, supplier_id=row.supplier_id, lot_id=row.id),
        costed=lambda piece: _taken_for(db, row, piece, act, made),
    )  # fmt: skip
    today = today_ist()
    if kind_of(row.kind, today).melts and item.hallmark(today) is Hallmark.EXEMPT and not db.actor.may(ADJUST_RIGHT):
        raise ExemptionNotYours(fields={"huidExempt": "not yours to say"})  # else it leaves to be worn, in slices too
    audit.record(db, "lot.tagged", row.id, {"code": row.code, "tag": item.tag, "netMg": item.net_mg})
    return item


def get_lot(db: ShopSession, lot_id: UUID) -> Lot:
    """Raises LotUnknown."""
    row = repository.find_lot(db, lot_id)
    if row is None:
        raise LotUnknown()
    return lot_of(row)


def find_things(db: ShopSession, codes: Sequence[str]) -> tuple[list[UUID], list[UUID]]:
    """The pieces and open lots of scanned tags, HUIDs and codes, in order; raises ItemUnknown naming the others."""
    wanted = [code.strip().upper() for code in codes]
    pieces = {code: row.id for row in worn.find_worn(db, wanted) for code in (row.live_tag, row.live_huid) if code}
    lots = {row.code: row.id for row in repository.find_coded(db, wanted)}
    unknown = [code for code in wanted if code not in pieces and code not in lots]
    if unknown:
        message = _("Nothing in stock is called %(codes)s.", codes=", ".join(unknown[:10]))
        raise ItemUnknown(message, fields={"codes": message})
    return (
        list(dict.fromkeys(pieces[code] for code in wanted if code in pieces)),
        list(dict.fromkeys(lots[code] for code in wanted if code in lots and code not in pieces)),
    )


def list_lots(
    db: ShopSession,
    *,
    state: str | None = None,
    kind: str | None = None,
    metal: str | None = None,
    place_ids: Sequence[UUID] = (),
    text: str | None = None,
    sort: str | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[Lot]:
    statement = repository.list_lots(state=state, kind=kind, metal=metal, place_ids=place_ids, text=text)
    return paging.page(db, statement, orders=_ORDERS, sort=sort, after=after, limit=limit).map(lot_of)


def shelf(lot: Lot) -> Spot:
    """Where an open lot lies."""
    return Spot(Account.STOCK, lot.place_id)


def entry_of_lot(
    lot: Lot, source: Spot, target: Spot, *, part: Weights | None = None, cost_paise: int | None = None
) -> Entry:
    """A lot, or a part of it, from one account to another."""
    moved = lot.left if part is None else part
    return Entry(
        from_account=source.account, from_ref=source.ref, to_account=target.account, to_ref=target.ref,
        metal=lot.metal, fineness=lot.fineness, pieces=moved.pieces, stone_mg=moved.stone_mg, net_mg=moved.net_mg,
        stone_mct=moved.stone_mct, cost_paise=lot.left_cost_paise if cost_paise is None else cost_paise, lot_id=lot.id,
    )  # fmt: skip


def lot_of(row: MetalLot) -> Lot:
    """A row of the table as others see it."""
    return Lot(*(getattr(row, name) for name in _FIELDS))


_ORDERS = paging.Orders(
    tie=MetalLot.id, default="-createdAt", createdAt=MetalLot.created_at, code=MetalLot.code, name=MetalLot.name
)


def _locked(db: ShopSession, lot_id: UUID, expected_version: int | None) -> MetalLot:
    (row,) = live_lots(db, [lot_id])
    if expected_version is not None and row.version != expected_version:
        raise PreconditionFailed(_("This lot was changed since you opened it."), action=_("Look at it again."))
    return row


def _weighed(row: MetalLot, weights: Weights) -> Weights:
    """Of loose stones only carats are weighed: what they weigh in mg follows."""
    if row.metal != STONE:
        return weights
    if weights.stone_mct == row.left_stone_mct:
        return dataclasses.replace(weights, stone_mg=row.left_stone_mg, net_mg=0)
    return of_stones(weights.stone_mct, weights.pieces)


def _taken_for(db: ShopSession, row: MetalLot, piece: ItemDraft, act: UUID, made: Spot) -> int:
    """The lot gives what the piece weighs; what that cost."""
    assert piece.net_mg is not None and piece.stone_mg is not None  # a settled draft has both
    mct = min(sum(stone.weight_mct for stone in piece.stones), row.left_stone_mct)
    part = Weights(
        pieces=1 if row.left_pieces else 0, stone_mg=min(piece.stone_mg, row.left_stone_mg), net_mg=piece.net_mg,
        stone_mct=mct,
    )  # fmt: skip
    entry = take(row, part, made)
    db.flush()
    metal.post(db, movement_id=act, kind="tagging", entries=[entry])
    return entry.cost_paise
