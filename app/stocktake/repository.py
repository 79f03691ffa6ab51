"""Owns the statements on counts of the stock."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, select

from app.kit.sums import added_up
from app.stocktake.models import (
    Stocktake,
    StocktakeDecision,
    StocktakeFinding,
    StocktakePiece,
    StocktakeScan,
)
from shard_router import ShopSession
from shard_router.moves import Sum

STOCKTAKES = select(Stocktake)
IN_STOCK = "in_stock"


def find_stocktake(db: ShopSession, stocktake_id: UUID) -> Stocktake | None:
    return db.scalars(select(Stocktake).where(Stocktake.id == stocktake_id)).one_or_none()


def hold_stocktake(db: ShopSession, stocktake_id: UUID, *, exclusive: bool) -> Stocktake | None:
    """Scans hold it shared, with each other; who closes it holds it alone, so no scan falls between."""
    wanted = select(Stocktake).where(Stocktake.id == stocktake_id)
    return db.scalars(wanted.with_for_update(read=not exclusive)).one_or_none()


# ---------------------------------------------------------------- scans


def scans_of_codes(db: ShopSession, stocktake_id: UUID, codes: Iterable[str]) -> Sequence[StocktakeScan]:
    return db.scalars(
        select(StocktakeScan).where(StocktakeScan.stocktake_id == stocktake_id, StocktakeScan.code.in_(sorted(codes)))
    ).all()


def expected_among(db: ShopSession, stocktake_id: UUID, item_ids: Iterable[UUID]) -> set[UUID]:
    wanted = sorted(item_ids)
    if not wanted:
        return set()
    piece = StocktakePiece
    return set(db.scalars(select(piece.item_id).where(piece.stocktake_id == stocktake_id, piece.item_id.in_(wanted))))


def scan_figures(db: ShopSession, stocktake_id: UUID, drift_mg: int) -> Sequence[Any]:
    """By verdict: pieces, codes of no piece, how many were weighed, and how many weigh otherwise."""
    scan = StocktakeScan
    return db.execute(
        select(
            scan.verdict,
            func.count(scan.item_id.distinct()),
            func.count(case((scan.item_id.is_(None), 1))),
            func.count(case((scan.gross_mg.is_not(None), scan.item_id)).distinct()),
            func.count(case((drifted(drift_mg), scan.item_id)).distinct()),
        )
        .where(scan.stocktake_id == stocktake_id)
        .group_by(scan.verdict)
    ).all()


def drifted(drift_mg: int) -> ColumnElement[bool]:
    """Of what is in stock; a weight that was not taken differs from nothing."""
    off = func.abs(StocktakeScan.gross_mg - StocktakeScan.book_mg)
    return and_(StocktakeScan.status == IN_STOCK, off > drift_mg)


def latest_scans(db: ShopSession, stocktake_id: UUID, limit: int) -> Sequence[StocktakeScan]:
    wanted = select(StocktakeScan).where(StocktakeScan.stocktake_id == stocktake_id)
    return db.scalars(wanted.order_by(StocktakeScan.at.desc(), StocktakeScan.code).limit(limit)).all()


def scans_to_find(db: ShopSession, stocktake_id: UUID, verdicts: Iterable[str], drift_mg: int) -> Sequence[Any]:
    """Scans that are findings: of these verdicts, or weighing otherwise."""
    return db.scalars(
        select(StocktakeScan)
        .where(
            StocktakeScan.stocktake_id == stocktake_id,
            StocktakeScan.verdict.in_(sorted(verdicts)) | drifted(drift_mg),
        )
        .order_by(StocktakeScan.at, StocktakeScan.code)
    ).all()


# ---------------------------------------------------------------- what was expected


def unscanned(stocktake_id: UUID) -> Select[Any]:
    """Pieces that were expected and not scanned, whatever became of them."""
    seen = exists().where(
        StocktakeScan.shop_id == StocktakePiece.shop_id, StocktakeScan.stocktake_id == StocktakePiece.stocktake_id,
        StocktakeScan.item_id == StocktakePiece.item_id,
    )  # fmt: skip
    return select(StocktakePiece).where(StocktakePiece.stocktake_id == stocktake_id, ~seen)


def unscanned_ids(stocktake_id: UUID) -> Select[Any]:
    return unscanned(stocktake_id).with_only_columns(StocktakePiece.item_id)


def list_unscanned_ids(db: ShopSession, stocktake_id: UUID) -> Sequence[UUID]:
    return db.scalars(unscanned_ids(stocktake_id)).all()


# ---------------------------------------------------------------- findings


def findings(stocktake_id: UUID, *, kind: str | None, undecided: bool) -> Select[Any]:
    """With what was decided, where it was."""
    joined = and_(
        StocktakeDecision.shop_id == StocktakeFinding.shop_id, StocktakeDecision.finding_id == StocktakeFinding.id
    )
    statement: Any = (
        select(
            StocktakeFinding.id, StocktakeFinding.kind, StocktakeFinding.code, StocktakeFinding.item_id,
            StocktakeFinding.status, StocktakeFinding.book_mg, StocktakeFinding.found_mg,
            StocktakeDecision.decision, StocktakeDecision.reason, StocktakeDecision.at.label("decided_at"),
            StocktakeDecision.by_id.label("decided_by"),
        )
        .outerjoin(StocktakeDecision, joined)
        .where(StocktakeFinding.stocktake_id == stocktake_id)
    )  # fmt: skip
    if kind is not None:
        statement = statement.where(StocktakeFinding.kind == kind)
    found: Select[Any] = statement.where(StocktakeDecision.finding_id.is_(None)) if undecided else statement
    return found


def findings_of(db: ShopSession, stocktake_id: UUID, finding_ids: Iterable[UUID]) -> Sequence[StocktakeFinding]:
    """In the order of their pieces, as pieces are locked everywhere."""
    return db.scalars(
        select(StocktakeFinding)
        .where(StocktakeFinding.stocktake_id == stocktake_id, StocktakeFinding.id.in_(sorted(finding_ids)))
        .order_by(StocktakeFinding.item_id, StocktakeFinding.id)
    ).all()


def decided_among(db: ShopSession, finding_ids: Iterable[UUID]) -> set[UUID]:
    wanted = sorted(finding_ids)
    return set(db.scalars(select(StocktakeDecision.finding_id).where(StocktakeDecision.finding_id.in_(wanted))))


def count_undecided(db: ShopSession, stocktake_id: UUID) -> int:
    open_ones = findings(stocktake_id, kind=None, undecided=True).subquery()
    return db.scalar(select(func.count()).select_from(open_ones)) or 0


def shop_sums() -> tuple[Sum, ...]:
    """Counts by state; what was expected, scanned and found in milligrams."""
    weighed = func.coalesce(StocktakeScan.gross_mg, 0)
    found = func.coalesce(StocktakeFinding.found_mg, 0), func.coalesce(StocktakeFinding.book_mg, 0)
    return (
        added_up("stocktakes", Stocktake, by=(Stocktake.state,), of=(Stocktake.expected, Stocktake.version)),
        added_up("stocktake pieces", StocktakePiece, of=(StocktakePiece.gross_mg,)),
        added_up("stocktake scans", StocktakeScan, by=(StocktakeScan.verdict,), of=(weighed,)),
        added_up("stocktake findings", StocktakeFinding, by=(StocktakeFinding.kind,), of=found),
        added_up("stocktake decisions", StocktakeDecision, by=(StocktakeDecision.decision,)),
    )
