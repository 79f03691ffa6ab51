"""Owns the JSON of suppliers, purchases and of what is away."""

from typing import Any

from marshmallow import fields, validate

from app.inventory.schemas.lots import UncostedLotIn
from app.inventory.schemas.pieces import NewPieceIn, draft_of
from app.inventory.service import PAYMENT_MODES, Arrival, BoughtLine, LotDraft, PurchaseDraft
from app.kit.paging import PageArgs, page_of
from app.kit.schemas import ApiSchema, Day, Flag, IdField, Moment, OneOf, Paise, Text, Whole
from app.kit.weights import MAX_MG

MOST = 500


class _SupplierFields(ApiSchema):
    gstin = Text(most=20, allow_none=True)
    pan = Text(most=14, allow_none=True)
    phone = Text(most=40, allow_none=True)
    address = Text(most=300, allow_none=True)
    city = Text(most=80, allow_none=True)
    state_code = Text(most=2, allow_none=True)


class SupplierIn(_SupplierFields):
    name = Text(least=1, most=140, required=True)


class SupplierEdit(_SupplierFields):
    """What is to be corrected; what is left out stays."""

    name = Text(least=1, most=140)


class SupplierOut(ApiSchema):
    id = IdField()
    name = fields.String()
    gstin = fields.String(allow_none=True)
    pan = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    address = fields.String(allow_none=True)
    city = fields.String(allow_none=True)
    state_code = fields.String(allow_none=True)
    owed_paise = fields.Integer(metadata={"description": "What we owe them; below 0: they owe us."})
    version = fields.Integer()
    created_at = Moment()
    updated_at = Moment()


SupplierPage = page_of(SupplierOut)


class SupplierArgs(PageArgs):
    q = Text(most=60, load_default=None, attribute="text")


class SupplierPaymentIn(ApiSchema):
    paise = Paise(least=1, required=True)
    mode = OneOf(PAYMENT_MODES, required=True)
    reference = Text(most=60, allow_none=True, load_default=None)


class OwingOut(ApiSchema):
    id = IdField()
    kind = fields.String(metadata={"description": "bill, return or payment"})
    owed_paise = fields.Integer()
    purchase_id = IdField(allow_none=True)
    mode = fields.String(allow_none=True)
    reference = fields.String(allow_none=True)
    at = Moment()
    book_on = fields.Date()


OwingPage = page_of(OwingOut)


class BoughtLineIn(ApiSchema):
    """One piece or one lot, at its value without tax."""

    taxable_paise = Paise(required=True)
    piece = fields.Nested(NewPieceIn)
    lot = fields.Nested(UncostedLotIn)
    hsn = Text(least=4, most=8, metadata={"description": "Of a lot; left out: its kind's."})
    use = Text(most=20, load_default="")


class PurchaseIn(ApiSchema):
    """A supplier's bill; `totalPaise` is the bill's own, compared with its lines."""

    supplier_id = IdField(required=True)
    bill_no = Text(least=1, most=24, required=True)
    bill_on = Day(required=True)
    place_id = IdField(load_default=None, allow_none=True)
    total_paise = Paise(load_default=None, allow_none=True)
    tds_paise = Paise(load_default=0)
    reverse_charge = Flag(load_default=False)
    lines = fields.List(fields.Nested(BoughtLineIn), required=True, validate=validate.Length(min=1, max=200))


class PurchaseReturnIn(ApiSchema):
    line_ids = fields.List(IdField(), required=True, validate=validate.Length(min=1, max=200))
    reason = Text(least=3, most=200, required=True)


class PurchaseLineOut(ApiSchema):
    id = IdField()
    pos = fields.Integer()
    item_id = IdField(allow_none=True)
    lot_id = IdField(allow_none=True)
    reverses_line_id = IdField(allow_none=True)
    description = fields.String()
    hsn = fields.String()
    metal = fields.String()
    fineness = fields.Integer()
    pieces = fields.Integer()
    gross_mg = fields.Integer()
    stone_mg = fields.Integer()
    net_mg = fields.Integer()
    stone_mct = fields.Integer()
    taxable_paise = fields.Integer()
    tax_bp = fields.Integer()
    cgst_paise = fields.Integer()
    sgst_paise = fields.Integer()
    igst_paise = fields.Integer()
    returned = fields.Boolean()


class PurchaseSummary(ApiSchema):
    id = IdField()
    kind = fields.String(metadata={"description": "bill or return"})
    supplier_id = IdField()
    bill_no = fields.String()
    bill_on = fields.Date()
    book_on = fields.Date()
    place_id = IdField(allow_none=True)
    supplier_gstin = fields.String(allow_none=True)
    inter_state = fields.Boolean()
    reverse_charge = fields.Boolean()
    taxable_paise = fields.Integer()
    cgst_paise = fields.Integer()
    sgst_paise = fields.Integer()
    igst_paise = fields.Integer()
    round_off_paise = fields.Integer()
    total_paise = fields.Integer()
    tds_paise = fields.Integer()
    reverses_id = IdField(allow_none=True)
    reason = fields.String(allow_none=True)


class PurchaseOut(PurchaseSummary):
    lines = fields.List(fields.Nested(PurchaseLineOut))


PurchasePage = page_of(PurchaseSummary)


class PurchaseArgs(PageArgs):
    supplier_id = IdField(load_default=None)
    kind = OneOf(("bill", "return"), load_default=None)
    first = Day(load_default=None, data_key="from")
    last = Day(load_default=None, data_key="to")


class TransferIn(ApiSchema):
    to_outlet_id = IdField(required=True)
    item_ids = fields.List(IdField(), load_default=[], validate=validate.Length(max=MOST))
    lot_ids = fields.List(IdField(), load_default=[], validate=validate.Length(max=MOST))
    note = Text(most=200, allow_none=True, load_default=None)


class ArrivalIn(ApiSchema):
    """`grossMg` is what our scale shows; left out: as it was sent."""

    line_id = IdField(required=True)
    gross_mg = Whole(least=1, most=MAX_MG, load_default=None, allow_none=True)
    lost = Flag(load_default=False)


class ArrivalsIn(ApiSchema):
    """`arrivals` left out: all that is away, as it was sent."""

    arrivals = fields.List(fields.Nested(ArrivalIn), load_default=None, validate=validate.Length(min=1, max=MOST))
    accept_differences = Flag(load_default=False)


class MemoIn(ApiSchema):
    customer_id = IdField(required=True)
    item_ids = fields.List(IdField(), required=True, validate=validate.Length(min=1, max=MOST))
    due_on = Day(load_default=None, allow_none=True)
    note = Text(most=200, allow_none=True, load_default=None)


class BackIn(ApiSchema):
    """`lineIds` left out: all that is away."""

    line_ids = fields.List(IdField(), load_default=None, validate=validate.Length(min=1, max=MOST))


class MeltIn(ApiSchema):
    item_ids = fields.List(IdField(), load_default=[], validate=validate.Length(max=MOST))
    lot_ids = fields.List(IdField(), load_default=[], validate=validate.Length(max=MOST))
    place_id = IdField(load_default=None, allow_none=True)
    note = Text(most=200, allow_none=True, load_default=None)


class PouredIn(ApiSchema):
    """What came out of the pot, and the stones that were picked out."""

    result = fields.Nested(UncostedLotIn, required=True)
    stones = fields.Nested(UncostedLotIn, load_default=None, allow_none=True)


class ConsignmentLineOut(ApiSchema):
    id = IdField()
    pos = fields.Integer()
    item_id = IdField(allow_none=True)
    lot_id = IdField(allow_none=True)
    description = fields.String()
    metal = fields.String()
    fineness = fields.Integer()
    pieces = fields.Integer()
    gross_mg = fields.Integer()
    stone_mg = fields.Integer()
    net_mg = fields.Integer()
    stone_mct = fields.Integer()
    outcome = fields.String(allow_none=True, metadata={"description": "Null while it is away."})
    got_gross_mg = fields.Integer(allow_none=True)
    ended_at = Moment(allow_none=True)


class ConsignmentOut(ApiSchema):
    """A transfer, memo or melt."""

    id = IdField()
    kind = fields.String()
    state = fields.String(metadata={"description": "away or ended"})
    from_place_id = IdField(allow_none=True)
    to_place_id = IdField(allow_none=True)
    customer_id = IdField(allow_none=True)
    due_on = fields.Date(allow_none=True)
    note = fields.String(allow_none=True)
    sent_at = Moment()
    sent_by = IdField(allow_none=True)
    ended_at = Moment(allow_none=True)
    version = fields.Integer()
    lines = fields.List(fields.Nested(ConsignmentLineOut))


ConsignmentPage = page_of(ConsignmentOut)


class ConsignmentArgs(PageArgs):
    state = OneOf(("away", "ended"), load_default=None)
    customer_id = IdField(load_default=None)


def purchase_of(body: dict[str, Any]) -> PurchaseDraft:
    lines = tuple(_line(**line) for line in body.pop("lines"))
    return PurchaseDraft(lines=lines, **body)


def arrivals_of(body: dict[str, Any]) -> dict[str, Any]:
    found = body["arrivals"]
    return {**body, "arrivals": None if found is None else [Arrival(**one) for one in found]}


def poured_of(body: dict[str, Any]) -> dict[str, Any]:
    stones = body["stones"]
    return {"result": LotDraft(**body["result"]), "stones": None if stones is None else LotDraft(**stones)}


def _line(*, piece: dict[str, Any] | None = None, lot: dict[str, Any] | None = None, **facts: Any) -> BoughtLine:
    return BoughtLine(
        piece=None if piece is None else draft_of(piece), lot=None if lot is None else LotDraft(**lot), **facts
    )
