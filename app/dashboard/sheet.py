"""Owns the counter's form: how it carries a draft, how a typed discount or payment is read, and how it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from flask import request

from app.approvals.service import Approval, Want
from app.credits.service import Credit
from app.customers.service import Customer
from app.dashboard import forms
from app.dashboard.frame import MODES
from app.dashboard.promised import NOTHING, Promised
from app.estimates.service import Estimate
from app.inventory.service import Item, Lot
from app.invoices.pricing import (
    MAX_PIECES,
    NO_DISCOUNT,
    Discount,
    Making,
    MakingKind,
    PricedLine,
    Step,
    Wastage,
    WastageKind,
    explain,
)
from app.invoices.service import BillDraft, LineDraft, PaymentDraft, PaymentMode, Quote, Sold
from app.invoices.service.drafts import LONGEST_NAME, MAX_APPROVALS, MAX_SCHEMES
from app.kit.clock import today_ist
from app.kit.errors import BadRequest
from app.kit.ids import parse_id
from app.kit.money import grouped, parse_rupees
from app.kit.pages import Refusal, optional, text_field, try_form
from app.kit.texts import N_, _
from app.kit.weights import parse_carats, parse_grams

EMPTY = BillDraft(lines=())
MOST_LINES = 100
LONGEST_REFERENCE = 60
LONGEST_OCCASION = 24
MOST_CREDITS = 20
OF_ORDER, OF_ESTIMATE = "order", "estimate"
CHARGES = (
    (MakingKind.PER_GRAM_NET, N_("₹ a gram")), (MakingKind.PERCENT, N_("% of the metal")),
    (MakingKind.FIXED, N_("₹ a piece")),
)  # fmt: skip
"""How the making of what is sold out of a lot may be typed."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line as the sheet shows it. `key` tells its fields apart: a piece by its id, what has none by its place."""

    key: str
    line: LineDraft
    item: Item | None
    sold: Sold | None
    price: PricedLine | None
    lot: Lot | None = None

    @property
    def name(self) -> str:
        """What the line is called: its tag, its lot's code, or what it sells."""
        if self.lot is not None:
            return self.lot.code
        return self.item.tag if self.item else self.sold.description if self.sold else self.line.description or ""

    @property
    def steps(self) -> tuple[Step, ...]:
        return explain(self.price) if self.price else ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the counter shows: the draft, what it would come to, and what was typed."""

    draft: BillDraft
    quote: Quote | None
    items: tuple[Item, ...]  # only where there is no quote
    customer: Customer | None
    refusal: Refusal | None
    phone: str = ""
    credits: tuple[Credit, ...] = ()  # what the customer may use up
    asked: tuple[Approval, ...] = ()  # what was asked of the owner for this sheet
    promised: Promised = NOTHING  # what the customer may take of what they were promised
    lots: Mapping[UUID, Lot] = field(default_factory=dict)  # what is sold out of, as much as is left now
    estimate: Estimate | None = None  # what it was made of

    @property
    def rows(self) -> tuple[Row, ...]:
        known = {item.id: item for item in self.items}
        rows = []
        for place, (key, line) in enumerate(zip(keys_of(self.draft), self.draft.lines, strict=True)):
            sold = self.quote.sold[place] if self.quote else None
            item = sold.item if sold else known.get(line.item_id) if line.item_id else None
            lot = self.lots.get(line.lot_id) if line.lot_id else None
            rows.append(Row(key, line, item, sold, self.quote.priced.lines[place] if self.quote else None, lot))
        return tuple(rows)

    @property
    def total_paise(self) -> int:
        return self.quote.priced.total_paise if self.quote else 0

    @property
    def left_paise(self) -> int:
        """Still to be paid; below zero: too much was taken."""
        return self.total_paise - self.draft.paid_paise

    @property
    def change_paise(self) -> int:
        """To be given back of the cash that was handed over."""
        return sum(
            payment.tendered_paise - payment.paise
            for payment in self.draft.payments
            if payment.tendered_paise is not None and payment.tendered_paise > payment.paise
        )

    @property
    def blocked(self) -> bool:
        """Whether a finding would stop the issue."""
        return bool(self.quote and any(finding.blocks for finding in self.quote.findings))

    @property
    def wanted(self) -> tuple[Want, ...]:
        """What takes the owner's yes and was not asked for yet."""
        asked = {Want(one.kind, one.right, one.subject_id, one.facts).hash for one in self.asked if one.is_open}
        return tuple(want for want in self.quote.needs if want.hash not in asked) if self.quote else ()

    def kept_rate(self, item: Item) -> int | None:
        """Paise per gram that the estimate keeps today for this piece."""
        if self.estimate is None:
            return None
        purity, paise_per_g = self.estimate.rates_on(today_ist()).get(item.id, (None, 0))
        return paise_per_g if purity == (item.metal, item.fineness) else None

    def used_of(self, credit: Credit) -> int:
        """How much of a credit the sheet uses."""
        return sum(payment.paise for payment in self.draft.payments if payment.credit_id == credit.id)


def keys_of(draft: BillDraft) -> list[str]:
    """The lines' keys, in their order."""
    return [str(line.item_id or line.lot_id or line.repair_id or f"w{place}") for place, line in enumerate(draft.lines)]


def is_weighed(line: LineDraft) -> bool:
    """Whether a line says all that a price needs: of a lot how much, of loose stones also what a carat costs."""
    return line.lot_id is None or bool(line.net_mg) or bool(line.stone_mct and line.stone_rate_paise)


def added(draft: BillDraft, line: LineDraft) -> BillDraft:
    """The draft with one more line, behind those of its kind: pieces, then lots, then all else."""
    return replace(draft, lines=tuple(sorted((*draft.lines, line), key=_rank)))


def _rank(line: LineDraft) -> int:
    return 0 if line.item_id is not None else 1 if line.lot_id is not None else 2


def fields_of(draft: BillDraft) -> dict[str, str]:
    """What the form calls each path that a refusal may name."""
    names = {"toldPaise": "told", "discount": "bill_discount", "occasion": "occasion", "schemeIds": "scheme_id",
             "orderId": "order_id", "estimateId": "estimate_id", "payments": "pay_cash",
             "customerId": "customer_id", "shipTo": "ship_to"}  # fmt: skip
    for place, key in enumerate(keys_of(draft)):
        of_line = {
            "ratePaisePerG": "rate", "discount": "discount", "discount.paise": "discount", "makingDiscount": "making",
            "wastage.bp": "wastage", "pricePaise": "discount", "rateLockId": "rate", "ofOrder": "rate",
            "ofEstimate": "rate",
            "repairId": "discount", "lotId": "grams", "netMg": "grams", "stoneMct": "carats",
            "stoneRatePaise": "ct_rate", "pieces": "count", "making.amount": "charge", "making": "charge", "hsn": "hsn",
        }  # fmt: skip
        names |= {f"lines.{place}.{path}": f"{name}-{key}" for path, name in of_line.items()}
    for place, payment in enumerate(draft.payments):
        paid = f"credit-{payment.credit_id}" if payment.credit_id else f"pay_{payment.mode}"
        names |= {f"payments.{place}": paid, f"payments.{place}.paise": paid, f"payments.{place}.creditId": paid,
                  f"payments.{place}.tenderedPaise": "tendered"}  # fmt: skip
    return names


def read_draft() -> BillDraft:
    """The draft that the form carries; raises what is wrong with a typed figure, at its field."""
    ids = [parse_id(text) for text in request.form.getlist("item_id")[: MOST_LINES + 1]]
    customer = optional("customer_id")
    till = optional("till_id")
    expected = optional("expected_total_paise")
    return BillDraft(
        lines=(
            *(_piece(one) for one in ids),
            *(_lot(one) for one in _ids("lot_id", MOST_LINES)),
            *(_ware(key) for key in _ware_keys()),
            *_repairs(),
        ),
        payments=(*_payments(), *_credit_payments()),
        customer_id=parse_id(customer) if customer else None,
        till_id=parse_id(till) if till else None,
        ship_to=forms.line_or_none("ship_to", most=2),
        pan_declared=request.form.get("pan_declared") == "yes",
        expected_total_paise=_whole(expected) if expected else None,
        discount=_discount("bill_discount"),
        told_paise=forms.figure("told", parse_rupees, empty=0) or None,
        occasion=forms.line("occasion", most=LONGEST_OCCASION).strip().lower().replace(" ", "-") or None,
        approval_ids=asked_ids(),
        scheme_ids=_ids("scheme_id", MAX_SCHEMES),
        order_id=_id_or_none(request.form.get("order_id", "")),
        estimate_id=_id_or_none(request.form.get("estimate_id", "")),
    )


def form_fields() -> BillDraft:
    """As much of the form's draft as can be read, to show it again beside what is wrong with the rest."""
    ids = [one for text in request.form.getlist("item_id")[:MOST_LINES] if (one := _id_or_none(text))]
    wares = (try_form(lambda key=key: _ware(key)).result for key in _ware_keys())  # type: ignore[misc]
    return BillDraft(
        lines=(*(LineDraft(one) for one in dict.fromkeys(ids)), *_lots_as_far(), *(ware for ware in wares if ware)),
        customer_id=_id_or_none(request.form.get("customer_id", "")),
        till_id=_id_or_none(request.form.get("till_id", "")),
        pan_declared=request.form.get("pan_declared") == "yes",
        approval_ids=asked_ids(),
        estimate_id=_id_or_none(request.form.get("estimate_id", "")),
    )


def asked_ids() -> tuple[UUID, ...]:
    """What was asked of the owner for this sheet."""
    return _ids("asked", MAX_APPROVALS)


def _ids(name: str, most: int) -> tuple[UUID, ...]:
    """What of a field is an id, each once."""
    found = (_id_or_none(text) for text in request.form.getlist(name)[:most])
    return tuple(dict.fromkeys(one for one in found if one))


def new_ware() -> LineDraft:
    """What the offer to sell something without a piece says; raises what is wrong with it, at its field."""
    return LineDraft(
        sells=forms.line("ware_sells", least=1, most=24),
        description=forms.line_or_none("ware_name", most=LONGEST_NAME),
        price_paise=forms.figure("ware_price", parse_rupees),
        pieces=forms.figure("ware_pieces", _count, empty=1),
        tax_included=request.form.get("ware_incl") == "yes",
    )


def _piece(one: UUID) -> LineDraft:
    percent = _discount(f"wastage-{one}")
    kind = (
        WastageKind.PERCENT_OF_VALUE if request.form.get(f"wastage_of-{one}") == "value" else WastageKind.PERCENT_OF_NET
    )
    given = text_field(f"wastage-{one}")
    promise = text_field(f"promise-{one}")
    return LineDraft(
        one, _discount(f"discount-{one}"), _discount(f"making-{one}"),
        rate_paise_per_g=forms.figure(f"rate-{one}", parse_rupees, empty=0) or None,
        rate_lock_id=_id_or_none(promise), of_order=promise == OF_ORDER, of_estimate=promise == OF_ESTIMATE,
        wastage=Wastage(kind, percent.bp or percent.paise) if given else None,
    )  # fmt: skip


def _lot(one: UUID) -> LineDraft:
    """Grams of metal, or carats of loose stones with what one costs: the page offers what the lot is of."""
    return LineDraft(
        lot_id=one, discount=_discount(f"discount-{one}"),
        rate_paise_per_g=forms.figure(f"rate-{one}", parse_rupees, empty=0) or None,
        net_mg=forms.figure(f"grams-{one}", parse_grams, empty=0) or None,
        stone_mct=forms.figure(f"carats-{one}", parse_carats, empty=0) or None,
        stone_rate_paise=forms.figure(f"ct_rate-{one}", parse_rupees, empty=0) or None,
        pieces=forms.figure(f"count-{one}", _count, empty=1), making=_charge(one),
        hsn=forms.line_or_none(f"hsn-{one}", most=8),
    )  # fmt: skip


def _charge(one: UUID) -> Making | None:
    amount = forms.figure(f"charge-{one}", parse_rupees, empty=0)
    chosen = text_field(f"charge_of-{one}")
    kind = next((kind for kind, _name in CHARGES if kind == chosen), MakingKind.PER_GRAM_NET)
    return Making(kind, amount) if amount else None


def _lots_as_far() -> list[LineDraft]:
    """The lots of a form of which something can't be read: what was typed stands in its fields still."""
    found = (try_form(lambda one=one: _lot(one)).result or LineDraft(lot_id=one)  # type: ignore[misc]
             for one in _ids("lot_id", MOST_LINES))  # fmt: skip
    return list(found)


def _repairs() -> list[LineDraft]:
    return [LineDraft(repair_id=one, discount=_discount(f"discount-{one}")) for one in _ids("repair", MOST_LINES)]


def _ware_keys() -> list[str]:
    return [
        key for key in request.form.getlist("ware")[:MOST_LINES] if key.isascii() and key.isalnum() and len(key) < 6
    ]


def _ware(key: str) -> LineDraft:
    return LineDraft(
        None, _discount(f"discount-{key}"), sells=text_field(f"sells-{key}")[:24],
        description=forms.line_or_none(f"name-{key}", most=LONGEST_NAME),
        price_paise=_whole(text_field(f"price-{key}")), pieces=_whole(text_field(f"pieces-{key}")),
        tax_included=request.form.get(f"incl-{key}") == "yes",
    )  # fmt: skip


def _credit_payments() -> tuple[PaymentDraft, ...]:
    found = []
    for text in request.form.getlist("credit_id")[:MOST_CREDITS]:
        credit_id = parse_id(text)
        paise = forms.figure(f"credit-{credit_id}", parse_rupees, empty=0)
        if paise:
            found.append(PaymentDraft(PaymentMode.CREDIT.value, paise, credit_id=credit_id))
    return tuple(found)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 0 < int(text) <= MAX_PIECES):
        raise forms.TypedWrongly(_("A number of pieces is expected."))
    return int(text)


def paid_text(draft: BillDraft, mode: str) -> str:
    """What stands in a payment's field: what was typed, in our grouping where it could be read."""
    paise = sum(payment.paise for payment in draft.payments if payment.mode == mode)
    return grouped(paise) if paise else "" if draft.payments else request.form.get(f"pay_{mode}", "")[:20]


def discount_text(discount: Discount) -> str:
    """500 rupees as 500.00, 5 percent as 5%."""
    if discount.bp:
        return f"{grouped(discount.bp).removesuffix('.00')}%"
    return grouped(discount.paise) if discount.paise else ""


def _payments() -> tuple[PaymentDraft, ...]:
    found = []
    for mode, _name in MODES:
        paise = forms.figure(f"pay_{mode}", parse_rupees, empty=0)
        if paise:
            reference = forms.line_or_none(f"ref_{mode}", most=LONGEST_REFERENCE)
            tendered = forms.figure("tendered", parse_rupees, empty=0) or None if mode == PaymentMode.CASH else None
            found.append(PaymentDraft(mode, paise, reference, tendered_paise=tendered))
    return tuple(found)


def _discount(name: str) -> Discount:
    """500 is rupees, 5% is percent with up to two decimals."""
    bare = text_field(name)
    if not bare:
        return NO_DISCOUNT
    if bare.endswith("%"):
        return Discount(bp=forms.at_field(name, lambda: parse_rupees(bare[:-1])))
    return Discount(paise=forms.at_field(name, lambda: parse_rupees(bare)))


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise BadRequest(_("The form is not whole."))
    return int(text)


def _id_or_none(text: str) -> UUID | None:
    return try_form(lambda: parse_id(text)).result if text else None
