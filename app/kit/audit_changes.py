"""Owns what a transaction changed: each changed column of the shop's rows, before and after, gathered as they are
flushed; `audit.record` tells it with the entry, so that no service can forget to.

What people are called and where they live must be erasable, and a chain is not. So values of free text, of what only
a key opens, and of tables that an erasure empties are not told, only that they changed, unless the table's facts name
the column as `told`. What is changed by a statement and not by a row (a compare-and-set, a packet) its service tells.
"""

from typing import Any

from sqlalchemy import JSON, LargeBinary, String, event, inspect
from sqlalchemy.orm import UOWTransaction

from app.kit.db import Code, Id
from shard_router import ShopSession

SILENT = frozenset(("audit_head", "audit_log", "idempotency_keys", "outbox", "sealing_keys"))
UNTOLD = frozenset(("version", "updated_at"))
OF_PEOPLE = frozenset(("aadhaar", "address", "birth_on", "email", "gstin", "name", "pan", "phone", "pin"))
_KEY = "audit.changes"

Change = dict[str, Any]


@event.listens_for(ShopSession, "before_flush")
def gather(db: ShopSession, _context: UOWTransaction, _instances: Any) -> None:
    """Of the rows that are about to be written again."""
    for row in db.dirty:
        changed = _changed(row)
        if changed is not None:
            _put(db.info.setdefault(_KEY, {}), *changed)


def take(db: ShopSession) -> list[Change]:
    """What changed since this was last asked in the transaction."""
    found: dict[Any, Change] = db.info.pop(_KEY, {})
    return [one for one in found.values() if one["before"] != one["after"] or one["untold"]]


def _changed(row: Any) -> tuple[Any, Change] | None:
    state = inspect(row)
    table = state.mapper.local_table
    if table.name in SILENT:
        return None
    before: Change = {}
    after: Change = {}
    untold: list[str] = []
    for attribute in state.mapper.column_attrs:
        history = state.attrs[attribute.key].history
        if not history.has_changes() or attribute.key in UNTOLD:
            continue
        column = attribute.columns[0]
        if _may_be_told(table, column):
            before[column.name] = history.deleted[0] if history.deleted else None
            after[column.name] = history.added[0] if history.added else None
        else:
            untold.append(column.name)
    if not (before or untold):
        return None
    key = [value for column, value in zip(state.mapper.primary_key, state.identity or (), strict=True)
           if column.name != "shop_id"]  # fmt: skip
    told = {"table": table.name, "key": key, "before": before, "after": after, "untold": sorted(untold)}
    return (table.name, tuple(key)), told


def _put(found: dict[Any, Change], place: Any, new: Change) -> None:
    """A row that is flushed twice changed once: from what it was first to what it is last."""
    old = found.get(place)
    if old is None:
        found[place] = new
        return
    old["before"] = {**new["before"], **old["before"]}
    old["after"] = {**old["after"], **new["after"]}
    old["untold"] = sorted({*old["untold"], *new["untold"]})


def _may_be_told(table: Any, column: Any) -> bool:
    if column.name in table.info.get("told", ()):
        return True
    if table.info.get("retention") == "shop" and isinstance(column.type, String):
        return False
    if column.name in OF_PEOPLE or isinstance(column.type, JSON | LargeBinary):
        return False
    return isinstance(column.type, Code | Id) or not isinstance(column.type, String)
