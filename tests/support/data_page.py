"""Owns the reading of docs/data.md, and what its facts must be by the models."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from migrations.fleet import Plane
from migrations.tables import tables_of
from shard_router.accounts import grants_for

PAGE = Path(__file__).resolve().parents[2] / "docs" / "data.md"
LETTERS = {"SELECT": "S", "INSERT": "I", "UPDATE": "U", "DELETE": "D"}
FACTS = ("plane", "owner", "key", "unique", "writes", "hidden", "retention", "accounts")


@dataclass(frozen=True)
class Entry:
    """One table as the page has it, or must have it. `why` is the page's own."""

    table: str
    purpose: str
    facts: dict[str, str]
    why: str = ""

    def __str__(self) -> str:
        lines = [
            f"### {self.table}",
            f"{self.purpose}",
            *(f"- {fact}: {self.facts[fact]}" for fact in FACTS if fact in self.facts),
        ]
        return "\n".join([*lines, f"- why: {self.why}"])


def page(text: str | None = None) -> dict[str, Entry]:
    """The page's entries by table; the section's heading is the plane."""
    entries, plane = {}, ""
    for block in re.split(r"^(?=##)", PAGE.read_text() if text is None else text, flags=re.M):
        heading, _, body = block.partition("\n")
        if heading.startswith("## "):
            plane = heading[3:].strip().split()[0].lower()
        elif heading.startswith("### "):
            entries[heading[4:].strip()] = _entry(heading[4:].strip(), plane, body)
    return entries


def _entry(table: str, plane: str, body: str) -> Entry:
    listed = dict(re.findall(r"^- (\w+): (.*)$", body, flags=re.M))
    purpose = body.split("\n- ", 1)[0].strip()
    why = listed.pop("why", "")
    return Entry(table, purpose, {"plane": plane, **listed}, why)


def by_the_models() -> dict[str, Entry]:
    """What the page must say, `why` left out."""
    return {table.name: _facts(table, plane) for plane in Plane for table in tables_of(plane)}


def _facts(table: sa.Table, plane: Plane) -> Entry:
    info = table.info
    facts = {
        "plane": plane.value,
        "owner": owner(table),
        "key": ", ".join(column.name for column in table.primary_key.columns),
        "unique": " · ".join(sorted(", ".join(columns) for columns in unique_keys(table))) or "none",
        "writes": info["writes"] + (f" ({', '.join(sorted(info['mutable']))})" if info.get("mutable") else ""),
        "retention": info["retention"],
        "accounts": accounts(table),
    }
    if info.get("hidden"):
        facts["hidden"] = ", ".join(sorted(info["hidden"]))
    return Entry(table.name, info["purpose"], facts)


def owner(table: sa.Table) -> str:
    """The package that declares it."""
    from app.kit.db import ControlBase, ShardBase

    for base in (ControlBase, ShardBase):
        for mapper in base.registry.mappers:
            if mapper.local_table is table:
                return mapper.class_.__module__.split(".")[1]
    return "shard_router"


def unique_keys(table: sa.Table) -> list[list[str]]:
    """Every unique key but the primary one, as column names in order."""
    named = [one for one in table.constraints if isinstance(one, sa.UniqueConstraint)]
    indexes = [index for index in table.indexes if index.unique]
    return [[column.name for column in one.columns] for one in (*named, *indexes)]


def accounts(table: sa.Table) -> str:
    """Who may do what: app SIU · fleet_ro S. Columns of a partial grant stand under `writes` and `hidden`."""
    letters: dict[str, str] = {}
    for grant in grants_for([table]):
        letters[grant.account] = letters.get(grant.account, "") + LETTERS[grant.privilege]
    return " · ".join(f"{name} {in_order(found)}" for name, found in sorted(letters.items()))


def in_order(letters: Iterable[str]) -> str:
    return "".join(letter for letter in "SIUD" if letter in letters)
