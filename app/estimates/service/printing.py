"""What an estimate says on paper: the bill's form with its own title, and that nothing is sold by it."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from app.customers import service as customers
from app.customers.errors import CustomerUnknown
from app.estimates.service.reading import get_estimate
from app.estimates.views import Estimate
from app.invoices.pricing import LineKind
from app.invoices.service import LineDraft
from app.numbering.service import DocumentKind
from app.printing import documents as paper
from app.tax.states import state_of
from app.tenants.service.paper import on_paper
from shard_router import ShopSession

Line = Mapping[str, Any]
NOBODY = paper.Buyer(name="—")
NO_INVOICE = "An estimate, no tax invoice: nothing is sold or kept aside by it."
RATES_OF_THE_DAY = "The bill takes the rates of its own day."


def get_paper(db: ShopSession, estimate_id: UUID) -> paper.BillDocument:
    """As it is printed, whatever became of it; the customer as they are now. Raises EstimateUnknown."""
    estimate = get_estimate(db, estimate_id)
    return _paper(estimate, _buyer(db, estimate.summary.customer_id, estimate.summary.made_on))


def _paper(estimate: Estimate, buyer: paper.Buyer) -> paper.BillDocument:
    told, one = estimate.shown, estimate.summary
    place = state_of(told["placeOfSupply"], one.made_on)
    taxed = told["kind"] == DocumentKind.INVOICE.value
    return paper.BillDocument(
        form=paper.Form.ESTIMATE if taxed else paper.Form.ESTIMATE_UNTAXED, copy=paper.Copy.NONE, number=one.number,
        issued_at=one.made_at.replace(microsecond=0), composition=estimate.seller.composition,
        seller=on_paper(estimate.seller, one.made_on), buyer=buyer, place_code=place.code, place_name=place.name,
        inter_state=told["interState"], articles=tuple(
            _article(line, asked) for line, asked in zip(told["lines"], estimate.draft.lines, strict=True)
        ),
        hsn_rows=tuple(_hsn_rows(told["lines"])), taxable_paise=told["taxablePaise"], cgst_paise=told["cgstPaise"],
        sgst_paise=told["sgstPaise"], igst_paise=told["igstPaise"], round_off_paise=told["roundOffPaise"],
        total_paise=told["totalPaise"], state_head="UTGST" if place.territory_tax else "SGST",
        more_facts=_facts(one.expires_on, one.rates_expire_on),
        notes=(NO_INVOICE,) if one.rates_expire_on else (NO_INVOICE, RATES_OF_THE_DAY),
    )  # fmt: skip


def _facts(last: dt.date, rates_last: dt.date | None) -> tuple[tuple[str, str], ...]:
    found = (("Valid until", f"{last:%d-%m-%Y}"),)
    return (*found, ("Rates kept until", f"{rates_last:%d-%m-%Y}")) if rates_last else found


def _buyer(db: ShopSession, customer_id: UUID | None, on: dt.date) -> paper.Buyer:
    """Somebody who was erased since is nobody."""
    if customer_id is None:
        return NOBODY
    try:
        one = customers.get_buyer(db, customer_id)
    except CustomerUnknown:
        return NOBODY
    town = " ".join(part for part in (one.city, one.pin) if part)
    return paper.Buyer(
        name=one.name, address=tuple(part for part in (one.address, town) if part), state_code=one.state_code or "",
        state_name=state_of(one.state_code, on).name if one.state_code else "", gstin=one.gstin or "",
        phone=one.phone or "",
    )  # fmt: skip


def _article(line: Line, asked: LineDraft) -> paper.Article:
    """A price of its own stands where it belongs, as on the bill: goods with metal, work with making. Loose stones say
    what a carat costs."""
    goods = line["pricePaise"] if line["kind"] == LineKind.FIXED.value else 0
    return paper.Article(
        description=line["description"], hsn=line["hsn"], gross_mg=line["grossMg"], stone_mg=line["stoneMg"],
        net_mg=line["netMg"], rate_paise_per_g=line["ratePaisePerG"], metal_paise=line["metalPaise"] + goods,
        making_paise=line["makingPaise"] + line["pricePaise"] - goods, taxable_paise=line["taxablePaise"],
        tax_bp=line["taxBp"], metal=line["purity"]["metal"], fineness=line["purity"]["fineness"], tag=line["tag"],
        others=tuple(
            paper.MetalItem(part["metal"], part["fineness"], part["netMg"], part["ratePaisePerG"])
            for part in line.get("metalParts", line.get("otherMetals", ()))
        ),
        huids=(line["huid"],) if line["huid"] else (), wastage_paise=line["wastagePaise"],
        making_discount_paise=line["makingDiscountPaise"], stones_paise=line["stonesPaise"],
        hallmark_paise=line["hallmarkPaise"], discount_paise=line["discountPaise"], pieces=line["pieces"],
        unit="" if line["kind"] == LineKind.SERVICE.value else "PCS", stones=tuple(_loose(line, asked)),
    )  # fmt: skip


def _loose(line: Line, asked: LineDraft) -> Iterator[paper.StoneItem]:
    if line.get("stoneMct") and asked.stone_rate_paise is not None:
        yield paper.StoneItem("", asked.stone_rate_paise, line["stonesPaise"], line["stoneMct"])


def _hsn_rows(lines: Iterable[Line]) -> list[paper.HsnRow]:
    groups: dict[tuple[str, int], list[Line]] = {}
    for line in lines:
        groups.setdefault((line["hsn"], line["taxBp"]), []).append(line)
    names = ("pieces", "netMg", "taxablePaise", "cgstPaise", "sgstPaise", "igstPaise")
    return [
        paper.HsnRow(hsn, tax_bp, *(sum(line[name] for line in group) for name in names))
        for (hsn, tax_bp), group in sorted(groups.items())
    ]
