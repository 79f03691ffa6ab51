"""The environment is renewed exactly when its pins, its Python or its place changed."""

import sys
from contextlib import nullcontext

import pytest

from ops import bootstrap
from ops.bootstrap import stamp_of, uv_settings
from ops.trouble import Trouble


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


def test_what_was_cut_short_is_installed_anew(tmp_path, monkeypatch):
    """A disk that filled up, or a kill: half a package looks installed to the installer."""
    monkeypatch.setattr(bootstrap, "VENV", tmp_path)
    monkeypatch.setattr(bootstrap, "UNFINISHED", tmp_path / ".boola-unfinished")
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "uv_environment", dict)
    (python := tmp_path / "python").write_text('#!/bin/sh\necho "$@" >> $0.asked\nexit $(cat $0.ends)\n')
    python.chmod(0o755)
    monkeypatch.setattr(bootstrap, "PYTHON", python)
    asked = tmp_path / "python.asked"
    for ends, reinstalls in (("1", False), ("0", True), ("0", False)):
        asked.unlink(missing_ok=True)
        (tmp_path / "python.ends").write_text(ends)
        with pytest.raises(Trouble) if ends == "1" else nullcontext():
            bootstrap._install("run")
        assert ("--reinstall" in asked.read_text()) is reinstalls
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
