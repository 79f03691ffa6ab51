"""What the requirement files wish for is used: a package nobody imports is weight, and its next owner has a way in."""

import ast
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[3]
PRODUCT = ("app", "workers", "shard_router", "migrations", "ops")
LAYERS = {"run": PRODUCT, "vision": PRODUCT, "test": (*PRODUCT, "tests", "bench")}

NEVER_IMPORTED = {
    "babel": "its command pybabel makes the catalogues: app/translations/README.md",
    "gunicorn": "started by its command: it serves web and side",
    "opencv-python-headless": "loaded by name where it is there: app/adapters/cut_out/classical.py",
    "pytest-xdist": "`pytest -n`: tests/support/cluster.py gives each worker databases of its own",
    "ruff": "`./dev check`", "mypy": "`./dev check`", "import-linter": "`./dev check`", "djlint": "`./dev check`",
    "boto3-stubs": "mypy reads it", "types-redis": "mypy reads it: redis's own annotations are not whole",
}  # fmt: skip


def wishes(layer: str) -> set[str]:
    lines = (ROOT / "requirements" / f"{layer}.in").read_text(encoding="utf-8").splitlines()
    texts = [line.split("#")[0].strip() for line in lines]
    return {canonicalize_name(Requirement(text).name) for text in texts if text and not text.startswith("-")}


def imported(folders: tuple[str, ...]) -> set[str]:
    """The top names that these folders import, wherever the line stands."""
    found = set()
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.split(".")[0])
    return found


def packages(names: set[str]) -> set[str]:
    """The distributions that bring these names."""
    owners = metadata.packages_distributions()
    return {canonicalize_name(owner) for name in names for owner in owners.get(name, ())}


@pytest.mark.parametrize("layer", LAYERS)
def test_every_wish_is_imported_or_has_a_reason(layer):
    wished = wishes(layer)
    assert wished, "an empty list proves nothing"
    assert wished - packages(imported(LAYERS[layer])) - NEVER_IMPORTED.keys() == set()


def test_the_reasons_speak_of_wishes_only():
    assert NEVER_IMPORTED.keys() <= set().union(*(wishes(layer) for layer in LAYERS))
