"""Owns the JSON of credits and vouchers."""

from typing import Any

from marshmallow import fields, post_load, validate

from app.credits.service import CreditKind, CreditState, Mode, Payment
from app.kit.paging import PageArgs, page_of
from app.kit.schemas import ApiSchema, Day, IdField, Moment, OneOf, Paise, Text, Whole
from app.numbering.service import DocumentKind

MAX_PAYMENTS = 10
VOUCHERS = tuple(
    kind.value for kind in (DocumentKind.RECEIPT_VOUCHER, DocumentKind.REFUND_VOUCHER, DocumentKind.PAYMENT_VOUCHER)
)
TAKEN_HERE = ("advance", "on_account")
PURPOSES = (*TAKEN_HERE, "scheme", "pay_out")


class VoucherPaymentIn(ApiSchema):
    mode = OneOf(Mode, required=True)
    paise = Paise(least=1, required=True)
    reference = Text(most=60, allow_none=True, load_default=None)

    @post_load
    def make(self, data: dict[str, Any], **_: object) -> Payment:
        return Payment(**data)


class _WithPayments(ApiSchema):
    payments = fields.List(fields.Nested(VoucherPaymentIn), required=True, validate=validate.Length(1, MAX_PAYMENTS))
    till_id = IdField(allow_none=True, load_default=None)


class ReceiptIn(_WithPayments):
    """Money taken: an advance opens a credit, money on account pays bills. An order's advance is taken at the order."""

    customer_id = IdField(required=True)
    purpose = OneOf(TAKEN_HERE, required=True)
    note = Text(most=200, allow_none=True, load_default=None)


class PayOutIn(_WithPayments):
    """A credit, or a part of it, given back in money."""

    reason = Text(least=1, most=200, required=True)


class TakeBackIn(ApiSchema):
    """Why a receipt is taken back: a cheque that was not honoured, a slip of the hand."""

    reason = Text(least=1, most=200, required=True)
    till_id = IdField(allow_none=True, load_default=None)


class VoucherPaymentOut(ApiSchema):
    mode = fields.String()
    paise = fields.Integer()
    reference = fields.String(allow_none=True)


class PayerOut(ApiSchema):
    name = fields.String()
    phone = fields.String(allow_none=True)
    gstin = fields.String(allow_none=True)
    pan = fields.String(allow_none=True)
    address = fields.String(allow_none=True)
    city = fields.String(allow_none=True)
    pin = fields.String(allow_none=True)
    state_code = fields.String(allow_none=True)


class ReceiptOut(ApiSchema):
    """A voucher as it was issued; `payer` is null once the customer was erased."""

    id = IdField()
    kind = OneOf(VOUCHERS)
    number = fields.String()
    issued_at = Moment()
    issued_on = Day()
    book_on = Day()
    till_id = IdField()
    customer_id = IdField()
    payer = fields.Nested(PayerOut, allow_none=True)
    purpose = OneOf(PURPOSES)
    about_id = IdField(allow_none=True)
    reverses_id = IdField(allow_none=True)
    note = fields.String(allow_none=True)
    total_paise = fields.Integer()
    payments = fields.List(fields.Nested(VoucherPaymentOut))
    content_hash = fields.Function(lambda voucher: voucher.content_hash.hex())


class ReceiptLineOut(ApiSchema):
    """A voucher in a list."""

    id = IdField()
    kind = OneOf(VOUCHERS)
    number = fields.String()
    issued_at = Moment()
    issued_on = Day()
    customer_id = IdField()
    customer_name = fields.String(allow_none=True)
    purpose = OneOf(PURPOSES)
    about_id = IdField(allow_none=True)
    reverses_id = IdField(allow_none=True)
    total_paise = fields.Integer()
    modes = fields.List(fields.String())


ReceiptPage = page_of(ReceiptLineOut)


class ReceiptArgs(PageArgs):
    """`number` is the beginning of one; both days are included."""

    kind = OneOf(VOUCHERS, load_default=None)
    purpose = OneOf(PURPOSES, load_default=None)
    customer_id = IdField(load_default=None)
    number = Text(most=16, load_default=None)
    issued_from = Day(load_default=None, data_key="from")
    issued_to = Day(load_default=None, data_key="to")


class CreditOut(ApiSchema):
    id = IdField()
    kind = OneOf(CreditKind)
    customer_id = IdField()
    source_id = IdField()
    paise = fields.Integer()
    left_paise = fields.Integer()
    state = OneOf(CreditState)
    made_on = Day()
    expires_on = Day(allow_none=True)
    version = fields.Integer()


class CreditUseOut(ApiSchema):
    """What happened to a credit; below nothing where it came back."""

    document_id = IdField()
    kind = OneOf(("spent", "released", "paid_out", "closed"))
    paise = fields.Integer()
    at = Moment()


class CreditUsesOut(ApiSchema):
    items = fields.List(fields.Nested(CreditUseOut))


CreditPage = page_of(CreditOut)


class CreditArgs(PageArgs):
    customer_id = IdField(load_default=None)
    kind = OneOf(CreditKind, load_default=None)
    state = OneOf(CreditState, load_default=None)


class MergeIn(ApiSchema):
    """Into which entry, as it was read, and the name of the one that goes."""

    into = IdField(required=True)
    into_version = Whole(least=1, most=2**31 - 1, required=True)
    confirm = Text(least=1, most=140, required=True)


class MergedOut(ApiSchema):
    """The entry that counts."""

    id = IdField()
    name = fields.String()
    phone = fields.String(allow_none=True)
    version = fields.Integer()


class VoucherPdfOut(ApiSchema):
    """A voucher's PDF: a link that expires, or (202) how far the job is that makes it."""

    status = OneOf(("ready", "making"))
    url = fields.String(allow_none=True)
    expires_at = Moment(allow_none=True)
    size_bytes = fields.Integer(allow_none=True)
    sha256 = fields.String(allow_none=True)
    job_id = IdField(allow_none=True)
    job_state = fields.String(allow_none=True)
    steps_done = fields.Integer(allow_none=True)
    steps_total = fields.Integer(allow_none=True)
