"""Owns what is said of a purchase before it is issued, and what of it can be checked without the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.kit.money import BASIS_POINTS, rupees, whole
from app.kit.texts import _
from app.oldgold.errors import OldGoldEmpty, OldGoldUnsettled
from app.oldgold.models import PayoutMode, TestKind

MAX_LINES = 30
MAX_PAYOUTS = 5
MAX_REFERENCE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDraft:
    """One piece of old gold. `melting_loss_bp` and `fine_rate_paise_per_g` None: by the shop's own terms.

    dirt_mg   all that is no metal, stones too
    fineness  as the test found it, in parts per ten thousand
    resale    to be sold on as it is, under the margin scheme (Rule 32(5)); melting ends that
    of_line_id  the bill's line by which the shop had sold it: then it is valued as what it was sold as
    """

    description: str
    metal: str
    gross_mg: int
    fineness: int
    test: TestKind
    dirt_mg: int = 0
    test_note: str | None = None
    melting_loss_bp: int | None = None
    fine_rate_paise_per_g: int | None = None
    picture_id: UUID | None = None
    resale: bool = False
    of_line_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutDraft:
    """How the seller, or a part of it, is settled with."""

    mode: PayoutMode
    paise: int
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseDraft:
    """A purchase to be valued or issued. No `payouts`: all of it stays with the shop as a credit, for a bill.

    pan_declared          the declaration form of who has no PAN was signed
    expected_value_paise  what the seller was told; another value is refused
    approval_id           the owner's approval of paying more than the shop's terms say
    """

    customer_id: UUID
    identity_kind: str
    identity_number: str
    lines: tuple[LineDraft, ...]
    payouts: tuple[PayoutDraft, ...] = ()
    till_id: UUID | None = None
    pan_declared: bool = False
    expected_value_paise: int | None = None
    approval_id: UUID | None = None

    @property
    def pays_out(self) -> bool:
        """Whether any of it leaves the shop; else all of it stays for a bill, which is an exchange."""
        return any(payout.mode is not PayoutMode.CREDIT for payout in self.payouts)

    @property
    def cash_paise(self) -> int:
        return sum(payout.paise for payout in self.payouts if payout.mode is PayoutMode.CASH)


def check_draft(draft: PurchaseDraft) -> None:
    """Raises OldGoldEmpty, OldGoldUnsettled and what is out of bounds, each at its field."""
    if not 1 <= len(draft.lines) <= MAX_LINES:
        message = _("A voucher has from 1 to %(most)s lines.", most=MAX_LINES)
        raise OldGoldEmpty(message, fields={"lines": "none or too many"})
    for place, line in enumerate(draft.lines):
        at = f"lines.{place}"
        if line.melting_loss_bp is not None:
            whole(line.melting_loss_bp, "Melting loss in basis points", most=BASIS_POINTS, field=f"{at}.meltingLossBp")
        if line.fine_rate_paise_per_g is not None:
            whole(line.fine_rate_paise_per_g, "A rate in paise per gram", least=1, field=f"{at}.fineRatePaisePerG")
    _check_payouts(draft.payouts)


def settled_payouts(draft: PurchaseDraft, value_paise: int) -> tuple[PayoutDraft, ...]:
    """The payouts, which are all of the value; raises OldGoldUnsettled."""
    if not draft.payouts:
        return (PayoutDraft(mode=PayoutMode.CREDIT, paise=value_paise),)
    total = sum(payout.paise for payout in draft.payouts)
    if total != value_paise:
        message = _(
            "%(total)s is settled; the old gold is worth %(value)s.", total=rupees(total), value=rupees(value_paise)
        )
        raise OldGoldUnsettled(message, fields={"payouts": "not the value"})
    return draft.payouts


def _check_payouts(payouts: Sequence[PayoutDraft]) -> None:
    if len(payouts) > MAX_PAYOUTS:
        message = _("A seller is settled with in at most %(most)s ways.", most=MAX_PAYOUTS)
        raise OldGoldUnsettled(message, fields={"payouts": "too many"})
    if sum(payout.mode is PayoutMode.CREDIT for payout in payouts) > 1:
        raise OldGoldUnsettled(_("Put what stays as a credit together."), fields={"payouts": "two credits"})
    for place, payout in enumerate(payouts):
        whole(payout.paise, "A payout in paise", least=1, field=f"payouts.{place}.paise")
        if len(payout.reference or "") > MAX_REFERENCE:
            message = _("At most %(most)s letters fit here.", most=MAX_REFERENCE)
            raise OldGoldUnsettled(message, fields={f"payouts.{place}.reference": "too long"})
