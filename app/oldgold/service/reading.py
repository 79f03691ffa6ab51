"""Reading vouchers: one whole, many in short, what a lot was bought as, and what the months brought."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.customers import service as customers
from app.kit import paging, sealing_keys
from app.kit.sealing import Keyring
from app.oldgold import repository
from app.oldgold.errors import OldGoldUnknown
from app.oldgold.models import OldGoldLine, OldGoldPayout, OldGoldVoucher
from app.oldgold.service.documents import Party, Voucher, unseal_party, voucher_of
from app.tenants.service.seller import read_seller
from shard_router import ShopSession


@dataclass(frozen=True, slots=True)
class VoucherSummary:
    """A voucher as lists show it; the name is the customer's of today."""

    id: UUID
    number: str
    issued_at: dt.datetime
    issued_on: dt.date
    customer_id: UUID
    customer_name: str | None
    gross_mg: int
    fine_mg: int
    value_paise: int


@dataclass(frozen=True, slots=True)
class LotOrigin:
    """What a lot was bought as. `resale`: to be sold on as it is; only the margin over `value_paise` is taxed then, for
    as long as there is something of this lot: what came out of a melt is another lot, and bought from nobody."""

    lot_id: UUID
    voucher_id: UUID
    number: str
    bought_on: dt.date
    value_paise: int
    resale: bool


@dataclass(frozen=True, slots=True)
class DayBought:
    """Old gold of one metal bought on a business day; fine after the melting loss, which is what was paid for."""

    metal: str
    vouchers: int
    gross_mg: int
    fine_mg: int
    value_paise: int


@dataclass(frozen=True, slots=True)
class MonthBought:
    """What was bought of a metal in a month."""

    first: dt.date
    metal: str
    fine_mg: int
    paise: int


def get_voucher(db: ShopSession, voucher_id: UUID, *, keyring: Keyring) -> Voucher:
    """A voucher whole; raises OldGoldUnknown."""
    row = repository.find_voucher(db, voucher_id)
    if row is None:
        raise OldGoldUnknown()
    return voucher_of(
        _columns(row), map(_columns, row.lines), map(_columns, row.payouts), shop=read_seller(row.shop),
        party=_party(db, row, keyring),
    )  # fmt: skip


def list_vouchers(
    db: ShopSession,
    *,
    customer_id: UUID | None = None,
    number: str | None = None,
    issued_from: dt.date | None = None,
    issued_to: dt.date | None = None,
    sort: str | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[VoucherSummary]:
    """A page of vouchers in three statements, the newest first."""
    people = None if customer_id is None else customers.same_person(db, customer_id)
    statement = repository.list_vouchers(
        customer_ids=people, number=number, issued_from=issued_from, issued_to=issued_to
    )
    page = paging.page(db, statement, orders=_ORDERS, sort=sort, after=after, limit=limit)
    weights = repository.weights_of(db, [row.id for row in page.items]) if page.items else {}
    names = customers.names_of(db, [row.customer_id for row in page.items])
    return page.map(lambda row: VoucherSummary(
        row.id, row.number, row.issued_at, row.issued_on, row.customer_id, names.get(row.customer_id),
        *weights.get(row.id, (0, 0)), row.value_paise,
    ))  # fmt: skip


def origins_of(db: ShopSession, lot_ids: Iterable[UUID]) -> dict[UUID, LotOrigin]:
    """What these lots were bought as, in one statement; lots that were never a customer's are left out."""
    wanted = set(lot_ids)
    found = repository.lines_of_lots(db, wanted) if wanted else []
    return {
        line.lot_id: LotOrigin(line.lot_id, line.voucher_id, number, bought_on, line.value_paise, line.resale)
        for line, number, bought_on in found
    }


def bought_on(db: ShopSession, book_on: dt.date) -> list[DayBought]:
    """What was bought on a business day, by metal, in one statement."""
    return [DayBought(metal, *map(int, sums)) for metal, *sums in repository.bought_on(db, book_on)]


def bought_by_month(db: ShopSession, *, since: dt.date) -> list[MonthBought]:
    """Months in order; those in which nothing was bought are left out."""
    return [
        MonthBought(dt.date(int(year), int(month), 1), metal, int(fine), int(paise))
        for year, month, metal, fine, paise in repository.bought_by_month(db, since)
    ]


def _party(db: ShopSession, row: OldGoldVoucher, keyring: Keyring) -> Party | None:
    wrapped = sealing_keys.wrapped_keys(db, [row.customer_id]).get(row.customer_id)
    return None if wrapped is None else unseal_party(row.seller_sealed, keyring.open(wrapped), row.id)


def _columns(row: OldGoldVoucher | OldGoldLine | OldGoldPayout) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if not name.startswith("_")}


_ORDERS = paging.Orders(
    tie=OldGoldVoucher.id, default="-issuedOn", issuedOn=OldGoldVoucher.issued_on,
    valuePaise=OldGoldVoucher.value_paise, number=OldGoldVoucher.number,
)  # fmt: skip
