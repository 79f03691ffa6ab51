"""Owns the frame of the console's pages: who is signed in, which shop an address names, how a plan stands."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from flask import Blueprint, render_template

from app.kit.http import ShopUnknown, runtime, scope
from app.kit.texts import N_, _
from app.tenants.service import TenantIdentity

pages = Blueprint("console", __name__, url_prefix="/console")

STANDINGS = {
    "trial": (N_("trial"), "secondary"), "active": (N_("active"), "good"), "grace": (N_("grace"), "warn"),
    "read_only": (N_("read-only"), "bad"), "suspended": (N_("suspended"), "bad"),
}  # fmt: skip


def show(template: str, **context: Any) -> str:
    return render_template(
        f"console/{template}", person=scope().principal,
        standings={key: (_(name), colour) for key, (name, colour) in STANDINGS.items()}, **context,
    )  # fmt: skip


def shop_id_of(number: str) -> int:
    """A text that is no number names no shop."""
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise ShopUnknown()
    return int(number)


def oneself() -> UUID:
    return scope().principal.person_id


def identity() -> TenantIdentity:
    return cast(TenantIdentity, runtime().identity)
