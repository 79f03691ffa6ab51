"""Owns `./dev test`, `./dev faults` and `./dev bench`: their servers and tools, and the command that runs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ops import assets, testservers, tools
from ops.cluster.control import Cluster
from ops.environment import environment_for_tests
from ops.places import ROOT, Instance
from ops.progress import Steps
from ops.trouble import Trouble
from ops.up import start_cluster

FOLDERS = ("tests/unit", "tests/integration", "tests/e2e", "tests/faults")


@contextmanager
def prepared(instance: Instance) -> Iterator[dict[str, str]]:
    """The servers and tools that tests need, and the environment that tells where they are.

    Servers started here are ended again; `./dev cluster --instance test up` keeps them warm between runs."""
    started: list[str] = []
    try:
        with Steps() as steps:
            done = steps.beside(
                cluster=("MySQL and Redis", lambda say: started.extend(start_cluster(instance, say))),
                assets=("Browser assets", assets.build),
                servers=("nginx and an object store", lambda say: (testservers.nginx(say), testservers.gateway(say))),
                browser=("Fonts and Chromium", lambda say: (tools.fonts(say), tools.chromium(say))[1]),
            )
        yield environment_for_tests(instance, done["browser"])
    finally:
        if started:
            Cluster(instance, lambda text: None).down()


def test(instance: Instance, arguments: Sequence[str]) -> int:
    """All tests but the long fault runs, or those that the arguments name."""
    named = any((ROOT / argument.split("::")[0]).exists() for argument in arguments if not argument.startswith("-"))
    folders = [] if named else [folder for folder in FOLDERS if (ROOT / folder).is_dir()]
    return _pytest(instance, ["-m", "not long", *folders, *arguments])


def faults(instance: Instance, *, long: bool, arguments: Sequence[str]) -> int:
    """The fault runs: the short ones, or all of them."""
    return _pytest(instance, [*([] if long else ["-m", "not long"]), "tests/faults", *arguments])


def bench(instance: Instance, name: str, *, as_json: bool) -> int:
    """One measurement, `python -m bench.NAME`."""
    known = sorted(path.stem for path in (ROOT / "bench").glob("*.py") if not path.stem.startswith("_"))
    if name not in known:
        raise Trouble(f"There is no measurement {name}", f"choose one of {', '.join(known)}")
    words = [sys.executable, "-m", f"bench.{name}", *(["--json"] if as_json else [])]
    with prepared(instance) as environment:
        return subprocess.run(words, cwd=ROOT, env=environment, check=False).returncode


def _pytest(instance: Instance, words: Sequence[str]) -> int:
    with prepared(instance) as environment:
        return subprocess.run(
            [sys.executable, "-m", "pytest", *words], cwd=ROOT, env=environment, check=False
        ).returncode
