"""Valuing: what each piece is worth by its test and the board of this minute, and by how much more is offered than the
shop's own terms say."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from app.customers import service as customers
from app.kit.clock import today_ist
from app.kit.errors import Unprocessable
from app.kit.texts import _
from app.oldgold import repository
from app.oldgold.errors import OldGoldEmpty, OldMetalUnrated, SellerRegistered
from app.oldgold.rules import PurchaseFacts, check_purchase
from app.oldgold.service.drafts import LineDraft, PurchaseDraft, check_draft
from app.oldgold.service.terms import terms_on
from app.oldgold.value import OldGold, PricedOldGold, fine_rate, value_old_gold
from app.rates import service as rates
from app.tax.limits import Finding
from shard_router import ShopSession


@dataclass(frozen=True, slots=True)
class ValuedLine:
    """A line with what it comes to; `usual_paise` is what the shop's terms alone would make of it."""

    draft: LineDraft
    melting_loss_bp: int
    fine_rate_paise_per_g: int
    usual_rate_paise_per_g: int
    priced: PricedOldGold
    usual_paise: int


@dataclass(frozen=True, slots=True)
class Valued:
    """A purchase as it would be issued now, and what it lacks."""

    lines: tuple[ValuedLine, ...]
    findings: tuple[Finding, ...]

    @property
    def value_paise(self) -> int:
        return sum(line.priced.value_paise for line in self.lines)

    @property
    def usual_paise(self) -> int:
        return sum(line.usual_paise for line in self.lines)

    @property
    def over_paise(self) -> int:
        """By so much more is paid than the shop's terms say; then somebody must allow it."""
        return max(self.value_paise - self.usual_paise, 0)


def value_lines(db: ShopSession, lines: Sequence[LineDraft], on: dt.date) -> tuple[ValuedLine, ...]:
    """Raises OldMetalUnrated and what is impossible, at lines.<n>.<field> counted from 0."""
    board = rates.read_board(db)
    terms = {metal: terms_on(db, metal, on) for metal in {line.metal for line in lines}}
    valued = []
    for place, line in enumerate(lines):
        usual_rate = fine_rate(board, line.metal, margin_bp=terms[line.metal].margin_bp)
        if not usual_rate:
            message = _("The board has no rate of this metal: %(metal)s.", metal=line.metal)
            raise OldMetalUnrated(message, fields={f"lines.{place}.metal": "no rate"})
        usual_loss = terms[line.metal].melting_loss_bp
        valued.append(_valued(place, line, usual_rate=usual_rate, usual_loss=usual_loss))
    return tuple(valued)


def value(db: ShopSession, *, draft: PurchaseDraft) -> Valued:
    """What a purchase would come to now; nothing is issued. Raises what `issue_voucher` raises before limits bite."""
    check_draft(draft)
    on = today_ist()
    lines = value_lines(db, draft.lines, on)
    buyer = customers.get_buyer(db, draft.customer_id)
    before = repository.cash_of_day(db, [buyer.id], on) if draft.cash_paise else 0
    return Valued(lines, lacking(draft, lines, buyer, cash_before_paise=before, on=on))


def lacking(
    draft: PurchaseDraft, lines: Sequence[ValuedLine], buyer: customers.Buyer, *, cash_before_paise: int, on: dt.date
) -> tuple[Finding, ...]:
    """What the limits say. Raises SellerRegistered."""
    if buyer.registered:
        raise SellerRegistered(fields={"customerId": "registered"})
    cash = draft.cash_paise
    return check_purchase(
        PurchaseFacts(
            value_paise=sum(line.priced.value_paise for line in lines),
            cash_paise=cash + cash_before_paise if cash else 0,
            pan_given=bool(buyer.pan) or draft.identity_kind == "pan" or draft.pan_declared,
            photographed=all(line.picture_id for line in draft.lines),
            address_given=buyer.full_address,
        ),
        on,
    )


def _valued(place: int, line: LineDraft, *, usual_rate: int, usual_loss: int) -> ValuedLine:
    loss = usual_loss if line.melting_loss_bp is None else line.melting_loss_bp
    rate = line.fine_rate_paise_per_g or usual_rate
    try:
        priced = value_old_gold(OldGold(line.gross_mg, line.dirt_mg, line.fineness, loss, rate))
        usual = value_old_gold(OldGold(line.gross_mg, line.dirt_mg, line.fineness, usual_loss, usual_rate))
    except Unprocessable as fault:
        fault.fields = {f"lines.{place}.{name}": wrong for name, wrong in (fault.fields or {"": "impossible"}).items()}
        raise
    if not priced.value_paise:
        raise OldGoldEmpty(_("There is no metal left to pay for."), fields={f"lines.{place}.dirtMg": "all of it"})
    return ValuedLine(line, loss, rate, usual_rate, priced, usual.value_paise)
