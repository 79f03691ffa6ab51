"""The account of a customer (udhaar): each bill, note, receipt and credit in order, with what is owed after it.

Two balances run beside each other: what the customer owes by bills, and what the shop owes them as credits. Both are
derived from the documents whenever they are asked, so they cannot drift from them.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.credits import service as credits
from app.credits.service import Credit, CreditUse, VoucherSummary
from app.customers import service as customers
from app.invoices import service as invoices
from app.invoices.service import LedgerDocument
from app.kit import paging
from app.kit.clock import ist, today_ist
from app.ledger import repository
from app.ledger.repository import Ages
from app.numbering.service import DocumentKind
from shard_router import ShopSession

BUCKETS = (30, 60, 90)
"""Days up to which a debt is of the first, second and third bucket."""

AT_ONCE = 1000

TAKEN = DocumentKind.RECEIPT_VOUCHER.value
NOTE = DocumentKind.CREDIT_NOTE.value


@dataclass(slots=True)
class Entry:
    """One document's move of the two balances, and both after it."""

    on: dt.date
    id: UUID  # of the document, or of the credit that a document of another room opened
    kind: str
    number: str | None
    charged_paise: int = 0  # raises what the customer owes
    settled_paise: int = 0  # lowers it
    credit_in_paise: int = 0  # raises what the shop owes
    credit_out_paise: int = 0  # lowers it
    owes_paise: int = 0
    owed_paise: int = 0


@dataclass(frozen=True, slots=True)
class Ledger:
    """A person's account over some days. `opening_*` are the balances before the first of them."""

    customer_id: UUID
    first: dt.date | None
    last: dt.date | None
    opening_owes_paise: int
    opening_owed_paise: int
    entries: list[Entry]
    owes_paise: int  # at the end of all days
    owed_paise: int


@dataclass(frozen=True, slots=True)
class Debtor:
    """Who owes how much, by the age of the bills: up to 30, 60, 90 days, and older; `since` is the day of the oldest
    bill that is not paid in full."""

    customer_id: UUID
    name: str
    phone: str | None
    owes_paise: int
    ages_paise: tuple[int, int, int, int]
    since: dt.date | None


@dataclass(frozen=True, slots=True)
class Outstanding:
    """What all customers owe together, and what the shop owes them."""

    people: int
    owes_paise: int
    ages_paise: tuple[int, int, int, int]
    owed_paise: int
    debtors: paging.Page[Debtor] = field(default_factory=lambda: paging.Page([], None))


def ledger_of(
    db: ShopSession, customer_id: UUID, *, first: dt.date | None = None, last: dt.date | None = None
) -> Ledger:
    """A person's account, also of entries merged into theirs; raises CustomerUnknown. Both days are included."""
    person = customers.get_customer(db, customer_id)
    people = customers.same_person(db, customer_id)
    entries = _run(_entries(db, people))
    before = [entry for entry in entries if first is not None and entry.on < first]
    shown = [entry for entry in entries if (first is None or entry.on >= first) and (last is None or entry.on <= last)]
    opening = (before[-1].owes_paise, before[-1].owed_paise) if before else (0, 0)
    ending = (entries[-1].owes_paise, entries[-1].owed_paise) if entries else (0, 0)
    return Ledger(person.merged_into or person.id, first, last, *opening, shown, *ending)


def balance_of(db: ShopSession, customer_id: UUID) -> tuple[int, int]:
    """What a person owes, and what the shop owes them, in paise."""
    people = customers.same_person(db, customer_id)
    left = sum(credit.left_paise for credit in credits.open_credits(db, *people))
    return credits.owed(db, people), left


def balances_of(db: ShopSession, customer_ids: Collection[UUID]) -> dict[UUID, tuple[int, int]]:
    """The same of many people, named by the entries that count, in three statements."""
    if not customer_ids:
        return {}
    entries = customers.entries_of(db, customer_ids)
    owes, owed = repository.moved_of(db, entries), repository.owed_of(db, entries)
    found = dict.fromkeys(customer_ids, (0, 0))
    for entry, person in entries.items():
        found[person] = (found[person][0] + owes.get(entry, 0), found[person][1] + owed.get(entry, 0))
    return found


def outstanding(
    db: ShopSession,
    *,
    on: dt.date | None = None,
    sort: str | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Outstanding:
    """Who owes, the most first, with the sums of all; in six statements whatever the number of customers."""
    debtors = repository.debtors(db.shop_id, ages_on(on or today_ist()))
    orders = paging.Orders(
        tie=debtors.c.person_id, default="-owesPaise", owesPaise=debtors.c.owed, oldPaise=debtors.c.a4
    )
    page = paging.page(db, repository.page_of(debtors), orders=orders, sort=sort, after=after, limit=limit)
    known = {one.customer_id: one for one in _debtors(db, page.items)}
    sums = repository.totals(db, debtors)
    return Outstanding(
        sums.people,
        int(sums.owed),
        (int(sums.a1), int(sums.a2), int(sums.a3), int(sums.a4)),
        repository.owed_to(db),
        page.map(lambda row: known[row.person_id]),
    )


def all_debtors(db: ShopSession, *, on: dt.date) -> Iterator[Debtor]:
    """Everybody who owes, the most first, as it stands now; the ages are those of the day. One statement says who, so
    nobody is told twice or left out while others pay; names and days follow for a thousand at a time."""
    rows = repository.all_of(db, repository.debtors(db.shop_id, ages_on(on)))
    for begun in range(0, len(rows), AT_ONCE):
        yield from _debtors(db, rows[begun : begun + AT_ONCE])


def ages_on(day: dt.date) -> Ages:
    """A bill of 30 days ago is still of the first bucket."""
    return Ages(*(day - dt.timedelta(days=days) for days in BUCKETS))


def oldest_open(owes_paise: int, by_day: Mapping[dt.date, int]) -> dt.date | None:
    """The day of the oldest bill that is still open: what was paid on account paid the oldest ones, so what is left is
    of the youngest. `by_day`: what the bills of a day left open before that, in paise."""
    found = None
    for day in sorted((day for day, paise in by_day.items() if paise > 0), reverse=True):
        if owes_paise <= 0:
            break
        found, owes_paise = day, owes_paise - by_day[day]
    return found


# ---------------------------------------------------------------- putting together


def _debtors(db: ShopSession, rows: Sequence[Any]) -> list[Debtor]:
    """With names and days, in three statements."""
    people = [row.person_id for row in rows]
    known, days = customers.contacts_of(db, people), _open_days(db, people)
    return [
        Debtor(
            row.person_id, *known.get(row.person_id, ("", None)), row.owed, (row.a1, row.a2, row.a3, row.a4),
            oldest_open(row.owed, days.get(row.person_id, {})),
        )
        for row in rows
    ]  # fmt: skip


def _open_days(db: ShopSession, people: Collection[UUID]) -> dict[UUID, dict[dt.date, int]]:
    """What each person's bills left open, by day; of merged entries together."""
    found: defaultdict[UUID, defaultdict[dt.date, int]] = defaultdict(lambda: defaultdict(int))
    entries = customers.entries_of(db, people) if people else {}
    for row in repository.dues_by_day(db, entries) if entries else ():
        found[entries[row.customer_id]][row.due_on] += row.paise
    return {person: dict(days) for person, days in found.items()}


def _entries(db: ShopSession, people: Sequence[UUID]) -> list[Entry]:
    """In order: by day, and within a day as they were made, since ids tell the time."""
    documents = invoices.ledger_documents(db, people)
    vouchers = credits.receipts_of(db, people)
    owned = credits.credits_of(db, people)
    return put_together(documents, vouchers, owned, credits.uses_of(db, [credit.id for credit in owned]))


def put_together(
    documents: Iterable[LedgerDocument],
    vouchers: Iterable[VoucherSummary],
    owned: Iterable[Credit],
    uses: Iterable[CreditUse],
) -> list[Entry]:
    """One entry for each document; a credit shows where it was opened and where it was used. What a note left as credit
    is among its payments, as what it gave back is: neither lowered the debt."""
    found = {entry.id: entry for entry in (*map(_of_document, documents), *map(_of_voucher, vouchers))}
    for credit in owned:
        entry = found.setdefault(credit.source_id, Entry(credit.made_on, credit.source_id, credit.kind, None))
        entry.credit_in_paise += credit.paise
    for use in uses:
        entry = found.setdefault(use.document_id, Entry(_day(use), use.document_id, use.kind, None))
        if use.paise > 0:
            entry.credit_out_paise += use.paise
        else:
            entry.credit_in_paise -= use.paise
    return sorted(found.values(), key=lambda entry: (entry.on, entry.id.bytes))


def _of_document(document: LedgerDocument) -> Entry:
    entry = Entry(document.issued_on, document.id, document.kind, document.number)
    if document.kind == NOTE:
        entry.charged_paise, entry.settled_paise = document.paid_paise, document.total_paise
    else:
        entry.charged_paise, entry.settled_paise = document.total_paise, document.paid_paise
    return entry


def _of_voucher(voucher: VoucherSummary) -> Entry:
    """Only money on account moves what is owed by bills; an advance is seen as the credit that it opened."""
    entry = Entry(voucher.issued_on, voucher.id, f"{voucher.kind}.{voucher.purpose}", voucher.number)
    if voucher.purpose == "on_account" and voucher.kind == TAKEN:
        entry.settled_paise = voucher.total_paise
    elif voucher.purpose == "on_account":
        entry.charged_paise = voucher.total_paise
    return entry


def _run(entries: list[Entry]) -> list[Entry]:
    owes = owed = 0
    for entry in entries:
        owes += entry.charged_paise - entry.settled_paise
        owed += entry.credit_in_paise - entry.credit_out_paise
        entry.owes_paise, entry.owed_paise = owes, owed
    return entries


def _day(use: CreditUse) -> dt.date:
    return ist(use.at).date()
