"""Owns the three sessions: one shop (`ShopSession`), all shops of a shard to read (`FleetSession`), the control plane.

What a ShopSession cannot do is as much its purpose as what it can; docs/router.md lists the doors and what shuts them.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NoReturn, cast

from sqlalchemy import (
    BigInteger,
    ClauseElement,
    ColumnElement,
    Connection,
    Engine,
    Table,
    bindparam,
    event,
    exists,
    inspect,
)
from sqlalchemy.orm import Mapped, ORMExecuteState, Session, SessionTransaction, mapped_column, with_loader_criteria
from sqlalchemy.sql import visitors

from shard_router import guards
from shard_router.actor import Actor
from shard_router.causality import CausalToken
from shard_router.errors import AmbiguousCommit, ReadOnlySession, ShardReadOnly, ShardUnavailable, WrongShop
from shard_router.gtid import TrackingConnection, tracked
from shard_router.tables import State, shop_fence

if TYPE_CHECKING:
    from shard_router.packets import Bound, PacketResult
    from shard_router.routing import Route
    from shard_router.topology import Server


class Mode(StrEnum):
    READ = "read"
    WRITE = "write"


class ShopOwned:
    """A row of one shop. `shop_id` leads its primary key, so no two shops' rows can be tied together."""

    shop_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False, sort_order=-10)


SHOP_BIND = "the_shop"
ONE_SHOP = with_loader_criteria(ShopOwned, lambda owner: owner.shop_id == bindparam("the_shop"), include_aliases=True)


class ShopSession(Session):
    """One shop's rows, on its shard. Leaving it without `commit()` rolls back."""

    def __init__(
        self,
        *,
        actor: Actor,
        mode: Mode,
        hot: bool,
        route: Route,
    ) -> None:
        super().__init__(expire_on_commit=False)
        self._actor = actor
        self._mode = mode
        self._hot = hot
        self._route = route
        self._engine: Engine | None = None
        self._raw: TrackingConnection | None = None
        self._trips = 0
        self._trips_at_begin = 0
        self.token: CausalToken | None = None

    @property
    def shop_id(self) -> int:
        return self._route.entry.shop_id

    @property
    def shard(self) -> str:
        return self._route.entry.shard

    @property
    def epoch(self) -> int:
        """The shop's epoch that this session writes under."""
        return self._route.entry.epoch

    @property
    def actor(self) -> Actor:
        return self._actor

    @property
    def mode(self) -> Mode:
        return self._mode

    @property
    def hot(self) -> bool:
        """Whether it may run packets."""
        return self._hot

    @property
    def server(self) -> Server | None:
        """The one that answers; None before the first statement."""
        return self._route.server

    @property
    def round_trips(self) -> int:
        """Of the database, so far."""
        return self._trips + (self._raw.round_trips - self._trips_at_begin if self._raw is not None else 0)

    # -- where it goes --------------------------------------------------------------------------------------------
    def get_bind(self, *_: Any, **__: Any) -> Engine:
        """Chosen at the first statement, and never by the caller."""
        if self._engine is None:
            self._engine = self._route.choose()
        return self._engine

    def commit(self) -> None:
        self.flush()
        try:
            super().commit()
        except ShardReadOnly:
            raise
        except ShardUnavailable as lost:
            raise AmbiguousCommit(self.shop_id, self.shard) from lost

    def run_packet(self, statements: Sequence[Bound], *, commit: bool = False) -> list[PacketResult]:
        """Several statements in one round trip, in this session's transaction. `commit` lets COMMIT ride with them."""
        from shard_router import packets

        if not self._hot:
            raise ValueError("packets need a session opened with hot=True")
        self.flush()
        results = packets.run(self, statements, commit=commit)
        if commit:
            self.commit()  # ends the session's transaction; the server has nothing left to do
        return results

    def begin(self, nested: bool = False) -> SessionTransaction:
        if not nested:
            raise TypeError("a ShopSession begins by itself and ends with commit(), which also hands out the token")
        return super().begin(nested=True)

    def __del__(self) -> None:
        """Of one that was never closed: its connection comes back by itself, and its place does."""
        if "_route" in self.__dict__:
            self._route.leave()

    # -- doors that stay shut -------------------------------------------------------------------------------------
    def connection(self, *_: Any, **__: Any) -> NoReturn:
        raise WrongShop("connection() of a ShopSession: its statements go through the session")

    def bulk_save_objects(self, *_: Any, **__: Any) -> NoReturn:
        raise WrongShop("a bulk call: add the objects and flush")

    bulk_insert_mappings = bulk_save_objects
    bulk_update_mappings = bulk_save_objects


def narrow(state: ORMExecuteState) -> Any:
    """Every ORM statement gets the shop's criterion; what cannot get it is refused or left to the cursor's guard."""
    session = state.session
    assert isinstance(session, ShopSession)
    if state.is_insert:
        raise WrongShop("an INSERT statement: add the objects, or prepare a packet")
    if state.is_from_statement:
        raise WrongShop("from_statement")
    if isinstance(state.parameters, list):
        raise WrongShop("a bulk statement: change the objects and flush")
    if not state.is_select and session.mode is Mode.READ:
        raise ReadOnlySession("a session opened for reading")
    if not state.is_orm_statement:
        if state.is_select:
            return None  # Core: it passes only if it is pinned by itself
        raise WrongShop("a Core statement: use the mapped class, or prepare a packet")
    shop = {SHOP_BIND: session.shop_id}
    if state.parameters is None:
        state.parameters = {}  # invoke_statement(params=…) does dict(None) otherwise
    if state.is_relationship_load or state.is_column_load:
        return state.invoke_statement(params=shop)  # the options of the first load came along
    return state.invoke_statement(state.statement.options(ONE_SHOP), params=shop)


def enter(session: Session, transaction: SessionTransaction) -> None:
    """A place for its shop comes before a connection, so that who waits for one holds none."""
    assert isinstance(session, ShopSession)
    if transaction.parent is None:
        session._route.enter()


def begin(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    """Pins the connection to the shop, and reads the fence before anything else is said on it."""
    assert isinstance(session, ShopSession)
    info = connection.info
    if info.get("shop") not in (None, session.shop_id):
        raise WrongShop("a connection of another shop")
    info["shop"] = session.shop_id
    if session._mode is Mode.READ:
        info["reads"] = True
    raw = tracked(connection)
    raw.last_gtid = None
    session._raw, session._trips_at_begin = raw, raw.round_trips
    if session._route.fenced:
        info["fence"] = session._route.check_fence  # due until it has passed, also for who swallows ShopMoved
        if not session._hot:  # else the first packet's claim may do it
            guards.pass_fence(connection)


def committed(session: Session) -> None:
    """The shop's token is in Redis before anybody else hears of the commit: who then forgets and reads anew must not
    read a replica that lacks it."""
    assert isinstance(session, ShopSession)
    raw = session._raw
    if raw is not None and raw.last_gtid and session._route.gtids and not session.in_nested_transaction():
        session.token = CausalToken.of_commit(session._route.entry.shard, session._route.entry.epoch, raw.last_gtid)
        session._route.committed(session.token)


def ended(session: Session, transaction: SessionTransaction) -> None:
    assert isinstance(session, ShopSession)
    if transaction.parent is not None:
        return
    session._route.leave()
    if session._raw is not None:
        session._trips = session.round_trips
        session._raw = None


def attach(session: Session, row: Any) -> None:
    assert isinstance(session, ShopSession)
    if not isinstance(row, ShopOwned):
        raise WrongShop(f"{type(row).__name__} is not a shop's row")
    state = inspect(row)
    if row.__dict__.get("shop_id", session.shop_id) != session.shop_id:
        raise WrongShop(f"a row of shop {row.shop_id} in shop {session.shop_id}")
    if state.key is not None and state.key[1][0] != session.shop_id:
        raise WrongShop(f"a row of shop {state.key[1][0]} in shop {session.shop_id}")


def stamp(session: Session, *_: Any) -> None:
    assert isinstance(session, ShopSession)
    changed = {*session.new, *session.dirty, *session.deleted}
    if changed and session.mode is Mode.READ:
        raise ReadOnlySession("a session opened for reading")
    for row in changed:
        if row.shop_id is None:
            row.shop_id = session.shop_id
        elif row.shop_id != session.shop_id:
            raise WrongShop(f"a row of shop {row.shop_id} in shop {session.shop_id}")


for name, listener in (
    ("do_orm_execute", narrow),
    ("after_transaction_create", enter),
    ("after_begin", begin),
    ("after_commit", committed),
    ("after_transaction_end", ended),
    ("before_attach", attach),
    ("before_flush", stamp),
):
    event.listen(ShopSession, name, listener)


class ControlSession(Session):
    """The control plane's rows, on its primary. A shop's own rows are not here."""

    def commit(self) -> None:
        self.flush()
        try:
            super().commit()
        except ShardReadOnly:
            raise
        except ShardUnavailable as lost:
            raise AmbiguousCommit(None, lost.shard) from lost


@event.listens_for(ControlSession, "before_attach")
def _not_a_shops(session: Session, row: Any) -> None:
    if isinstance(row, ShopOwned):
        raise WrongShop(f"{type(row).__name__} belongs to a shard")


FENCE = shop_fence.alias("fence_of_row")


def _open_here(shop_id: Any) -> ColumnElement[bool]:
    here = exists().where(FENCE.c.shop_id == shop_id, FENCE.c.state == str(State.OPEN))
    return here.correlate_except(FENCE)


ONLY_OPEN = with_loader_criteria(ShopOwned, lambda owner: _open_here(owner.shop_id), include_aliases=True)


class FleetSession(Session):
    """All shops that are open on one shard, only to read, by the account fleet_ro.

    A shop that is arriving, or has left and is not purged yet, has rows here that are nobody's business: they would be
    seen twice. `reason` is logged and rides on the connection.
    """

    def __init__(self, engine: Engine, *, shard: str, reason: str) -> None:
        super().__init__(bind=engine, autoflush=False)
        self.shard = shard
        self.reason = reason


@event.listens_for(FleetSession, "do_orm_execute")
def _narrow_to_open(state: ORMExecuteState) -> Any:
    """Every ORM select gets the criterion; a Core one upon a shop's table could not, so it is refused."""
    if state.is_from_statement:
        raise WrongShop("from_statement: it would see shops that have left")
    if not state.is_select or state.is_relationship_load or state.is_column_load:
        return None  # the guard refuses writes; the options of the first load came along
    if state.is_orm_statement:
        return state.invoke_statement(state.statement.options(ONLY_OPEN))
    for table in visitors.iterate(cast(ClauseElement, state.statement)):
        if isinstance(table, Table) and table is not shop_fence and "shop_id" in table.primary_key.columns:
            raise WrongShop(f"a Core statement upon {table.name}: it would see shops that have left; select the class")
    return None


@event.listens_for(FleetSession, "after_begin")
def _say_why(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    assert isinstance(session, FleetSession)
    connection.info["reason"] = session.reason


@event.listens_for(FleetSession, "before_flush")
def _refuse(session: Session, *_: Any) -> None:
    if session.new or session.dirty or session.deleted:
        raise ReadOnlySession("a fleet session only reads")
