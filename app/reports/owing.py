"""Owns what a file of the outstanding says: who owes the shop how much since when, by the age of the bills."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from app.kit.clock import utc_now
from app.kit.money import grouped, rupees
from app.ledger import service as ledger
from app.printing.looks import Label
from app.printing.slips import SlipDocument
from app.tenants.service.paper import on_paper
from app.tenants.service.places import list_places
from app.tenants.service.seller import choose, seller_of
from shard_router import ShopSession


@dataclass(frozen=True, slots=True)
class OwingRow:
    """One customer who owes; `since` is the day of their oldest bill that is not paid in full."""

    name: str
    phone: str | None
    since: dt.date | None
    to_30_paise: int
    to_60_paise: int
    to_90_paise: int
    older_paise: int
    owes_paise: int

    @property
    def paise(self) -> tuple[int, ...]:
        """By age, then all of it."""
        return self.to_30_paise, self.to_60_paise, self.to_90_paise, self.older_paise, self.owes_paise


def rows_of(db: ShopSession, on: dt.date) -> list[OwingRow]:
    """Everybody who owes, the most first, one row each."""
    return [
        OwingRow(one.name, one.phone, one.since, *one.ages_paise, one.owes_paise)
        for one in ledger.all_debtors(db, on=on)
    ]


def paper_of(db: ShopSession, on: dt.date) -> SlipDocument:
    """The same to be printed."""
    rows = rows_of(db, on)
    seller = seller_of(choose(list_places(db), asked=None, sits_at=None))
    sums = tuple(sum(part) for part in zip(*(row.paise for row in rows), strict=True)) or (0,) * len(_COLUMNS[3:])
    return SlipDocument(
        title=Label("OUTSTANDING"), number=f"{on:%d-%m-%Y}", issued_at=utc_now().replace(microsecond=0),
        seller=on_paper(seller, on), party_label=Label("Customers who owe"), party=(str(len(rows)),),
        facts=(), columns=_COLUMNS, rows=tuple(_row(row) for row in rows), foot=(Label("Total"), "", "", *_said(sums)),
        sums=((Label("Owed to the shop"), rupees(sums[-1])),),
    )  # fmt: skip


_COLUMNS = (
    Label("Customer"), Label("Phone"), Label("Since"), Label("Up to 30 days"), Label("31 to 60 days"),
    Label("61 to 90 days"), Label("Older"), Label("Owes"),
)  # fmt: skip


def _row(row: OwingRow) -> tuple[str, ...]:
    return row.name, row.phone or "", f"{row.since:%d-%m-%Y}" if row.since else "", *_said(row.paise)


def _said(paise: Sequence[int]) -> tuple[str, ...]:
    return tuple(grouped(one) if one else "" for one in paise)
