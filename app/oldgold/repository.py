"""Owns the statements on vouchers of old gold and on the shop's terms."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import selectinload

from app.kit.sums import added_up
from app.oldgold.models import BuyingTerms, OldGoldLine, OldGoldPayout, OldGoldVoucher, PayoutMode
from shard_router import ShopSession
from shard_router.moves import Sum


def find_voucher(db: ShopSession, voucher_id: UUID) -> OldGoldVoucher | None:
    """With its lines and payouts."""
    return db.scalars(_whole().where(OldGoldVoucher.id == voucher_id)).one_or_none()


def list_vouchers(
    *, customer_ids: Iterable[UUID] | None, number: str | None, issued_from: dt.date | None, issued_to: dt.date | None
) -> Select[Any]:
    """`number` is a beginning."""
    statement = select(OldGoldVoucher)
    if customer_ids is not None:
        statement = statement.where(OldGoldVoucher.customer_id.in_(sorted(customer_ids)))
    if number:
        statement = statement.where(OldGoldVoucher.number.startswith(number.upper(), autoescape=True))
    if issued_from is not None:
        statement = statement.where(OldGoldVoucher.issued_on >= issued_from)
    if issued_to is not None:
        statement = statement.where(OldGoldVoucher.issued_on <= issued_to)
    return statement


def weights_of(db: ShopSession, voucher_ids: Iterable[UUID]) -> dict[UUID, tuple[int, int]]:
    """Gross and fine milligrams of many vouchers in one statement."""
    rows = db.execute(
        select(OldGoldLine.voucher_id, func.sum(OldGoldLine.gross_mg), func.sum(OldGoldLine.fine_mg))
        .where(OldGoldLine.voucher_id.in_(sorted(voucher_ids)))
        .group_by(OldGoldLine.voucher_id)
    ).all()
    return {voucher_id: (int(gross), int(fine)) for voucher_id, gross, fine in rows}


def bought_on(db: ShopSession, book_on: dt.date) -> Sequence[Any]:
    """By metal: how many vouchers of a business day, gross and fine milligrams, paise."""
    return db.execute(
        select(
            OldGoldLine.metal, func.count(OldGoldVoucher.id.distinct()), func.sum(OldGoldLine.gross_mg),
            func.sum(OldGoldLine.fine_mg), func.sum(OldGoldLine.value_paise),
        )
        .join(
            OldGoldVoucher,
            (OldGoldVoucher.shop_id == OldGoldLine.shop_id) & (OldGoldVoucher.id == OldGoldLine.voucher_id),
        )
        .where(OldGoldVoucher.book_on == book_on)
        .group_by(OldGoldLine.metal)
        .order_by(OldGoldLine.metal)
    ).all()  # fmt: skip


def lines_of_lots(db: ShopSession, lot_ids: Iterable[UUID]) -> Sequence[Any]:
    """Line and its voucher's number and day, of lots that began as old gold."""
    return db.execute(
        select(OldGoldLine, OldGoldVoucher.number, OldGoldVoucher.issued_on)
        .join(
            OldGoldVoucher,
            (OldGoldVoucher.shop_id == OldGoldLine.shop_id) & (OldGoldVoucher.id == OldGoldLine.voucher_id),
        )
        .where(OldGoldLine.lot_id.in_(sorted(lot_ids)))
    ).all()


def bought_back(db: ShopSession, line_ids: Iterable[UUID]) -> Sequence[Any]:
    """The bill's line, its voucher and that one's number."""
    return db.execute(
        select(OldGoldLine.of_line_id, OldGoldVoucher.id, OldGoldVoucher.number)
        .join(
            OldGoldVoucher,
            (OldGoldVoucher.shop_id == OldGoldLine.shop_id) & (OldGoldVoucher.id == OldGoldLine.voucher_id),
        )
        .where(OldGoldLine.of_line_id.in_(sorted(line_ids)))
    ).all()


def is_exchange(db: ShopSession, credit_id: UUID) -> bool:
    """Whether a credit is all that was given for something that was bought back at a share of its metal."""
    voucher_id = db.scalar(select(OldGoldPayout.voucher_id).where(OldGoldPayout.credit_id == credit_id))
    if voucher_id is None:
        return False
    shares = select(func.count()).where(OldGoldLine.voucher_id == voucher_id, OldGoldLine.buyback_bp.is_not(None))
    ways = select(func.count()).select_from(OldGoldPayout).where(OldGoldPayout.voucher_id == voucher_id)
    return bool(db.scalar(shares.select_from(OldGoldLine))) and db.scalar(ways) == 1


def cash_of_day(db: ShopSession, customer_ids: Iterable[UUID], on: dt.date) -> int:
    """Paise that these sellers were paid in cash on a day."""
    total = db.scalar(
        select(func.sum(OldGoldPayout.paise))
        .join(
            OldGoldVoucher,
            (OldGoldVoucher.shop_id == OldGoldPayout.shop_id) & (OldGoldVoucher.id == OldGoldPayout.voucher_id),
        )
        .where(
            OldGoldVoucher.customer_id.in_(sorted(customer_ids)),
            OldGoldVoucher.issued_on == on,
            OldGoldPayout.mode == PayoutMode.CASH.value,
        )
    )
    return int(total or 0)


def terms_on(db: ShopSession, metal: str, on: dt.date) -> BuyingTerms | None:
    """The newest that holds on a day; of two of one day the one that was set last."""
    return db.scalars(
        select(BuyingTerms)
        .where(BuyingTerms.metal == metal, BuyingTerms.valid_from <= on)
        .order_by(BuyingTerms.valid_from.desc(), BuyingTerms.id.desc())
        .limit(1)
    ).one_or_none()


def list_terms(db: ShopSession) -> Sequence[BuyingTerms]:
    return db.scalars(
        select(BuyingTerms).order_by(BuyingTerms.metal, BuyingTerms.valid_from.desc(), BuyingTerms.id.desc())
    ).all()


def chunk(db: ShopSession, after: UUID | None, limit: int) -> Sequence[OldGoldVoucher]:
    """Vouchers whole, in the order of their ids."""
    statement = _whole().order_by(OldGoldVoucher.id).limit(limit)
    return db.scalars(statement if after is None else statement.where(OldGoldVoucher.id > after)).all()


def bought_by_month(db: ShopSession, first: dt.date) -> Sequence[Any]:
    """Year, month, metal, fine milligrams and paise of what was bought since a day."""
    year, month = func.year(OldGoldVoucher.issued_on), func.month(OldGoldVoucher.issued_on)
    return db.execute(
        select(year, month, OldGoldLine.metal, func.sum(OldGoldLine.fine_mg), func.sum(OldGoldLine.value_paise))
        .join(
            OldGoldVoucher,
            (OldGoldVoucher.shop_id == OldGoldLine.shop_id) & (OldGoldVoucher.id == OldGoldLine.voucher_id),
        )
        .where(OldGoldVoucher.issued_on >= first)
        .group_by(year, month, OldGoldLine.metal)
        .order_by(year, month)
    ).all()


def _whole() -> Select[OldGoldVoucher]:
    return select(OldGoldVoucher).options(selectinload(OldGoldVoucher.lines), selectinload(OldGoldVoucher.payouts))


def shop_sums() -> tuple[Sum, ...]:
    """Vouchers by year, lines by purity in mg and paise, payouts by mode, terms."""
    weights = (OldGoldLine.gross_mg, OldGoldLine.dirt_mg, OldGoldLine.net_mg, OldGoldLine.fine_mg)
    return (
        added_up("old gold", OldGoldVoucher, by=(OldGoldVoucher.fy_start,), of=(OldGoldVoucher.value_paise,)),
        added_up(
            "old gold lines", OldGoldLine, by=(OldGoldLine.metal, OldGoldLine.fineness),
            of=(*weights, OldGoldLine.value_paise),
        ),
        added_up("old gold payouts", OldGoldPayout, by=(OldGoldPayout.mode,), of=(OldGoldPayout.paise,)),
        added_up("buying terms", BuyingTerms, by=(BuyingTerms.metal,), of=(BuyingTerms.margin_bp,)),
    )  # fmt: skip
