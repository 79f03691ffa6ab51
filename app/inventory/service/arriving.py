"""A transfer arrives: pieces weighed against what was sent, differences accepted or refused, the lost written off."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.inventory.errors import WeightDiffers
from app.inventory.lotting import Weights, scales_differ_mg
from app.inventory.models import ConsignmentKind, ConsignmentLine, ItemStatus, LotState, MetalLot
from app.inventory.pieces import Item
from app.inventory.repository import pieces
from app.inventory.service.away import Consignment, choose, finish, held, locked, spot_of
from app.inventory.service.booking import Spot, entries_of
from app.inventory.service.lots import entry_of_lot, lot_of, put
from app.kit.clock import today_ist, utc_now
from app.kit.money import whole
from app.kit.texts import _
from app.kit.weights import MAX_MG, grams
from app.metal.service import Account, Entry
from shard_router import ShopSession


@dataclass(frozen=True, slots=True)
class Arrival:
    """What is said of one line: its gross weight on our scale (None: as it was sent), or that it is lost."""

    line_id: UUID
    gross_mg: int | None = None
    lost: bool = False


def receive_transfer(
    db: ShopSession, *, consignment_id: UUID, expected_version: int, arrivals: Sequence[Arrival] | None = None,
    accept_differences: bool = False,
) -> Consignment:  # fmt: skip
    """Take what arrived into stock where the transfer went; None: all that is away, as it was sent.

    A weight that differs by no more than scales do is taken as sent. One that differs by more is refused with
    WeightDiffers, or accepted: the piece weighs that from then on, and the difference is booked as lost or gained.
    Raises also ConsignmentUnknown, ConsignmentEnded, ConsignmentEmpty, PreconditionFailed.
    """
    row, lines = locked(db, consignment_id, expected_version, (ConsignmentKind.TRANSFER,))
    chosen = choose(lines, None if arrivals is None else [one.line_id for one in arrivals])
    said = {one.line_id: one for one in arrivals or ()}
    differing = _differences(chosen, said)
    if differing and not accept_differences:
        raise _differs(differing, [one.line_id for one in arrivals or ()])
    items, lots = held(db, row, chosen)
    things: dict[UUID | None, Item | MetalLot] = {item.id: item for item in items}
    things |= {lot.id: lot for lot in lots}
    entries: list[Entry] = []
    for line in chosen:
        arrival = said.get(line.id)
        line.ended_at, line.outcome = utc_now(), "lost" if arrival and arrival.lost else "received"
        thing = things[line.item_id or line.lot_id]
        if line.outcome == "lost":
            entries += _lost(thing, spot_of(row))
        else:
            target = Spot(Account.STOCK, row.to_place_id)
            entries += _received(thing, spot_of(row), target)
            if line in differing:
                entries.append(_difference(db, line, thing, differing[line], target))
    here = [line.item_id for line in chosen if line.item_id and line.outcome == "received"]
    gone = [line.item_id for line in chosen if line.item_id and line.outcome == "lost"]
    now = utc_now()
    pieces.set_status(db, here, ItemStatus.IN_STOCK, now, place_id=row.to_place_id)
    pieces.set_status(db, gone, ItemStatus.WITHDRAWN, now)
    return finish(db, row, lines, entries, kind="transfer_in", action="transfer.received")


def _differences(chosen: Sequence[ConsignmentLine], said: Mapping[UUID, Arrival]) -> dict[ConsignmentLine, int]:
    """By how many mg gross each that differs is heavier than it was sent."""
    allowed = scales_differ_mg(today_ist())
    found = {}
    for line in chosen:
        arrival = said.get(line.id)
        if arrival is None or arrival.lost or arrival.gross_mg is None:
            continue
        whole(arrival.gross_mg, "Gross weight in mg", least=1, most=MAX_MG, field="grossMg")
        line.got_gross_mg = arrival.gross_mg
        difference = arrival.gross_mg - (line.net_mg + line.stone_mg)
        if abs(difference) > allowed:
            found[line] = difference
    return found


def _differs(differing: Mapping[ConsignmentLine, int], order: Sequence[UUID]) -> WeightDiffers:
    told = ", ".join(f"{line.description} {'+' if mg > 0 else ''}{grams(mg)} g" for line, mg in differing.items())
    fields = {f"arrivals.{order.index(line.id)}.grossMg": grams(mg) for line, mg in differing.items()}
    return WeightDiffers(_("Other than sent: %(told)s.", told=told), fields=fields)


def _lost(thing: Item | MetalLot, source: Spot) -> list[Entry]:
    if not isinstance(thing, MetalLot):
        return entries_of(thing, source, Spot(Account.LOSS))
    entry = entry_of_lot(lot_of(thing), source, Spot(Account.LOSS))
    put(thing, Weights(), cost_paise=0)
    return [entry]


def _received(thing: Item | MetalLot, source: Spot, target: Spot) -> list[Entry]:
    if not isinstance(thing, MetalLot):
        return entries_of(thing, source, target)
    thing.place_id, thing.state, thing.version = target.ref, LotState.OPEN.value, thing.version + 1
    return [entry_of_lot(lot_of(thing), source, target)]


def _difference(db: ShopSession, line: ConsignmentLine, thing: Item | MetalLot, difference: int, here: Spot) -> Entry:
    """What was lost leaves the stock, what was gained comes into it: metal only, at no cost; and it weighs so now. Of a
    piece of several metals it is the main one that differs."""
    net = line.net_mg + difference
    if net <= (0 if isinstance(thing, MetalLot) else thing.net_mg - thing.own_mg):
        raise _differs({line: difference}, [line.id])
    if isinstance(thing, MetalLot):
        put(thing, dataclasses.replace(lot_of(thing).left, net_mg=net), cost_paise=thing.left_cost_paise)
    else:
        pieces.weigh(db, thing.id, gross_mg=net + line.stone_mg, net_mg=net)
    away = Spot(Account.LOSS) if difference < 0 else Spot(Account.ADJUSTMENT)
    source, target = (here, away) if difference < 0 else (away, here)
    return Entry(
        from_account=source.account, from_ref=source.ref, to_account=target.account, to_ref=target.ref,
        metal=line.metal, fineness=line.fineness, net_mg=abs(difference), item_id=line.item_id, lot_id=line.lot_id,
    )  # fmt: skip
