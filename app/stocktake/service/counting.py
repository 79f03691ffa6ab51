"""Opening a count, scanning into it, closing it. Whoever scans holds the count shared; whoever closes it, alone."""

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.inventory import service as inventory
from app.inventory.service import Counted
from app.kit import audit
from app.kit.clock import today_ist, utc_now
from app.kit.errors import PreconditionFailed
from app.kit.ids import new_id
from app.kit.texts import _
from app.kit.weights import MAX_MG
from app.stocktake import repository
from app.stocktake.bounds import bounds_on
from app.stocktake.errors import NothingToCount, ScansUnfit, StocktakeOver, StocktakeUnknown, TooMuchToCount
from app.stocktake.models import (
    FindingKind,
    StocktakeFinding,
    StocktakePiece,
    StocktakeScan,
    StocktakeState,
    Verdict,
)
from app.stocktake.models import Stocktake as StocktakeRow
from app.stocktake.service.reading import figures_now, is_there, scans_of, seen
from app.stocktake.service.views import Scan, ScanDraft, Stocktake, stocktake_of
from shard_router import ShopSession

_CODE = re.compile(r"[!-~]{1,24}")
CHUNK = 2000
EXTRA = {
    Verdict.UNKNOWN: FindingKind.UNKNOWN, Verdict.GONE: FindingKind.GONE, Verdict.ELSEWHERE: FindingKind.ELSEWHERE,
}  # fmt: skip


def open_stocktake(
    db: ShopSession,
    *,
    place_id: UUID | None = None,
    category: str | None = None,
    metal: str | None = None,
    note: str | None = None,
) -> Stocktake:
    """Begin to count what is in stock now of a place, category or metal, or all of it.

    Raises StockPlaceUnknown, NothingToCount, TooMuchToCount.
    """
    bounds = bounds_on(today_ist())
    place_ids = None if place_id is None else _places(db, place_id)
    pieces = inventory.pieces_to_count(
        db, place_ids=place_ids, category=category, metal=metal, most=bounds.most_pieces + 1
    )
    if not pieces:
        raise NothingToCount()
    if len(pieces) > bounds.most_pieces:
        message = _("One count takes at most %(most)s pieces.", most=bounds.most_pieces)
        raise TooMuchToCount(message, fields={"placeId": "too much"})
    row = StocktakeRow(
        id=new_id(), place_id=place_id, place_ids=None if place_ids is None else [str(one) for one in place_ids],
        category=category, metal=metal, note=note or None, drift_mg=bounds.weight_drift_mg, expected=len(pieces),
        state=StocktakeState.OPEN.value, opened_at=utc_now(), opened_by=db.actor.person_id, version=1,
    )  # fmt: skip
    db.add(row)
    db.flush()
    db.add_all(
        StocktakePiece(stocktake_id=row.id, item_id=one.id, tag=one.tag, gross_mg=one.gross_mg, place_id=one.place_id)
        for one in pieces
    )
    db.flush()
    audit.record(db, "stocktake.opened", row.id, {
        "place": str(place_id) if place_id else None, "category": category, "metal": metal, "expected": row.expected,
    })  # fmt: skip
    return seen(db, row)


def _places(db: ShopSession, place_id: UUID) -> list[UUID]:
    """An outlet is itself with all its trays; raises StockPlaceUnknown."""
    outlet_id = inventory.outlet_of(db, place_id)
    if place_id != outlet_id:
        return [place_id]
    return [place.id for place in inventory.list_stock_places(db) if place.outlet_id == outlet_id]


# ---------------------------------------------------------------- scanning


def scan(db: ShopSession, *, stocktake_id: UUID, scans: Sequence[ScanDraft]) -> list[Scan]:
    """Note codes that were read, in a handful of statements for all of them; what each is. Twice is once.

    It writes no entry of the audit chain, for which every bill of the shop would wait: each row says who read it and
    when, and the closing's entry says what they came to. Raises StocktakeUnknown, StocktakeOver, ScansUnfit.
    """
    drafts = _checked(scans)
    row = repository.hold_stocktake(db, stocktake_id, exclusive=False)
    if row is None:
        raise StocktakeUnknown()
    _refuse_over(row)
    stocktake = stocktake_of(row)
    pieces = inventory.find_by_codes(db, drafts)
    before = {one.code: one for one in repository.scans_of_codes(db, row.id, drafts)}
    expected = repository.expected_among(db, row.id, {pieces[code].id for code in drafts if code in pieces})
    fresh = [
        _scan_row(db, stocktake, draft, pieces.get(code), expected)
        for code, draft in sorted(drafts.items())
        if code not in before
    ]
    again = {*before, *_keep(db, fresh)}
    for code, known in before.items():
        _weigh(db, known, drafts[code].gross_mg, pieces.get(code))
    db.flush()
    rows = {one.code: one for one in (*before.values(), *fresh)}
    standing = {piece.id: piece for piece in pieces.values()}
    return scans_of(stocktake, [rows[code] for code in drafts], standing, again=again)


def _checked(scans: Sequence[ScanDraft]) -> dict[str, ScanDraft]:
    """By code in capitals, in the order in which they were read; of one read twice the weighing counts."""
    most = bounds_on(today_ist()).most_scans
    if not 1 <= len(scans) <= most:
        message = _("From one to %(most)s codes are taken at once.", most=most)
        raise ScansUnfit(message, fields={"scans": "none or too many"})
    found: dict[str, ScanDraft] = {}
    for place, one in enumerate(scans):
        bare = one.code.strip()
        if not _CODE.fullmatch(bare):
            message = _("A tag or HUID has at most 24 letters and digits, without spaces.")
            raise ScansUnfit(message, fields={f"scans.{place}.code": "not a code"})
        if one.gross_mg is not None and not 0 < one.gross_mg <= MAX_MG:
            raise ScansUnfit(_("No scale shows this weight."), fields={f"scans.{place}.grossMg": "not a weight"})
        code = bare.upper()
        earlier = found.get(code)
        weight = one.gross_mg if one.gross_mg is not None else earlier.gross_mg if earlier else None
        found[code] = ScanDraft(code, weight)
    return found


def _scan_row(
    db: ShopSession, stocktake: Stocktake, draft: ScanDraft, piece: Counted | None, expected: set[UUID]
) -> StocktakeScan:
    now = utc_now()
    weighed = draft.gross_mg is not None
    return StocktakeScan(
        stocktake_id=stocktake.id, code=draft.code, item_id=piece.id if piece else None,
        verdict=verdict_of(stocktake, piece, expected).value, status=piece.status if piece else None,
        place_id=piece.place_id if piece else None, book_mg=piece.gross_mg if piece else None,
        gross_mg=draft.gross_mg, at=now, by_id=db.actor.person_id, weighed_at=now if weighed else None,
        weighed_by=db.actor.person_id if weighed else None,
    )  # fmt: skip


def verdict_of(stocktake: Stocktake, piece: Counted | None, expected: set[UUID]) -> Verdict:
    """What a code is at this moment; what happens to its piece later changes nothing."""
    if piece is None:
        return Verdict.UNKNOWN
    if not piece.in_stock:
        return Verdict.GONE
    if not stocktake.holds(piece.place_id):
        return Verdict.ELSEWHERE
    if piece.id in expected:
        return Verdict.COUNTED
    same = (stocktake.category or piece.category, stocktake.metal or piece.metal) == (piece.category, piece.metal)
    return Verdict.NEW if same else Verdict.ELSEWHERE


def _keep(db: ShopSession, fresh: Sequence[StocktakeScan]) -> set[str]:
    """Writes them all in one statement; where somebody else read one of them just now, one by one. Their codes."""
    if not fresh:
        return set()
    try:
        with db.begin_nested():
            db.add_all(fresh)
        return set()
    except IntegrityError:
        return {one.code for one in fresh if not _keep_one(db, one)}


def _keep_one(db: ShopSession, one: StocktakeScan) -> bool:
    """False where another had read it before."""
    try:
        with db.begin_nested():
            db.add(one)
    except IntegrityError:
        return False
    return True


def _weigh(db: ShopSession, row: StocktakeScan, gross_mg: int | None, piece: Counted | None) -> None:
    """The last weighing counts, against what the entry says by then."""
    if gross_mg is None or gross_mg == row.gross_mg:
        return
    row.gross_mg, row.book_mg = gross_mg, piece.gross_mg if piece else row.book_mg
    row.weighed_at, row.weighed_by = utc_now(), db.actor.person_id


# ---------------------------------------------------------------- closing


def close_stocktake(db: ShopSession, *, stocktake_id: UUID, expected_version: int) -> Stocktake:
    """End the count and keep what it found. Raises StocktakeUnknown, PreconditionFailed, StocktakeOver."""
    row = _alone(db, stocktake_id, expected_version)
    stocktake = stocktake_of(row)
    figures = figures_now(db, stocktake)
    findings = [*_missing(db, stocktake), *_differing(db, stocktake)]
    db.add_all(findings)
    _end(db, row, StocktakeState.CLOSED)
    row.figures = dataclasses.asdict(figures)
    db.flush()
    audit.record(db, "stocktake.closed", row.id, {**row.figures, "findings": len(findings)})
    return seen(db, row)


def abandon_stocktake(db: ShopSession, *, stocktake_id: UUID, expected_version: int) -> Stocktake:
    """Give the count up: nothing was found by it. Raises what close_stocktake raises."""
    row = _alone(db, stocktake_id, expected_version)
    _end(db, row, StocktakeState.ABANDONED)
    db.flush()
    audit.record(db, "stocktake.abandoned", row.id, {"expected": row.expected})
    return seen(db, row)


def _alone(db: ShopSession, stocktake_id: UUID, expected_version: int) -> StocktakeRow:
    row = repository.hold_stocktake(db, stocktake_id, exclusive=True)
    if row is None:
        raise StocktakeUnknown()
    _refuse_over(row)
    if row.version != expected_version:
        raise PreconditionFailed(_("This count was changed since you opened it."), action=_("Look at it again."))
    return row


def _refuse_over(row: StocktakeRow) -> None:
    if row.state != StocktakeState.OPEN.value:
        raise StocktakeOver(_("This count is %(state)s.", state=row.state), fields={"state": row.state})


def _end(db: ShopSession, row: StocktakeRow, state: StocktakeState) -> None:
    row.state, row.closed_at, row.closed_by = state.value, utc_now(), db.actor.person_id
    row.version += 1


def _missing(db: ShopSession, stocktake: Stocktake) -> Iterator[StocktakeFinding]:
    """What was expected, was not scanned, and is still there by the books."""
    unscanned = repository.list_unscanned_ids(db, stocktake.id)
    for begin in range(0, len(unscanned), CHUNK):
        for piece in inventory.standing(db, unscanned[begin : begin + CHUNK]).values():
            if is_there(stocktake, piece.status, piece.place_id):
                yield _finding(
                    stocktake, FindingKind.MISSING, piece.tag, item_id=piece.id, status=piece.status,
                    book_mg=piece.gross_mg,
                )  # fmt: skip


def _differing(db: ShopSession, stocktake: Stocktake) -> Iterator[StocktakeFinding]:
    """Each piece once, though its tag and its HUID were both scanned."""
    told: set[tuple[FindingKind, UUID | str]] = set()
    extra: Mapping[Verdict, FindingKind] = EXTRA
    verdicts = [verdict.value for verdict in extra]
    rows = repository.scans_to_find(db, stocktake.id, verdicts, stocktake.drift_mg)
    for row in scans_of(stocktake, rows, {}):
        kinds = [extra[row.verdict]] if row.verdict in extra else []
        if row.drifts:
            kinds.append(FindingKind.DRIFT)
        for kind in kinds:
            if (kind, row.item_id or row.code) not in told:
                told.add((kind, row.item_id or row.code))
                yield _finding(
                    stocktake, kind, row.code, item_id=row.item_id, status=row.status, book_mg=row.book_mg,
                    found_mg=row.gross_mg,
                )  # fmt: skip


def _finding(stocktake: Stocktake, kind: FindingKind, code: str, **facts: Any) -> StocktakeFinding:
    return StocktakeFinding(id=new_id(), stocktake_id=stocktake.id, kind=kind.value, code=code, at=utc_now(), **facts)
