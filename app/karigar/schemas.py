"""Owns the karigars' JSON."""

from typing import Any

from marshmallow import fields, validate

from app.inventory.pieces import MAKING_KINDS, MAX_STONES, STONE_BASES, WASTAGE_KINDS
from app.inventory.service import MAX_OTHERS, ItemDraft, OtherMetal, Stone
from app.karigar.facts import LABOUR_BASES, MAX_PIECES
from app.karigar.service.excess import EXCESS
from app.karigar.service.receiving import MOST_PIECES
from app.karigar.service.stones import BACK
from app.karigar.service.stones import MAX_STONES as MOST_STONES
from app.karigar.views import (
    Finished,
    IssueDraft,
    MetalBack,
    MetalOut,
    ReceiptDraft,
    Stones,
)
from app.kit.costs import Cost
from app.kit.money import BASIS_POINTS
from app.kit.paging import PageArgs, page_of
from app.kit.schemas import ApiSchema, Day, Flag, IdField, Moment, OneOf, Paise, Text, Whole
from app.kit.weights import FINE, MAX_MCT, MAX_MG

MOST_LINES = 50


class _KarigarFields(ApiSchema):
    phone = Text(most=40, allow_none=True)
    pan = Text(most=14, allow_none=True)
    gstin = Text(most=20, allow_none=True)
    composition = Flag()
    address = Text(most=300, allow_none=True)
    state_code = Text(most=2, allow_none=True)
    active = Flag()


class KarigarIn(_KarigarFields):
    """`code` is the short name that the karigar's jobs are numbered after: RAM-12."""

    code = Text(least=2, most=8, required=True)
    name = Text(least=1, most=140, required=True)


class KarigarEdit(_KarigarFields):
    """What is to be corrected; what is left out stays."""

    code = Text(least=2, most=8)
    name = Text(least=1, most=140)


class FineBalanceOut(ApiSchema):
    """Fine metal with a karigar: `fine` is mg × fineness per ten thousand, unrounded; `fineMg` is to be shown."""

    metal = fields.String()
    fine = fields.Integer()
    fine_mg = fields.Integer()


class KarigarOut(ApiSchema):
    id = IdField()
    code = fields.String()
    name = fields.String()
    phone = fields.String(allow_none=True)
    pan = fields.String(allow_none=True)
    gstin = fields.String(allow_none=True)
    composition = fields.Boolean()
    address = fields.String(allow_none=True)
    state_code = fields.String(allow_none=True)
    active = fields.Boolean()
    metal = fields.List(fields.Nested(FineBalanceOut))
    owed_paise = fields.Integer()
    open_jobs = fields.Integer()
    overdue_jobs = fields.Integer()
    version = fields.Integer()
    created_at = Moment()
    updated_at = Moment()


KarigarPage = page_of(KarigarOut)


class KarigarArgs(PageArgs):
    """`q` is looked for in name and short name."""

    q = Text(most=60, load_default=None, attribute="text")
    active = Flag(load_default=None)


class KarigarWastageIn(ApiSchema):
    work = Text(least=1, most=24, required=True)
    valid_from = Day(required=True)
    allowed_bp = Whole(most=BASIS_POINTS, required=True)


class KarigarWastageOut(ApiSchema):
    work = fields.String()
    valid_from = fields.Date()
    allowed_bp = fields.Integer()


class KarigarWastageList(ApiSchema):
    items = fields.List(fields.Nested(KarigarWastageOut))


class KarigarJobIn(ApiSchema):
    """`allowedBp` left out: as agreed with the karigar for this work, else as the trade allows."""

    work = Text(least=1, most=24, required=True)
    description = Text(least=1, most=200, required=True)
    metal = Text(least=1, most=10, required=True)
    fineness = Whole(least=1, most=FINE, required=True)
    pieces = Whole(least=1, most=MAX_PIECES, load_default=1)
    labour_basis = OneOf(LABOUR_BASES, load_default="per_gram_net")
    labour_paise = Paise(load_default=0)
    allowed_bp = Whole(most=BASIS_POINTS, allow_none=True, load_default=None)
    due_on = Day(required=True)
    order_id = IdField(allow_none=True, load_default=None)


class JobMetalOut(ApiSchema):
    issued = fields.Integer()
    finished = fields.Integer()
    returned = fields.Integer()
    written_off = fields.Integer()
    left = fields.Integer()
    finished_mg = fields.Integer()
    finished_pieces = fields.Integer()
    labour_paise = fields.Integer()


class KarigarJobOut(ApiSchema):
    id = IdField()
    karigar_id = IdField()
    karigar_name = fields.String()
    number = fields.String()
    work = fields.String()
    description = fields.String()
    metal = fields.String()
    fineness = fields.Integer()
    pieces = fields.Integer()
    allowed_bp = fields.Integer()
    labour_basis = fields.String()
    labour_paise = fields.Integer()
    order_id = IdField(allow_none=True)
    opened_on = fields.Date()
    due_on = fields.Date()
    state = fields.String()
    closed_at = Moment(allow_none=True)
    so_far = fields.Nested(JobMetalOut)
    version = fields.Integer()


KarigarJobPage = page_of(KarigarJobOut)


class KarigarJobArgs(PageArgs):
    """`overdue` is of open jobs that were due before today."""

    state = OneOf(("open", "received", "cancelled"), load_default=None)
    karigar_id = IdField(load_default=None)
    order_id = IdField(load_default=None)
    overdue = Flag(load_default=False)


class KarigarJobEdit(ApiSchema):
    due_on = Day(required=True)


class KarigarCancellationIn(ApiSchema):
    reason = Text(least=3, most=200, required=True)


class MetalIssuedIn(ApiSchema):
    metal = Text(least=1, most=10, required=True)
    fineness = Whole(least=1, most=FINE, required=True)
    net_mg = Whole(least=1, most=MAX_MG, required=True)
    lot_id = IdField(allow_none=True, load_default=None)
    value_paise = Paise(allow_none=True, load_default=None)


class StonesIssuedIn(ApiSchema):
    kind = Text(least=1, most=40, required=True)
    stones = Whole(least=1, most=MOST_STONES, required=True)
    weight_mct = Whole(most=MAX_MCT, required=True)
    lot_id = IdField(allow_none=True, load_default=None)
    value_paise = Paise(load_default=0)


class StonesBackIn(ApiSchema):
    kind = Text(least=1, most=40, required=True)
    stones = Whole(least=1, most=MOST_STONES, required=True)
    weight_mct = Whole(most=MAX_MCT, required=True)
    why = OneOf(BACK, load_default="returned")
    lot_code = Text(least=1, most=24, allow_none=True, load_default=None)


class KarigarIssueIn(ApiSchema):
    """What goes to the karigar; metal with no lot is weighed out of what the book of metal does not hold."""

    metal = fields.List(fields.Nested(MetalIssuedIn), load_default=list, validate=validate.Length(max=MOST_LINES))
    stones = fields.List(fields.Nested(StonesIssuedIn), load_default=list, validate=validate.Length(max=MOST_LINES))
    note = Text(most=200, allow_none=True, load_default=None)


class _Purity(ApiSchema):
    metal = Text(least=1, most=10, required=True)
    fineness = Whole(least=1, most=FINE, required=True)


class _Making(ApiSchema):
    kind = OneOf(MAKING_KINDS, required=True)
    paise = Paise(load_default=0)
    bp = Whole(most=10 * BASIS_POINTS, load_default=0)


class _Wastage(ApiSchema):
    kind = OneOf(WASTAGE_KINDS, required=True)
    bp = Whole(most=BASIS_POINTS, load_default=0)


class _Stone(ApiSchema):
    kind = Text(least=1, most=40, required=True)
    pieces = Whole(least=1, most=100_000, required=True)
    weight_mct = Whole(most=MAX_MCT, load_default=0)
    basis = OneOf(STONE_BASES, required=True)
    rate_paise = Paise(required=True)


class _OtherMetal(_Purity):
    net_mg = Whole(least=1, most=MAX_MG, required=True)


class FinishedPieceIn(ApiSchema):
    """A piece as it is entered into the stock; `making` is what a bill will charge, `labourPaise` what the karigar is
    owed: left out, as agreed on the job."""

    tag = Text(least=1, most=24, required=True)
    name = Text(least=1, most=120, required=True)
    category = Text(least=1, most=24, required=True)
    purity = fields.Nested(_Purity, required=True)
    gross_mg = Whole(least=1, most=MAX_MG, required=True)
    stone_mg = Whole(most=MAX_MG)
    hsn = Text(least=4, most=8)
    huid = Text(least=6, most=6, allow_none=True)
    huid_exempt = Text(least=1, most=24, allow_none=True)
    making = fields.Nested(_Making)
    wastage = fields.Nested(_Wastage)
    stones = fields.List(fields.Nested(_Stone), validate=validate.Length(max=MAX_STONES))
    other_metals = fields.List(fields.Nested(_OtherMetal), validate=validate.Length(max=MAX_OTHERS))
    labour_paise = Paise(allow_none=True, load_default=None)


class MetalBackIn(ApiSchema):
    metal = Text(least=1, most=10, required=True)
    fineness = Whole(least=1, most=FINE, required=True)
    net_mg = Whole(least=1, most=MAX_MG, required=True)
    lot_code = Text(least=1, most=24, allow_none=True, load_default=None)


class KarigarReceiptIn(ApiSchema):
    """What comes back. `closes` settles the wastage; `excess` says what is done about metal beyond the allowed."""

    pieces = fields.List(fields.Nested(FinishedPieceIn), load_default=list, validate=validate.Length(max=MOST_PIECES))
    metal = fields.List(fields.Nested(MetalBackIn), load_default=list, validate=validate.Length(max=MOST_LINES))
    stones = fields.List(fields.Nested(StonesBackIn), load_default=list, validate=validate.Length(max=MOST_LINES))
    closes = Flag(load_default=False)
    excess = OneOf(EXCESS, allow_none=True, load_default=None)
    fine_rate_paise = Paise(load_default=0)
    approval_id = IdField(allow_none=True, load_default=None)
    reference = Text(most=60, allow_none=True, load_default=None)
    note = Text(most=200, allow_none=True, load_default=None)


class ChallanLineOut(ApiSchema):
    pos = fields.Integer()
    why = fields.String()
    metal = fields.String(allow_none=True)
    fineness = fields.Integer()
    gross_mg = fields.Integer()
    net_mg = fields.Integer()
    fine = fields.Integer()
    stone_kind = fields.String(allow_none=True)
    stones = fields.Integer()
    weight_mct = fields.Integer()
    lot_id = IdField(allow_none=True)
    item_id = IdField(allow_none=True)
    labour_paise = fields.Integer()
    value_paise = Cost()


class ChallanOut(ApiSchema):
    id = IdField()
    kind = fields.String(metadata={"description": "issue or receipt"})
    karigar_id = IdField()
    job_id = IdField()
    number = fields.String(allow_none=True)
    reference = fields.String(allow_none=True)
    note = fields.String(allow_none=True)
    moved_on = fields.Date()
    moved_at = Moment()
    value_paise = Cost()
    lines = fields.List(fields.Nested(ChallanLineOut))


def issue_of(body: dict[str, Any]) -> IssueDraft:
    return IssueDraft(
        metal=tuple(MetalOut(**one) for one in body["metal"]), stones=tuple(Stones(**one) for one in body["stones"]),
        note=body["note"],
    )  # fmt: skip


def receipt_of(body: dict[str, Any]) -> ReceiptDraft:
    facts = {name: value for name, value in body.items() if name not in ("pieces", "metal", "stones")}
    return ReceiptDraft(
        finished=tuple(Finished(_piece(one), one["labour_paise"]) for one in body["pieces"]),
        metal=tuple(MetalBack(**one) for one in body["metal"]), stones=tuple(Stones(**one) for one in body["stones"]),
        **facts,
    )  # fmt: skip


def _piece(one: dict[str, Any]) -> ItemDraft:
    apart = ("purity", "making", "wastage", "labour_paise", "other_metals")
    known = {name: value for name, value in one.items() if name not in apart}
    for part in ("making", "wastage"):
        known |= {f"{part}_{name}": value for name, value in one.get(part, {}).items()}
    known["stones"] = tuple(Stone(**stone) for stone in one.get("stones", ()))
    known["others"] = tuple(OtherMetal(**metal) for metal in one.get("other_metals", ()))
    return ItemDraft(**known, **one["purity"])
