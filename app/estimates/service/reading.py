"""Estimates as they are seen: one whole, pages in two statements."""

import datetime as dt
from collections.abc import Mapping
from uuid import UUID

import orjson

from app.customers import service as customers
from app.estimates import drafts, repository
from app.estimates.errors import EstimateUnknown
from app.estimates.models import Estimate as EstimateRow
from app.estimates.views import Estimate, EstimateSummary
from app.kit import paging
from app.kit.clock import today_ist
from app.tenants.service.seller import read_seller
from shard_router import ShopSession


def get_estimate(db: ShopSession, estimate_id: UUID) -> Estimate:
    """With what it said line by line; raises EstimateUnknown."""
    row = repository.find_estimate(db, estimate_id)
    if row is None:
        raise EstimateUnknown()
    names = customers.names_of(db, [row.customer_id] if row.customer_id else [])
    return Estimate(
        _summary(row, names, today_ist()), drafts.read(row.draft, customer_id=row.customer_id), orjson.loads(row.shown),
        read_kept(row.kept), read_seller(row.seller),
    )  # fmt: skip


def find_of_bill(db: ShopSession, invoice_id: UUID) -> tuple[UUID, str] | None:
    """Id and number of the estimate that a bill was made of; None where it was of none, or was cancelled."""
    row = repository.find_of_bill(db, invoice_id)
    return None if row is None else (row.id, row.number)


def list_estimates(
    db: ShopSession,
    *,
    state: str | None = None,
    customer_id: UUID | None = None,
    number: str | None = None,
    sort: str | None = None,
    after: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> paging.Page[EstimateSummary]:
    """The newest first; of a state as of today."""
    today = today_ist()
    statement = repository.list_estimates(state=state, customer_id=customer_id, number=number, today=today)
    page = paging.page(db, statement, orders=_ORDERS, sort=sort, after=after, limit=limit)
    names = customers.names_of(db, {row.customer_id for row in page.items if row.customer_id})
    return page.map(lambda row: _summary(row, names, today))


def read_kept(kept: bytes) -> dict[UUID, tuple[str, int, int]]:
    """By piece: metal, fineness, paise per gram."""
    return {UUID(item): (metal, fineness, rate) for item, metal, fineness, rate in orjson.loads(kept)["rates"]}


def read_kept_others(kept: bytes) -> dict[UUID, dict[tuple[str, int], int]]:
    """By piece of several metals: each further purity's paise per gram."""
    return {
        UUID(item): {(metal, fineness): rate for metal, fineness, rate in parts}
        for item, parts in orjson.loads(kept).get("others", {}).items()
    }


_ORDERS = paging.Orders(
    tie=EstimateRow.id, default="-madeAt", madeAt=EstimateRow.made_at, expiresOn=EstimateRow.expires_on
)


def _summary(row: EstimateRow, names: Mapping[UUID, str], today: dt.date) -> EstimateSummary:
    state = repository.LAPSED if row.expires_on < today else repository.OPEN
    return EstimateSummary(
        row.id, row.number, row.customer_id, names.get(row.customer_id) if row.customer_id else None, row.till_id,
        row.made_at, row.made_on, row.made_by, row.expires_on, row.rates_expire_on, row.total_paise, row.invoice_id,
        state if row.invoice_id is None else repository.BILLED, row.version,
    )  # fmt: skip
