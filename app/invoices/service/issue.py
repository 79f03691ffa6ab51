"""The hot write: a bill in three round trips, whatever its number of lines (docs/decisions/0020).

1  claim and fence · till and plan · customer, their key and the day's cash · pieces taken, then read · board
   … priced and checked here, before any row that serialises the shop is locked …
2  number · audit head · previous hash
3  bill, lines, payments, audit entry, job, COMMIT

This is the one service that sends its own statements in packets and commits; the edge opens its session with hot=True.
Locks are taken in one order everywhere: fence, claim, place, party, pieces by key, series, head.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.amc.service.terms import standing
from app.customers import service as customers
from app.customers.service import Buyer
from app.inventory import service as inventory
from app.inventory.service import Item
from app.invoices import repository
from app.invoices.pricing import PricedLine
from app.invoices.service import reckoning
from app.invoices.service.documents import (
    RENDER_VERSION,
    Document,
    content_hash,
    document_of,
    party_of,
    seal_party,
)
from app.invoices.service.drafts import BillDraft, PaymentDraft, check_draft, check_settled
from app.invoices.service.quotes import Quote, price_changed
from app.invoices.service.seller import Seller, choose, seller_of
from app.kit import audit, idempotency, outbox, sealing_keys
from app.kit.access import PlanDoesNotTrade
from app.kit.clock import FinancialYear, financial_year, ist, utc_now
from app.kit.idempotency import Claim
from app.kit.ids import new_id
from app.kit.sealing import DataKey, Keyring
from app.numbering import service as numbering
from app.numbering.service import DocumentKind
from app.rates import service as rates
from app.rates.service import Board
from app.tenants.service.places import PLACES, Place, places_of
from shard_router import PacketResult, ShopSession

PDF_JOB = "app.invoices.jobs.render_pdf"
ISSUED = "invoice.issued"


@dataclass(frozen=True, slots=True)
class Read:
    """What the first packet found."""

    place: Place
    buyer: Buyer | None
    key: DataKey | None
    cash_before_paise: int
    items: dict[UUID, Item]
    board: Board


@dataclass(frozen=True, slots=True)
class Moment:
    """When a bill is issued: in UTC, as a day in India, in which financial year."""

    at: dt.datetime
    on: dt.date
    year: FinancialYear

    @classmethod
    def of(cls, at: dt.datetime) -> "Moment":
        on = ist(at).date()
        return cls(at.astimezone(dt.UTC), on, financial_year(on))  # as it is read back: the hash covers its text


@dataclass(frozen=True, slots=True)
class Rows:
    """What is written, by column."""

    head: dict[str, Any]
    lines: list[dict[str, Any]]
    payments: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Chained:
    """Our place in the audit chain, and the hash before it."""

    seq: int
    previous: bytes


def issue_invoice(
    db: ShopSession, *, draft: BillDraft, claim: Claim, keyring: Keyring, at: dt.datetime | None = None
) -> Document:
    """Issue a bill in a session opened with hot=True; it is committed when this returns (the one service that commits).

    `at` is the moment of issue where it is not now: demo data and tests go back in time, and then in order.
    Raises, with nothing done: PlanDoesNotTrade, ItemUnknown, ItemAlreadySold, CustomerUnknown, TillUnknown,
    RateMissing, HuidMissing, PriceChanged, the limits' and payments' refusals of errors.py; IntegrityError of the
    claim where the key was used.
    """
    check_draft(draft, db.actor)
    moment = Moment.of(at or utc_now())
    invoice_id = new_id()
    found = _take(db, draft, claim, invoice_id=invoice_id, moment=moment, keyring=keyring)
    _check_plan(found.place, moment.on)
    seller = seller_of(found.place)
    bill = reckoning.reckon(draft, items=found.items, board=found.board, seller=seller, on=moment.on)
    _check(draft, bill, found, moment.on)
    rows = Rows(
        head=_head(db, draft, bill, found, seller, invoice_id=invoice_id, moment=moment),
        lines=[
            _line(db.shop_id, invoice_id, pos, item, priced)
            for pos, (item, priced) in enumerate(zip(bill.items, bill.priced.lines, strict=True), start=1)
        ],
        payments=[
            _payment(db.shop_id, invoice_id, pos, payment) for pos, payment in enumerate(draft.payments, start=1)
        ],
    )
    chained = _number(db, rows, found.place, bill.kind, moment)
    _write(db, rows, draft, chained, moment)
    party = party_of(found.buyer) if found.buyer else None
    return document_of(rows.head, rows.lines, rows.payments, seller=seller, party=party)


def _take(
    db: ShopSession, draft: BillDraft, claim: Claim, *, invoice_id: UUID, moment: Moment, keyring: Keyring
) -> Read:
    """Packet 1. The pieces are ours or the transaction ends."""
    ids = sorted(draft.item_ids)
    packet = [idempotency.bind_claim(claim, subject_id=invoice_id), PLACES.bind(), *_party(draft, moment.on)]
    pieces = len(packet)
    packet += [
        inventory.SELL.bind(ids=ids, b_invoice_id=invoice_id, b_now=moment.at),
        inventory.ITEMS.bind(ids=ids),
        rates.BOARD.bind(),
        outbox.PREPARED_ENQUEUE.bind(**outbox.prepared_columns(
            db, PDF_JOB, key=f"pdf-{invoice_id.hex}", params={"invoice_id": str(invoice_id)}
        )),
    ]  # fmt: skip
    results = db.run_packet(packet)
    buyer, key, cash = _read_party(draft, results[2:pieces], keyring)
    sold, item_rows, board_rows, _ = results[pieces:]
    items = inventory.items_of(item_rows.rows)
    if sold.rowcount != len(ids):
        inventory.refuse_missing(items, draft.item_ids, taken_by=invoice_id)
    return Read(
        place=choose(places_of(results[1].rows), asked=draft.till_id, sits_at=db.actor.till_id),
        buyer=buyer, key=key, cash_before_paise=cash, items=items, board=rates.board_of(board_rows.rows),
    )  # fmt: skip


def _party(draft: BillDraft, on: dt.date) -> list[Any]:
    """The customer locked, exclusively where cash is taken: one bill at a time adds up the day's cash of a person."""
    if draft.customer_id is None:
        return []
    buyer = customers.BUYER_FOR_UPDATE if draft.cash_paise else customers.BUYER_FOR_SHARE
    packet = [buyer.bind(customer_id=draft.customer_id), sealing_keys.STATUTORY_KEY.bind(subject_id=draft.customer_id)]
    if draft.cash_paise:
        packet.append(repository.CASH_OF_DAY.bind(customer_id=draft.customer_id, issued_on=on))
    return packet


def _read_party(
    draft: BillDraft, results: Sequence[PacketResult], keyring: Keyring
) -> tuple[Buyer | None, DataKey | None, int]:
    if draft.customer_id is None:
        return None, None, 0
    buyer = customers.buyer_of(draft.customer_id, results[0].rows)
    key = keyring.open(results[1].rows[0][0])
    return buyer, key, int(results[2].rows[0][0]) if draft.cash_paise else 0


def _check_plan(place: Place, on: dt.date) -> None:
    """The plan as the shard itself knows it, in the bill's own transaction; a claim that was used came first."""
    if place.plan is None or not standing(place.plan, on).state.may_trade:
        raise PlanDoesNotTrade()


def _check(draft: BillDraft, bill: reckoning.Reckoned, found: Read, on: dt.date) -> None:
    """Whatever may stop the bill stops it here, before its number is drawn."""
    total = bill.priced.total_paise
    if draft.expected_total_paise is not None and draft.expected_total_paise != total:
        raise price_changed(Quote(bill.kind, bill.items, bill.priced, ()), draft.expected_total_paise)
    reckoning.check_hallmarks(bill.items, on)
    check_settled(draft, total)
    reckoning.refuse_blocked(
        reckoning.findings_of(
            draft, total_paise=total, buyer=found.buyer, cash_before_paise=found.cash_before_paise, on=on
        )
    )


def _head(
    db: ShopSession, draft: BillDraft, bill: reckoning.Reckoned, found: Read, seller: Seller,
    *, invoice_id: UUID, moment: Moment,
) -> dict[str, Any]:  # fmt: skip
    """All columns but number and hash, which packet 2 decides."""
    priced, place = bill.priced, found.place
    sealed = seal_party(party_of(found.buyer), found.key, invoice_id) if found.buyer and found.key else None
    return {
        "shop_id": db.shop_id, "id": invoice_id, "kind": bill.kind.value, "registration_id": place.registration_id,
        "outlet_id": place.outlet_id, "till_id": place.till_id, "fy_start": moment.year.start_year,
        "issued_at": moment.at, "issued_on": moment.on, "customer_id": draft.customer_id,
        "buyer_registered": found.buyer is not None and found.buyer.registered, "buyer_sealed": sealed,
        "seller": seller.written(), "place_of_supply": priced.supply.place.code,
        "inter_state": priced.supply.inter_state, "reverse_charge": False, "taxable_paise": priced.taxable_paise,
        "cgst_paise": priced.cgst_paise, "sgst_paise": priced.sgst_paise, "igst_paise": priced.igst_paise,
        "round_off_paise": priced.round_off_paise, "total_paise": priced.total_paise, "reverses_id": None,
        "reason": None, "actor_id": db.actor.person_id, "render_version": RENDER_VERSION,
    }  # fmt: skip


def _line(shop_id: int, invoice_id: UUID, pos: int, item: Item, priced: PricedLine) -> dict[str, Any]:
    return {
        "shop_id": shop_id, "id": new_id(), "invoice_id": invoice_id, "pos": pos, "item_id": item.id,
        "reverses_line_id": None, "description": item.name, "tag": item.tag, "huid": item.huid, "hsn": item.hsn,
        "metal": item.metal, "fineness": item.fineness, "gross_mg": item.gross_mg, "stone_mg": item.stone_mg,
        "net_mg": item.net_mg, "rate_paise_per_g": priced.line.rate_paise_per_g, "metal_paise": priced.metal_paise,
        "wastage_paise": priced.wastage_paise, "making_paise": priced.making_paise,
        "making_discount_paise": priced.making_discount_paise, "stones_paise": priced.stones_paise,
        "hallmark_paise": priced.hallmark_paise, "discount_paise": priced.discount_paise,
        "taxable_paise": priced.taxable_paise, "tax_bp": priced.line.tax_bp, "cgst_paise": priced.cgst_paise,
        "sgst_paise": priced.sgst_paise, "igst_paise": priced.igst_paise,
    }  # fmt: skip


def _payment(shop_id: int, invoice_id: UUID, pos: int, payment: PaymentDraft) -> dict[str, Any]:
    return {
        "shop_id": shop_id, "invoice_id": invoice_id, "pos": pos, "mode": payment.mode, "paise": payment.paise,
        "reference": payment.reference or None,
    }  # fmt: skip


def _number(db: ShopSession, rows: Rows, place: Place, kind: DocumentKind, moment: Moment) -> Chained:
    """Packet 2. From here to the commit every bill of the shop queues behind this one: nothing slow may follow."""
    drawn, _, chain = db.run_packet([
        numbering.bind_draw(registration_id=place.registration_id, year=moment.year, kind=kind, till_id=place.till_id),
        audit.ADVANCE_HEAD.bind(),
        audit.PREVIOUS_HASH.bind(),
    ])  # fmt: skip
    head = rows.head
    head["no"] = numbering.drawn(drawn)
    head["number"] = numbering.written(head["no"], year=moment.year, kind=kind, till_code=place.till_code)
    head["content_hash"] = content_hash(head, rows.lines, rows.payments)
    return Chained(*chain.rows[0])


def _write(db: ShopSession, rows: Rows, draft: BillDraft, chained: Chained, moment: Moment) -> None:
    """Packet 3, with COMMIT behind it: nothing runs after a statement that fails, and a connection lost meanwhile is an
    AmbiguousCommit, which the edge settles by the claim's row."""
    head = rows.head
    body = audit.entry_body(
        db, seq=chained.seq, at=moment.at.isoformat(), action=ISSUED, subject_id=head["id"],
        facts={
            "number": head["number"], "kind": head["kind"], "totalPaise": head["total_paise"],
            "contentHash": head["content_hash"], "panDeclared": draft.pan_declared,
        },
    )  # fmt: skip
    packet = [repository.INSERT_INVOICE.bind(**head), repository.INSERT_LINE.bind_rows(rows.lines)]
    if rows.payments:
        packet.append(repository.INSERT_PAYMENT.bind_rows(rows.payments))
    packet.append(audit.INSERT_ENTRY.bind(
        seq=chained.seq, at=moment.at, actor_id=db.actor.person_id, action=ISSUED, subject_id=head["id"], body=body,
        hash=audit.link(chained.previous, body),
    ))  # fmt: skip
    db.run_packet(packet, commit=True)
