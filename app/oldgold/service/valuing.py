"""Valuing: what each piece is worth by its test and the board of this minute, and by how much more is offered than the
shop's own terms say."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from app.credits import service as credits
from app.customers import service as customers
from app.kit.clock import today_ist
from app.kit.errors import Unprocessable
from app.kit.money import BASIS_POINTS
from app.kit.texts import _
from app.oldgold import repository
from app.oldgold.buyback import fine_rate_of, share_of
from app.oldgold.errors import OldGoldEmpty, OldMetalUnrated, SellerRegistered
from app.oldgold.rules import PAN, PurchaseFacts, check_purchase
from app.oldgold.service.drafts import LineDraft, PurchaseDraft, check_draft
from app.oldgold.service.ours import SoldPiece, sold_pieces
from app.oldgold.service.terms import terms_on
from app.oldgold.value import OldGold, PricedOldGold, fine_rate, value_old_gold
from app.rates import service as rates
from app.rates.service import Board
from app.tax.limits import Finding
from shard_router import ShopSession


@dataclass(frozen=True, slots=True)
class ValuedLine:
    """A line with what it comes to; `usual_paise` is what the shop's terms alone would make of it.

    buyback_bp  of what the shop sold itself: the share of its metal's value that its terms give; no making, no stones;
                None where buying it like anybody's gives more
    """

    draft: LineDraft
    melting_loss_bp: int
    fine_rate_paise_per_g: int
    usual_rate_paise_per_g: int
    priced: PricedOldGold
    usual_paise: int
    buyback_bp: int | None = None


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


@dataclass(frozen=True, slots=True)
class Offer:
    """What the shop's terms give for a piece: for a fine gram, after so much of melting loss."""

    rate_paise_per_g: int | None
    melting_loss_bp: int
    buyback_bp: int | None = None

    @property
    def worth(self) -> int:
        """Of two offers the better one counts: what the shop sold itself brings no less than a stranger's gold."""
        return (self.rate_paise_per_g or 0) * (BASIS_POINTS - self.melting_loss_bp)


NO_OFFER = Offer(None, 0)


def value_lines(
    db: ShopSession, lines: Sequence[LineDraft], on: dt.date, *, pays_out: bool = False
) -> tuple[ValuedLine, ...]:
    """`pays_out`: not all of it stays for a bill, which lowers what is given for pieces that the shop sold itself.

    Raises OldMetalUnrated, what `sold_pieces` does and what is impossible, at lines.<n>.<field> counted from 0."""
    board = rates.read_board(db)
    terms = {metal: terms_on(db, metal, on) for metal in {line.metal for line in lines}}
    sold = sold_pieces(db, lines, on)
    valued = []
    for place, line in enumerate(lines):
        usual = terms[line.metal]
        offer = Offer(fine_rate(board, line.metal, margin_bp=usual.margin_bp), usual.melting_loss_bp)
        if line.of_line_id is not None:
            offer = max(offer, _of_ours(sold[line.of_line_id], board, on, pays_out), key=lambda one: one.worth)
        if not offer.rate_paise_per_g:
            message = _("The board has no rate of this metal: %(metal)s.", metal=line.metal)
            raise OldMetalUnrated(message, fields={f"lines.{place}.metal": "no rate"})
        valued.append(_valued(place, line, offer, offer.rate_paise_per_g))
    return tuple(valued)


def _of_ours(sold: SoldPiece, board: Board, on: dt.date, pays_out: bool) -> Offer:
    """A share of today's value of the purity that was sold, nothing off for melting; without such terms, nothing."""
    share = share_of(sold.metal, sold_on=sold.sold_on, on=on, paid_out=pays_out)
    if share is None:
        return NO_OFFER
    return Offer(fine_rate_of(board, sold.metal, sold.fineness, share_bp=share), 0, share)


def value(db: ShopSession, *, draft: PurchaseDraft) -> Valued:
    """What a purchase would come to now; nothing is issued. Raises what `issue_voucher` raises before limits bite."""
    check_draft(draft)
    on = today_ist()
    lines = value_lines(db, draft.lines, on, pays_out=draft.pays_out)
    buyer = customers.get_buyer(db, draft.customer_id)
    before = cash_before(db, draft, buyer, on)
    return Valued(lines, lacking(draft, lines, buyer, cash_before_paise=before, on=on))


def cash_before(db: ShopSession, draft: PurchaseDraft, buyer: customers.Buyer, on: dt.date) -> int:
    """Paise that the seller got in cash that day for what they sold: with vouchers, for their credits, and by notes;
    nothing is looked up where none goes out now."""
    if not draft.cash_paise:
        return 0
    people = customers.same_pan(db, buyer.id)
    return repository.cash_of_day(db, people, on) + credits.cash_given(
        db, kind=credits.CreditKind.OLD_GOLD.value, customer_ids=people, on=on
    )


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
            pan_given=bool(buyer.pan) or draft.identity_kind == PAN or draft.pan_declared,
            photographed=all(line.picture_id for line in draft.lines),
            address_given=buyer.full_address,
        ),
        on,
    )


def _valued(place: int, line: LineDraft, offer: Offer, usual_rate: int) -> ValuedLine:
    usual_loss = offer.melting_loss_bp
    loss = usual_loss if line.melting_loss_bp is None else line.melting_loss_bp
    rate = line.fine_rate_paise_per_g or usual_rate
    try:
        priced = value_old_gold(OldGold(line.gross_mg, line.dirt_mg, line.fineness, loss, rate))
        usual = value_old_gold(OldGold(line.gross_mg, line.dirt_mg, line.fineness, usual_loss, usual_rate))
    except Unprocessable as fault:
        found = (fault.fields or {"": "impossible"}).items()
        fault.fields = {f"lines.{place}.{name}".rstrip("."): wrong for name, wrong in found}
        raise
    if not priced.value_paise:
        raise OldGoldEmpty(_("There is no metal left to pay for."), fields={f"lines.{place}.dirtMg": "all of it"})
    return ValuedLine(line, loss, rate, usual_rate, priced, usual.value_paise, offer.buyback_bp)
