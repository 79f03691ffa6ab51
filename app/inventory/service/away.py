"""What is away and comes to an end: transfers on their way, pieces on approval, metal in the pot.

Pieces are taken under their lock and only while they are in stock, so that of a transfer and a sale of the same piece
one wins and the other is told. What is away stands in the metal book under the consignment's own id.
"""

import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.customers import service as customers
from app.inventory.errors import (
    AlreadyThere,
    ConsignmentEmpty,
    ConsignmentEnded,
    ConsignmentUnknown,
    MeltContradicts,
    MemoDayWrong,
    StockPlaceUnknown,
)
from app.inventory.models import Consignment as Row
from app.inventory.models import ConsignmentKind, ConsignmentLine, ItemStatus, LotState, MetalLot
from app.inventory.pieces import Item
from app.inventory.repository import away as repository
from app.inventory.repository import pieces
from app.inventory.service.booking import Spot, entries_of, shelf
from app.inventory.service.locking import live_lots, live_pieces
from app.inventory.service.lots import entry_of_lot, lot_of
from app.inventory.service.places import outlet_of
from app.kit import audit, paging
from app.kit.clock import today_ist, utc_now
from app.kit.errors import PreconditionFailed
from app.kit.ids import new_id
from app.kit.texts import _
from app.metal import service as metal
from app.metal.service import Account, Entry
from app.tenants.service.places import home_outlet, outlet_names
from shard_router import ShopSession

AWAY, ENDED = "away", "ended"
ACCOUNTS = {
    ConsignmentKind.TRANSFER: Account.TRANSIT,
    ConsignmentKind.MEMO: Account.MEMO,
    ConsignmentKind.MELT: Account.MELTING,
}
_LEAVES = {
    ConsignmentKind.TRANSFER: ItemStatus.TRANSIT,
    ConsignmentKind.MEMO: ItemStatus.MEMO,
    ConsignmentKind.MELT: ItemStatus.WITHDRAWN,
}
MOST_LINES = 500


@dataclass(frozen=True, slots=True)
class Line:
    """One piece or lot as it was sent, and how it ended (None: it is away)."""

    id: UUID
    pos: int
    item_id: UUID | None
    lot_id: UUID | None
    description: str
    metal: str
    fineness: int
    pieces: int
    stone_mg: int
    net_mg: int
    stone_mct: int
    cost_paise: int
    outcome: str | None
    got_gross_mg: int | None
    ended_at: dt.datetime | None

    @property
    def gross_mg(self) -> int:
        return self.net_mg + self.stone_mg


@dataclass(frozen=True, slots=True)
class Consignment:
    """A transfer, memo or melt with its lines."""

    id: UUID
    kind: str
    state: str
    from_place_id: UUID | None
    to_place_id: UUID | None
    customer_id: UUID | None
    due_on: dt.date | None
    note: str | None
    sent_at: dt.datetime
    sent_by: UUID | None
    ended_at: dt.datetime | None
    version: int
    lines: tuple[Line, ...] = ()

    @property
    def away(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.outcome is None)

    @property
    def gross_mg(self) -> int:
        return sum(line.gross_mg for line in self.lines)

    @property
    def cost_paise(self) -> int:
        return sum(line.cost_paise for line in self.lines)


def send_transfer(
    db: ShopSession, *, to_outlet_id: UUID, item_ids: Sequence[UUID] = (), lot_ids: Sequence[UUID] = (),
    note: str | None = None,
) -> Consignment:  # fmt: skip
    """Pieces and lots leave for another outlet; all of one outlet.

    Raises StockPlaceUnknown, AlreadyThere, ConsignmentEmpty, ItemUnknown, ItemNotInStock, LotUnknown, LotNotOpen.
    """
    if to_outlet_id not in outlet_names(db):
        raise StockPlaceUnknown(fields={"toOutletId": "unknown"})
    items, lots = _taken(db, item_ids, lot_ids)
    places = {*(item.place_id for item in items), *(row.place_id for row in lots)}
    homes = {place_id: _outlet(db, place_id) for place_id in places}
    if to_outlet_id in homes.values():
        raise AlreadyThere(_("Something of it lies in that outlet already."), fields={"toOutletId": "where it lies"})
    if len(set(homes.values())) > 1:
        raise AlreadyThere(_("A transfer goes out of one outlet."), fields={"itemIds": "of several outlets"})
    home = next(iter(homes.values()))
    row = _row(ConsignmentKind.TRANSFER, db, from_place_id=home, to_place_id=to_outlet_id, note=note)
    return _send(db, row, items, lots)


def send_memo(
    db: ShopSession, *, customer_id: UUID, item_ids: Sequence[UUID], due_on: dt.date | None = None,
    note: str | None = None,
) -> Consignment:  # fmt: skip
    """Pieces go out on approval.

    Raises MemoDayWrong, CustomerUnknown, ConsignmentEmpty, ItemUnknown, ItemNotInStock."""
    if due_on is not None and due_on < today_ist():
        raise MemoDayWrong(_("The day lies in the past."), fields={"dueOn": "in the past"})
    customers.hold(db, customer_id, exclusive=True)
    items, lots = _taken(db, item_ids, ())
    row = _row(
        ConsignmentKind.MEMO, db, from_place_id=items[0].place_id, customer_id=customer_id, due_on=due_on, note=note
    )
    return _send(db, row, items, lots)


def start_melt(
    db: ShopSession, *, item_ids: Sequence[UUID] = (), lot_ids: Sequence[UUID] = (), place_id: UUID | None = None,
    note: str | None = None,
) -> Consignment:  # fmt: skip
    """Pieces and lots of one metal go into the pot: they are no longer, and their tags are free again.

    place_id  where the lot will lie that comes out; left out: where one sits
    Raises ConsignmentEmpty, MeltContradicts, StockPlaceUnknown and what taking them raises.
    """
    place = place_id or home_outlet(db)
    if place_id is not None:
        outlet_of(db, place_id)
    items, lots = _taken(db, item_ids, lot_ids)
    _check_pot(items)
    metals = {*(item.metal for item in items), *(row.metal for row in lots)}
    if len(metals) > 1 or any(not row.left_net_mg for row in lots):
        raise MeltContradicts(_("One pot takes one metal, and no loose stones."), fields={"itemIds": "several metals"})
    row = _row(ConsignmentKind.MELT, db, from_place_id=place, to_place_id=place, note=note)
    return _send(db, row, items, lots)


def bring_back(
    db: ShopSession, *, consignment_id: UUID, expected_version: int, line_ids: Sequence[UUID] | None = None
) -> Consignment:
    """Pieces of a memo, or a transfer that was called off, lie again where they lay; None: all that are away.

    Raises ConsignmentUnknown, PreconditionFailed, ConsignmentEnded, ConsignmentEmpty.
    """
    row, lines = locked(db, consignment_id, expected_version, (ConsignmentKind.MEMO, ConsignmentKind.TRANSFER))
    chosen = choose(lines, line_ids)
    items, lots = held(db, row, chosen)
    source, now = spot_of(row), utc_now()
    entries = [entry for item in items for entry in entries_of(item, source, shelf(item))]
    entries += [entry_of_lot(lot_of(one), source, Spot(Account.STOCK, one.place_id)) for one in lots]
    pieces.set_status(db, [item.id for item in items], ItemStatus.IN_STOCK, now)
    for one in lots:
        one.state, one.version, one.updated_at = LotState.OPEN.value, one.version + 1, now
    for line in chosen:
        line.outcome, line.ended_at = "returned", now
    return finish(db, row, lines, entries, kind=f"{row.kind}_back", action=f"{row.kind}.brought_back")


def get_consignment(db: ShopSession, consignment_id: UUID, *, kind: str) -> Consignment:
    """Raises ConsignmentUnknown, also for one of another kind."""
    row = repository.find_consignment(db, consignment_id)
    if row is None or row.kind != kind:
        raise ConsignmentUnknown()
    return consignment_of(row, repository.lines_of(db, [row.id]))


def list_consignments(
    db: ShopSession,
    *,
    kind: str,
    state: str | None = None,
    customer_id: UUID | None = None,
    sort: str | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[Consignment]:
    """A page with lines, in two statements."""
    statement = repository.list_consignments(kind=kind, state=state, customer_id=customer_id)
    page = paging.page(db, statement, orders=_ORDERS, sort=sort, after=after, limit=limit)
    lines: defaultdict[UUID, list[ConsignmentLine]] = defaultdict(list)
    for line in repository.lines_of(db, [row.id for row in page.items]) if page.items else ():
        lines[line.consignment_id].append(line)
    return page.map(lambda row: consignment_of(row, lines[row.id]))


# ---------------------------------------------------------------- what the endings share


def locked(
    db: ShopSession, consignment_id: UUID, expected_version: int, kinds: Sequence[ConsignmentKind]
) -> tuple[Row, Sequence[ConsignmentLine]]:
    """The row, held, and its lines; one whose version moved on or that has ended is refused."""
    row = repository.find_consignment(db, consignment_id, lock=True)
    if row is None or row.kind not in [kind.value for kind in kinds]:
        raise ConsignmentUnknown()
    if row.state == ENDED:
        raise ConsignmentEnded(_("Nothing of it is away any more."))
    if row.version != expected_version:
        raise PreconditionFailed(_("This was changed since you opened it."), action=_("Look at it again."))
    return row, repository.lines_of(db, [row.id])


def choose(lines: Sequence[ConsignmentLine], wanted: Sequence[UUID] | None) -> list[ConsignmentLine]:
    """Of those that are away; raises ConsignmentEmpty, ConsignmentUnknown, ConsignmentEnded naming the line."""
    if wanted is None:
        return [line for line in lines if line.outcome is None]
    if not wanted or len(set(wanted)) != len(wanted):
        raise ConsignmentEmpty(_("Name what comes back, each once."), fields={"lineIds": "none, or one twice"})
    known = {line.id: line for line in lines}
    for place, one in enumerate(wanted):
        if one not in known:
            raise ConsignmentUnknown(fields={f"lineIds.{place}": "unknown"})
        if known[one].outcome is not None:
            message = _("%(what)s is no longer away.", what=known[one].description)
            raise ConsignmentEnded(message, fields={f"lineIds.{place}": str(known[one].outcome)})
    return [known[one] for one in wanted]


def held(db: ShopSession, row: Row, lines: Sequence[ConsignmentLine]) -> tuple[list[Item], list[MetalLot]]:
    """The pieces and lots of these lines, locked, in the lines' order."""
    away = _LEAVES[ConsignmentKind(row.kind)]
    items = live_pieces(db, [line.item_id for line in lines if line.item_id], status=away)
    lots = live_lots(db, [line.lot_id for line in lines if line.lot_id], state=LotState.TRANSIT)
    return items, lots


def spot_of(row: Row) -> Spot:
    """The account that what is away stands under."""
    return Spot(ACCOUNTS[ConsignmentKind(row.kind)], row.id)


def finish(
    db: ShopSession, row: Row, lines: Sequence[ConsignmentLine], entries: Sequence[Entry], *, kind: str, action: str
) -> Consignment:
    """Posts what came back or ended, and ends the consignment with its last line."""
    ended = [line for line in lines if line.outcome is not None]
    if len(ended) == len(lines):
        row.state, row.ended_at = ENDED, utc_now()
    row.version += 1
    db.flush()
    metal.post(db, movement_id=row.id, kind=kind, entries=entries)
    audit.record(db, action, row.id, {
        "state": row.state, "lines": {str(line.pos): line.outcome for line in ended}, "version": row.version,
    })  # fmt: skip
    return consignment_of(row, lines)


def consignment_of(row: Row, lines: Sequence[ConsignmentLine]) -> Consignment:
    found = tuple(Line(*(getattr(line, name) for name in _LINE)) for line in lines)
    return Consignment(**{name: getattr(row, name) for name in _HEAD}, lines=found)


_HEAD = tuple(field.name for field in dataclasses.fields(Consignment) if field.name != "lines")
_LINE = tuple(field.name for field in dataclasses.fields(Line))
_ORDERS = paging.Orders(tie=Row.id, default="-sentAt", sentAt=Row.sent_at)


def _row(kind: ConsignmentKind, db: ShopSession, **facts: object) -> Row:
    return Row(
        id=new_id(), kind=kind.value, state=AWAY, sent_at=utc_now(), sent_by=db.actor.person_id, version=1, **facts
    )


def _taken(db: ShopSession, item_ids: Sequence[UUID], lot_ids: Sequence[UUID]) -> tuple[list[Item], list[MetalLot]]:
    if not 1 <= len(item_ids) + len(lot_ids) <= MOST_LINES:
        raise ConsignmentEmpty(_("From 1 to %(most)s pieces and lots go at once.", most=MOST_LINES))
    return live_pieces(db, item_ids), live_lots(db, lot_ids)


def _outlet(db: ShopSession, place_id: UUID | None) -> UUID | None:
    return None if place_id is None else outlet_of(db, place_id)


def _check_pot(items: Sequence[Item]) -> None:
    """Yellow and white gold of one piece melt together; gold and platinum are parted by a refiner."""
    for place, item in enumerate(items):
        if any(part.metal != item.metal for part in item.others):
            message = _(
                "%(tag)s is of several metals (%(purities)s), and one pot takes one metal.",
                tag=item.tag, purities=item.purities_label,
            )  # fmt: skip
            raise MeltContradicts(message, fields={f"itemIds.{place}": "several metals"})


def _send(db: ShopSession, row: Row, items: Sequence[Item], lots: Sequence[MetalLot]) -> Consignment:
    """Lines, entries, and what the pieces and lots are from now on."""
    kind, target, now = ConsignmentKind(row.kind), spot_of(row), row.sent_at
    entries = [entry for item in items for entry in entries_of(item, shelf(item), target)]
    of_lots = [entry_of_lot(lot_of(one), Spot(Account.STOCK, one.place_id), target) for one in lots]
    entries += of_lots
    names = [item.tag for item in items] + [one.code for one in lots]
    db.add(row)
    db.flush()
    facts = [_facts_of_piece(item) for item in items] + [_facts_of_lot(entry) for entry in of_lots]
    named = enumerate(zip(names, facts, strict=True), start=1)
    lines = [
        ConsignmentLine(id=new_id(), consignment_id=row.id, pos=pos, description=name, **what)
        for pos, (name, what) in named
    ]
    db.add_all(lines)
    pieces.set_status(db, [item.id for item in items], _LEAVES[kind], now)
    for one in lots:
        one.state, one.version, one.updated_at = LotState.TRANSIT.value, one.version + 1, now
    db.flush()
    metal.post(db, movement_id=row.id, kind=f"{row.kind}_out", entries=entries)
    audit.record(db, f"{row.kind}.sent", row.id, {
        "what": names, "to": _text(row.to_place_id), "customer": _text(row.customer_id),
    })  # fmt: skip
    return consignment_of(row, lines)


def _facts_of_piece(item: Item) -> dict[str, Any]:
    """The piece whole: `net_mg` is of all its metals."""
    return {
        "item_id": item.id, "lot_id": None, "metal": item.metal, "fineness": item.fineness, "pieces": 1,
        "stone_mg": item.stone_mg, "net_mg": item.net_mg, "stone_mct": item.stone_mct,
        "cost_paise": item.cost_paise or 0,
    }  # fmt: skip


def _facts_of_lot(entry: Entry) -> dict[str, Any]:
    return {
        "item_id": None, "lot_id": entry.lot_id, "metal": entry.metal, "fineness": entry.fineness,
        "pieces": entry.pieces, "stone_mg": entry.stone_mg, "net_mg": entry.net_mg, "stone_mct": entry.stone_mct,
        "cost_paise": entry.cost_paise,
    }  # fmt: skip


def _text(one: UUID | None) -> str | None:
    return None if one is None else str(one)
