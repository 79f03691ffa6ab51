"""The hot write: a bill in three round trips, whatever its number of lines (docs/decisions/0020).

1  claim and fence · till and plan · approvals · customer, their key, cash and credits · what they were promised ·
   pieces taken, then read · lots held · board
   … priced and checked here, before any row that serialises the shop is locked …
2  drawer · number · audit head · previous hash
3  bill, lines, payments, what was used of credits, locked rates, lots and approvals, metal and cash that moved, audit
   entry, job, COMMIT

This is the one service that sends its own statements in packets and commits; the edge opens its session with hot=True.
Locks are taken in one order everywhere: fence, claim, place, approvals, party, credits, schemes, locked rates, orders,
estimate, pieces by key, lots by key, drawer, series, head.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.amc.service.terms import standing
from app.approvals import service as approvals
from app.cash import service as cash
from app.cash.service import BookDay
from app.credits import service as credits
from app.inventory import service as inventory
from app.invoices import repository
from app.invoices.service import limits, promises, reckoning, tries
from app.invoices.service.documents import Document, content_hash, document_of, party_of
from app.invoices.service.drafts import BillDraft, check_draft, check_settled
from app.invoices.service.needs import wants_of
from app.invoices.service.quotes import Quote, price_changed
from app.invoices.service.rows import Rows, metal_of, rows_of
from app.invoices.service.seller import seller_of
from app.invoices.service.taking import PDF_JOB, Moment, Read, take
from app.kit import audit
from app.kit.access import PlanDoesNotTrade
from app.kit.clock import utc_now
from app.kit.idempotency import Claim
from app.kit.ids import new_id
from app.kit.sealing import Keyring
from app.metal import service as metal
from app.numbering import service as numbering
from app.numbering.service import DocumentKind
from app.tenants.service.places import Place
from shard_router import Bound, ShopSession

__all__ = ["ISSUED", "PDF_JOB", "issue_invoice"]

ISSUED = "invoice.issued"


@dataclass(frozen=True, slots=True)
class Chained:
    """Our place in the audit chain, the hash before it, and the drawer's day."""

    seq: int
    previous: bytes
    day: BookDay


@dataclass(frozen=True, slots=True)
class Beside:
    """What is written with a bill into the books of other rooms, and what the audit chain says of it."""

    statements: list[Bound]
    told: dict[str, Any]


def issue_invoice(
    db: ShopSession, *, draft: BillDraft, claim: Claim, keyring: Keyring, at: dt.datetime | None = None
) -> Document:
    """Issue a bill in a session opened with hot=True; it is committed when this returns (the one service that commits).

    `at` is the moment of issue where it is not now: demo data and tests go back in time, and then in order.
    Raises, with nothing done: PlanDoesNotTrade, ItemUnknown, ItemAlreadySold, LotUnknown, LotNotOpen, LotTooSmall,
    CustomerUnknown, TillUnknown, RateMissing, HuidMissing, PriceChanged, ApprovalNeeded, the refusals of credits and of
    errors.py; IntegrityError of the claim where the key was used.
    """
    check_draft(draft)
    moment = Moment.of(at or utc_now())
    invoice_id = new_id()
    found = take(db, draft, claim, invoice_id=invoice_id, moment=moment, keyring=keyring)
    _check_plan(found.place, moment.on)
    seller, buyer = seller_of(found.place), found.party.buyer
    basis = reckoning.basis_of(found.place.rate_basis)
    promises.check(draft, found.promises, found.items, moment.on)
    shop = reckoning.Shop(seller, found.board, basis, buyer, moment.on, found.promises)
    bill = reckoning.reckon(draft, shop, found.items, found.lots)
    _check(draft, bill, found, moment.on)
    words = tries.words_of(bill, db.actor, found.tried)
    allowed = approvals.cover(db.actor, [*wants_of(draft, bill, db.actor), *words], found.held, now=moment.at)
    rows = rows_of(db, draft, bill, found, seller, invoice_id=invoice_id, moment=moment)
    chained = _number(db, rows, found.place, bill.kind, moment)
    beside = [
        *credits.bind_uses(db, draft.credit_uses, document_id=invoice_id, at=moment.at),
        *promises.bind_taken(db, draft, found.promises, found.items, document_id=invoice_id, at=moment.at),
        *inventory.bind_portions(bill.portions, moment.at), *_moved(db, rows, bill, moment),
        *_drawn(db, rows, chained.day, draft.cash_paise),
        *approvals.bind_spend(allowed, document_id=invoice_id, now=moment.at),
    ]  # fmt: skip
    told = _told(rows.head, draft, [one.id for _want, one in allowed], found.promises)
    _write(db, rows, chained, Beside(beside, told))
    party = party_of(buyer) if buyer else None
    return document_of(rows.head, rows.lines, rows.payments, seller=seller, party=party)


def _check_plan(place: Place, on: dt.date) -> None:
    """The plan as the shard itself knows it, in the bill's own transaction; a claim that was used came first."""
    if place.plan is None or not standing(place.plan, on).state.may_trade:
        raise PlanDoesNotTrade()


def _check(draft: BillDraft, bill: reckoning.Reckoned, found: Read, on: dt.date) -> None:
    """Whatever may stop the bill stops it here, before its number is drawn."""
    total = bill.priced.total_paise
    if draft.expected_total_paise is not None and draft.expected_total_paise != total:
        raise price_changed(Quote(bill.kind, bill.sold, bill.priced, ()), draft.expected_total_paise)
    reckoning.check_hallmarks(bill.sold, on)
    check_settled(draft, total)
    party = found.party
    limits.refuse_blocked(
        limits.findings_of(draft, total_paise=total, buyer=party.buyer, before=party.cash, on=on)
    )  # fmt: skip


def _number(db: ShopSession, rows: Rows, place: Place, kind: DocumentKind, moment: Moment) -> Chained:
    """Packet 2. From here to the commit every bill of the shop queues behind this one: nothing slow may follow."""
    drawer, drawn, _, chain = db.run_packet([
        cash.DRAWER.bind(till_id=place.till_id),
        numbering.bind_draw(registration_id=place.registration_id, year=moment.year, kind=kind, till_id=place.till_id),
        audit.ADVANCE_HEAD.bind(),
        audit.PREVIOUS_HASH.bind(),
    ])  # fmt: skip
    head, day = rows.head, cash.drawer_of(drawer.rows, on=moment.on)
    head["book_on"], head["shift_no"] = day.business_on, day.shift_no
    head["no"] = numbering.drawn(drawn)
    head["number"] = numbering.written(head["no"], year=moment.year, kind=kind, till_code=place.till_code)
    head["content_hash"] = content_hash(head, rows.lines, rows.payments)
    seq, previous = chain.rows[0]
    return Chained(seq, previous, day)


def _write(db: ShopSession, rows: Rows, chained: Chained, beside: Beside) -> None:
    """Packet 3, with COMMIT behind it: nothing runs after a statement that fails, and a connection lost meanwhile is an
    AmbiguousCommit, which the edge settles by the claim's row."""
    head, at = rows.head, rows.head["issued_at"]
    body = audit.entry_body(
        db, seq=chained.seq, at=at.isoformat(), action=ISSUED, subject_id=head["id"], facts=beside.told
    )  # fmt: skip
    packet = [repository.INSERT_INVOICE.bind(**head), repository.INSERT_LINE.bind_rows(rows.lines)]
    if rows.payments:
        packet.append(repository.INSERT_PAYMENT.bind_rows(rows.payments))
    packet += beside.statements
    packet.append(audit.INSERT_ENTRY.bind(
        seq=chained.seq, at=at, actor_id=db.actor.person_id, action=ISSUED, subject_id=head["id"], body=body,
        hash=audit.link(chained.previous, body),
    ))  # fmt: skip
    db.run_packet(packet, commit=True)


def _moved(db: ShopSession, rows: Rows, bill: reckoning.Reckoned, moment: Moment) -> list[Bound]:
    moved = metal_of(db, rows, bill.sold, moment)
    return [metal.POST.bind_rows(moved)] if moved else []


def _drawn(db: ShopSession, rows: Rows, day: BookDay, cash_paise: int) -> list[Bound]:
    """What of the bill lies in the drawer: change that was given back never did."""
    if not cash_paise:
        return []
    head = rows.head
    return [cash.ENTER.bind(**cash.entry_row(
        db, till_id=head["till_id"], day=day, kind=cash.EntryKind.SALE, paise=cash_paise, document_id=head["id"],
        at=head["issued_at"],
    ))]  # fmt: skip


def _told(
    head: Mapping[str, Any], draft: BillDraft, approval_ids: Sequence[UUID], taken: promises.Promises
) -> dict[str, Any]:
    """What the chain says of a bill."""
    told = {
        "number": head["number"], "kind": head["kind"], "totalPaise": head["total_paise"],
        "contentHash": head["content_hash"], "panDeclared": draft.pan_declared, **promises.told(draft, taken),
    }  # fmt: skip
    return {**told, "approvals": list(approval_ids)} if approval_ids else told
