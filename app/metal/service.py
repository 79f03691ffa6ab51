"""The metal book: movements posted from account to account, what each account held on any day, and whether it is so.

Rows are only added; what was posted wrongly is posted back. The book knows no pieces: whoever moves them posts it in
the same transaction, and says in `drifts` what there is.
"""

import dataclasses
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import EllipsisType
from typing import NamedTuple
from uuid import UUID

from app.cash import service as cash
from app.kit import paging
from app.kit.clock import ist, utc_now
from app.kit.weights import purity_label
from app.metal import repository
from app.metal.entries import MEASURES, MIXED, Account, Entry, Quantities, rows_of
from app.metal.models import MetalEntry
from shard_router import ShopSession

__all__ = [
    "MEASURES", "MIXED", "POST", "Account", "Balance", "Day", "Drift", "Entry", "Flow", "Holding", "Key", "Line",
    "Quantities", "balances", "broken_rows", "business_day", "days", "drifts", "entries", "first_line", "flows",
    "item_counts", "post", "rows_of", "shop_sums",
]  # fmt: skip

POST = repository.POST
shop_sums = repository.shop_sums
BROKEN_SHOWN = 20
NEVER_NEGATIVE = (Account.STOCK, Account.TRANSIT, Account.MEMO, Account.MELTING)


class Key(NamedTuple):
    """What is held apart: where, and of which purity."""

    ref: UUID | None
    metal: str
    fineness: int


@dataclass(frozen=True, slots=True)
class Holding:
    """Of which purity how much."""

    metal: str
    fineness: int
    held: Quantities

    @property
    def label(self) -> str:
        return label_of(self.metal, self.fineness)


@dataclass(frozen=True, slots=True)
class Balance(Holding):
    """What an account holds for one ref. Accounts outside (supplier, opening) are below zero by what they gave."""

    account: Account
    ref: UUID | None


@dataclass(frozen=True, slots=True)
class Day(Holding):
    """What an account held of a purity at the end of a day, and what came and went on it."""

    on: dt.date
    came: Quantities
    went: Quantities


@dataclass(frozen=True, slots=True)
class Drift:
    """The book says one thing, the shelf another."""

    account: Account
    key: Key
    measure: str
    book: int
    found: int


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the book."""

    id: UUID
    movement_id: UUID
    kind: str
    at: dt.datetime
    book_on: dt.date
    from_account: str
    from_ref: UUID | None
    to_account: str
    to_ref: UUID | None
    metal: str
    fineness: int
    pieces: int
    gross_mg: int
    stone_mg: int
    net_mg: int
    fine: int
    stone_mct: int
    cost_paise: int
    item_id: UUID | None
    lot_id: UUID | None
    actor_id: UUID | None

    @property
    def label(self) -> str:
        return label_of(self.metal, self.fineness)


@dataclass(frozen=True, slots=True)
class Flow:
    """So much of a metal, of whatever purity, went from one account to another; fine unrounded."""

    source: Account
    target: Account
    metal: str
    net_mg: int
    fine: int


def label_of(metal: str, fineness: int) -> str:
    """A purity as people say it; of several, the metal alone."""
    return metal.capitalize() if fineness == MIXED else purity_label(metal, fineness)


def post(
    db: ShopSession,
    *,
    movement_id: UUID,
    kind: str,
    entries: Iterable[Entry],
    at: dt.datetime | None = None,
    book_on: dt.date | None = None,
) -> None:
    """Write a movement into the book, in the transaction of what it moves.

    movement_id  the document or act: all of its entries share it
    book_on      the business day; left out: the drawer's where one sits, or of `at` the day in India
    """
    moment = at or utc_now()
    if book_on is None:
        on = ist(moment).date()
        book_on = on if at is not None else business_day(db, on)
    rows = rows_of(
        db.shop_id, movement_id=movement_id, kind=kind, entries=entries, at=moment,
        book_on=book_on, actor_id=db.actor.person_id,
    )  # fmt: skip
    db.add_all(MetalEntry(**row) for row in rows)
    db.flush()


def business_day(db: ShopSession, on: dt.date) -> dt.date:
    """The day that what is done now belongs to: bills of an evening after midnight are of the day before, and so must
    what they sell be. Holds the drawer shared, so it comes after pieces and lots (decision 0040)."""
    return cash.day_of(db, db.actor.till_id, on).business_on


def balances(
    db: ShopSession,
    *,
    account: Account | None = None,
    ref: UUID | EllipsisType | None = ...,
    upto: dt.date | None = None,
) -> list[Balance]:
    """What accounts hold by ref and purity at the end of a day (None: now), in two statements; zeros are left out.

    ref  ...: of every one; None: of what names none
    """
    totals: dict[tuple[str, UUID | None, str, int], Quantities] = defaultdict(Quantities)
    for side, sign in ((repository.IN, 1), (repository.OUT, -1)):
        for row in repository.sums(db, side, account=account, ref=ref, upto=upto):
            key = (row[0], row[1], row[2], row[3])
            totals[key] += _quantities(row[4:], sign)
    found = [
        Balance(metal, fineness, held, Account(name), at)
        for (name, at, metal, fineness), held in totals.items()
        if held
    ]
    return sorted(found, key=lambda one: (one.account, str(one.ref), one.metal, -one.fineness))


def days(
    db: ShopSession, *, account: Account, ref: UUID | EllipsisType | None = ..., first: dt.date, last: dt.date
) -> list[Day]:
    """An account's every day from `first` to `last` by purity: what came, what went, what was held at its end."""
    before = balances(db, account=account, ref=ref, upto=first - dt.timedelta(days=1))
    held: dict[tuple[str, int], Quantities] = defaultdict(Quantities)
    for one in before:
        held[one.metal, one.fineness] += one.held
    moved = [
        {(row[0], row[1], row[2]): _quantities(row[3:], 1) for row in rows}
        for rows in (
            repository.day_sums(db, side, account=account, ref=ref, first=first, last=last)
            for side in (repository.IN, repository.OUT)
        )
    ]
    purities = sorted({*held, *((metal, fineness) for part in moved for _, metal, fineness in part)})
    found = []
    for offset in range((last - first).days + 1):
        on = first + dt.timedelta(days=offset)
        for metal, fineness in purities:
            came, went = (part.get((on, metal, fineness), Quantities()) for part in moved)
            held[metal, fineness] += came - went
            found.append(Day(metal, fineness, held[metal, fineness], on, came, went))
    return found


def flows(db: ShopSession, *, account: Account, book_on: dt.date) -> list[Flow]:
    """What an account gave and took on a business day, by metal and by where it came from or went, in one statement."""
    return [
        Flow(Account(source), Account(target), metal, int(net_mg), int(fine))
        for source, target, metal, net_mg, fine in repository.flows(db, account=account, book_on=book_on)
    ]


def entries(
    db: ShopSession,
    *,
    account: Account | None = None,
    ref: UUID | EllipsisType | None = ...,
    kind: str | None = None,
    metal: str | None = None,
    movement_id: UUID | None = None,
    item_id: UUID | None = None,
    lot_id: UUID | None = None,
    first: dt.date | None = None,
    last: dt.date | None = None,
    sort: str | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[Line]:
    """A page of the book; `account` is looked for on both sides."""
    statement = repository.entries(
        account=account, ref=ref, first=first, last=last, kind=kind, metal=metal, movement_id=movement_id,
        item_id=item_id, lot_id=lot_id,
    )  # fmt: skip
    return paging.page(db, statement, orders=_ORDERS, sort=sort, after=after, limit=limit).map(_line)


def item_counts(db: ShopSession, item_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Whether the book has these pieces in stock: 1, or 0; what it does not know is not there."""
    wanted = list(item_ids)
    return repository.stock_of_items(db, Account.STOCK, wanted) if wanted else {}


def first_line(db: ShopSession, item_id: UUID) -> Line | None:
    """With what the book began to know a piece."""
    row = repository.first_of_item(db, item_id)
    return None if row is None else _line(row)


def drifts(db: ShopSession, found: Mapping[Account, Mapping[Key, Quantities]]) -> list[Drift]:
    """Where the book and the things differ. `found`: of each account that things can be counted of, what there is.

    An account within the shop that is not counted must at least not be below zero. None: the book is true.
    """
    held: dict[Account, dict[Key, Quantities]] = defaultdict(dict)
    for one in balances(db):
        held[one.account][Key(one.ref, one.metal, one.fineness)] = one.held
    held[Account.MELTING] = _pots(held[Account.MELTING])
    wrong: list[Drift] = []
    for account, things in found.items():
        there = _pots(things) if account is Account.MELTING else things
        for key in held[account].keys() | there.keys():
            book, real = held[account].get(key, Quantities()), there.get(key, Quantities())
            wrong += _compared(account, key, book, real)
    for account in NEVER_NEGATIVE:
        if account not in found:
            wrong += [one for key, book in held[account].items() for one in _below_zero(account, key, book)]
    return sorted(wrong, key=lambda one: (one.account, str(one.key), one.measure))


def broken_rows(db: ShopSession) -> list[UUID]:
    """Rows that do not agree with themselves, the first few: somebody wrote past the services."""
    return list(repository.broken(db, BROKEN_SHOWN))


_ORDERS = paging.Orders(tie=MetalEntry.id, default="-bookOn", bookOn=MetalEntry.book_on)
_LINE = tuple(field.name for field in dataclasses.fields(Line))


def _line(row: MetalEntry) -> Line:
    return Line(*(getattr(row, name) for name in _LINE))


def _quantities(figures: Iterable[object], sign: int) -> Quantities:
    """Of a row's sums, which MySQL gives as decimals."""
    return Quantities(**{name: sign * int(str(figure)) for name, figure in zip(MEASURES, figures, strict=True)})


def _compared(account: Account, key: Key, book: Quantities, real: Quantities) -> list[Drift]:
    pairs = ((name, getattr(book, name), getattr(real, name)) for name in MEASURES)
    return [Drift(account, key, name, said, there) for name, said, there in pairs if said != there]


def _below_zero(account: Account, key: Key, book: Quantities) -> list[Drift]:
    return [Drift(account, key, name, said, 0) for name in MEASURES if (said := getattr(book, name)) < 0]


def _pots(held: Mapping[Key, Quantities]) -> dict[Key, Quantities]:
    """A melt changes purities, so a pot is one sum; scrap that no melt has taken up (no ref) is nobody's pot."""
    found: dict[Key, Quantities] = defaultdict(Quantities)
    for key, one in held.items():
        if key.ref is not None:
            found[Key(key.ref, "", MIXED)] += one
    return {key: one for key, one in found.items() if one}
