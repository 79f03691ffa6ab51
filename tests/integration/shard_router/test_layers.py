"""Each guard by itself, with those in front of it stepped around: one that only works behind another is not one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, event, insert, literal_column, select, text, update
from sqlalchemy.orm import Session, make_transient_to_detached

from shard_router import DirectoryEntry, Mode, ReadOnlySession, Router, WrongShop
from tests.integration.shard_router.conftest import ACTOR, ASHA, RAVI
from tests.integration.shard_router.toys import Loose, Piece, Rate

P, T, R = Piece, Piece.__table__, Rate.__table__


def inner(db: Any) -> Any:
    """The session's own pinned connection, as only SQLAlchemy's inside gets it."""
    return Session.connection(db)


# -- objects ------------------------------------------------------------------------------------------------------
def detached(model: Any, **key: Any) -> Any:
    row = model(**key)
    make_transient_to_detached(row)
    return row


@pytest.mark.parametrize("make", [
    lambda: Rate(shop_id=RAVI, purity=1, paise=1),
    lambda: detached(Piece, shop_id=RAVI, id=8),
    lambda: Loose(id=1, name="x"),
])  # fmt: skip
def test_attaching_is_refused_at_once(router: Router, make: Callable[[], Any]) -> None:
    with router.shop(ASHA, ACTOR) as db:
        with pytest.raises(WrongShop):
            db.add(make())
        assert db.round_trips == 0 and not db.new


def test_an_expired_row_is_known_by_its_identity(router: Router) -> None:
    with router.shop(RAVI, ACTOR) as db:
        piece = db.get(Piece, (RAVI, 8))
        db.expire(piece)
        db.expunge(piece)
    with router.shop(ASHA, ACTOR) as db, pytest.raises(WrongShop):
        db.add(piece)


def test_the_flush_looks_again(router: Router) -> None:
    with router.shop(ASHA, ACTOR) as db:
        rate = Rate(purity=1, paise=1)
        db.add(rate)
        rate.shop_id = RAVI
        with pytest.raises(WrongShop):
            db.flush()
        assert db.round_trips == 0


# -- reading sessions ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("write", [
    lambda db: (db.add(Rate(purity=1, paise=1)), db.flush()),
    lambda db: db.execute(update(Rate).values(paise=1)),
    lambda db: db.execute(delete(Rate)),
])  # fmt: skip
def test_a_reading_session_refuses_before_anything_is_sent(router: Router, write: Callable[[Any], Any]) -> None:
    with router.shop(ASHA, ACTOR, mode=Mode.READ) as db:
        with pytest.raises(ReadOnlySession, match=r"reading$"):  # the session's own words, not its connection's
            write(db)
        assert db.round_trips == 0


def test_its_connection_refuses_too(router: Router) -> None:
    with router.shop(ASHA, ACTOR, mode=Mode.READ) as db, pytest.raises(ReadOnlySession):
        inner(db).execute(update(R).where(R.c.shop_id == ASHA).values(paise=1))


def test_the_server_refuses_too(router: Router, fresh_shop: Callable[..., DirectoryEntry]) -> None:
    """On the primary, where a fresh shop is read: nothing but its transaction's own setting keeps it from writing."""
    with router.shop(fresh_shop().shop_id, ACTOR, mode=Mode.READ) as db:
        inner(db)
        assert db._raw is not None
        with pytest.raises(Exception, match="READ ONLY"):
            db._raw.run("UPDATE toy_rates SET paise = 1 WHERE shop_id = 1")


# -- the cursor's guard -------------------------------------------------------------------------------------------
REFUSED: dict[str, Callable[[Any], Any]] = {
    "a raw string": lambda link: link.exec_driver_sql("SELECT 1"),
    "a raw string of the own shop": lambda link: link.exec_driver_sql("SELECT id FROM toy_pieces WHERE shop_id = 1"),
    "text": lambda link: link.execute(text("SELECT 1")),
    "text with a pin": lambda link: link.execute(text("SELECT id FROM toy_pieces WHERE shop_id = :s"), {"s": ASHA}),
    "a text fragment beside a pin": lambda link: link.execute(select(T.c.id).where(T.c.shop_id == ASHA, text("1 = 1"))),
    "a comment": lambda link: link.execute(
        select(T.c.id).where(T.c.shop_id == ASHA, literal_column("1 /*! OR 1 */") == 1)
    ),
    "no pin": lambda link: link.execute(select(T.c.id)),
    "another's pin": lambda link: link.execute(select(T.c.id).where(T.c.shop_id == RAVI)),
    "another's rows": lambda link: link.execute(insert(R), [{"shop_id": RAVI, "purity": 2, "paise": 1}]),
    "rows of both": lambda link: link.execute(
        insert(R), [{"shop_id": ASHA, "purity": 2, "paise": 1}, {"shop_id": RAVI, "purity": 2, "paise": 1}]
    ),
    "another's pin, by options": lambda link: link.execution_options(shop=RAVI, shop_id=RAVI).execute(
        select(T.c.id).where(T.c.shop_id == RAVI)
    ),
    "a DELETE": lambda link: link.execute(T.delete().where(T.c.shop_id == RAVI)),
    "the same form for another shop": lambda link: [
        link.execute(select(T.c.id).where(T.c.shop_id == shop)) for shop in (ASHA, RAVI)
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_the_pinned_connection_refuses(router: Router, name: str) -> None:
    with router.shop(ASHA, ACTOR) as db, pytest.raises(WrongShop):
        REFUSED[name](inner(db))


def test_a_raw_string_is_refused_before_the_gate_is(router: Router) -> None:
    with router.shop(ASHA, ACTOR) as db, pytest.raises(WrongShop, match="raw string"):
        inner(db).exec_driver_sql("SELECT 1")


def test_the_pinned_connection_lets_its_shop_pass(router: Router) -> None:
    """So that the refusals above are not those of a connection that refuses everything."""
    with router.shop(ASHA, ACTOR) as db:
        link = inner(db)
        assert sorted(link.scalars(select(T.c.id).where(T.c.shop_id == ASHA))) == [7, 8, 9]
        link.execute(insert(R), [{"shop_id": ASHA, "purity": n, "paise": 1} for n in (2, 3)])


def test_a_literal_pin_is_no_pin(router: Router) -> None:
    from sqlalchemy import BigInteger, bindparam

    with router.shop(ASHA, ACTOR) as db, pytest.raises(WrongShop):
        rendered = bindparam("s", RAVI, type_=BigInteger, literal_execute=True)
        inner(db).execute(select(T.c.id).where(T.c.shop_id == rendered)).all()


def test_changed_pins_are_noticed_by_the_session(router: Router) -> None:
    """A pinned connection that comes back for another shop's session is not taken over."""
    with router.shop(ASHA, ACTOR) as db:
        engine = db.get_bind()

        @event.listens_for(engine, "begin")
        def tamper(connection: Any) -> None:
            connection.info["shop"] = RAVI

        try:
            with pytest.raises(WrongShop):
                db.scalars(select(P)).all()
        finally:
            event.remove(engine, "begin", tamper)
