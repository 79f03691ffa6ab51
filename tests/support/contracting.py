"""Owns finding the steps of a migration that take something away from code that may still be running."""

import ast
import re
from collections.abc import Iterator

TAKES_AWAY = ("drop_column", "drop_table")
ANNOUNCED = re.compile(r"^Contract: .+ since release (\d+\.\d+\.\d+)\.?$", re.M)


def taken_away(source: str) -> list[str]:
    """Every call that drops, renames or narrows, as it is written, in the order of the file."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return [ast.unparse(call) for call in sorted(calls, key=lambda one: one.lineno) if any(_narrows(call))]


def _narrows(call: ast.Call) -> Iterator[bool]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    yield name in TAKES_AWAY
    yield name == "alter" and not _text(call, 1).startswith("ADD ")  # RENAME, MODIFY, CHANGE, DROP, or who knows what
    yield name == "execute"  # any SQL at all
    yield name == "add_index" and any(one.arg == "unique" for one in call.keywords)  # old code writes duplicates
    yield name == "add_column" and _must_have_a_value(call.args[1])  # old code's INSERT does not name it


def _must_have_a_value(column: ast.expr) -> bool:
    if not isinstance(column, ast.Call) or not isinstance(column.func, ast.Name):
        return True
    has_default = any(one.arg == "server_default" for one in column.keywords)
    return column.func.id != "may" and not has_default


def _text(call: ast.Call, at: int) -> str:
    value = call.args[at] if len(call.args) > at else None
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


def announced(docstring: str) -> str | None:
    """The release from which on no code names what a contract step takes away."""
    found = ANNOUNCED.search(docstring)
    return found[1] if found else None


def is_over(release: str, previous: str) -> bool:
    """Whether the previous release, whose code may still run, is that one or a later one."""
    return [int(part) for part in release.split(".")] <= [int(part) for part in previous.split(".")]
