"""Commands of the tenants' room: the super-admin, their second factor, signing keys, one shop's preparing."""

from collections.abc import Callable
from typing import NoReturn, TypeVar, cast

import click
from flask import current_app
from flask.cli import with_appcontext

from app.kit.errors import AppError
from app.kit.runtime import runtime
from app.kit.transactions import write_control
from app.tenants import service
from app.tenants.service import TenantIdentity

T = TypeVar("T")
FIRST_ADMIN = "boolagold.first_admin"
"""Under this name the factory leaves what settings say of the first super-admin: (address, password)."""


@click.group("admin")
def admin() -> None:
    """The vendor's own people."""


@admin.command("create")
@click.option("--email", default=None, help="Address of the super-admin; asked for where it is missing.")
@click.option("--name", default="Super-admin", show_default=True, help="How the console calls them.")
@click.option(
    "--from-environment", is_flag=True, help="Take address and password from BOOLA_ADMIN_EMAIL, BOOLA_ADMIN_PASSWORD."
)
@with_appcontext
def create_admin(email: str | None, name: str, from_environment: bool) -> None:
    """Make the super-admin, once; running it again changes nothing. There is no default password."""
    if from_environment:
        email, password = _given()
    else:
        email, password = email or click.prompt("E-mail"), None
    address = str(email)
    if write_control(runtime().router, lambda control: service.find_admin(control, address)) is not None:
        click.echo(f"{address} is the super-admin already; nothing was changed.")
        return
    if password is None:
        password = click.prompt("Password (12 characters or more)", hide_input=True, confirmation_prompt=True)
    _make(address, name, password)


@admin.command("reset-second-factor")
@click.argument("email")
@with_appcontext
def reset_second_factor(email: str) -> None:
    """The device is lost: the next sign-in to the console sets up a new one."""
    refusable(
        lambda: write_control(runtime().router, lambda control: service.reset_second_factor(control, email=email))
    )
    click.echo(f"{email} sets up a new second factor at the next sign-in.")


@admin.command("code")
@click.argument("email")
@with_appcontext
def show_code(email: str) -> None:
    """The console's code of this moment; only in the demo, where nobody has a device."""
    if not runtime().demo:
        refuse("Codes come from the admin's own device. This command works only where BOOLA_DEMO is true.")
    keyring = runtime().keyring
    click.echo(
        refusable(
            lambda: write_control(
                runtime().router, lambda control: service.current_code(control, email=email, keyring=keyring)
            )
        )
    )


@click.group("keys")
def keys() -> None:
    """Keys that sign access tokens."""


@keys.command("rotate")
@click.option("--at-once", is_flag=True, help="A key may be known to others: sign with a new one from now on.")
@with_appcontext
def rotate_keys(at_once: bool) -> None:
    """Make the next key where it is time; the old one verifies 7 days more and nobody is signed out."""
    parts = runtime()
    made = write_control(parts.router, lambda control: service.rotate_keys(control, parts.keyring, at_once=at_once))
    click.echo(f"New key {made[0]}." if made else "The present key is good for more than three days; nothing to do.")


def _given() -> tuple[str, str]:
    email, password = current_app.extensions[FIRST_ADMIN]
    if not email or not password:
        refuse("BOOLA_ADMIN_EMAIL and BOOLA_ADMIN_PASSWORD (or BOOLA_ADMIN_PASSWORD_FILE) must be set.")
    return email, password


def _make(email: str, name: str, plain: str) -> None:
    parts = runtime()
    passwords = cast(TenantIdentity, parts.identity).sign_ins.passwords
    accepted = refusable(lambda: service.accept_admin_password(passwords, plain, email=email))
    made = refusable(
        lambda: write_control(
            parts.router,
            lambda control: service.create_admin(control, email=email, name=name, password=accepted),
        )
    )
    told = "is the super-admin" if made.made else "is the super-admin already; nothing was changed"
    click.echo(f"{email} {told}. The first sign-in to the console sets up the second factor.")


def refusable(work: Callable[[], T]) -> T:
    """A refusal becomes one sentence with what to do, and an exit status."""
    try:
        return work()
    except AppError as error:
        refuse(f"{error.message} {error.action}".strip())


def refuse(sentence: str) -> NoReturn:
    raise click.ClickException(sentence)
