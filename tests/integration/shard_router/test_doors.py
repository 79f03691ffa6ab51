"""Every known way out of a ShopSession. Each is shut there, and each is shown to be a real way without one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import (
    bindparam,
    case,
    column,
    create_engine,
    delete,
    exists,
    func,
    insert,
    lambda_stmt,
    literal_column,
    or_,
    select,
    table,
    text,
    union_all,
    update,
)
from sqlalchemy.dialects.mysql import insert as mysql_insert
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import (
    Bundle,
    Session,
    aliased,
    joinedload,
    make_transient_to_detached,
    object_session,
    selectinload,
)

from shard_router import Router, WrongShop
from tests.integration.shard_router.conftest import ACTOR, ASHA, RAVI, Toy
from tests.integration.shard_router.toys import Bill, Line, Loose, Piece, Rate

P, T, R, L = Piece, Piece.__table__, Rate.__table__, Line
Alias = aliased(Piece)
Other = T.alias()
HIS = Piece.name == "piece 8 of 2"  # a row of Ravi's, by a value that only his has
TAKEN = [(RAVI,)]  # what a door that writes reports once it got through


@dataclass(frozen=True)
class Door:
    """`verdict`: refused (WrongShop), empty (nothing of Ravi's came), or the error that the server gives."""

    go: Callable[[Any], Any]
    verdict: str | type[Exception] = "refused"
    real: bool = True  # a plain Session goes through it

    def rows(self, session: Any) -> list[Any]:
        return list(self.go(session))


def reads(query: Any) -> Callable[[Any], Any]:
    return lambda session: session.execute(query).unique().all()


def changes(statement: Any) -> Callable[[Any], Any]:
    def go(session: Any) -> Any:
        done = session.execute(statement, execution_options={"synchronize_session": False})
        return TAKEN if done.rowcount else []

    return go


def by_connection(statement: Any, **options: Any) -> Callable[[Any], Any]:
    return lambda session: session.connection().execute(statement, **options).all()


def flushed(*steps: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def go(session: Any) -> Any:
        for step in steps:
            step(session)
        session.flush()
        return TAKEN

    return go


def his(session: Any, model: Any = Piece, **key: Any) -> Any:
    """A detached object of Ravi's, as another session would have left it."""
    row = model(shop_id=RAVI, **(key or {"id": 8}))
    make_transient_to_detached(row)
    session.add(row)
    return row


def set_other(session: Any) -> Any:
    piece = session.get(Piece, (ASHA, 8))
    piece.shop_id = RAVI
    piece.id, piece.tag = 4711, "taken"
    session.flush()
    return TAKEN


def refreshed(session: Any) -> Any:
    bill = his(session, Bill, id=70)
    session.refresh(bill, ["customer"])
    return [(RAVI, bill.customer)]


def from_identity_map(session: Any) -> Any:
    his(session)
    found = session.get(Piece, (RAVI, 8))
    return [found] if found is not None else []


def raw_cursor(session: Any) -> Any:
    cursor = session.connection().connection.dbapi_connection.cursor()
    cursor.execute("SELECT shop_id FROM toy_pieces WHERE shop_id = 2")
    return cursor.fetchall()


def raw_connection_of_the_pool(session: Any) -> Any:
    fairy = session.get_bind().raw_connection()
    try:
        cursor = fairy.cursor()
        cursor.execute("SELECT shop_id FROM toy_pieces WHERE shop_id = 2")
        return cursor.fetchall()
    finally:
        fairy.close()


def raw_cursor_after_a_statement(session: Any) -> Any:
    """The permit of a statement that passed is spent with it."""
    result = session.execute(select(Piece.id))
    result.all()
    raw = getattr(session, "_raw", None) or session.connection().connection.dbapi_connection
    cursor = raw.cursor()
    cursor.execute("SELECT shop_id FROM toy_pieces WHERE shop_id = 2")
    return cursor.fetchall()


def by_the_engine(session: Any) -> Any:
    with session.get_bind().connect() as connection:
        return connection.execute(select(T.c.shop_id).where(T.c.shop_id == RAVI)).all()


def by_a_plain_session(session: Any) -> Any:
    with Session(session.get_bind()) as plain:
        return plain.execute(select(P.shop_id).where(HIS)).all()


def by_another_bind(session: Any) -> Any:
    return session.execute(select(T.c.shop_id), bind_arguments={"bind": session.get_bind()}).all()


def by_lazy_load(session: Any) -> Any:
    line = session.scalars(select(Line).where(Line.shop_id == RAVI).limit(1)).first()
    return [line.bill] if line is not None else []


def by_object_session(session: Any) -> Any:
    piece = session.scalars(select(Piece).limit(1)).first()
    return object_session(piece).connection().execute(select(T.c.shop_id).where(HIS)).all()


def set_shop_id(session: Any) -> Any:
    session.shop_id = RAVI
    return session.execute(select(P.shop_id).where(HIS)).all()


def copied_from_his(session: Any) -> Any:
    """His piece's name into a bill of Asha's."""
    name = func.coalesce(select(P.name).where(HIS).scalar_subquery(), "nothing")
    session.execute(update(Bill).where(Bill.id == 70, Bill.customer == "customer 70 of 1").values(customer=name))
    return TAKEN if session.scalars(select(Bill.customer).where(Bill.customer == "piece 8 of 2")).all() else []


CTE = select(P.shop_id, P.id, P.name).where(P.status == "in_stock").cte()
SUB = select(P.shop_id, P.id, P.name).limit(10_000).subquery()
NEW = {"shop_id": RAVI, "purity": 111, "paise": 1}

DOORS: dict[str, Door] = {
    # -- reading: the criterion narrows them to nothing of Ravi's
    "select all": Door(reads(select(P)), "empty"),
    "select where shop_id == 2": Door(reads(select(P).where(P.shop_id == RAVI))),
    "select where shop_id = 2 or 1": Door(reads(select(P).where(or_(P.shop_id == RAVI, P.shop_id == ASHA)))),
    "columns": Door(reads(select(P.shop_id, P.name)), "empty"),
    "aliased": Door(reads(select(Alias)), "empty"),
    "bundle": Door(reads(select(Bundle("b", P.shop_id, P.name))), "empty"),
    "join on id only": Door(reads(select(P.id, L.shop_id).join(L, L.piece_id == P.id)), "empty"),
    "self join, aliased on the right": Door(reads(select(P.id, Alias.shop_id).join(Alias, Alias.id == P.id)), "empty"),
    "outer join": Door(reads(select(P.id, Alias.shop_id).outerjoin(Alias, Alias.id == P.id)), "empty"),
    "comma join": Door(reads(select(P.id, Alias.shop_id).where(Alias.id == P.id)), "empty"),
    "exists": Door(
        reads(
            select(literal_column("2"))
            .select_from(P)
            .where(exists(select(Alias.id).where(Alias.name == "piece 8 of 2")))
        ),
        "empty",
    ),
    "scalar subquery": Door(
        reads(select(P.id, select(Alias.shop_id).where(Alias.name == "piece 8 of 2").scalar_subquery())), "empty"
    ),
    "in_(subquery)": Door(
        reads(
            select(literal_column("2"))
            .select_from(P)
            .where(P.id.in_(select(Alias.id).where(Alias.name == "piece 8 of 2")))
        ),
        "empty",
    ),
    "CTE of columns": Door(reads(select(CTE.c.shop_id)), "empty"),
    "subquery": Door(reads(select(SUB.c.shop_id)), "empty"),
    "union_all": Door(
        reads(union_all(select(P.shop_id).where(P.id == 7), select(P.shop_id).where(P.id == 8))), "empty"
    ),
    "case": Door(reads(select(case((P.shop_id > 1, P.shop_id), else_=0))), "empty"),
    "from_statement(Core select)": Door(reads(select(P).from_statement(select(T).where(T.c.shop_id == RAVI)))),
    "from_statement(text)": Door(reads(select(P).from_statement(text("SELECT * FROM toy_pieces WHERE shop_id = 2")))),
    "get((2, id))": Door(lambda s: [x] if (x := s.get(P, (RAVI, 8))) else []),
    "func.count()": Door(lambda s: TAKEN if s.scalar(select(func.count()).select_from(P)) > 3 else [], "empty"),
    "func.max()": Door(reads(select(func.max(P.shop_id)).where(P.shop_id < 3)), "empty"),
    "lambda_stmt": Door(reads(lambda_stmt(lambda: select(P.shop_id))), "empty"),
    "selectinload": Door(
        lambda s: [x for b in s.scalars(select(Bill).options(selectinload(Bill.lines))) for x in b.lines], "empty"
    ),
    "joinedload": Door(
        lambda s: [x for b in s.scalars(select(Bill).options(joinedload(Bill.lines))).unique() for x in b.lines],
        "empty",
    ),
    "lazy load": Door(by_lazy_load),
    "params that name the shop's bind": Door(lambda s: s.execute(select(P.shop_id), {"the_shop": RAVI}).all(), "empty"),
    "a bind of the shop's name": Door(
        lambda s: s.execute(select(P.shop_id).where(P.shop_id == bindparam("the_shop")), {"the_shop": RAVI}).all(),
        "empty",
    ),
    "execution_options(shop_id=2)": Door(reads(select(P.shop_id).execution_options(shop_id=RAVI)), "empty"),
    # -- reading past the ORM
    "select_from(Table)": Door(reads(select(T.c.shop_id))),
    "Table alias": Door(reads(select(Other.c.shop_id))),
    "a join of a Table": Door(reads(select(P.id, Other.c.shop_id).join(Other, Other.c.id == P.id))),
    "lightweight table()": Door(reads(select(column("shop_id")).select_from(table("toy_pieces", column("shop_id"))))),
    "literal_column and text": Door(reads(select(literal_column("shop_id")).select_from(text("toy_pieces")))),
    "literal_column of a query": Door(reads(select(P.id, literal_column("(SELECT MAX(shop_id) FROM toy_pieces)")))),
    "literal_column with a comment": Door(
        reads(select(P.shop_id).where(literal_column("1 /*! OR 1 */ = 1 OR toy_pieces.shop_id = 2"))), real=False
    ),
    "a text fragment with OR": Door(reads(select(P.shop_id).where(text("1 = 1 OR toy_pieces.shop_id = 2")))),
    "text()": Door(reads(text("SELECT shop_id FROM toy_pieces"))),
    "a table without a shop": Door(lambda s: s.execute(select(func.count()).select_from(Loose)).all() and TAKEN),
    # -- changing
    "update where": Door(changes(update(P).where(HIS).values(name="taken")), "empty"),
    "update set shop_id=2": Door(
        changes(update(P).where(P.name == "piece 9 of 1").values(shop_id=RAVI, id=4711, tag="taken"))
    ),
    "update set {Piece.shop_id: 2}": Door(
        changes(update(P).where(P.name == "piece 9 of 1").values({P.shop_id: RAVI, P.id: 4712, P.tag: "taken"}))
    ),
    "update ordered_values": Door(
        changes(
            update(P).where(P.name == "piece 9 of 1").ordered_values((P.shop_id, RAVI), (P.id, 4713), (P.tag, "taken"))
        )
    ),
    "update Core table": Door(changes(update(T).where(T.c.name == "piece 8 of 2").values(name="taken"))),
    "update from a subquery": Door(copied_from_his, "empty"),
    "update of what the subquery reads": Door(
        changes(update(P).where(P.id == 7).values(name=select(Alias.name).where(Alias.id == 8).scalar_subquery())),
        OperationalError,
        real=False,
    ),
    "delete where shop_id == 2": Door(changes(delete(Rate).where(Rate.shop_id == RAVI))),
    "delete Core": Door(changes(delete(R).where(R.c.shop_id == RAVI))),
    "ORM insert statement": Door(changes(insert(Rate).values(**NEW))),
    "Core insert": Door(changes(insert(R).values(**NEW))),
    "insert from select": Door(
        changes(
            insert(R).from_select(
                ["shop_id", "purity", "paise"], select(T.c.shop_id, T.c.id, T.c.net_mg).where(T.c.shop_id == RAVI)
            )
        )
    ),
    "on duplicate key": Door(
        changes(mysql_insert(R).values(shop_id=RAVI, purity=916, paise=1).on_duplicate_key_update(paise=2))
    ),
    "bulk_insert_mappings": Door(lambda s: [s.bulk_insert_mappings(Rate, [NEW]), (RAVI,)]),
    "bulk_save_objects": Door(lambda s: [s.bulk_save_objects([Rate(**NEW)]), (RAVI,)]),
    "bulk_update_mappings": Door(
        lambda s: [s.bulk_update_mappings(P, [{"shop_id": RAVI, "id": 8, "name": "taken"}]), (RAVI,)]
    ),
    "execute(update, [dicts])": Door(
        lambda s: [s.execute(update(P), [{"shop_id": RAVI, "id": 8, "name": "taken"}]), (RAVI,)]
    ),
    "execute(insert, [dicts])": Door(lambda s: [s.execute(insert(Rate), [NEW]), (RAVI,)]),
    # -- objects
    "row.shop_id = 2": Door(set_other),
    "add(an object of shop 2)": Door(flushed(lambda s: s.add(Rate(**NEW)))),
    "add, then move it to shop 2": Door(
        flushed(
            lambda s: s.add(Rate(shop_id=ASHA, purity=112, paise=1)),
            lambda s: setattr(next(iter(s.new)), "shop_id", RAVI),
        )
    ),
    "merge": Door(flushed(lambda s: s.merge(Rate(shop_id=RAVI, purity=916, paise=1)))),
    "delete(detached)": Door(flushed(lambda s: s.delete(his(s, Line, id=700)))),
    "add detached and change it": Door(flushed(lambda s: setattr(his(s), "name", "taken"))),
    "get() from the identity map": Door(from_identity_map),
    "refresh(detached)": Door(refreshed),
    "a key to another shop's row": Door(
        flushed(lambda s: s.add(Line(shop_id=ASHA, id=1, bill_id=70, piece_id=12345))), IntegrityError, real=False
    ),
    "an object without a shop": Door(flushed(lambda s: s.add(Loose(id=1, name="x")))),
    # -- around the session
    "connection().execute(Core)": Door(by_connection(select(T.c.shop_id))),
    "connection().execute(text)": Door(by_connection(text("SELECT shop_id FROM toy_pieces"))),
    "connection().execute(ORM)": Door(by_connection(select(P.shop_id))),
    "connection() with execution options": Door(
        by_connection(select(T.c.shop_id), execution_options={"shop_id": RAVI})
    ),
    "connection(), shop_id = 1 OR 2": Door(
        by_connection(select(T.c.shop_id).where(or_(T.c.shop_id == ASHA, T.c.shop_id > 1)))
    ),
    "exec_driver_sql": Door(lambda s: s.connection().exec_driver_sql("SELECT shop_id FROM toy_pieces").all()),
    "raw DBAPI cursor": Door(raw_cursor),
    "raw cursor of the pool": Door(raw_connection_of_the_pool),
    "raw cursor after a statement": Door(raw_cursor_after_a_statement),
    "get_bind().connect()": Door(by_the_engine),
    "Session(get_bind())": Door(by_a_plain_session),
    "bind_arguments": Door(by_another_bind),
    "object_session(row).connection()": Door(by_object_session),
    "session.shop_id = 2": Door(set_shop_id, AttributeError),
    "Core, pinned by an OR": Door(reads(select(T.c.shop_id).where(or_(T.c.shop_id == ASHA, T.c.id > 0)))),
    "Core, pinned in a CASE": Door(reads(select(T.c.shop_id).where(case((T.c.shop_id == ASHA, 1), else_=1) == 1))),
    "Core, shop_id of itself": Door(reads(select(T.c.shop_id).where(T.c.shop_id == T.c.shop_id))),
    "Core, two tables and one pin": Door(
        reads(select(Other.c.shop_id).where(T.c.shop_id == ASHA, T.c.id == Other.c.id))
    ),
    "Core, shop_id as a literal": Door(reads(select(T.c.shop_id).where(T.c.shop_id == literal_column("2")))),
    "another database": Door(
        reads(select(column("user")).select_from(table("user", schema="mysql"))),
    ),
}


def leaked(rows: list[Any]) -> bool:
    """Whether anything of Ravi's is among them."""
    for row in rows:
        for value in row if isinstance(row, tuple) or hasattr(row, "_fields") else [row]:
            if value == RAVI or getattr(value, "shop_id", None) == RAVI:
                return True
    return False


def ravis(toy: Toy) -> tuple[Any, ...]:
    """All that Ravi has, as the server sees it."""
    return tuple(
        toy.sql("a-1", f"SELECT * FROM {name} WHERE shop_id = %s ORDER BY 1, 2", RAVI)
        for name in ("toy_pieces", "toy_rates", "toy_bills", "toy_lines")
    )


@pytest.mark.parametrize("name", DOORS)
def test_the_door_is_shut(toy: Toy, router: Router, name: str) -> None:
    door, before = DOORS[name], ravis(toy)
    with router.shop(ASHA, ACTOR) as db:
        if door.verdict == "empty":
            assert not leaked(door.rows(db))
        else:
            error = WrongShop if door.verdict == "refused" else door.verdict
            with pytest.raises(error):  # type: ignore[arg-type]
                door.rows(db)
    assert ravis(toy) == before


@pytest.mark.parametrize("name", [name for name, door in DOORS.items() if door.real])
def test_without_guards_it_is_a_door(toy: Toy, router: Router, name: str) -> None:
    engine = create_engine("mysql+pymysql://", creator=lambda: unguarded(toy))
    with Session(engine) as session:
        rows = DOORS[name].rows(session)
        through = leaked(rows) or (name == "another database" and rows)
    engine.dispose()
    assert through


def unguarded(toy: Toy) -> Any:
    connection = toy.admin("a-1", toy.shard_database)
    connection.autocommit(False)
    return connection


def test_a_pin_does_not_outlive_its_session(router: Router) -> None:
    """The pool hands the same connection on; what it was pinned to is forgotten."""
    with router.shop(ASHA, ACTOR) as db:
        assert db.scalars(select(P.shop_id)).all() == [ASHA] * 3
        engine = db.get_bind()
    with router.shop(RAVI, ACTOR) as db:
        assert set(db.scalars(select(P.shop_id))) == {RAVI}
        assert db.get_bind() is engine
    with engine.connect() as connection, pytest.raises(WrongShop):
        connection.execute(select(T.c.shop_id).where(T.c.shop_id == ASHA))


OWN = {"shop_id": ASHA, "purity": 113, "paise": 1}
AROUND: dict[str, Callable[[Any], Any]] = {
    "ORM insert statement": lambda s: s.execute(insert(Rate).values(**OWN)),
    "Core insert": lambda s: s.execute(insert(R).values(**OWN)),
    "insert of many": lambda s: s.execute(insert(Rate), [OWN]),
    "Core update": lambda s: s.execute(update(R).where(R.c.shop_id == ASHA).values(paise=1)),
    "Core delete": lambda s: s.execute(delete(R).where(R.c.shop_id == ASHA, R.c.purity == 1)),
    "update of many": lambda s: s.execute(update(Rate), [{"shop_id": ASHA, "purity": 916, "paise": 1}]),
    "from_statement": lambda s: s.execute(select(P).from_statement(select(T).where(T.c.shop_id == ASHA))).all(),
    "text with a bind": lambda s: s.execute(text("SELECT id FROM toy_pieces WHERE shop_id = :s"), {"s": ASHA}).all(),
    "a text fragment": lambda s: s.execute(select(P.id).where(text("1 = 1"))).all(),
    "bulk_insert_mappings": lambda s: s.bulk_insert_mappings(Rate, [OWN]),
    "bulk_save_objects": lambda s: s.bulk_save_objects([Rate(**OWN)]),
    "bulk_update_mappings": lambda s: s.bulk_update_mappings(Rate, [OWN]),
    "connection()": lambda s: s.connection(),
}


@pytest.mark.parametrize("name", AROUND)
def test_what_goes_around_the_guards_is_refused_for_the_own_shop_too(router: Router, name: str) -> None:
    with router.shop(ASHA, ACTOR) as db, pytest.raises(WrongShop):
        AROUND[name](db)
