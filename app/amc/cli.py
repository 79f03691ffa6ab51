"""Commands of the AMC room: opening a shop with its trial, and what contracts earn."""

from typing import Any, cast

import click
from flask.cli import with_appcontext

from app.amc import service
from app.kit.money import rupees
from app.kit.runtime import runtime
from app.kit.transactions import write_control
from app.tenants import service as tenants
from app.tenants.cli import refusable
from app.tenants.service import NewShop, TenantIdentity


@click.group("shops")
def shops() -> None:
    """The shops on this installation."""


@shops.command("open")
@click.option("--name", required=True, help="As the shop is called.")
@click.option("--legal-name", default=None, help="As it is registered; the same where it is missing.")
@click.option("--state", "state_code", required=True, help="GST code of its state: 27.")
@click.option("--gstin", default=None, help="Where it is registered.")
@click.option("--address", required=True)
@click.option("--city", required=True)
@click.option("--pin", required=True)
@click.option("--owner-email", required=True)
@click.option("--owner-name", required=True)
@click.option("--shard", default=None, help="A home other than the one placement gives.")
@with_appcontext
def open_shop(legal_name: str | None, **given: Any) -> None:
    """Open a shop, start its trial and prepare its shard at once."""
    parts = runtime()
    new = NewShop(legal_name=legal_name or given["name"], **given)
    one_time = cast(TenantIdentity, parts.identity).sign_ins.passwords.one_time()
    opened = refusable(
        lambda: write_control(
            parts.router,
            lambda control: service.open_shop(control, parts.router, new=new, one_time=one_time, actor_id=None),
        )
    )
    tenants.announce(parts.router, opened)
    tenants.prepare_shop(parts.router, opened.shop.shop_id)
    click.echo(f"Shop {opened.shop.shop_id} is open at /s/{opened.shop.slug} on {opened.shard}.")
    if opened.one_time_password:
        click.echo(f"{opened.owner.email} signs in once with {opened.one_time_password} and sets an own password then.")


@shops.command("prepare")
@click.argument("shop_id", type=int)
@with_appcontext
def prepare_shop(shop_id: int) -> None:
    """Do a shop's preparing again that its job gave up, for instance after a shard was away for long."""
    done = refusable(lambda: tenants.prepare_shop(runtime().router, shop_id))
    runtime().cache.forget(shop_id)
    click.echo(f"Shop {shop_id} is ready." if done else f"Shop {shop_id} was ready before; nothing to do.")


@shops.command("figures")
@with_appcontext
def figures() -> None:
    """What the contracts earn, and how many stand where."""
    with runtime().router.control() as control:
        found = service.read_figures(control)
    click.echo(f"MRR {rupees(found.mrr_paise)}, ARR {rupees(found.arr_paise)}")
    click.echo(f"trials {found.trials}, active {found.active}, expired {found.expired}")
