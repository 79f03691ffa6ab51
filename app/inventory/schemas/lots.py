"""Owns the JSON of lots and of places of stock."""

from marshmallow import fields, validate

from app.inventory.service import DRAWN, KINDS, LotState
from app.kit.paging import PageArgs, page_of
from app.kit.schemas import ApiSchema, Flag, IdField, Moment, OneOf, Paise, Text, Whole
from app.kit.weights import MAX_MCT, MAX_MG

MOST = 500


class WeightsIn(ApiSchema):
    """How much: pieces, stones in mg and in thousandths of a carat, metal net in mg."""

    pieces = Whole(most=1_000_000, load_default=0)
    stone_mg = Whole(most=MAX_MG, load_default=0)
    net_mg = Whole(most=MAX_MG, load_default=0)
    stone_mct = Whole(most=MAX_MCT, load_default=0)


class LotIn(WeightsIn):
    """A lot to be received. Of loose stones metal is `stone`, fineness 0, `stoneMct` says all, and `hsn` which they
    are: its bills are taxed by it."""

    code = Text(least=1, most=24, required=True)
    name = Text(least=1, most=120, required=True)
    kind = OneOf(KINDS, required=True)
    metal = Text(least=1, most=10, required=True)
    fineness = Whole(most=10_000, load_default=0)
    cost_paise = Paise(load_default=0)
    hsn = Text(least=4, most=8, load_default=None, allow_none=True, metadata={
        "description": "Asked for where the kind has several: 7102, 7103 or 7104 of loose stones."
    })  # fmt: skip


class UncostedLotIn(LotIn):
    """A lot of which something else says what it cost."""

    class Meta(LotIn.Meta):
        exclude = ("cost_paise",)


class OpeningLotIn(LotIn):
    """A lot that was there before the book."""

    place_id = IdField(load_default=None, allow_none=True)


class LotDrawIn(WeightsIn):
    kind = OneOf(tuple(DRAWN), required=True)
    reason = Text(least=3, most=200, required=True)


class LotWeighIn(WeightsIn):
    reason = Text(least=3, most=200, required=True)


class LotSplitIn(WeightsIn):
    code = Text(least=1, most=24, required=True)


class LotMergeIn(ApiSchema):
    lot_ids = fields.List(IdField(), required=True, validate=validate.Length(min=1, max=50))


class LotOut(ApiSchema):
    id = IdField()
    code = fields.String()
    name = fields.String()
    kind = fields.String()
    metal = fields.String()
    fineness = fields.Integer()
    hsn = fields.String(allow_none=True, metadata={"description": "Null where the kind has one alone."})
    purity_label = fields.String()
    place_id = IdField(allow_none=True)
    supplier_id = IdField(allow_none=True)
    state = fields.String()
    left_pieces = fields.Integer()
    left_gross_mg = fields.Integer()
    left_stone_mg = fields.Integer()
    left_net_mg = fields.Integer()
    left_stone_mct = fields.Integer()
    left_cost_paise = fields.Integer(allow_none=True, metadata={"description": "Null for who may not buy stock."})
    version = fields.Integer()
    created_at = Moment()
    updated_at = Moment()


LotPage = page_of(LotOut)


class LotArgs(PageArgs):
    """`q` is looked for in name and code."""

    state = OneOf(LotState, load_default=None)
    kind = OneOf(KINDS, load_default=None)
    metal = Text(most=10, load_default=None)
    place_id = IdField(load_default=None)
    q = Text(most=60, load_default=None, attribute="text")


class TrayIn(ApiSchema):
    outlet_id = IdField(required=True)
    code = Text(least=1, most=12, required=True)
    name = Text(least=1, most=60, required=True)


class TrayEdit(ApiSchema):
    name = Text(least=1, most=60, required=True)
    active = Flag(required=True)


class PlaceOut(ApiSchema):
    """An outlet itself (its code is empty), or a tray in it."""

    id = IdField()
    outlet_id = IdField()
    code = fields.String()
    name = fields.String()
    active = fields.Boolean()
    version = fields.Integer()


class PlacesOut(ApiSchema):
    items = fields.List(fields.Nested(PlaceOut))


class ShiftIn(ApiSchema):
    """Pieces and lots to be laid into another place of the same outlet."""

    to_place_id = IdField(required=True)
    item_ids = fields.List(IdField(), load_default=[], validate=validate.Length(max=MOST))
    lot_ids = fields.List(IdField(), load_default=[], validate=validate.Length(max=MOST))


class ShiftOut(ApiSchema):
    moved = fields.Integer()
