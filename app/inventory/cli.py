"""Owns the commands on a shop's metal book: opening it for the stock that was there before, and checking it."""

from collections.abc import Iterator
from uuid import UUID

import click
from flask.cli import with_appcontext

from app.inventory import service
from app.kit.runtime import runtime
from app.tenants import service as tenants
from app.tenants.cli import refusable
from shard_router import Mode

SHOP = click.option("--shop", "shop_id", type=int, default=None, help="One shop; left out: every shop there is.")
SHOWN = 20


@click.command("open-metal-book")
@SHOP
@with_appcontext
def open_metal_book(shop_id: int | None) -> None:
    """Enter the stock from before the book into it. Done again it does nothing.

    To be run once after the release that brings the book, when no process of an older one trades any more.
    """
    for one in _shops(shop_id):
        opened = refusable(lambda one=one: _open(one))  # type: ignore[misc]
        if opened or shop_id is not None:
            click.echo(f"Shop {one}: {opened} pieces opened in its metal book.")


@click.command("verify-metal-book")
@SHOP
@with_appcontext
def verify_metal_book(shop_id: int | None) -> None:
    """Compare each metal book with what is there; ends with 1 where a milligram or a paisa differs."""
    wrong = 0
    for one in _shops(shop_id):
        with runtime().router.shop(one, tenants.SYSTEM, mode=Mode.READ) as db:
            drifts = service.verify_metal(db)
        for drift in drifts[:SHOWN]:
            what = f"{drift.account} {drift.key.metal} {drift.key.fineness} at {drift.key.ref}: {drift.measure}"
            click.echo(f"Shop {one}: {what} {drift.book} by the book, {drift.found} there")
        wrong += len(drifts)
    click.echo(f"{wrong} differences." if wrong else "Book and stock agree.")
    if wrong:
        raise SystemExit(1)


def _open(shop_id: int) -> int:
    total, after = 0, None
    while True:
        opened, after = _open_next(shop_id, after)
        total += opened
        if after is None:
            return total


def _open_next(shop_id: int, after: UUID | None) -> tuple[int, UUID | None]:
    """A transaction of its own, so that a shop that trades waits for no more than one."""
    with runtime().router.shop(shop_id, tenants.SYSTEM) as db:
        done = service.open_book(db, after=after)
        db.commit()
    return done


def _shops(shop_id: int | None) -> Iterator[int]:
    if shop_id is not None:
        yield shop_id
        return
    after = 0
    while True:
        with runtime().router.control() as control:
            found = [one.shop_id for one in tenants.list_shops(control, after=after)]
        if not found:
            return
        yield from found
        after = found[-1]


OF_SHOPS = (open_metal_book, verify_metal_book)
