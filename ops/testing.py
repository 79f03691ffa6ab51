"""Owns `./dev test`, `./dev faults` and `./dev bench`: their servers and tools, and the command that runs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ops import assets, tools
from ops.environment import environment_for_tests
from ops.places import ROOT, Instance
from ops.progress import Steps
from ops.up import start_cluster

FOLDERS = ("tests/unit", "tests/integration", "tests/e2e", "tests/faults")


def prepare(instance: Instance) -> dict[str, str]:
    """Starts the servers tests need and fetches their tools; returns the environment that tells where they are."""
    with Steps() as steps:
        done = steps.beside(
            cluster=("MySQL and Redis", lambda say: start_cluster(instance, say)),
            assets=("Browser assets", assets.build),
            browser=("Fonts and Chromium", lambda say: (tools.fonts(say), tools.chromium(say))[1]),
        )
    return environment_for_tests(instance, done["browser"])


def test(instance: Instance, arguments: Sequence[str]) -> int:
    """All tests but the long fault runs, or those that the arguments name."""
    named = any((ROOT / argument.split("::")[0]).exists() for argument in arguments if not argument.startswith("-"))
    folders = [] if named else [folder for folder in FOLDERS if (ROOT / folder).is_dir()]
    return _pytest(prepare(instance), ["-m", "not long", *folders, *arguments])


def faults(instance: Instance, *, long: bool, arguments: Sequence[str]) -> int:
    """The fault runs: the short ones, or all of them."""
    return _pytest(prepare(instance), [*([] if long else ["-m", "not long"]), "tests/faults", *arguments])


def bench(instance: Instance, name: str, *, as_json: bool) -> int:
    """One measurement, `python -m bench NAME`."""
    environment = prepare(instance)
    words = [sys.executable, "-m", "bench", name, *(["--json"] if as_json else [])]
    return subprocess.run(words, cwd=ROOT, env=environment, check=False).returncode


def _pytest(environment: dict[str, str], words: Sequence[str]) -> int:
    command = [sys.executable, "-m", "pytest", *words]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def names_of_benches() -> list[str]:
    """What `./dev bench` can measure."""
    return sorted(path.stem for path in Path(ROOT / "bench").glob("*.py") if not path.stem.startswith("_"))
