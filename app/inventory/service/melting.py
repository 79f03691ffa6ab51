"""A melt is poured: one lot of metal comes out of the pot, stones that were picked out are a lot, the rest is loss."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from app.inventory.errors import MeltContradicts
from app.inventory.lotting import STONE, Lot, LotDraft, Weights, settled
from app.inventory.models import ConsignmentKind, ConsignmentLine
from app.inventory.pieces import Item
from app.inventory.service.away import Consignment, finish, held, locked, spot_of
from app.inventory.service.booking import Spot
from app.inventory.service.by_weight import get_lots
from app.inventory.service.entering import Origin
from app.inventory.service.lots import put, receive_lot
from app.kit.clock import today_ist, utc_now
from app.kit.errors import AppError
from app.kit.texts import _
from app.kit.weights import fine_mg, grams
from app.metal import service as metal
from app.metal.service import MIXED, Account, Entry, Quantities
from shard_router import ShopSession

POURED, LOST = "melt_out", "melt_loss"
LATEST = 10  # of the entries, the newest first: one lump and its stones; what went in before is of the same kind


def finish_melt(
    db: ShopSession, *, consignment_id: UUID, expected_version: int, result: LotDraft, stones: LotDraft | None = None
) -> Consignment:
    """What came out of the pot: `result` of the pot's metal, and `stones` that were picked out before, or after.

    The lot carries the whole cost of what went in. Its net weight may be above (alloy was added), its fine weight not.
    Raises ConsignmentUnknown, ConsignmentEnded, PreconditionFailed, MeltContradicts, LotCodeTaken, LotFactsWrong.
    """
    row, lines = locked(db, consignment_id, expected_version, (ConsignmentKind.MELT,))
    things, lots = held(db, row, lines)
    went_in = sum((_quantities(line) for line in lines), Quantities()) + sum(map(_otherwise_fine, things), Quantities())
    pot, today = spot_of(row), today_ist()
    origin = Origin(spot=pot, kind=POURED, movement_id=row.id)
    poured = settled(result, today)
    with _of_stones():
        picked = settled(stones, today) if stones is not None else None
    _check(poured, picked, went_in, lines[0].metal)
    received = receive_lot(db, draft=_costing(result, went_in.cost_paise), place_id=row.to_place_id, origin=origin)
    came_out = Quantities(net_mg=received.left_net_mg, gross_mg=received.left_net_mg, fine=received.left_fine,
                          cost_paise=received.left_cost_paise)  # fmt: skip
    if picked is not None and stones is not None:
        with _of_stones():
            receive_lot(db, draft=_costing(stones, 0), place_id=row.to_place_id, origin=origin)
        came_out += Quantities(
            pieces=picked.pieces, gross_mg=picked.stone_mg, stone_mg=picked.stone_mg, stone_mct=picked.stone_mct
        )
    for lot in lots:
        put(lot, Weights(), cost_paise=0)
    for line in lines:
        line.outcome, line.ended_at = "melted", utc_now()
    entries = loss_entries(went_in, came_out, metal=poured.metal, pot=pot)
    return finish(db, row, lines, entries, kind=LOST, action="melt.poured")


@dataclass(frozen=True, slots=True)
class Poured:
    """What came of a melt, by the metal book. Fine is unrounded: mg × fineness."""

    lots: tuple[tuple[Lot, metal.Line], ...]  # as it is now, and as it came out of the pot
    lost_net_mg: int
    lost_fine: int
    alloy_mg: int  # that was added to it

    @property
    def fine_in(self) -> int:
        return self.lost_fine + sum(line.fine for _lot, line in self.lots)


def poured_of(db: ShopSession, melt: Consignment) -> Poured | None:
    """None while it is in the pot."""
    if melt.away:
        return None
    out = [
        line for line in metal.entries(db, movement_id=melt.id, kind=POURED, limit=LATEST).items
        if line.lot_id is not None and line.from_account == Account.MELTING
    ]  # fmt: skip
    rest = metal.entries(db, movement_id=melt.id, kind=LOST, limit=LATEST).items
    known = get_lots(db, [line.lot_id for line in out if line.lot_id])
    lost = [line for line in rest if line.to_account == Account.LOSS]
    return Poured(
        lots=tuple((known[line.lot_id], line) for line in sorted(out, key=_metal_first) if line.lot_id),
        lost_net_mg=sum(line.net_mg for line in lost), lost_fine=sum(line.fine for line in lost),
        alloy_mg=sum(line.net_mg for line in rest if line.from_account == Account.ADJUSTMENT),
    )  # fmt: skip


def loss_entries(went_in: Quantities, came_out: Quantities, *, metal: str, pot: Spot) -> list[Entry]:
    """What leaves nothing in the pot: alloy that was added comes in from nowhere, all else that is missing is lost."""
    left = went_in - came_out
    alloy, lost_net = max(0, -left.net_mg), max(0, left.net_mg)
    entries = []
    if alloy or left.pieces < 0:
        entries.append(Entry(
            from_account=Account.ADJUSTMENT, to_account=pot.account, to_ref=pot.ref, metal=metal, fineness=MIXED,
            net_mg=alloy, pieces=max(0, -left.pieces),
        ))  # fmt: skip
    lost = Quantities(pieces=max(0, left.pieces), net_mg=lost_net, stone_mg=left.stone_mg, fine=left.fine,
                      stone_mct=left.stone_mct)  # fmt: skip
    if lost:
        entries.append(Entry(
            from_account=pot.account, from_ref=pot.ref, to_account=Account.LOSS, metal=metal, fineness=MIXED,
            pieces=lost.pieces, net_mg=lost.net_mg, stone_mg=lost.stone_mg, fine=lost.fine, stone_mct=lost.stone_mct,
        ))  # fmt: skip
    return entries


def _check(poured: LotDraft, picked: LotDraft | None, went_in: Quantities, metal: str) -> None:
    if poured.metal != metal or poured.stone_mg or poured.stone_mct or poured.pieces:
        raise MeltContradicts(
            _("Out of the pot comes one lump of what went in: no pieces, no stones in it."), fields={"metal": "not so"}
        )
    fine = poured.net_mg * poured.fineness
    if fine > went_in.fine:
        message = _(
            "%(out)s g fine can't come of %(into)s g fine.", out=grams(fine_mg(fine)), into=grams(fine_mg(went_in.fine))
        )
        raise MeltContradicts(message, fields={"netMg": "more fine than went in"})
    if picked is None:
        return
    if picked.metal != STONE:
        raise MeltContradicts(_("What is picked out are loose stones."), fields={"stones.metal": "not stones"})
    if picked.stone_mct > went_in.stone_mct or picked.stone_mg > went_in.stone_mg:
        raise MeltContradicts(_("More stones than went in."), fields={"stones.stoneMct": "more than went in"})


@contextmanager
def _of_stones() -> Iterator[None]:
    """What is wrong with the stones is said at their path, not at that of the lot of metal."""
    try:
        yield
    except AppError as wrong:
        wrong.fields = {f"stones.{path}": why for path, why in (wrong.fields or {}).items()} or None
        raise


def _metal_first(line: metal.Line) -> bool:
    return line.metal == STONE


def _costing(draft: LotDraft, paise: int) -> LotDraft:
    return dataclasses.replace(draft, cost_paise=paise)


def _otherwise_fine(item: Item) -> Quantities:
    """By how much a piece's other metals are finer than if they were of its main purity; below 0: less fine."""
    return Quantities(fine=sum(part.net_mg * (part.fineness - item.fineness) for part in item.others))


def _quantities(line: ConsignmentLine) -> Quantities:
    return Quantities(
        pieces=line.pieces, gross_mg=line.net_mg + line.stone_mg, stone_mg=line.stone_mg, net_mg=line.net_mg,
        fine=line.net_mg * line.fineness, stone_mct=line.stone_mct, cost_paise=line.cost_paise,
    )  # fmt: skip
