"""Quotes: what a bill would come to now, and what the limits at the counter would say; nothing is written or taken."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.approvals.service import Want
from app.credits import service as credits
from app.customers import service as customers
from app.inventory import service as inventory
from app.inventory.service import Hallmark, Item
from app.invoices import repository
from app.invoices.errors import PriceChanged
from app.invoices.pricing import PieceFacts, PricedBill, PricedLine, explain
from app.invoices.service import limits, promises, reckoning
from app.invoices.service.drafts import BillDraft, check_draft
from app.invoices.service.limits import NO_CASH, CashBefore, linked_since
from app.invoices.service.needs import open_needs
from app.invoices.service.reckoning import Sold
from app.invoices.service.seller import choose, seller_of
from app.invoices.service.taking import cash_before
from app.kit.clock import today_ist
from app.kit.money import rupees
from app.kit.texts import _
from app.numbering.service import DocumentKind
from app.rates import service as rates
from app.tax.limits import Finding
from app.tenants.service.places import list_places
from shard_router import ShopSession

HALLMARK_RULE = "hallmark"


@dataclass(frozen=True, slots=True)
class Quote:
    """A bill as it would be issued now; `findings` are what it still lacks, blocking ones first; `needs` are what takes
    an approval that was not given yet."""

    kind: DocumentKind
    sold: tuple[Sold, ...]
    priced: PricedBill
    findings: tuple[Finding, ...]
    needs: tuple[Want, ...] = ()
    bonus_paise: int = 0


def quote(db: ShopSession, *, draft: BillDraft) -> Quote:
    """Price a draft without issuing it; payments may still be missing. Raises what issuing raises for its pieces."""
    check_draft(draft)
    on = today_ist()
    items = inventory.get_items(db, draft.item_ids) if draft.item_ids else {}
    reckoning.refuse_missing(draft, items)
    lots = inventory.get_lots(db, draft.lot_ids) if draft.lot_ids else {}
    buyer = customers.get_buyer(db, draft.customer_id) if draft.customer_id else None
    place = choose(list_places(db), asked=draft.till_id, sits_at=db.actor.till_id)
    basis = reckoning.basis_of(place.rate_basis)
    promised = promises.look(db, draft, on=on)
    promises.check(draft, promised, items, on)
    bill = reckoning.reckon(
        draft, reckoning.Shop(seller_of(place), rates.read_board(db), basis, buyer, on, promised), items, lots
    )  # fmt: skip
    _check_credits(db, draft)
    before = NO_CASH
    if buyer and draft.counts_cash:
        before = _cash_of(db, buyer.id, draft, on)
    findings = limits.findings_of(draft, total_paise=bill.priced.total_paise, buyer=buyer, before=before, on=on)
    lacking = tuple(_unmarked(item) for item in bill.items if item.hallmark(on) is Hallmark.PENDING)
    needs = open_needs(db, draft, bill)
    return Quote(bill.kind, bill.sold, bill.priced, (*lacking, *findings), needs, bill.bonus_paise)


def _cash_of(db: ShopSession, customer_id: UUID, draft: BillDraft, on: dt.date) -> CashBefore:
    people, since = customers.same_pan(db, customer_id), linked_since(on)
    row = repository.cash_before(db, people, on=on, since=since, occasion=draft.occasion or "")
    brought = credits.cash_left(db, draft.credits_used)
    of_occasion = repository.cash_of_occasion(db, people, draft.occasion) if draft.occasion is not None else ()
    return cash_before(row, credits.cash_since(db, people, on, since), brought, credits.cash_of_counted(of_occasion))


def _check_credits(db: ShopSession, draft: BillDraft) -> None:
    """As much as can be said before they are used up; raises CreditUnknown."""
    for use in draft.credit_uses:
        credits.get_credit(db, use.credit_id)


def price_changed(now: Quote, expected_paise: int) -> PriceChanged:
    """The refusal that carries the new figures, so that a clerk never issues a price the customer has not seen."""
    message = _(
        "The bill now comes to %(now)s, not %(before)s.",
        now=rupees(now.priced.total_paise), before=rupees(expected_paise),
    )  # fmt: skip
    return PriceChanged(message, quote=quote_facts(now))


def quote_facts(quoted: Quote) -> dict[str, Any]:
    """A quote by its names in JSON."""
    priced = quoted.priced
    return {
        "kind": quoted.kind.value,
        "placeOfSupply": priced.supply.place.code,
        "interState": priced.supply.inter_state,
        "taxablePaise": priced.taxable_paise,
        "cgstPaise": priced.cgst_paise,
        "sgstPaise": priced.sgst_paise,
        "igstPaise": priced.igst_paise,
        "roundOffPaise": priced.round_off_paise,
        "totalPaise": priced.total_paise,
        "bonusPaise": quoted.bonus_paise,
        "lines": [_line(sold, line) for sold, line in zip(quoted.sold, priced.lines, strict=True)],
        "findings": [
            {"rule": f.rule, "name": f.name, "message": f.message, "figurePaise": f.figure_paise, "blocks": f.blocks}
            for f in quoted.findings
        ],
        "needs": [
            {
                "kind": want.kind,
                "right": want.right,
                "subjectId": str(want.subject_id) if want.subject_id else None,
                "facts": dict(want.facts),
            }
            for want in quoted.needs
        ],
    }


def _line(sold: Sold, line: PricedLine) -> dict[str, Any]:
    return {
        "kind": sold.kind.value, "itemId": str(sold.item.id) if sold.item else None,
        "lotId": str(sold.portion.lot.id) if sold.portion else None, "tag": sold.tag,
        "description": sold.description, "huid": sold.huid, "hsn": sold.hsn,
        "purity": {"metal": sold.metal, "fineness": sold.fineness}, "pieces": sold.pieces, "grossMg": sold.gross_mg,
        "stoneMg": sold.stone_mg, "netMg": sold.net_mg,
        "stoneMct": sold.portion.taken.stone_mct if sold.portion else None, "ratePaisePerG": line.line.rate_paise_per_g,
        "metalPaise": line.metal_paise, "wastagePaise": line.wastage_paise, "makingPaise": line.making_paise,
        "makingDiscountPaise": line.making_discount_paise, "stonesPaise": line.stones_paise,
        "hallmarkPaise": line.hallmark_paise, "pricePaise": line.price_paise + line.agreed_paise,
        "discountPaise": line.discounts_paise, "taxablePaise": line.taxable_paise, "taxBp": line.line.tax_bp,
        "cgstPaise": line.cgst_paise, "sgstPaise": line.sgst_paise, "igstPaise": line.igst_paise,
        "totalPaise": line.total_paise,
        "explanation": [
            {"rule": step.rule, "text": step.in_english, "paise": step.paise} for step in explain(line)
        ],
        **_others(line),
    }  # fmt: skip


def _others(line: PricedLine) -> dict[str, Any]:
    """Left out where a piece is of one metal, as the issued bill leaves it out. What of its own metal has a rate of its
    own, since a locked one was short of it, is no other metal: `metalParts` has it too, for paper."""
    facts = line.line.facts
    if not isinstance(facts, PieceFacts):
        return {}
    parts = [
        {
            "metal": part.metal, "fineness": part.fineness, "netMg": part.net_mg,
            "ratePaisePerG": part.rate_paise_per_g, "metalPaise": paise,
        }
        for part, paise in zip(facts.others, line.other_metals_paise, strict=True)
    ]  # fmt: skip
    others = [part for part in parts if (part["metal"], part["fineness"]) != (facts.metal, facts.fineness)]
    found = {"otherMetals": others} if others else {}
    return {**found, "metalParts": parts} if len(parts) > len(others) else found


def _unmarked(item: Item) -> Finding:
    message = _("%(tag)s has no HUID and must not be sold without one.", tag=item.tag)
    return Finding(HALLMARK_RULE, inventory.mandate_name(item.metal), message, 0, True)
