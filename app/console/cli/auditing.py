"""Commands that check the shops' audit chains: `flask audit verify`."""

import click
from flask.cli import with_appcontext

from app.cash import service as cash
from app.invoices import service as invoices
from app.kit.audit_checking import Broken, ChainCheck
from app.kit.jobs import SYSTEM
from app.kit.runtime import Runtime, runtime
from app.numbering.gaps import number_gaps
from app.tenants import service as tenants
from shard_router import Mode, RouterError

CHUNK_OF_SHOPS = 200
SAYS = {
    "missing": "an entry is missing, or is not the one that should follow",
    "changed": "its text or its hash was changed, or it stands in another's place",
    "columns": "who, what or when was changed beside its text",
    "rewritten": "the chain was rewritten: a day's closing kept another hash of this entry",
}


@click.group("audit")
def audit() -> None:
    """The shops' audit chains."""


@audit.command("verify")
@click.option("--shop", "shop_id", type=int, default=None, help="The number of one shop.")
@click.option("--all", "every", is_flag=True, help="Every shop, one after the other.")
@click.option("--documents", is_flag=True, help="Also every bill and note against its hash in the chain.")
@with_appcontext
def verify(shop_id: int | None, every: bool, documents: bool) -> None:
    """Walk a shop's chain from its first entry to its head and name the first that does not hold, and the series of
    numbers that have a gap.

    Ends with status 1 where a chain is broken or a number missing, and with 2 where a shop could not be read.
    """
    if (shop_id is None) != every:
        raise click.UsageError("Name one shop with --shop ID, or say --all.")
    parts = runtime()
    shops = _all_shops(parts) if every else [int(shop_id or 0)]
    broken = unread = 0
    for one in shops:
        try:
            broken += not _verified(parts, one, documents=documents)
        except RouterError as why:
            unread += 1
            click.echo(f"Shop {one}: could not be read: {why}", err=True)
    if every:
        click.echo(f"{len(shops)} shops: {broken} broken, {unread} not read.")
    if broken or unread:
        raise SystemExit(1 if broken else 2)


def _all_shops(parts: Runtime) -> list[int]:
    found: list[int] = []
    with parts.router.control() as control:
        while chunk := tenants.list_shops(control, after=found[-1] if found else 0, limit=CHUNK_OF_SHOPS):
            found += [shop.shop_id for shop in chunk]
    return found


def _verified(parts: Runtime, shop_id: int, *, documents: bool) -> bool:
    walk = _walked(parts, shop_id)
    if walk.broken is not None:
        click.echo(f"Shop {shop_id}: BROKEN at entry {walk.broken.seq} of {walk.head}: {_says(walk.broken)}.")
        return False
    click.echo(f"Shop {shop_id}: {walk.checked} entries hold.")
    return _documents_hold(parts, shop_id) if documents else _numbers_hold(parts, shop_id)


def _walked(parts: Runtime, shop_id: int) -> ChainCheck:
    """In short reads; how far it is goes to standard error, so that what is said can be kept."""
    with parts.router.shop(shop_id, SYSTEM, mode=Mode.READ) as db:
        walk = ChainCheck(cash.chain_anchors(db))
    more = True
    while more:
        with parts.router.shop(shop_id, SYSTEM, mode=Mode.READ) as db:
            more = walk.step(db)
        if more:
            click.echo(f"Shop {shop_id}: {walk.checked} of {walk.head} …", err=True)
    return walk


def _documents_hold(parts: Runtime, shop_id: int) -> bool:
    with parts.router.shop(shop_id, SYSTEM, mode=Mode.READ) as db:
        report = invoices.verify_books(db)
    for document in report.changed:
        click.echo(f"Shop {shop_id}: document {document} is not what the chain says.")
    for document in report.missing:
        click.echo(f"Shop {shop_id}: document {document} is gone.")
    for gap in report.gaps:
        click.echo(f"Shop {shop_id}: numbers are missing: {gap}.")
    if report.sound:
        click.echo(f"Shop {shop_id}: {report.documents} documents hold.")
    return report.sound


def _numbers_hold(parts: Runtime, shop_id: int) -> bool:
    with parts.router.shop(shop_id, SYSTEM, mode=Mode.READ) as db:
        gaps = number_gaps(db)
    for gap in gaps:
        click.echo(f"Shop {shop_id}: numbers are missing: {gap}.")
    return not gaps


def _says(broken: Broken) -> str:
    return SAYS[broken.what.value]
