"""Selling out of lots: so many grams or carats on a line of a bill, and back into the lot when that line comes back.

A bill holds its lots behind its pieces, is priced by what it read there, and lowers them in its last packet: so of two
bills that want the same grams the second one reads what the first has left.
"""

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn
from uuid import UUID

from app.inventory.errors import HuidMissing, LotFactsWrong, LotNotOpen, LotTooSmall, LotUnknown
from app.inventory.hallmarking import mandate_for
from app.inventory.lotting import STONE, Kind, Lot, Weights, cost_of, kind_of, of_stones, rest_of
from app.inventory.models import LotState
from app.inventory.repository import lots as repository
from app.inventory.service.booking import RETURN, SALE, Spot
from app.inventory.service.lots import entry_of_lot, lot_of, put, shelf
from app.kit import paging
from app.kit.texts import _
from app.metal import service as metal
from app.metal.service import Account, Entry
from shard_router import Bound, ShopSession

HOLD_LOTS = repository.HOLD


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How much of a lot a line wants: milligrams of metal, or thousandths of a carat of loose stones.

    pieces  counts where the lot does
    hsn     None: the lot's own. A line chooses none: of a lot that never said its code it names one of its kind's
    """

    net_mg: int | None = None
    stone_mct: int | None = None
    pieces: int = 1
    hsn: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """What a line sells of a lot: how much leaves it, what that had cost, its HSN and which of that code's rates."""

    lot: Lot
    taken: Weights
    cost_paise: int
    hsn: str
    use: str


def lots_of(rows: Iterable[Sequence[Any]]) -> dict[UUID, Lot]:
    """The lots that HOLD_LOTS read."""
    return {row[0]: Lot(*row) for row in rows}


def get_lots(db: ShopSession, lot_ids: Iterable[UUID]) -> dict[UUID, Lot]:
    """Those of the lots that there are, in one statement."""
    return {row.id: lot_of(row) for row in repository.find_lots(db, lot_ids)}


def find_lot_by_code(db: ShopSession, code: str) -> Lot | None:
    """The open lot of a scanned or typed code."""
    bare = code.strip().upper()
    found = repository.find_coded(db, [bare]) if bare and bare.isascii() and len(bare) <= 24 else ()
    return lot_of(found[0]) if found else None


def cost_of_part(lot: Lot, *, net_mg: int, stone_mct: int) -> int:
    """What so much of a lot cost, in paise, by what is left of it."""
    return cost_of(Weights(net_mg=net_mg, stone_mct=stone_mct), lot)


def portion_of(
    lots: Mapping[UUID, Lot], lot_id: UUID, asked: Asked, *, on: dt.date, path: str, to_registered: bool = False
) -> Portion:
    """What a line would sell; raises LotUnknown, LotNotOpen, LotTooSmall, LotFactsWrong, and HuidMissing where articles
    must be hallmarked one by one.

    path           where the line stands, for the fields of refusals
    to_registered  the buyer has a GSTIN, so old ornaments may go to them as scrap
    """
    lot = lots.get(lot_id)
    if lot is None:
        raise LotUnknown(fields={f"{path}.lotId": "unknown"})
    if lot.state != LotState.OPEN.value:
        message = _("Lot %(code)s is %(state)s.", code=lot.code, state=lot.state)
        raise LotNotOpen(message, fields={f"{path}.lotId": lot.state})
    kind = kind_of(lot.kind, on)
    _check_marks(lot, kind, on, path, to_registered=to_registered)
    hsn, use = _goods(lot, kind, asked.hsn, path)
    taken = _weighed(lot, asked, path)
    try:
        rest_of(lot, taken)
    except (LotTooSmall, LotFactsWrong) as wrong:
        wrong.fields = {f"{path}.{name}": what for name, what in (wrong.fields or {}).items()}
        raise
    return Portion(lot=lot, taken=taken, cost_paise=cost_of(taken, lot), hsn=hsn, use=use)


def codes_of(kind: str, metal_name: str, on: dt.date) -> tuple[str, ...]:
    """The HSN of a kind of lot; of a kind with several, the other ones behind it."""
    return kind_of(kind, on).codes(metal_name)


def bind_portions(portions: Iterable[Portion], now: dt.datetime) -> list[Bound]:
    """For the last packet of a bill: the lots fall by what was sold of them."""
    return [_lowered(one, now) for one in sorted(portions, key=lambda one: one.lot.id)]


def portion_entries(portions: Iterable[Portion], *, customer_id: UUID | None) -> list[Entry]:
    """What the metal book says of them: from where the lot lies to what is sold, to whom."""
    return [
        entry_of_lot(
            one.lot, shelf(one.lot), Spot(Account.SOLD, customer_id), part=one.taken, cost_paise=one.cost_paise
        )
        for one in portions
    ]


def lock_lots(db: ShopSession, lot_ids: Sequence[UUID]) -> None:
    """Holds lots until the commit, in the order of their keys; behind the pieces."""
    if lot_ids:
        repository.lock_lots(db, lot_ids)


def return_to_lots(db: ShopSession, *, bill_id: UUID, lot_ids: Sequence[UUID]) -> list[Entry]:
    """What a bill had sold of these lots lies in them again, at what it had cost; one that was used up is open again.

    The entries that say so, for `post_lot_return`. Raises LotNotOpen where a lot is on its way between outlets."""
    if not lot_ids:
        return []
    page = metal.entries(db, movement_id=bill_id, kind=SALE, limit=paging.MAX_LIMIT)
    sold = {line.lot_id: line for line in page.items if line.lot_id is not None}
    back = []
    for row in repository.lock_lots(db, lot_ids):
        if row.state == LotState.TRANSIT.value:
            message = _("Lot %(code)s is on its way: what was sold of it can't lie in it again.", code=row.code)
            raise LotNotOpen(message, action=_("Receive the lot first."), fields={"lineIds": row.code})
        line, lot = sold[row.id], lot_of(row)
        part = Weights(
            pieces=line.pieces, stone_mg=line.stone_mg, net_mg=line.net_mg, stone_mct=line.stone_mct
        )  # fmt: skip
        put(row, _together(lot.left, part), cost_paise=lot.left_cost_paise + line.cost_paise)
        row.state = LotState.OPEN.value
        source = Spot(Account.SOLD, line.to_ref)
        back.append(entry_of_lot(lot, source, shelf(lot), part=part, cost_paise=line.cost_paise))
    db.flush()
    return back


def post_lot_return(
    db: ShopSession, *, entries: Sequence[Entry], movement_id: UUID, at: dt.datetime, book_on: dt.date
) -> None:
    """Into the metal book what `return_to_lots` brought back; on the note's day."""
    if entries:
        metal.post(db, movement_id=movement_id, kind=RETURN, entries=entries, at=at, book_on=book_on)


def _check_marks(lot: Lot, kind: Kind, on: dt.date, path: str, *, to_registered: bool) -> None:
    """Articles are sold with a HUID each; what frees one of it is looked at, and kept, where it has a tag. Of old gold
    nobody says which is an article: all of it goes to be melted (docs/decisions/0062)."""
    mandate = mandate_for(lot.metal, on)
    if mandate is None or not (kind.articles or (kind.melts and not to_registered)):
        return
    if kind.articles:
        message = _(
            "Lot %(code)s is of articles that must carry a HUID each: %(rule)s.", code=lot.code, rule=mandate.name
        )
        action = _("Tag its pieces, then sell them by their tags.")
    else:
        message = _(
            "Lot %(code)s is old gold: without a HUID it is sold to be melted, to a buyer with a GSTIN, and to nobody "
            "else: %(rule)s.", code=lot.code, rule=mandate.name,
        )  # fmt: skip
        action = _("Name the buyer who melts it; or tag its pieces, then sell them by their tags.")
    raise HuidMissing(message, action=action, fields={f"{path}.lotId": "no HUID"})


def _goods(lot: Lot, kind: Kind, hsn: str | None, path: str) -> tuple[str, str]:
    """Code and rate that this kind of lot is sold under."""
    codes = kind.codes(lot.metal)
    if lot.hsn is not None or not kind.also:
        codes = (lot.hsn or codes[0],)
    if hsn is None and len(codes) == 1:
        (hsn,) = codes
    if hsn not in codes:
        _refuse(f"{path}.hsn", _("Lot %(code)s is sold under %(codes)s.", code=lot.code, codes=", ".join(codes)))
    return hsn, kind.also.get(hsn, "")


def _weighed(lot: Lot, asked: Asked, path: str) -> Weights:
    """As it leaves the lot. The last gram, or carat, takes with it what else is left, but pieces, which the bill counts
    too: of a lot that is counted the last one goes with the last gram."""
    pieces = asked.pieces if lot.left_pieces else 0
    if lot.metal == STONE:
        if not asked.stone_mct or asked.net_mg:
            _refuse(f"{path}.stoneMct", _("Loose stones are sold by the carat."))
        if _is_last(lot, pieces, path, asked.stone_mct, lot.left_stone_mct):
            return dataclasses.replace(lot.left, pieces=pieces)
        part = of_stones(asked.stone_mct, pieces)
        return dataclasses.replace(part, stone_mg=min(part.stone_mg, lot.left_stone_mg))
    if not asked.net_mg or asked.stone_mct:
        _refuse(f"{path}.netMg", _("Metal is sold by the gram."))
    if lot.left_stone_mg or lot.left_stone_mct:
        _refuse(f"{path}.lotId", _("There are stones in lot %(code)s: tag its pieces, then sell them.", code=lot.code))
    if _is_last(lot, pieces, path, asked.net_mg, lot.left_net_mg):
        return dataclasses.replace(lot.left, pieces=pieces)
    return Weights(pieces=pieces, net_mg=asked.net_mg)


def _is_last(lot: Lot, pieces: int, path: str, asked: int, left: int) -> bool:
    """Whether all of the weight is asked for, where the pieces agree: no pieces are left without weight, and no weight
    without pieces."""
    if asked == left and pieces < lot.left_pieces:
        message = _("This takes all of lot %(code)s: %(left)s pieces.", code=lot.code, left=lot.left_pieces)
        _refuse(f"{path}.pieces", message)
    if asked < left and pieces and pieces == lot.left_pieces:
        message = _(
            "These are the last pieces of lot %(code)s: they take all that is left of its weight.", code=lot.code
        )
        _refuse(f"{path}.pieces", message)
    return asked == left


def _lowered(one: Portion, now: dt.datetime) -> Bound:
    lot, rest = one.lot, rest_of(one.lot, one.taken)
    empty = not any(dataclasses.astuple(rest))
    return repository.LOWER.bind(
        b_id=lot.id, b_version=lot.version, b_state=(LotState.USED if empty else LotState.OPEN).value,
        b_left_pieces=rest.pieces, b_left_stone_mg=rest.stone_mg, b_left_net_mg=rest.net_mg,
        b_left_stone_mct=rest.stone_mct, b_left_cost_paise=lot.left_cost_paise - one.cost_paise, b_now=now,
    )  # fmt: skip


def _together(left: Weights, part: Weights) -> Weights:
    return Weights(
        pieces=left.pieces + part.pieces, stone_mg=left.stone_mg + part.stone_mg, net_mg=left.net_mg + part.net_mg,
        stone_mct=left.stone_mct + part.stone_mct,
    )  # fmt: skip


def _refuse(field: str, message: str) -> NoReturn:
    raise LotFactsWrong(message, fields={field: message})
