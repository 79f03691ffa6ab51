"""Buying: a voucher with a number of its own, its metal in lots, and the seller settled with, in one transaction.

Locks in everybody's order: approval, customer, pieces that are bought back, credit, drawer, series, audit head. The
lots are new, so nobody waits for them; they are called after the voucher's number, which is why the series comes before
them.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.approvals import service as approvals
from app.cash import service as cash
from app.credits import service as credits
from app.credits.service import Credit
from app.customers import service as customers
from app.customers.service import Buyer
from app.inventory import service as inventory
from app.kit import audit, sealing_keys
from app.kit.clock import financial_year, ist, utc_now
from app.kit.ids import new_id
from app.kit.money import rupees
from app.kit.sealing import Keyring
from app.kit.texts import _
from app.metal.service import Account
from app.numbering import service as numbering
from app.numbering.service import DocumentKind
from app.oldgold.errors import IdentityWrong, OldGoldBlocked, OldGoldPhotoUnknown, OldGoldValueChanged
from app.oldgold.models import OldGoldLine, OldGoldPayout, OldGoldVoucher, PayoutMode
from app.oldgold.rules import PAN, Identity, settled_identity
from app.oldgold.service.documents import (
    PAYOUT_COLUMNS,
    RENDER_VERSION,
    Voucher,
    content_hash,
    party_of,
    seal_party,
    voucher_of,
)
from app.oldgold.service.drafts import PayoutDraft, PurchaseDraft, check_draft, settled_payouts
from app.oldgold.service.ours import sold_pieces
from app.oldgold.service.valuing import Valued, ValuedLine, cash_before, lacking, value_lines
from app.tenants.service.places import Place, list_places
from app.tenants.service.seller import choose, seller_of
from app.vision import service as vision
from shard_router import ShopSession

ISSUED = "oldgold.bought"
KIND = "old_gold"
OVER = "oldgold.over_value"
OVER_RIGHT = "bill.lower_rate"
"""The right to give a customer a better rate than the board says; buying dearer is that, too."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a voucher is issued: in UTC, and as a day in India."""

    at: dt.datetime
    on: dt.date


def issue_voucher(db: ShopSession, *, draft: PurchaseDraft, keyring: Keyring, at: dt.datetime | None = None) -> Voucher:
    """Buy old gold: valued by the board of this minute, numbered, its metal in stock, the seller settled with.

    Raises, with nothing done: OldGoldEmpty, OldMetalUnrated, IdentityWrong, OldGoldValueChanged, ApprovalNeeded where
    more is paid than the shop's terms say, CustomerUnknown, SellerRegistered, OldGoldBlocked, OldGoldUnsettled,
    OldGoldPhotoUnknown, TillUnknown, SoldLineUnknown, NotWhatWasSold, BoughtBackBefore, and what the rooms of credits,
    cash and stock refuse."""
    check_draft(draft)
    now = (at or utc_now()).astimezone(dt.UTC)
    moment, voucher_id = Moment(now, ist(now).date()), new_id()
    identity = settled_identity(draft.identity_kind, draft.identity_number, moment.on)
    lines = value_lines(db, draft.lines, moment.on, pays_out=draft.pays_out)
    _check_value(draft, lines)
    approval_id = _allowed(db, draft, lines, voucher_id)
    customer_id = customers.hold(db, draft.customer_id, exclusive=True)
    buyer = customers.get_buyer(db, customer_id)
    _check_theirs(identity, buyer, moment.on)
    value_paise = sum(line.priced.value_paise for line in lines)
    payouts = settled_payouts(draft, value_paise)
    _check_limits(db, draft, lines, buyer, moment.on)
    sold_pieces(db, draft.lines, moment.on, hold=True)  # again: somebody else may have brought them back meanwhile
    _check_pictures(db, draft)
    place = choose(list_places(db), asked=draft.till_id, sits_at=db.actor.till_id)
    key = keyring.open(sealing_keys.wrapped_keys(db, [customer_id])[customer_id])
    paid = [
        _payout(db, pos, one, source=(voucher_id, customer_id), on=moment.on)
        for pos, one in enumerate(payouts, start=1)
    ]
    book_on = _book_cash(db, draft, place, voucher_id, moment)
    head = _head(
        db, draft, lines, place, voucher_id=voucher_id, customer_id=customer_id, book_on=book_on, moment=moment
    )
    party = party_of(buyer, identity)
    head["seller_sealed"] = seal_party(party, key, voucher_id)
    rows = [_line(db, pos, one, head) for pos, one in enumerate(lines, start=1)]
    head["content_hash"] = content_hash(head, rows, paid)
    _insert(db, head, rows, paid)
    audit.record(db, ISSUED, voucher_id, {
        "number": head["number"], "valuePaise": value_paise, "usualPaise": head["usual_paise"],
        "contentHash": head["content_hash"], "approval": approval_id, "panDeclared": draft.pan_declared,
    })  # fmt: skip
    return voucher_of(head, rows, paid, shop=seller_of(place), party=party)


def take_in(
    db: ShopSession, *, draft: PurchaseDraft, keyring: Keyring, at: dt.datetime | None = None
) -> tuple[Voucher, Credit | None]:
    """Old gold brought to the counter, in one call: the voucher, and the credit that a bill may use at once (None where
    all of it was paid out). Raises what `issue_voucher` raises."""
    voucher = issue_voucher(db, draft=draft, keyring=keyring, at=at)
    return voucher, credits.get_credit(db, voucher.credit_id) if voucher.credit_id else None


def _check_theirs(identity: Identity, buyer: Buyer, on: dt.date) -> None:
    """Of one who has a PAN, the paper is no other PAN: a person has one."""
    if identity.kind == PAN and buyer.pan is not None and identity != settled_identity(PAN, buyer.pan, on):
        message = _("The customer's PAN is another one.")
        raise IdentityWrong(message, fields={"identity.number": "not the customer's PAN"})


def _check_value(draft: PurchaseDraft, lines: Sequence[ValuedLine]) -> None:
    value = sum(line.priced.value_paise for line in lines)
    if draft.expected_value_paise is not None and draft.expected_value_paise != value:
        message = _(
            "The old gold is worth %(now)s now; %(before)s was shown.",
            now=rupees(value), before=rupees(draft.expected_value_paise),
        )  # fmt: skip
        raise OldGoldValueChanged(message, fields={"expectedValuePaise": str(value)})


def _allowed(db: ShopSession, draft: PurchaseDraft, lines: Sequence[ValuedLine], voucher_id: UUID) -> UUID | None:
    """Paying more than the shop's terms say costs the owner: who lacks the right brings an approval of just that."""
    valued = Valued(tuple(lines), ())
    if not valued.over_paise:
        return None
    return approvals.require(
        db, right=OVER_RIGHT, kind=OVER, subject_id=draft.customer_id, approval_id=draft.approval_id,
        document_id=voucher_id, facts=over_facts(valued),
    )  # fmt: skip


def over_facts(valued: Valued) -> dict[str, Any]:
    """What an approval of paying more is about; of another weight, purity or value it is another question."""
    return {
        "valuePaise": valued.value_paise, "usualPaise": valued.usual_paise, "costPaise": valued.over_paise,
        "lines": [
            {
                "metal": line.draft.metal, "grossMg": line.draft.gross_mg, "dirtMg": line.draft.dirt_mg,
                "fineness": line.draft.fineness, "meltingLossBp": line.melting_loss_bp,
                "fineRatePaisePerG": line.fine_rate_paise_per_g,
            }
            for line in valued.lines
        ],
    }  # fmt: skip


def _check_limits(
    db: ShopSession, draft: PurchaseDraft, lines: Sequence[ValuedLine], buyer: Buyer, on: dt.date
) -> None:
    """Behind the seller's lock, so that the day's cash to one person is added up by one purchase at a time."""
    before = cash_before(db, draft, buyer, on)
    for finding in lacking(draft, lines, buyer, cash_before_paise=before, on=on):
        if finding.blocks:
            field = {"cash": "payouts", "pan": "panDeclared", "photo": "lines"}.get(finding.rule, "customerId")
            message = _("%(message)s (%(rule)s)", message=finding.message, rule=finding.name)
            raise OldGoldBlocked(message, fields={field: finding.rule})


def _check_pictures(db: ShopSession, draft: PurchaseDraft) -> None:
    wanted = {line.picture_id for line in draft.lines if line.picture_id}
    known = vision.known_pictures(db, wanted)
    for place, line in enumerate(draft.lines):
        if line.picture_id and line.picture_id not in known:
            raise OldGoldPhotoUnknown(fields={f"lines.{place}.pictureId": "unknown"})


def _payout(
    db: ShopSession, pos: int, payout: PayoutDraft, *, source: tuple[UUID, UUID], on: dt.date
) -> dict[str, Any]:
    voucher_id, customer_id = source
    credit_id = None
    if payout.mode is PayoutMode.CREDIT:
        credit_id = credits.open_credit(
            db, kind=credits.CreditKind.OLD_GOLD.value, customer_id=customer_id, source_id=voucher_id,
            paise=payout.paise, on=on,
        ).id  # fmt: skip
    row = (pos, payout.mode.value, payout.paise, payout.reference or None, credit_id)
    return dict(zip(PAYOUT_COLUMNS, row, strict=True))


def _book_cash(db: ShopSession, draft: PurchaseDraft, place: Place, voucher_id: UUID, moment: Moment) -> dt.date:
    """The drawer's business day; what is paid in cash leaves the drawer."""
    if not draft.cash_paise:
        return cash.day_of(db, place.till_id, moment.on).business_on
    return cash.post(
        db, till_id=place.till_id, kind=cash.EntryKind.OLD_GOLD, paise=-draft.cash_paise, document_id=voucher_id,
        at=moment.at, field="payouts",
    ).business_on  # fmt: skip


def _head(
    db: ShopSession, draft: PurchaseDraft, lines: Sequence[ValuedLine], place: Place, *, voucher_id: UUID,
    customer_id: UUID, book_on: dt.date, moment: Moment,
) -> dict[str, Any]:  # fmt: skip
    """All columns but seller and hash; the number is drawn here."""
    valued, year = Valued(tuple(lines), ()), financial_year(moment.on)
    no = numbering.draw(
        db, registration_id=place.registration_id, year=year, kind=DocumentKind.PURCHASE_VOUCHER, till_id=place.till_id
    )
    return {
        "id": voucher_id, "registration_id": place.registration_id, "outlet_id": place.outlet_id,
        "till_id": place.till_id, "fy_start": year.start_year, "no": no,
        "number": numbering.written(no, year=year, kind=DocumentKind.PURCHASE_VOUCHER, till_code=place.till_code),
        "issued_at": moment.at, "issued_on": moment.on, "book_on": book_on, "customer_id": customer_id,
        "identity_kind": draft.identity_kind, "shop": seller_of(place).written(), "pan_declared": draft.pan_declared,
        "value_paise": valued.value_paise, "usual_paise": valued.usual_paise, "actor_id": db.actor.person_id,
        "render_version": RENDER_VERSION,
    }  # fmt: skip


def _line(db: ShopSession, pos: int, line: ValuedLine, head: dict[str, Any]) -> dict[str, Any]:
    """One piece is one lot, from the customer into the stock of the outlet, at what was paid for it."""
    draft, priced = line.draft, line.priced
    lot = inventory.receive_lot(
        db,
        draft=inventory.LotDraft(
            code=f"{head['number']}-{pos}", name=draft.description, kind=KIND, metal=draft.metal,
            fineness=draft.fineness, pieces=1, stone_mg=draft.dirt_mg, net_mg=priced.net_mg,
            cost_paise=priced.value_paise,
        ),
        place_id=head["outlet_id"],
        origin=inventory.Origin(
            spot=inventory.Spot(Account.CUSTOMER, head["customer_id"]), kind=KIND, movement_id=head["id"]
        ),
    )  # fmt: skip
    return {
        "id": new_id(), "pos": pos, "description": draft.description, "metal": draft.metal, "gross_mg": draft.gross_mg,
        "dirt_mg": draft.dirt_mg, "net_mg": priced.net_mg, "fineness": draft.fineness, "test_kind": draft.test.value,
        "test_note": draft.test_note or None, "melting_loss_bp": line.melting_loss_bp, "fine_mg": priced.fine_mg,
        "fine_rate_paise_per_g": line.fine_rate_paise_per_g, "usual_rate_paise_per_g": line.usual_rate_paise_per_g,
        "value_paise": priced.value_paise, "resale": draft.resale, "picture_id": draft.picture_id, "lot_id": lot.id,
        "of_line_id": draft.of_line_id, "buyback_bp": line.buyback_bp,
    }  # fmt: skip


def _insert(
    db: ShopSession, head: dict[str, Any], lines: Sequence[dict[str, Any]], paid: Sequence[dict[str, Any]]
) -> None:
    db.add(OldGoldVoucher(**head))
    db.flush()
    db.add_all(OldGoldLine(voucher_id=head["id"], **line) for line in lines)
    db.add_all(OldGoldPayout(voucher_id=head["id"], **payout) for payout in paid)
    db.flush()
