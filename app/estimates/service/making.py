"""Making estimates: a draft priced as a bill of now would be, numbered and kept for ever.

Locks: customer, series, audit head.
"""

import datetime as dt
from dataclasses import replace
from uuid import UUID

from app.approvals import service as approvals
from app.customers import service as customers
from app.estimates import drafts, repository
from app.estimates.errors import EstimateTooLong, SheetEmpty
from app.estimates.models import Estimate as EstimateRow
from app.estimates.service.reading import get_estimate
from app.estimates.terms import EstimateTerms, estimate_terms
from app.estimates.views import Estimate
from app.invoices import service as invoices
from app.invoices.pricing import PieceFacts
from app.invoices.service import BillDraft, Quote
from app.kit import audit
from app.kit.clock import financial_year, ist, utc_now
from app.kit.ids import new_id
from app.kit.texts import _
from app.numbering import service as numbering
from app.numbering.gaps import Numbered
from app.numbering.service import DocumentKind
from app.tenants.service.places import list_places
from app.tenants.service.seller import choose, seller_of
from shard_router import ShopSession

NUMBERED = (Numbered(EstimateRow, (DocumentKind.ESTIMATE,)),)
LEFT_OUT = ("findings", "needs")
"""What a quote says to the clerk and not to the customer."""


def make_estimate(db: ShopSession, *, draft: BillDraft, expires_on: dt.date | None = None) -> Estimate:
    """What this draft would come to now, told to the customer until `expires_on` (None: the usual time).

    Its payments are left out. A rate, discount or wastage that takes a right takes it here too, or a granted approval,
    which is not used up: the bill asks again, and only the board's rates are kept without asking.
    Raises what a quote raises, SheetEmpty, EstimateTooLong, CustomerUnknown, ApprovalNeeded.
    """
    at = utc_now()
    on = ist(at).date()
    terms, asked = estimate_terms(on), drafts.bare(draft)
    if not asked.lines:
        raise SheetEmpty()
    last = _last_day(expires_on, on, terms)
    if asked.customer_id is not None:
        asked = replace(asked, customer_id=customers.hold(db, asked.customer_id))
    quoted = invoices.quote(db, draft=asked)
    approvals.refuse_uncovered(db.actor, quoted.needs)
    row = _row(db, asked, quoted, at=at, on=on, last=last, terms=terms)
    db.add(row)
    db.flush()
    audit.record(db, "estimate.made", row.id, {
        "number": row.number, "totalPaise": row.total_paise, "lines": len(asked.lines),
        "expiresOn": last.isoformat(),
        "ratesExpireOn": row.rates_expire_on and row.rates_expire_on.isoformat(),
    })  # fmt: skip
    return get_estimate(db, row.id)


def follow_merge(db: ShopSession, *, loser_id: UUID, winner_id: UUID) -> int:
    """Two customers turned out to be one: how many estimates followed. The merge's own entry says so."""
    return repository.give_to(db, loser_id, winner_id)


def _last_day(asked: dt.date | None, on: dt.date, terms: EstimateTerms) -> dt.date:
    if asked is None:
        return on + dt.timedelta(days=terms.usual_days)
    if not on <= asked <= on + dt.timedelta(days=terms.most_days):
        message = _("An estimate holds for %(days)s days at most.", days=terms.most_days)
        raise EstimateTooLong(message, fields={"expiresOn": "out of range"})
    return asked


def _row(
    db: ShopSession, draft: BillDraft, quoted: Quote, *, at: dt.datetime, on: dt.date, last: dt.date,
    terms: EstimateTerms,
) -> EstimateRow:  # fmt: skip
    place = choose(list_places(db), asked=draft.till_id, sits_at=db.actor.till_id)
    year, kind = financial_year(on), DocumentKind.ESTIMATE
    no = numbering.draw(db, registration_id=place.registration_id, year=year, kind=kind, till_id=place.till_id)
    told = {name: value for name, value in invoices.quote_facts(quoted).items() if name not in LEFT_OUT}
    return EstimateRow(
        id=new_id(), registration_id=place.registration_id, till_id=place.till_id, fy_start=year.start_year, no=no,
        number=numbering.written(no, year=year, kind=kind, till_code=place.till_code), customer_id=draft.customer_id,
        made_at=at, made_on=on, made_by=db.actor.person_id, expires_on=last,
        rates_expire_on=terms.last_rate_day(on, last), total_paise=quoted.priced.total_paise,
        draft=drafts.written(draft), shown=audit.canonical(told), kept=audit.canonical(_kept(draft, quoted)),
        seller=seller_of(place).written(), invoice_id=None, version=1,
    )  # fmt: skip


def _kept(draft: BillDraft, quoted: Quote) -> dict[str, object]:
    """Of the pieces that are priced by the board: a line's own rate is somebody's word for one bill, and a promised one
    is kept by its promise. `others` are the rates of their further metals, left out where no piece has any."""
    found: list[list[object]] = []
    others: dict[str, list[list[object]]] = {}
    for line, sold, priced in zip(draft.lines, quoted.sold, quoted.priced.lines, strict=True):
        promised = line.rate_lock_id is not None or line.of_order
        if sold.item is not None and not promised and priced.line.board_paise_per_g is None:
            found.append([sold.item.id, sold.metal, sold.fineness, priced.line.rate_paise_per_g])
            if isinstance(priced.line.facts, PieceFacts) and priced.line.facts.others:
                others[str(sold.item.id)] = [
                    [part.metal, part.fineness, part.rate_paise_per_g] for part in priced.line.facts.others
                ]
    return {"rates": found, **({"others": others} if others else {})}
