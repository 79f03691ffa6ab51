"""The first packet of a bill: claim, place, approvals, party with cash and credits, promises, pieces taken, then read,
lots held, board.

Nothing that serialises the shop is locked here, so that the bill can be priced while nobody waits.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.approvals import service as approvals
from app.approvals.errors import ApprovalUnknown
from app.credits import service as credits
from app.credits.service import Taken
from app.customers import service as customers
from app.customers.service import Buyer
from app.inventory import service as inventory
from app.inventory.service import Item, Lot
from app.invoices import repository
from app.invoices.service import promises, tries
from app.invoices.service.drafts import BillDraft
from app.invoices.service.limits import NO_CASH, CashBefore, linked_since
from app.invoices.service.promises import Promises
from app.invoices.service.reckoning import refuse_missing
from app.invoices.service.seller import choose
from app.kit import idempotency, outbox, sealing_keys
from app.kit.clock import FinancialYear, financial_year, ist
from app.kit.idempotency import Claim
from app.kit.sealing import DataKey, Keyring
from app.rates import service as rates
from app.rates.service import Board
from app.tenants.service.places import PLACES, Place, places_of
from shard_router import Bound, PacketResult, ShopSession

PDF_JOB = "app.invoices.jobs.render_pdf"


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
class Party:
    """The buyer, locked; exclusively where cash is taken, so that one bill at a time adds up the cash of a person."""

    buyer: Buyer | None = None
    key: DataKey | None = None
    cash: CashBefore = NO_CASH
    credits: tuple[Taken, ...] = ()


@dataclass(frozen=True, slots=True)
class Read:
    """What the first packet found."""

    place: Place
    party: Party
    items: dict[UUID, Item]
    lots: dict[UUID, Lot]
    board: Board
    held: tuple[approvals.Held, ...]
    promises: Promises
    tried: frozenset[UUID] = tries.NONE_TRIED  # lots of which the clerk learns nothing more today


def take(
    db: ShopSession, draft: BillDraft, claim: Claim, *, invoice_id: UUID, moment: Moment, keyring: Keyring
) -> Read:
    """Packet 1. Credits and pieces are ours or the transaction ends; of lots nobody else takes until it does."""
    held, party = approvals.bind_hold(draft.approval_ids), _party(draft, moment.on)
    promised = promises.bind(draft, document_id=invoice_id, now=moment.at)
    counted = tries.bind_tried(db.actor, draft, moment.on)
    pieces, lots = _pieces(draft, invoice_id, moment.at), _lots(draft)
    results = iter(db.run_packet([
        idempotency.bind_claim(claim, subject_id=invoice_id),
        PLACES.bind(),
        *held,
        *counted,
        *party,
        *promised,
        *pieces,
        *lots,
        rates.BOARD.bind(),
        outbox.PREPARED_ENQUEUE.bind(**outbox.prepared_columns(
            db, PDF_JOB, key=f"pdf-{invoice_id.hex}", params={"invoice_id": str(invoice_id)}
        )),
    ]))  # fmt: skip
    _claimed, places = next(results), next(results)
    approved = approvals.held_of([row for _ in held for row in next(results).rows])
    if len(approved) != len(set(draft.approval_ids)):
        raise ApprovalUnknown(fields={"approvalIds": "unknown"})
    tried = tries.read_tried([next(results) for _ in counted], moment.on)
    found = _read_party(draft, [next(results) for _ in party], keyring, moment.on)
    taken = promises.read(draft, [next(results) for _ in promised], document_id=invoice_id, on=moment.on)
    items = _read_pieces(draft, [next(results) for _ in pieces], invoice_id)
    lots_held = inventory.lots_of(row for _ in lots for row in next(results).rows)
    return Read(
        place=choose(places_of(places.rows), asked=draft.till_id, sits_at=db.actor.till_id),
        party=found, items=items, lots=lots_held, board=rates.board_of(next(results).rows), held=approved,
        promises=taken, tried=tried,
    )  # fmt: skip


def _pieces(draft: BillDraft, invoice_id: UUID, at: dt.datetime) -> list[Bound]:
    ids = sorted(draft.item_ids)
    if not ids:
        return []
    return [inventory.SELL.bind(ids=ids, b_invoice_id=invoice_id, b_now=at), inventory.ITEMS.bind(ids=ids)]


def _read_pieces(draft: BillDraft, results: Sequence[PacketResult], invoice_id: UUID) -> dict[UUID, Item]:
    if not results:
        return {}
    sold, rows = results
    items = inventory.items_of(rows.rows)
    if sold.rowcount != len(draft.item_ids):
        refuse_missing(draft, items, taken_by=invoice_id)
    return items


def _lots(draft: BillDraft) -> list[Bound]:
    """Held, since how much a lot of such a cost gives is reckoned behind this packet; they fall in the last."""
    return [inventory.HOLD_LOTS.bind(ids=draft.lot_ids)] if draft.lot_ids else []


def _party(draft: BillDraft, on: dt.date) -> list[Bound]:
    """The customer before their credits: an advance is used up behind its owner's lock."""
    if draft.customer_id is None:
        return []
    buyer = customers.BUYER_FOR_UPDATE if draft.counts_cash else customers.BUYER_FOR_SHARE
    same_pan = [customers.PAN_FOR_UPDATE.bind(customer_id=draft.customer_id)] if draft.counts_cash else []
    packet = [
        *same_pan,
        buyer.bind(customer_id=draft.customer_id),
        sealing_keys.STATUTORY_KEY.bind(subject_id=draft.customer_id),
    ]
    if draft.counts_cash:
        packet.append(repository.CASH_BEFORE.bind(
            customer_id=draft.customer_id, issued_on=on, since=linked_since(on), occasion=draft.occasion or "",
        ))  # fmt: skip
        packet.append(credits.CASH_SINCE.bind(
            customer_id=draft.customer_id, issued_on=on, since=linked_since(on)
        ))  # fmt: skip
        if draft.occasion is not None:
            packet.append(repository.CASH_OF_OCCASION.bind(customer_id=draft.customer_id, occasion=draft.occasion))
    if draft.credit_uses:
        packet.append(credits.CASH_BROUGHT.bind(ids=sorted(draft.credits_used)))
    return [*packet, *credits.bind_takes(draft.credit_uses, customer_id=draft.customer_id, on=on)]


def _read_party(draft: BillDraft, results: Sequence[PacketResult], keyring: Keyring, on: dt.date) -> Party:
    if draft.customer_id is None:
        return Party()
    rest: Iterator[PacketResult] = iter(results[1:] if draft.counts_cash else results)  # behind the lock of its PAN
    buyer = customers.buyer_of(draft.customer_id, next(rest).rows)
    key = keyring.open(next(rest).rows[0][0])
    cash = _read_cash(draft, rest) if draft.counts_cash else NO_CASH
    taken = credits.read_taken(draft.credit_uses, list(rest), customer_id=draft.customer_id, on=on)
    return Party(buyer, key, cash, taken)


def _read_cash(draft: BillDraft, results: Iterator[PacketResult]) -> CashBefore:
    bills, receipts = next(results).rows[0], next(results).rows[0]
    of_occasion = next(results).rows if draft.occasion is not None else ()
    brought = next(results).rows if draft.credit_uses else ()
    in_credits = credits.most_in_cash(draft.credits_used, brought)
    return cash_before(bills, receipts, in_credits, credits.cash_of_counted(of_occasion))


def cash_before(
    bills: Sequence[Any], receipts: Sequence[Any], in_credits: credits.InCredits, occasion_paise: int = 0
) -> CashBefore:
    """What CASH_BEFORE gave, what CASH_SINCE did, the cash in the credits that are used, and in what earlier bills of
    the occasion used of credits."""
    day, occasion, linked = (int(paise) for paise in bills)
    received, received_since = (int(paise) for paise in receipts)
    return CashBefore(day + received, occasion + occasion_paise, linked + received_since, *in_credits)
