"""Owns how pieces, board and law become a priced bill, and what the limits at the counter say to it."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from app.customers.service import Buyer
from app.inventory import service as inventory
from app.inventory.service import Item
from app.invoices.errors import AddressRequired, CashLimitReached, CompositionAcrossStates, PanRequired
from app.invoices.pricing import (
    BillLine,
    Making,
    MakingKind,
    PieceFacts,
    PricedBill,
    Stone,
    StoneKind,
    Wastage,
    WastageKind,
    price_bill,
)
from app.invoices.service.drafts import BillDraft, LineDraft
from app.invoices.service.seller import Seller
from app.kit.errors import Unprocessable
from app.kit.texts import _
from app.numbering.service import DocumentKind
from app.rates import service as rates
from app.rates.service import Board
from app.tax.limits import CounterFacts, Finding, check_counter
from app.tax.rates import tax_rate
from app.tax.states import Handover, Supply, supply_of

LIMITS: dict[str, type[Unprocessable]] = {
    "pan": PanRequired, "cash": CashLimitReached, "address": AddressRequired,
}  # fmt: skip


class LimitReached(Unprocessable):
    """A rule at the counter blocks this sale."""


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A bill as it would be issued now."""

    kind: DocumentKind
    priced: PricedBill
    items: tuple[Item, ...]  # in the order of the lines


def reckon(draft: BillDraft, *, items: Mapping[UUID, Item], board: Board, seller: Seller, on: dt.date) -> Reckoned:
    """Price the draft; raises RateMissing, UnknownHsn, UnknownState and what pricing raises."""
    supply = _supply(draft, seller, on)
    pieces = tuple(items[line.item_id] for line in draft.lines)
    lines = [
        _line(line, item, rates.rate_of(board, item.metal, item.fineness), supply, on)
        for line, item in zip(draft.lines, pieces, strict=True)
    ]
    kind = DocumentKind.INVOICE if supply.taxed else DocumentKind.BILL_OF_SUPPLY
    return Reckoned(kind, price_bill(lines, supply), pieces)


def check_hallmarks(items: tuple[Item, ...], on: dt.date) -> None:
    """Raises HuidMissing for the first piece that must not be sold without a HUID."""
    for place, item in enumerate(items):
        inventory.check_sellable(item, on, field=f"lines.{place}.itemId")


def findings_of(
    draft: BillDraft, *, total_paise: int, buyer: Buyer | None, cash_before_paise: int, on: dt.date
) -> tuple[Finding, ...]:
    """What the limits at the counter want of this sale, this day's earlier cash of the buyer included."""
    cash = draft.cash_paise
    return check_counter(
        CounterFacts(
            value_paise=total_paise,
            cash_paise=cash + cash_before_paise if cash else 0,
            buyer_registered=buyer is not None and buyer.registered,
            pan_given=draft.pan_declared or (buyer is not None and buyer.pan is not None),
            address_given=buyer is not None and buyer.full_address,
        ),
        on,
    )


def refuse_blocked(findings: tuple[Finding, ...]) -> None:
    """Raises for the first finding that blocks, in the words of its rule."""
    for finding in findings:
        if finding.blocks:
            raise LIMITS.get(finding.rule, LimitReached)(f"{finding.message} ({finding.name})")


def _supply(draft: BillDraft, seller: Seller, on: dt.date) -> Supply:
    handover = Handover.COUNTER if draft.ship_to is None else Handover.SHIPPED
    supply = supply_of(
        shop_state=seller.state_code, on=on, handover=handover, destination=draft.ship_to, taxed=seller.charges_tax
    )
    if supply.inter_state and seller.composition:
        message = _("A composition dealer must not sell to another state.")
        raise CompositionAcrossStates(message, fields={"shipTo": "another state"})
    return supply


def _line(draft: LineDraft, item: Item, rate: int, supply: Supply, on: dt.date) -> BillLine:
    return BillLine(
        facts=PieceFacts(
            gross_mg=item.gross_mg,
            stone_mg=item.stone_mg,
            net_mg=item.net_mg,
            fineness=item.fineness,
            making=_making(item),
            wastage=Wastage(WastageKind(item.wastage_kind), item.wastage_bp),
            stones=tuple(_stones(item)),
            hallmark_paise=item.hallmark_paise,
            making_discount=draft.making_discount,
            discount=draft.discount,
        ),
        rate_paise_per_g=rate,
        hsn=item.hsn,
        tax_bp=tax_rate(item.hsn, on).rate_bp if supply.taxed else 0,
    )


def _making(item: Item) -> Making:
    kind = MakingKind(item.making_kind)
    return Making(kind, item.making_bp if kind is MakingKind.PERCENT else item.making_paise)


def _stones(item: Item) -> Iterator[Stone]:
    for stone in item.stones:
        yield Stone(StoneKind(stone.basis), stone.rate_paise, mct=stone.weight_mct, pieces=stone.pieces)
