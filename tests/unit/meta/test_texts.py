"""What a refusal says to a person goes through gettext: a text that does not is English for ever."""

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.factory import JOB_MODULES
from app.kit.errors import AppError, all_errors

ROOT = Path(__file__).resolve().parents[3]
SAID = ("default_message", "default_action")
GIVEN = ("message", "action")

for module in (*JOB_MODULES, "app.factory"):
    importlib.import_module(module)
REFUSALS = {error.__name__ for error in all_errors()} | {AppError.__name__}


def untranslated(source: str, refusals: set[str]) -> Iterator[str]:
    """The lines on which a refusal is given words that no translator sees."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield from (f"{line.lineno} {node.name}" for line in node.body if is_default(line) and is_plain(line.value))
        if isinstance(node, ast.FunctionDef):
            named = assigned(node)
            for call in (one for one in ast.walk(node) if isinstance(one, ast.Call)):
                if name_of(call.func) in refusals:
                    yield from (f"{call.lineno} {name_of(call.func)}" for text in words(call) if is_plain(text, named))


def words(call: ast.Call) -> list[ast.expr]:
    return [*call.args[:1], *(keyword.value for keyword in call.keywords if keyword.arg in GIVEN)]


def is_default(line: ast.stmt) -> bool:
    return isinstance(line, ast.Assign) and any(getattr(one, "id", "") in SAID for one in line.targets)


def is_plain(text: ast.expr, named: dict[str, list[ast.expr]] | None = None) -> bool:
    """Whether it is, or may be, a text written here as it is; `named`: what the function's variables were given."""
    match text:
        case ast.Constant(value=str(value)):
            return bool(value)
        case ast.JoinedStr():
            return True
        case ast.IfExp():
            return is_plain(text.body, named) or is_plain(text.orelse, named)
        case ast.BinOp():
            return is_plain(text.left, named) or is_plain(text.right, named)
        case ast.Name():
            return any(is_plain(value) for value in (named or {}).get(text.id, ()))
    return False


def assigned(function: ast.FunctionDef) -> dict[str, list[ast.expr]]:
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(node.value)
    return found


def name_of(called: ast.expr) -> str:
    return str(getattr(called, "id", getattr(called, "attr", "")))


def test_every_refusal_speaks_through_gettext():
    assert len(REFUSALS) > 100, "the errors were not loaded: this test reads nothing"
    found = [
        f"{path.relative_to(ROOT)}:{place}"
        for path in sorted((ROOT / "app").rglob("*.py"))
        for place in untranslated(path.read_text(encoding="utf-8"), REFUSALS)
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        'raise Gone("It is gone.")',
        'raise Gone(f"{tag} is gone.")',
        'raise Gone(action="Look again.")',
        'raise errors.Gone("It is" + " gone.")',
        'said = f"{tag} is gone."; raise Gone(said)',
        'raise Gone(_("It is gone.") if tag else "It is gone.")',
    ],
)
def test_a_text_that_no_translator_sees_is_seen_here(line):
    assert list(untranslated(f"def f(tag):\n    {line}\n", {"Gone"})) == ["2 Gone"]


def test_a_class_that_says_it_without_a_translator_is_seen_too():
    assert list(untranslated('class Gone(NotFound):\n    default_action = "Look again."\n', set())) == ["2 Gone"]


@pytest.mark.parametrize("line", ['raise Gone(_("It is gone."))', "raise Gone()", "raise Gone(wrong)"])
def test_a_text_that_goes_through_gettext_is_let_be(line):
    assert list(untranslated(f"def f(wrong):\n    {line}\n", {"Gone"})) == []
