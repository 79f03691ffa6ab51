"""What the owner makes of a closed count's findings: each decided once, with its effect on the stock, in one act."""

from collections.abc import Callable, Sequence
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.inventory import service as inventory
from app.kit import audit
from app.kit.clock import utc_now
from app.kit.texts import _
from app.stocktake import repository
from app.stocktake.errors import (
    DecisionUnfit,
    FindingDecided,
    FindingOvertaken,
    FindingUnknown,
    StocktakeNotClosed,
    StocktakeUnknown,
)
from app.stocktake.models import Decided, FindingKind, StocktakeDecision, StocktakeFinding, StocktakeState
from app.stocktake.service.reading import seen
from app.stocktake.service.views import Stocktake
from shard_router import ShopSession

CHOICES: dict[FindingKind, tuple[Decided, ...]] = {
    FindingKind.MISSING: (Decided.FOUND, Decided.LOST), FindingKind.DRIFT: (Decided.CORRECTED, Decided.KEPT),
    FindingKind.ELSEWHERE: (Decided.NOTED,), FindingKind.GONE: (Decided.NOTED,), FindingKind.UNKNOWN: (Decided.NOTED,),
}  # fmt: skip
MOST = 100


def decide_findings(
    db: ShopSession, *, stocktake_id: UUID, finding_ids: Sequence[UUID], decision: Decided, reason: str
) -> Stocktake:
    """Decide findings alike: all of them or, where one refuses, none.

    lost       the piece is withdrawn, and its metal booked as a loss
    corrected  the piece's entry weighs what the scale said
    Raises StocktakeUnknown, StocktakeNotClosed, FindingUnknown, DecisionUnfit, FindingDecided, FindingOvertaken, and
    what withdrawing or correcting a piece raises.
    """
    row = repository.find_stocktake(db, stocktake_id)
    if row is None:
        raise StocktakeUnknown()
    if row.state != StocktakeState.CLOSED.value:
        raise StocktakeNotClosed()
    findings = _chosen(db, stocktake_id, finding_ids, decision)
    act = _ACTS.get(decision)
    if act is not None:  # all of them before the first act's audit entry, behind which no piece is waited for
        inventory.lock_items(db, [one.item_id for one in findings if one.item_id])
    _decide(db, findings, decision, reason)
    for finding in findings:
        if act is not None:
            act(db, finding, reason)
    audit.record(db, "stocktake.decided", stocktake_id, {
        "decision": decision.value, "reason": reason, "findings": [str(one.id) for one in findings],
        "codes": [one.code for one in findings],
    })  # fmt: skip
    return seen(db, row)


def _chosen(
    db: ShopSession, stocktake_id: UUID, finding_ids: Sequence[UUID], decision: Decided
) -> Sequence[StocktakeFinding]:
    wanted = dict.fromkeys(finding_ids)
    if not 1 <= len(wanted) <= MOST:
        message = _("From one to %(most)s findings are decided at once.", most=MOST)
        raise DecisionUnfit(message, fields={"findingIds": "none or too many"})
    found = {one.id: one for one in repository.findings_of(db, stocktake_id, wanted)}
    for place, finding_id in enumerate(wanted):
        if finding_id not in found:
            raise FindingUnknown(fields={f"findingIds.{place}": "unknown"})
        if decision not in CHOICES[FindingKind(found[finding_id].kind)]:
            message = _("%(code)s can't be decided so.", code=found[finding_id].code)
            raise DecisionUnfit(message, fields={"decision": found[finding_id].kind})
    return list(found.values())


def _decide(db: ShopSession, findings: Sequence[StocktakeFinding], decision: Decided, reason: str) -> None:
    """The finding is the row's key, so of two who decide it at once the second is told."""
    if repository.decided_among(db, [one.id for one in findings]):
        raise FindingDecided()
    now = utc_now()
    db.add_all(
        StocktakeDecision(finding_id=one.id, decision=decision.value, reason=reason, at=now, by_id=db.actor.person_id)
        for one in sorted(findings, key=lambda one: one.id)
    )
    try:
        db.flush()
    except IntegrityError as taken:
        raise FindingDecided() from taken


def _lose(db: ShopSession, finding: StocktakeFinding, reason: str) -> None:
    item = _piece(db, finding)
    inventory.withdraw_item(db, item_id=item.id, expected_version=item.version, reason=reason, kind="lost")


def _correct(db: ShopSession, finding: StocktakeFinding, reason: str) -> None:
    item = _piece(db, finding)
    if item.gross_mg != finding.book_mg:
        raise FindingOvertaken(_("%(tag)s was weighed anew since.", tag=item.tag), fields={"findingIds": finding.code})
    inventory.edit_item(db, item_id=item.id, expected_version=item.version, changes={"gross_mg": finding.found_mg})


def _piece(db: ShopSession, finding: StocktakeFinding) -> inventory.Counted:
    """As it stands now; the services lock it and look again. Raises FindingOvertaken."""
    assert finding.item_id is not None  # what is missing or weighed is a piece
    item = inventory.standing(db, [finding.item_id])[finding.item_id]
    if not item.in_stock:
        message = _("%(tag)s is %(status)s by now.", tag=item.tag, status=item.status)
        raise FindingOvertaken(message, fields={"findingIds": finding.code})
    return item


_ACTS: dict[Decided, Callable[[ShopSession, StocktakeFinding, str], None]] = {
    Decided.LOST: _lose, Decided.CORRECTED: _correct,
}  # fmt: skip
