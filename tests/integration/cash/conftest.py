"""A till of Asha's and what its book says, by the service."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import pytest
from sqlalchemy import select

from app.cash import service as cash
from app.cash.models import CashEntry
from app.kit.clock import ist, utc_now
from app.kit.ids import new_id
from app.kit.runtime import Runtime
from shard_router import Mode, ShopSession
from tests.support.cast import Somebody

T = TypeVar("T")


@dataclass
class TillBook:
    """The cash book of one till, kept by somebody."""

    runtime: Runtime
    who: Somebody
    till_id: UUID

    def write(self, work: Callable[[ShopSession], T]) -> T:
        with self.runtime.router.shop(self.who.shop_id, self.who.actor, mode=Mode.WRITE) as db:
            value = work(db)
            db.commit()
            return value

    def post(self, kind: str, paise: int, **more: Any) -> cash.BookDay:
        return self.write(
            lambda db: cash.post(db, till_id=self.till_id, kind=cash.EntryKind(kind), paise=paise, **more)
        )

    def count(self, verb: str, version: int, *, note: str | None = None, at: Any = None, **pieces: int) -> Any:
        """count("close", 2, n500=3): three notes of ₹500."""
        count = cash.Count([(int(face[1:]) * 100, many) for face, many in pieces.items()], note)
        work = cash.open_shift if verb == "open" else cash.close_shift
        return self.write(lambda db: work(db, till_id=self.till_id, expected_version=version, count=count, at=at))

    def bill(self, db: ShopSession, paise: int) -> Callable[[], cash.BookDay]:
        """A bill's packets as far as cash goes: the drawer is read now, and the entry committed by the second call."""
        now = utc_now()
        (found,) = db.run_packet([cash.DRAWER.bind(till_id=self.till_id)])
        day = cash.drawer_of(found.rows, ist(now).date())

        def commit() -> cash.BookDay:
            row = cash.entry_row(
                db, till_id=self.till_id, day=day, kind=cash.EntryKind.SALE, paise=paise, document_id=new_id(), at=now
            )
            db.run_packet([cash.ENTER.bind(**row)], commit=True)
            return day

        return commit

    def hot(self) -> Any:
        return self.runtime.router.shop(self.who.shop_id, self.who.actor, mode=Mode.WRITE, hot=True)

    def entries(self) -> list[tuple[Any, int, str, int]]:
        """Day, shift, kind and paise of every entry, in the order in which they were made."""
        return self.write(lambda db: [
            tuple(row)
            for row in db.execute(
                select(CashEntry.book_on, CashEntry.shift_no, CashEntry.kind, CashEntry.paise)
                .where(CashEntry.till_id == self.till_id).order_by(CashEntry.id)
            )
        ])  # fmt: skip


@pytest.fixture
def book(runtime, cast) -> TillBook:
    return TillBook(runtime, cast.asha, cast.asha.shop.till_id)
