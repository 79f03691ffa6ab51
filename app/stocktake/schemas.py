"""Owns the JSON of counting stock."""

from marshmallow import fields, validate

from app.kit.paging import PageArgs, page_of
from app.kit.schemas import ApiSchema, Flag, IdField, Moment, OneOf, Text, Whole
from app.kit.weights import MAX_MG
from app.stocktake.service import Decided, FindingKind
from app.stocktake.service.settling import MOST


class StocktakeIn(ApiSchema):
    """What is left out is not asked for: nothing given counts the whole stock. A place is an outlet or a tray."""

    place_id = IdField(load_default=None, allow_none=True)
    category = Text(least=1, most=24, load_default=None, allow_none=True)
    metal = Text(least=1, most=10, load_default=None, allow_none=True)
    note = Text(most=200, load_default=None, allow_none=True)


class CountFiguresOut(ApiSchema):
    expected = fields.Integer()
    counted = fields.Integer()
    missing = fields.Integer()
    left = fields.Integer(metadata={"description": "Expected, not scanned, and sold or moved away meanwhile."})
    new = fields.Integer(metadata={"description": "Came into the scope since the count was opened."})
    elsewhere = fields.Integer()
    gone = fields.Integer(metadata={"description": "Sold, withdrawn or away by the books, and yet there."})
    nobodys = fields.Integer(attribute="unknown", data_key="unknown")
    extra = fields.Integer()
    weighed = fields.Integer()
    drift = fields.Integer()


class StocktakeOut(ApiSchema):
    id = IdField()
    place_id = IdField(allow_none=True)
    category = fields.String(allow_none=True)
    metal = fields.String(allow_none=True)
    note = fields.String(allow_none=True)
    drift_mg = fields.Integer()
    expected = fields.Integer()
    state = fields.String()
    opened_at = Moment()
    opened_by = IdField(allow_none=True)
    closed_at = Moment(allow_none=True)
    closed_by = IdField(allow_none=True)
    figures = fields.Nested(CountFiguresOut, allow_none=True)
    undecided = fields.Integer(allow_none=True)
    version = fields.Integer()


StocktakePage = page_of(StocktakeOut)


class CountScanIn(ApiSchema):
    code = Text(least=1, most=24, required=True)
    gross_mg = Whole(least=1, most=MAX_MG, load_default=None, allow_none=True)


class ScansIn(ApiSchema):
    """Codes as they were read, the earliest first; sent again they change nothing."""

    scans = fields.List(fields.Nested(CountScanIn), required=True, validate=validate.Length(min=1, max=200))


class CountScanOut(ApiSchema):
    code = fields.String()
    verdict = fields.String(metadata={"description": "counted, new, elsewhere, gone or unknown"})
    again = fields.Boolean()
    item_id = IdField(allow_none=True)
    tag = fields.String()
    name = fields.String()
    status = fields.String(allow_none=True)
    place_id = IdField(allow_none=True)
    book_mg = fields.Integer(allow_none=True)
    gross_mg = fields.Integer(allow_none=True)
    drift_mg = fields.Integer(allow_none=True)
    drifts = fields.Boolean(metadata={"description": "The weight differs by more than scales do."})


class ScansOut(ApiSchema):
    scans = fields.List(fields.Nested(CountScanOut))


class UnscannedOut(ApiSchema):
    item_id = IdField()
    tag = fields.String()
    name = fields.String()
    gross_mg = fields.Integer()
    place_id = IdField(allow_none=True)
    status = fields.String()
    left = fields.Boolean()


UnscannedPage = page_of(UnscannedOut)


class CountFindingOut(ApiSchema):
    id = IdField()
    kind = fields.String()
    code = fields.String()
    item_id = IdField(allow_none=True)
    name = fields.String()
    status = fields.String(allow_none=True)
    book_mg = fields.Integer(allow_none=True)
    found_mg = fields.Integer(allow_none=True)
    decision = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    decided_at = Moment(allow_none=True)
    decided_by = IdField(allow_none=True)


FindingPage = page_of(CountFindingOut)


class FindingArgs(PageArgs):
    kind = OneOf(FindingKind, load_default=None)
    undecided = Flag(load_default=False)


class DecisionsIn(ApiSchema):
    """found or lost of what is missing, corrected or kept of a weight, noted of what is extra."""

    finding_ids = fields.List(IdField(), required=True, validate=validate.Length(min=1, max=MOST))
    decision = OneOf(Decided, required=True)
    reason = Text(least=3, most=200, required=True)
