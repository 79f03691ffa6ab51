"""Nobody outside the router reaches for its private parts: what Python cannot shut, this reading does."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DOORS = {"_raw", "_permits", "_run", "dbapi_connection", "driver_connection", "raw_connection", "exec_driver_sql"}


def reached(source: str, name: str) -> list[str]:
    return [
        f"{name}:{node.lineno} .{node.attr}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and node.attr in DOORS and not _is_own(node)
    ]


def _is_own(node: ast.Attribute) -> bool:
    """`self._run` is a class's own, whatever its name."""
    return isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")


def test_no_domain_no_edge_and_no_worker_reaches_behind_a_session():
    files = [path for folder in ("app", "workers") for path in (ROOT / folder).rglob("*.py")]
    assert len(files) > 100, "the folders moved: this test reads nothing"
    assert [place for path in files for place in reached(path.read_text(encoding="utf-8"), str(path))] == []


def test_the_reading_sees_what_it_must():
    assert reached("def f(db):\n    db._raw.run('SELECT 1')\n    self._run()\n", "a") == ["a:2 ._raw"]
