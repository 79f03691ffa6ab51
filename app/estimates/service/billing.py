"""What a bill does to the estimate that it is made of, in its own packets; undone where the bill is cancelled.

An estimate becomes a bill by one compare-and-set on its row, behind the orders and before any piece is locked.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.estimates import repository
from app.estimates.errors import EstimateBilled, EstimateLapsed, EstimateNotTheirs, EstimateUnknown
from app.estimates.service.reading import read_kept, read_kept_others
from app.estimates.views import rates_of
from app.invoices.service import Kept
from app.kit.texts import _
from shard_router import Bound, PacketResult, ShopSession

FIELD = "estimateId"


class TheEstimates:
    """What bills, which stand beneath, ask of the estimates; the factory hands it down."""

    def bind(self, estimate_id: UUID, *, document_id: UUID) -> list[Bound]:
        """For the first packet; `read` reads what these two gave."""
        return [
            repository.BILL.bind(b_id=estimate_id, b_document_id=document_id),
            repository.ESTIMATE.bind(id=estimate_id),
        ]

    def read(
        self, results: Sequence[PacketResult], *, customer_id: UUID | None, document_id: UUID, on: dt.date
    ) -> Kept:
        """Raises EstimateUnknown, EstimateBilled, EstimateLapsed, EstimateNotTheirs."""
        _taken, found = results
        row = found.rows[0] if found.rows else None
        return _kept(row, customer_id=customer_id, document_id=document_id, on=on)

    def look_at(self, db: ShopSession, estimate_id: UUID, *, customer_id: UUID | None, on: dt.date) -> Kept:
        """The same for a quote, with nothing done."""
        return _kept(repository.look_at(db, estimate_id), customer_id=customer_id, document_id=None, on=on)

    def reopen(self, db: ShopSession, *, document_id: UUID) -> None:
        """The bill was cancelled: its estimate may become another, as long as it holds."""
        repository.reopen(db, document_id)


def _kept(row: Any | None, *, customer_id: UUID | None, document_id: UUID | None, on: dt.date) -> Kept:
    if row is None:
        raise EstimateUnknown(fields={FIELD: "unknown"})
    if row.invoice_id != document_id:
        raise EstimateBilled(_("%(number)s was billed before.", number=row.number), fields={FIELD: "billed"})
    if row.expires_on < on:
        last = f"{row.expires_on:%d-%m-%Y}"
        message = _("%(number)s held until %(day)s.", number=row.number, day=last)
        raise EstimateLapsed(message, fields={FIELD: "lapsed"})
    if row.customer_id is not None and row.customer_id != customer_id:
        message = _("%(number)s was made for another customer.", number=row.number)
        raise EstimateNotTheirs(message, fields={FIELD: "not theirs"})
    hold = row.rates_expire_on is not None and on <= row.rates_expire_on
    if not hold:
        return Kept(row.id, row.number)
    return Kept(row.id, row.number, rates_of(read_kept(row.kept)), read_kept_others(row.kept))
