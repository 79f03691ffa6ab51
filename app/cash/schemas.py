"""Owns the cash book's JSON."""

from typing import Any

from marshmallow import fields, validate

from app.cash.service import BY_HAND, Count, EntryKind
from app.kit.paging import PageArgs, page_of
from app.kit.schemas import ApiSchema, Day, Flag, IdField, Moment, OneOf, Paise, Text, Whole

KINDS = (*(kind.value for kind in BY_HAND), EntryKind.OWNER.value)
MOST_PIECES = 12


class PiecesIn(ApiSchema):
    paise = Paise(required=True, metadata={"description": "Of one note or coin: 50000 is ₹500."})
    count = Whole(required=True)


class CountIn(ApiSchema):
    """A drawer as it was counted; the note says why, where it is not what the book expects."""

    pieces = fields.List(fields.Nested(PiecesIn), required=True, validate=validate.Length(max=MOST_PIECES))
    note = Text(most=200, allow_none=True, load_default=None)


class HandOverIn(CountIn):
    to_whom = IdField(required=True)


class RefusalIn(ApiSchema):
    note = Text(least=1, most=200, required=True)


class DrawerEdit(ApiSchema):
    blind = Flag(required=True)


class CashMoveIn(ApiSchema):
    """`tillId` null is the safe. The owner's own money goes either way, the others one way only."""

    till_id = IdField(required=True, allow_none=True)
    kind = OneOf(KINDS, required=True)
    paise = Paise(least=1, required=True)
    out = Flag(load_default=False, metadata={"description": "Only of kind owner: the money leaves."})
    note = Text(least=1, most=200, required=True)


class CashTransferIn(ApiSchema):
    """Null is the safe."""

    from_till_id = IdField(required=True, allow_none=True)
    to_till_id = IdField(required=True, allow_none=True)
    paise = Paise(least=1, required=True)
    note = Text(most=200, load_default="")


class DrawerOut(ApiSchema):
    till_id = IdField()
    till_code = fields.String()
    outlet_name = fields.String()
    business_on = Day()
    shift_no = fields.Integer()
    state = fields.String(metadata={"description": "open or closed"})
    held_paise = fields.Integer(
        allow_none=True, metadata={"description": "By the book; null where who asks counts blind."}
    )
    opened_at = Moment(allow_none=True)
    opened_by = IdField(allow_none=True)
    blind = fields.Boolean()
    version = fields.Integer()


class DrawersOut(ApiSchema):
    drawers = fields.List(fields.Nested(DrawerOut))
    safe_paise = fields.Integer()


class CountedOut(ApiSchema):
    id = IdField(metadata={"description": "Of the count."})
    till_id = IdField()
    business_on = Day()
    shift_no = fields.Integer()
    state = fields.String()
    counted_paise = fields.Integer()
    expected_paise = fields.Integer()
    difference_paise = fields.Integer()
    version = fields.Integer()


class HandoverOut(ApiSchema):
    id = IdField()
    till_id = IdField()
    given_paise = fields.Integer()
    given_by = IdField()
    given_at = Moment()
    to_whom = IdField()
    state = fields.String(metadata={"description": "waiting, taken, refused or recalled"})
    answered_at = Moment(allow_none=True)
    answer_note = fields.String(allow_none=True)
    version = fields.Integer()


class HandoversOut(ApiSchema):
    items = fields.List(fields.Nested(HandoverOut))


class MovedOut(ApiSchema):
    id = IdField()
    till_id = IdField(allow_none=True)
    to_till_id = IdField(allow_none=True)
    business_on = Day()
    shift_no = fields.Integer()
    kind = fields.String()
    paise = fields.Integer()
    note = fields.String()
    at = Moment()


class CashEntryOut(ApiSchema):
    id = IdField()
    till_id = IdField(allow_none=True)
    book_on = Day()
    shift_no = fields.Integer()
    kind = fields.String()
    paise = fields.Integer()
    document_id = IdField(allow_none=True)
    note = fields.String(allow_none=True)
    actor_id = IdField(allow_none=True)
    at = Moment()


CashEntryPage = page_of(CashEntryOut)


class EntryArgs(PageArgs):
    till_id = IdField(load_default=None)
    safe = Flag(load_default=False)
    book_on = Day(load_default=None)
    kind = OneOf(EntryKind, load_default=None)


def count_of(body: dict[str, Any]) -> Count:
    return Count([(one["paise"], one["count"]) for one in body["pieces"]], body["note"] or None)


def signed(kind: EntryKind, paise: int, *, out: bool) -> int:
    """With the sign that the kind has, or was asked for."""
    return paise * (BY_HAND.get(kind) or (-1 if out else 1))
