"""Owns `./dev test`, `./dev faults` and `./dev bench`: their servers and tools, and the command that runs."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from ops import assets, testservers, tools
from ops.cluster.control import Cluster
from ops.environment import environment_for_tests
from ops.places import ROOT, Instance
from ops.progress import Steps, console
from ops.trouble import Trouble
from ops.up import start_cluster

BESIDE = ("tests/integration/shard_router", "tests/integration/console", "tests/integration/migrations")
HALVES = (
    ("tests/unit", "tests/integration", *(f"--ignore={folder}" for folder in BESIDE)),
    ("tests/e2e", "tests/faults", *BESIDE),
)
"""Run beside each other: both wait for servers, browsers and disks more than they reckon."""


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
    """All tests but the long fault runs, or those that the arguments name. Both halves are run to their ends."""
    words = ["-m", "not long"]
    if any((ROOT / argument.split("::")[0]).exists() for argument in arguments if not argument.startswith("-")):
        return _pytest(instance, [*words, *arguments])
    with prepared(instance) as environment, tempfile.TemporaryFile("w+") as told:
        first, second = (_command([*words, *folders, *arguments]) for folders in HALVES)
        own = {**environment, "BOOLA_TEST_PREFIX": "beside"}  # its databases and accounts on the same servers
        beside = subprocess.Popen(second, cwd=ROOT, env=own, stdout=told, stderr=subprocess.STDOUT)
        try:
            status = subprocess.run(first, cwd=ROOT, env=environment, check=False).returncode
            console.print("And what ran beside these: browser, faults, router, console, migrations")
        finally:
            beside.wait()  # Ctrl-C reaches it too, and it has servers to end
            told.seek(0)
            sys.stdout.writelines(told)
    return status or beside.returncode


def _command(words: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "pytest", *words]


def faults(
    instance: Instance,
    words: Sequence[str],
    *,
    long: bool = False,
    as_json: bool = False,
    seed: int = 0,
    count: int = 0,
) -> int:
    """The fault runs: of the rows that are named by number, or of all; other words go to pytest."""
    rows = [int(word) for word in words if word.isdigit()]
    shown = rows_shown()
    unknown = [row for row in rows if row not in shown]
    if unknown:
        known = ", ".join(map(str, sorted(shown)))
        raise Trouble(f"No test shows row {', '.join(map(str, unknown))}", f"choose among {known} (docs/faults.md)")
    folders = sorted({str(path.relative_to(ROOT)) for row in rows or shown for path in shown[row]})
    folders += [] if rows else ["tests/faults"]
    more = [word for word in words if not word.isdigit()]
    asked = {"TEST_FAULT_ROWS": ",".join(map(str, rows)) or "all"}
    asked |= {"TEST_FAULT_SEED": str(seed)} if seed else {}
    asked |= {"TEST_FAULT_COUNT": str(count)} if count else {}
    return _faults(instance, [*([] if long else ["-m", "not long"]), *folders, *more], asked, as_json=as_json)


def rows_shown() -> dict[int, list[Path]]:
    """Which files' tests carry which row of the table of faults."""
    found: dict[int, list[Path]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        marks = re.findall(r"mark\.fault\(([\d, ]+)\)", path.read_text(encoding="utf-8"))
        for row in {int(number) for mark in marks for number in mark.split(",") if number.strip()}:
            found.setdefault(row, []).append(path)
    return found


def _faults(instance: Instance, words: Sequence[str], asked: Mapping[str, str], *, as_json: bool) -> int:
    """With JSON, a line for each row and test is all that goes to standard output."""
    if not as_json:
        return _pytest(instance, words, asked)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(sys.stderr):
        lines = Path(folder) / "lines"
        status = _pytest(instance, words, {**asked, "TEST_FAULT_JSON": str(lines)}, output=sys.stderr)
        told = lines.read_text() if lines.exists() else ""
    print(told, end="")
    return status


def bench(instance: Instance, name: str, *, as_json: bool) -> int:
    """One measurement, `python -m bench.NAME`."""
    known = sorted(path.stem for path in (ROOT / "bench").glob("*.py") if not path.stem.startswith("_"))
    if name not in known:
        raise Trouble(f"There is no measurement {name}", f"choose one of {', '.join(known)}")
    words = [sys.executable, "-m", f"bench.{name}", *(["--json"] if as_json else [])]
    with prepared(instance) as environment:
        return subprocess.run(words, cwd=ROOT, env=environment, check=False).returncode


def _pytest(
    instance: Instance, words: Sequence[str], more: Mapping[str, str] | None = None, output: TextIO | None = None
) -> int:
    with prepared(instance) as environment:
        told = {**environment, **(more or {})}
        return subprocess.run(_command(words), cwd=ROOT, env=told, check=False, stdout=output).returncode
