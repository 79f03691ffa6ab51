"""The rate board: what a gram of each purity costs today, who set it, and what it cost before."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import orjson
from sqlalchemy.exc import IntegrityError

from app.approvals import service as approvals
from app.kit import audit, paging
from app.kit.cache import ShopCache
from app.kit.clock import ist, today_ist, utc_now
from app.kit.ids import new_id
from app.kit.money import whole
from app.kit.texts import _
from app.kit.weights import purity_label
from app.rates import repository
from app.rates.errors import RateBusy, RateMissing, RateTwice
from app.rates.models import BoardRate, BoardRateChange
from app.rates.purities import Purity, check_purity, check_rate, list_purities
from shard_router import ShopSession

BOARD = repository.BOARD
Board = Mapping[tuple[str, int], int]
"""Paise per gram by (metal, fineness)."""

CACHE_NAME = "rates.board"
LOWER = "rates.lower"


@dataclass(frozen=True, slots=True)
class RateSetting:
    """A rate to be set."""

    metal: str
    fineness: int
    paise_per_g: int


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate in force."""

    metal: str
    fineness: int
    paise_per_g: int
    set_at: dt.datetime
    set_by: UUID | None
    version: int

    @property
    def purity(self) -> dict[str, object]:
        return {"metal": self.metal, "fineness": self.fineness}

    @property
    def label(self) -> str:
        return purity_label(self.metal, self.fineness)


@dataclass(frozen=True, slots=True)
class RateChange:
    """A rate as it was set once."""

    id: UUID
    metal: str
    fineness: int
    paise_per_g: int
    set_at: dt.datetime
    set_by: UUID | None

    @property
    def purity(self) -> dict[str, object]:
        return {"metal": self.metal, "fineness": self.fineness}


def set_rate(db: ShopSession, *, metal: str, fineness: int, paise_per_g: int, cache: ShopCache | None = None) -> Rate:
    """Set one rate; raises UnknownPurity, RateAbsurd, ApprovalNeeded."""
    return set_rates(db, rates=[RateSetting(metal, fineness, paise_per_g)], cache=cache)[0]


def set_rates(
    db: ShopSession,
    *,
    rates: Sequence[RateSetting],
    cache: ShopCache | None = None,
    at: dt.datetime | None = None,
    approval_id: UUID | None = None,
) -> list[Rate]:
    """Set several rates at once or none of them; raises UnknownPurity, RateAbsurd, RateTwice, ApprovalNeeded.

    Whoever may set may raise. To lower a rate, or to change a board that is locked for the day, takes `rates.lower` or
    an approval of exactly this.

    cache  where the board is kept for readers; it forgets the shop once this is committed.
    at     the moment, where it is not now: demo data goes back in time, and then in order.
    """
    now = at or utc_now()
    rows = _rows(db, rates)
    spent = _check_direction(db, rates, rows, now, approval_id)
    return _put_up(db, rates, rows, now=now, by=db.actor.person_id, cache=cache, approval=spent)


def publish_rates(db: ShopSession, *, rates: Sequence[RateSetting], cache: ShopCache | None = None) -> list[Rate]:
    """What the owner lets happen by itself, within its bounds: nobody's doing, whoever asked for the feed."""
    return _put_up(db, rates, _rows(db, rates), now=utc_now(), by=None, cache=cache, approval=None)


def _rows(db: ShopSession, rates: Sequence[RateSetting]) -> dict[tuple[str, int], BoardRate]:
    """The board, locked, once the rates are such as can be."""
    _check(rates, today_ist())
    return {(row.metal, row.fineness): row for row in repository.lock_board(db)}


def _put_up(
    db: ShopSession, rates: Sequence[RateSetting], rows: dict[tuple[str, int], BoardRate], *, now: dt.datetime,
    by: UUID | None, cache: ShopCache | None, approval: UUID | None,
) -> list[Rate]:  # fmt: skip
    if cache is not None:
        cache.forget_after(db)
    for setting in sorted(rates, key=lambda setting: (setting.metal, setting.fineness)):  # one order of locks for all
        key = setting.metal, setting.fineness
        rows[key] = _put(db, rows.get(key), setting, now, by)
        db.add(BoardRateChange(
            id=new_id(), metal=setting.metal, fineness=setting.fineness, paise_per_g=setting.paise_per_g,
            set_at=now, set_by=by,
        ))  # fmt: skip
    db.flush()
    audit.record(db, "rate.set" if by is not None else "rate.published", None, {
        "rates": [{"metal": s.metal, "fineness": s.fineness, "paisePerG": s.paise_per_g} for s in rates],
        **({"approval": approval} if approval else {}),
    })  # fmt: skip
    return [_rate(rows[setting.metal, setting.fineness]) for setting in rates]


def _check_direction(
    db: ShopSession, rates: Sequence[RateSetting], rows: Mapping[tuple[str, int], BoardRate], now: dt.datetime,
    approval_id: UUID | None,
) -> UUID | None:  # fmt: skip
    """The approval that was used up; None where none was needed."""
    before = {key: row.paise_per_g for key, row in rows.items()}
    locked = is_locked(_locks(db), now)
    asked = [one for one in rates if locked or one.paise_per_g < before.get((one.metal, one.fineness), 0)]
    if not asked:
        return None
    return approvals.require(
        db, right=LOWER, kind=LOWER, subject_id=None, facts=lowering(asked, before, locked=locked),
        approval_id=approval_id,
    )  # fmt: skip


def lowering(asked: Sequence[RateSetting], before: Mapping[tuple[str, int], int], *, locked: bool) -> dict[str, object]:
    """The facts that are put before the owner."""
    rates: list[dict[str, object]] = [
        {
            "metal": one.metal, "fineness": one.fineness, "fromPaisePerG": before.get((one.metal, one.fineness)),
            "toPaisePerG": one.paise_per_g,
        }
        for one in sorted(asked, key=lambda one: (one.metal, one.fineness))
    ]  # fmt: skip
    return {"rates": rates, "boardLocked": locked}


def _locks(db: ShopSession) -> "Locks | None":
    return repository.find_terms(db)


class Locks(Protocol):
    """What says from when on a day's board is locked."""

    @property
    def locked_from_min(self) -> int | None: ...


def is_locked(terms: Locks | None, now: dt.datetime) -> bool:
    """Whether the day's board is locked by now, in India."""
    if terms is None or terms.locked_from_min is None:
        return False
    local = ist(now)
    return local.hour * 60 + local.minute >= terms.locked_from_min


def get_board(db: ShopSession) -> list[Rate]:
    """The rates in force in the order of a board: gold first, the finest first."""
    order = {(purity.metal, purity.fineness): place for place, purity in enumerate(list_purities(today_ist()))}
    rows = repository.list_board(db)
    return sorted((_rate(row) for row in rows), key=lambda rate: order.get((rate.metal, rate.fineness), len(order)))


def read_board(db: ShopSession) -> Board:
    """The rates in force, to price with."""
    return {(row.metal, row.fineness): row.paise_per_g for row in repository.list_board(db)}


def board_of(rows: Sequence[Sequence[Any]]) -> Board:
    """What the one row that BOARD gave says; a board without a rate is NULL there."""
    return {(metal, fineness): paise for metal, fineness, paise in orjson.loads(rows[0][0] or "[]")}


def rate_of(board: Board, metal: str, fineness: int) -> int:
    """Paise per gram; raises RateMissing."""
    found = board.get((metal, fineness))
    if found is None:
        raise RateMissing(_("The board has no rate for %(purity)s.", purity=purity_label(metal, fineness)))
    return found


def list_history(
    db: ShopSession,
    *,
    metal: str | None = None,
    fineness: int | None = None,
    sort: str | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[RateChange]:
    """Every rate there was, the newest first."""
    page = paging.page(db, repository.history(metal, fineness), orders=_ORDERS, sort=sort, after=after, limit=limit)
    return page.map(_change)


_ORDERS = paging.Orders(tie=BoardRateChange.id, default="-setAt", setAt=BoardRateChange.set_at)


def _check(rates: Sequence[RateSetting], today: dt.date) -> None:
    seen: set[Purity] = set()
    for place, setting in enumerate(rates):
        purity = check_purity(setting.metal, setting.fineness, today, field=f"rates.{place}.purity")
        whole(setting.paise_per_g, "A rate in paise per gram", least=1, field=f"rates.{place}.paisePerG")
        check_rate(purity, setting.paise_per_g, today, field=f"rates.{place}.paisePerG")
        if purity in seen:
            raise RateTwice(
                _("%(label)s is given twice.", label=purity.label), fields={f"rates.{place}.purity": "given twice"}
            )
        seen.add(purity)


def _put(db: ShopSession, row: BoardRate | None, setting: RateSetting, now: dt.datetime, by: UUID | None) -> BoardRate:
    if row is None:
        return _add(db, setting, now, by)
    row.paise_per_g, row.set_at, row.set_by = setting.paise_per_g, now, by
    row.version += 1
    return row


def _add(db: ShopSession, setting: RateSetting, now: dt.datetime, by: UUID | None) -> BoardRate:
    """The first rate of a purity; where two set it at once, the later one is told to look again."""
    row = BoardRate(
        metal=setting.metal, fineness=setting.fineness, paise_per_g=setting.paise_per_g,
        set_at=now, set_by=by, version=1,
    )  # fmt: skip
    db.add(row)
    try:
        db.flush()
    except IntegrityError as taken:
        raise RateBusy() from taken
    return row


def _rate(row: BoardRate) -> Rate:
    return Rate(row.metal, row.fineness, row.paise_per_g, row.set_at, row.set_by, row.version)


def _change(row: BoardRateChange) -> RateChange:
    return RateChange(row.id, row.metal, row.fineness, row.paise_per_g, row.set_at, row.set_by)
