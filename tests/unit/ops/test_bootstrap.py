"""The environment is renewed exactly when its pins, its Python or its place changed."""

import sys

import pytest

from ops import bootstrap
from ops.bootstrap import stamp_of, uv_settings


@pytest.fixture
def requirements(tmp_path):
    for name in ("uv.txt", "run.txt", "vision.txt"):
        (tmp_path / name).write_text(f"{name}==1")
    return tmp_path


def test_the_stamp_stays_while_nothing_changes(requirements):
    assert stamp_of(("run.txt",), requirements) == stamp_of(("run.txt",), requirements)


def test_the_stamp_changes_with_a_pin_the_installer_or_the_place(requirements):
    before = stamp_of(("run.txt",), requirements)
    assert stamp_of(("run.txt", "vision.txt"), requirements) != before
    assert stamp_of(("run.txt",), requirements, root=requirements) != before
    (requirements / "uv.txt").write_text("uv==2")
    changed = stamp_of(("run.txt",), requirements)
    assert changed != before
    (requirements / "run.txt").write_text("flask==9")
    assert stamp_of(("run.txt",), requirements) != changed


def test_the_stamp_changes_with_the_python(requirements, monkeypatch):
    before = stamp_of(("run.txt",), requirements)
    monkeypatch.setattr(sys, "version_info", (3, 99, 0, "final", 0))
    assert stamp_of(("run.txt",), requirements) != before


def test_an_environment_without_a_stamp_is_not_current(tmp_path, monkeypatch):
    monkeypatch.setattr(bootstrap, "VENV", tmp_path)
    monkeypatch.setattr(bootstrap, "PYTHON", tmp_path / "python")
    (tmp_path / "python").touch()
    assert not bootstrap._is_current("run")
    (tmp_path / ".boola-run").write_text(stamp_of(bootstrap.LAYERS["run"]))
    assert bootstrap._is_current("run")


def test_the_machines_pip_settings_reach_uv_in_its_own_words():
    listed = "\n".join(
        [
            "global.index-url='https://index.example/simple'",
            "global.extra-index-url='https://one.example/ https://two.example/'",
            ":env:.cert='/etc/certs.pem'",
            "global.timeout='60'",
        ]
    )
    assert uv_settings(listed) == {
        "UV_DEFAULT_INDEX": "https://index.example/simple",
        "UV_INDEX": "https://one.example/ https://two.example/",
        "SSL_CERT_FILE": "/etc/certs.pem",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }


def test_a_machine_without_pip_settings_gives_none():
    assert uv_settings("") == {}


def test_every_verb_that_needs_test_packages_exists():
    from ops.cli import verbs

    assert set(bootstrap.NEEDS_TEST) <= set(verbs.commands)


def test_the_launcher_needs_nothing_but_the_standard_library():
    """What runs before the packages are there may import only what Python brings, and its own kind."""
    import ast
    from pathlib import Path

    for name in ("bootstrap", "debian", "files", "places", "trouble"):
        tree = ast.parse((Path(bootstrap.__file__).parent / f"{name}.py").read_text())
        for node in ast.walk(tree):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for module in modules:
                root = module.split(".")[0]
                assert root == "ops" or root in sys.stdlib_module_names, f"{name}.py imports {module}"
                if module.startswith("ops."):
                    assert module.split(".")[1] in ("bootstrap", "debian", "files", "places", "trouble")
