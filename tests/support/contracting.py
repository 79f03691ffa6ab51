"""Owns finding the steps of a migration that take something away from code that may still be running."""

import ast
import re
from collections.abc import Iterator

TAKES_AWAY = ("drop_column", "drop_table")
ANNOUNCED = re.compile(r"^Contract: .+ since release (\d+\.\d+\.\d+)\.?$", re.M)


def taken_away(source: str) -> list[str]:
    """Every call that drops, renames or narrows, as it is written, in the order of the file."""
    found = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    calls = sorted(found, key=lambda one: one.lineno)
    empty = {_text(call.args[1], 0) for call in calls if _adds_an_empty_column(call)}
    return [ast.unparse(call) for call in calls if any(_narrows(call, empty))]


def _narrows(call: ast.Call, empty: set[str]) -> Iterator[bool]:
    """`empty`: columns that this step brings, which old code leaves NULL: no two of those are alike."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    yield name in TAKES_AWAY
    yield name == "alter" and not _text(call, 1).startswith("ADD ")  # RENAME, MODIFY, CHANGE, DROP, or who knows what
    yield name == "execute"  # any SQL at all
    unique = name == "add_index" and any(one.arg == "unique" for one in call.keywords)
    yield unique and not empty & _columns_of(call)  # old code writes duplicates
    yield name == "add_column" and _must_have_a_value(call.args[1])  # old code's INSERT does not name it


def _must_have_a_value(column: ast.expr) -> bool:
    if not isinstance(column, ast.Call) or not isinstance(column.func, ast.Name):
        return True
    has_default = any(one.arg == "server_default" for one in column.keywords)
    return column.func.id != "may" and not has_default


def _adds_an_empty_column(call: ast.Call) -> bool:
    named = isinstance(call.func, ast.Attribute) and call.func.attr == "add_column"
    return named and isinstance(call.args[1], ast.Call) and getattr(call.args[1].func, "id", "") == "may"


def _columns_of(call: ast.Call) -> set[str]:
    listed = ast.walk(call.args[2]) if len(call.args) > 2 else ()
    return {one.value for one in listed if isinstance(one, ast.Constant) and isinstance(one.value, str)}


def _text(call: ast.expr, at: int) -> str:
    value = call.args[at] if isinstance(call, ast.Call) and len(call.args) > at else None
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


def announced(docstring: str) -> str | None:
    """The release from which on no code names what a contract step takes away."""
    found = ANNOUNCED.search(docstring)
    return found[1] if found else None


def is_over(release: str, previous: str) -> bool:
    """Whether the previous release, whose code may still run, is that one or a later one."""
    return [int(part) for part in release.split(".")] <= [int(part) for part in previous.split(".")]
