"""Owns the pieces' JSON."""

from typing import Any

from marshmallow import fields, validate

from app.inventory.pieces import MAKING_KINDS, MAX_MAKING_BP, MAX_STONES, STONE_BASES, WASTAGE_KINDS
from app.inventory.service import MAX_OTHERS, WITHDRAWALS, ItemDraft, ItemStatus, OtherMetal, Stone
from app.kit.paging import PageArgs, page_of
from app.kit.schemas import ApiSchema, IdField, Moment, OneOf, Paise, Text, Whole
from app.kit.weights import MAX_MCT, MAX_MG


class ItemPurity(ApiSchema):
    """A metal in a fineness, in parts per ten thousand: 9160 is 22 karat."""

    metal = Text(least=1, most=10, required=True)
    fineness = Whole(least=1, most=10_000, required=True)


class OtherMetalSchema(ItemPurity):
    """So much of the net weight is of this purity; what the others leave is the main metal."""

    net_mg = Whole(least=1, most=MAX_MG, required=True)


class MakingSchema(ApiSchema):
    """`paise` per gram or per piece, `bp` for percent; the other is 0."""

    kind = OneOf(MAKING_KINDS, required=True)
    paise = Paise(load_default=0)
    bp = Whole(most=MAX_MAKING_BP, load_default=0)


class WastageSchema(ApiSchema):
    kind = OneOf(WASTAGE_KINDS, required=True)
    bp = Whole(most=10_000, load_default=0)


class StoneSchema(ApiSchema):
    """Stones of one kind; a thousandth of a carat is the unit of weight."""

    kind = Text(least=1, most=40, required=True)
    pieces = Whole(least=1, most=100_000, required=True)
    weight_mct = Whole(most=MAX_MCT, load_default=0)
    basis = OneOf(STONE_BASES, required=True)
    rate_paise = Paise(required=True)


class _ItemFields(ApiSchema):
    """What may be said of a piece, entered or corrected."""

    hsn = Text(least=4, most=8)
    huid = Text(least=6, most=6, allow_none=True)
    huid_exempt = Text(least=1, most=24, allow_none=True)
    stone_mg = Whole(most=MAX_MG)
    net_mg = Whole(least=1, most=MAX_MG)
    making = fields.Nested(MakingSchema)
    wastage = fields.Nested(WastageSchema)
    hallmark_paise = Paise()
    cost_paise = Paise(allow_none=True)
    stones = fields.List(fields.Nested(StoneSchema), validate=validate.Length(max=MAX_STONES))
    other_metals = fields.List(fields.Nested(OtherMetalSchema), validate=validate.Length(max=MAX_OTHERS))


class ItemIn(_ItemFields):
    """A piece to be entered; net weight is gross less stones, of all its metals, and checked where it is given.
    `purity` is of the main metal, which HSN and hallmark follow."""

    tag = Text(least=1, most=24, required=True)
    name = Text(least=1, most=120, required=True)
    category = Text(least=1, most=24, required=True)
    purity = fields.Nested(ItemPurity, required=True)
    gross_mg = Whole(least=1, most=MAX_MG, required=True)
    place_id = IdField(metadata={"description": "The outlet or tray; left out: where you sit."})


class NewPieceIn(ItemIn):
    """A piece of which something else says where it lies and what it cost: a bill's line, a lot."""

    class Meta(ItemIn.Meta):
        exclude = ("place_id", "cost_paise")


class ItemEdit(_ItemFields):
    """What is to be corrected; what is left out stays."""

    tag = Text(least=1, most=24)
    name = Text(least=1, most=120)
    category = Text(least=1, most=24)
    purity = fields.Nested(ItemPurity)
    gross_mg = Whole(least=1, most=MAX_MG)


class WithdrawalIn(ApiSchema):
    """`kind` says where its metal goes in the book."""

    reason = Text(least=3, most=200, required=True)
    kind = OneOf(tuple(WITHDRAWALS), load_default="other")


class ItemOut(ApiSchema):
    id = IdField()
    tag = fields.String()
    name = fields.String()
    category = fields.String()
    purity = fields.Nested(ItemPurity)
    purity_label = fields.String()
    hsn = fields.String()
    huid = fields.String(allow_none=True)
    huid_exempt = fields.String(allow_none=True)
    hallmark_status = fields.String(metadata={"description": "hallmarked, exempt, not_required or pending"})
    gross_mg = fields.Integer()
    stone_mg = fields.Integer()
    net_mg = fields.Integer()
    making = fields.Nested(MakingSchema)
    wastage = fields.Nested(WastageSchema)
    hallmark_paise = fields.Integer()
    stones = fields.List(fields.Nested(StoneSchema))
    other_metals = fields.List(fields.Nested(OtherMetalSchema), attribute="others")
    status = fields.String()
    invoice_id = IdField(allow_none=True)
    picture_id = IdField(allow_none=True)
    cost_paise = fields.Integer(allow_none=True, metadata={"description": "Null for who may not buy stock."})
    place_id = IdField(allow_none=True)
    supplier_id = IdField(allow_none=True)
    lot_id = IdField(allow_none=True)
    version = fields.Integer()
    created_at = Moment()
    updated_at = Moment()


ItemPage = page_of(ItemOut)


class ItemArgs(PageArgs):
    """`tag` is a beginning; `q` is looked for in name, tag and HUID."""

    status = OneOf(ItemStatus, load_default=None)
    category = Text(most=24, load_default=None)
    metal = Text(most=10, load_default=None)
    fineness = Whole(least=1, most=10_000, load_default=None)
    place_id = IdField(load_default=None)
    supplier_id = IdField(load_default=None)
    tag = Text(most=24, load_default=None)
    q = Text(most=60, load_default=None, attribute="text")


def draft_of(body: dict[str, Any]) -> ItemDraft:
    return ItemDraft(**changes_of(body))


def changes_of(body: dict[str, Any]) -> dict[str, Any]:
    """The body as fields of ItemDraft."""
    known = dict(body)
    known |= known.pop("purity", {})
    for part in ("making", "wastage"):
        for name, value in known.pop(part, {}).items():
            known[f"{part}_{name}"] = value
    if "stones" in known:
        known["stones"] = tuple(Stone(**stone) for stone in known["stones"])
    if "other_metals" in known:
        known["others"] = tuple(OtherMetal(**part) for part in known.pop("other_metals"))
    return known
