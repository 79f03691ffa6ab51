"""Owns the list of all tables of each plane, whoever declares them: the domains' models and the router."""

from importlib import import_module
from pkgutil import walk_packages

import sqlalchemy as sa

import app
from app.kit.db import ControlBase, ShardBase
from migrations.fleet import Plane
from shard_router.tables import router_control_metadata, router_shard_metadata


def all_models() -> None:
    """Imports every models module there is, so that no table can be forgotten in a list."""
    for module in walk_packages(app.__path__, "app."):
        if module.name.rsplit(".", 1)[-1] == "models":
            import_module(module.name)


def metadata_of(plane: Plane) -> list[sa.MetaData]:
    """What describes the plane's database as a whole."""
    all_models()
    if plane == Plane.CONTROL:
        return [ControlBase.metadata, router_control_metadata]
    return [ShardBase.metadata, router_shard_metadata]


def tables_of(plane: Plane) -> list[sa.Table]:
    """All tables of the plane by name."""
    return sorted(
        (table for data in metadata_of(plane) for table in data.tables.values()), key=lambda table: table.name
    )
