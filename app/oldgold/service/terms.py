"""What the shop keeps of the board's fine rate when it buys: its own dated terms, the trade's until it has any."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from app.kit import audit
from app.kit.clock import today_ist, utc_now
from app.kit.ids import new_id
from app.kit.money import BASIS_POINTS, whole
from app.kit.texts import _
from app.oldgold import repository
from app.oldgold.errors import BuyingTermsWrong
from app.oldgold.models import BuyingTerms as TermsRow
from app.oldgold.rules import Terms, usual_terms
from app.rates import service as rates
from shard_router import ShopSession


@dataclass(frozen=True, slots=True)
class BuyingTerms:
    """The shop's terms for a metal from a day on; `id` None: the trade's, since the shop has set none."""

    id: UUID | None
    metal: str
    valid_from: dt.date | None
    margin_bp: int
    melting_loss_bp: int
    set_at: dt.datetime | None
    set_by: UUID | None


def terms_on(db: ShopSession, metal: str, on: dt.date) -> Terms:
    """What holds on a day."""
    row = repository.terms_on(db, metal, on)
    return usual_terms(metal, on) if row is None else Terms(row.margin_bp, row.melting_loss_bp)


def set_terms(
    db: ShopSession, *, metal: str, margin_bp: int, melting_loss_bp: int, valid_from: dt.date | None = None
) -> BuyingTerms:
    """New terms from a day on (None: today); what was bought before keeps what it was bought at.

    Raises BuyingTermsWrong and what is out of bounds."""
    today = today_ist()
    begins = valid_from or today
    if begins < today:
        raise BuyingTermsWrong(_("Terms begin today or later."), fields={"validFrom": "in the past"})
    if metal not in {purity.metal for purity in rates.list_purities(begins)}:
        raise BuyingTermsWrong(_("The board knows no such metal."), fields={"metal": "unknown"})
    whole(margin_bp, "The margin in basis points", most=BASIS_POINTS, field="marginBp")
    whole(melting_loss_bp, "Melting loss in basis points", most=BASIS_POINTS, field="meltingLossBp")
    row = TermsRow(
        id=new_id(), metal=metal, valid_from=begins, margin_bp=margin_bp, melting_loss_bp=melting_loss_bp,
        set_at=utc_now(), set_by=db.actor.person_id,
    )  # fmt: skip
    db.add(row)
    db.flush()
    audit.record(db, "buying_terms.set", row.id, {
        "metal": metal, "validFrom": begins.isoformat(), "marginBp": margin_bp, "meltingLossBp": melting_loss_bp,
    })  # fmt: skip
    return _terms(row)


def list_terms(db: ShopSession) -> list[BuyingTerms]:
    """All that the shop ever set, the newest of each metal first; before them the trade's, of metals without any."""
    rows = [_terms(row) for row in repository.list_terms(db)]
    today, own = today_ist(), {row.metal for row in rows}
    metals = dict.fromkeys(purity.metal for purity in rates.list_purities(today))
    usual = [(metal, usual_terms(metal, today)) for metal in metals if metal not in own]
    trades = [BuyingTerms(None, metal, None, one.margin_bp, one.melting_loss_bp, None, None) for metal, one in usual]
    return [*trades, *rows]


def _terms(row: TermsRow) -> BuyingTerms:
    return BuyingTerms(row.id, row.metal, row.valid_from, row.margin_bp, row.melting_loss_bp, row.set_at, row.set_by)
