"""Owns the shops' figures: counted shard by shard, some shops at a time, and told with their age.

Only shops whose fence is open on a shard are counted there. What a replica that is behind says of a shop that has moved
meanwhile loses against the newer epoch. Counted twice is harmless; killed in the middle, the next run goes on behind
the last shop that was kept.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from app.console import repository
from app.console.models import FiguresPart, ShopFigures
from app.inventory import service as inventory
from app.invoices import service as invoices
from app.kit import audit
from app.kit.clock import ist, utc_now
from app.kit.outbox import enqueue_control
from shard_router import ControlSession, FleetSession, Router, ShardUnavailable, shops_open_here

PART_JOB = "app.console.jobs.refresh_part"
STEP = 50
RECENT = dt.timedelta(days=30)
LATE = dt.timedelta(hours=2)
"""The job runs hourly: what is older was missed at least once."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One shop, as its shard has it now."""

    shop_id: int
    epoch: int
    bills: int
    recent_bills: int
    last_bill_on: dt.date | None
    pieces: int
    writes: int


@dataclass(frozen=True, slots=True)
class FiguresView:
    """What the console shows of a shop, and of when that is."""

    bills: int
    recent_bills: int
    last_bill_on: dt.date | None
    pieces: int
    writes: int
    as_of: dt.datetime


@dataclass(frozen=True, slots=True)
class PartView:
    """One shard's part: every shop of it is at least as fresh as `as_of`; None before its first run has ended."""

    shard: str
    as_of: dt.datetime | None
    late: bool


# ---------------------------------------------------------------- counting


def ask_for_parts(control: ControlSession, shards: Iterable[str]) -> None:
    """A job for each shard: one that is away keeps none of the others waiting."""
    for shard in sorted(shards):
        enqueue_control(control, PART_JOB, params={"shard": shard})


def begin(control: ControlSession, shard: str, now: dt.datetime) -> int:
    """The shop behind which the run under way goes on; a new run begins at 0."""
    part = repository.find_part(control, shard, lock=True)
    if part is None:
        part = FiguresPart(shard=shard)
        control.add(part)
    if part.began_at is None:
        part.began_at, part.upto_shop_id, part.shops = now, 0, 0
    control.flush()
    return part.upto_shop_id


def count(router: Router, shard: str, *, after: int, now: dt.datetime) -> tuple[list[Counted], dt.datetime]:
    """The next shops of a shard by number, and the moment that their figures are of. Raises ShardUnavailable."""
    since = ist(now).date() - RECENT + dt.timedelta(days=1)
    with router.fleet(reason="figures of shops") as fleet:
        found = fleet.each(lambda session, _: _count(session, after, since), shards=[shard])
    if shard in found.missing:
        raise ShardUnavailable(shard, found.missing[shard])
    return found.parts[shard], now - dt.timedelta(milliseconds=found.behind_ms[shard])


def _count(session: FleetSession, after: int, since: dt.date) -> list[Counted]:
    epochs = shops_open_here(session, after=after, limit=STEP)
    bills = invoices.count_bills(session, epochs, since=since)
    pieces, writes = inventory.count_in_stock(session, epochs), audit.count_entries(session, epochs)
    return [
        Counted(
            shop_id, epoch, bills[shop_id].ever, bills[shop_id].since, bills[shop_id].last_on, pieces.get(shop_id, 0),
            writes.get(shop_id, 0),
        )
        for shop_id, epoch in sorted(epochs.items())
    ]  # fmt: skip


def keep(
    control: ControlSession, shard: str, counted: Collection[Counted], *, after: int, as_of: dt.datetime
) -> bool:  # fmt: skip
    """Figures and how far the run has come, in one transaction; says whether there may be more.

    Nothing where another run has come further meanwhile.
    """
    part = repository.find_part(control, shard, lock=True)
    if part is None or part.began_at is None or part.upto_shop_id != after:
        return part is not None and part.began_at is not None
    there = repository.lock_figures(control, [one.shop_id for one in counted])
    for one in counted:
        _keep(control, there.get(one.shop_id), one, shard, as_of)
    part.shops += len(counted)
    if len(counted) == STEP:
        part.upto_shop_id = max(one.shop_id for one in counted)
        return True
    part.as_of, part.began_at, part.upto_shop_id = part.began_at, None, 0
    return False


def _keep(control: ControlSession, row: ShopFigures | None, one: Counted, shard: str, as_of: dt.datetime) -> None:
    if row is None:
        row = ShopFigures(shop_id=one.shop_id)
        control.add(row)
    elif (row.epoch, row.as_of) > (one.epoch, as_of):
        return
    row.shard, row.epoch, row.as_of = shard, one.epoch, as_of
    row.bills, row.recent_bills, row.last_bill_on = one.bills, one.recent_bills, one.last_bill_on
    row.pieces, row.writes = one.pieces, one.writes


# ---------------------------------------------------------------- telling


def figures_of(control: ControlSession, shop_ids: Iterable[int]) -> dict[int, FiguresView]:
    """Of the shops that have been counted once."""
    return {
        shop_id: FiguresView(row.bills, row.recent_bills, row.last_bill_on, row.pieces, row.writes, row.as_of)
        for shop_id, row in repository.figures_of(control, shop_ids).items()
    }


def list_parts(control: ControlSession, shards: Iterable[str]) -> list[PartView]:
    """Every shard of the topology by name, how old its part is, and whether that is older than it should be."""
    as_of = {part.shard: part.as_of for part in repository.list_parts(control)}
    oldest = utc_now() - LATE
    return [
        PartView(shard, at := as_of.get(shard), late=at is None or at < oldest) for shard in sorted(shards)
    ]  # fmt: skip
