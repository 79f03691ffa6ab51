"""Owns `./dev check`, `./dev lint` and `./dev lock`: the tools that read the code, and the pinned requirement files."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ops import files
from ops.bootstrap import REQUIREMENTS, uv_environment
from ops.places import ROOT
from ops.progress import console
from ops.trouble import Trouble, tool_failed

LOCKS = ("run", "vision", "test", "uv", "node")

CHECKS: dict[str, tuple[str, ...]] = {
    "ruff": ("ruff", "check", "."),
    "ruff format": ("ruff", "format", "--check", "."),
    "mypy": ("mypy",),
    "import-linter": ("importlinter.cli", "lint"),
    "djlint": ("djlint", "--lint", "--quiet", "app"),
}


def check() -> None:
    """Runs every checker to its end, says which found something, and fails if any did."""
    failed = [name for name, words in CHECKS.items() if not _passes(name, _command(name, words))]
    problems = lock_problems()
    if problems:
        console.print("\n".join(problems), markup=False)
        failed.append("lock files")
    console.print(f"  {'✗' if problems else '✓'} lock files", markup=False)
    if failed:
        raise Trouble(
            f"{', '.join(failed)} found something", "mend what is listed above; ./dev lint mends what a tool can"
        )


def _command(name: str, words: tuple[str, ...]) -> list[str]:
    if name == "import-linter":  # its module has no __main__
        return [str(Path(sys.executable).parent / "lint-imports")]
    return [sys.executable, "-m", *words]


def _passes(name: str, command: list[str]) -> bool:
    began = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        console.print((done.stdout + done.stderr).rstrip(), markup=False, soft_wrap=True)
    mark = "✗" if done.returncode else "✓"
    console.print(f"  {mark} {name} ({time.monotonic() - began:.1f} s)", markup=False)
    return done.returncode == 0


def lint() -> None:
    """Mends what the tools can mend: import order, format, simple findings."""
    for words in (("ruff", "check", "--fix", "."), ("ruff", "format", ".")):
        subprocess.run([sys.executable, "-m", *words], cwd=ROOT, check=False)


# ---------------------------------------------------------------- lock files


def lock() -> None:
    """Pins every requirement file anew: the newest versions that fit, with hashes, naming no index."""
    for name in LOCKS:
        words = [
            "uv",
            "pip",
            "compile",
            "-q",
            "--upgrade",
            "--generate-hashes",
            "--no-emit-index-url",
            "--no-emit-find-links",
        ]
        places = ["--no-header", "--python-version", "3.11", "--universal", f"requirements/{name}.in"]
        done = subprocess.run(
            [sys.executable, "-m", *words, *places, "-o", f"requirements/{name}.txt"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            env=uv_environment(),
        )
        if done.returncode:
            raise tool_failed(
                f"Pinning {name}.in", done.stderr, "the Python package index of this machine's configuration"
            )
        console.print(f"  ✓ requirements/{name}.txt", markup=False)


def lock_problems(folder: Path = REQUIREMENTS) -> list[str]:
    """What is wrong with the lock files, asking no network: a wish not pinned, a pin without hash, an address."""
    found = []
    for name in LOCKS:
        pinned = files.read(folder / f"{name}.txt")
        found += _wishes_unmet(name, files.read(folder / f"{name}.in"), pinned)
        if "://" in pinned:
            found.append(f"requirements/{name}.txt: names an address")
        for entry in re.split(r"\n(?=[a-zA-Z0-9])", pinned):
            if "==" in entry and "--hash=sha256:" not in entry:
                found.append(f"requirements/{name}.txt: {entry.split()[0]} has no hash")
    if '"resolved"' in files.read(folder.parent / "package-lock.json"):
        found.append("package-lock.json: names a registry; run npm install with this repository's .npmrc")
    return found


def _wishes_unmet(name: str, wishes: str, pinned: str) -> list[str]:
    pins = re.findall(r"^([\w.-]+)==([^\s;\\]+)", pinned, re.MULTILINE)
    versions = {canonicalize_name(key): value for key, value in pins}
    found = []
    for line in wishes.splitlines():
        text = line.split("#")[0].strip()
        if not text or text.startswith("-"):
            continue
        wish = Requirement(text)
        version = versions.get(canonicalize_name(wish.name))
        if version is None or not wish.specifier.contains(version, prereleases=True):
            found.append(f"requirements/{name}.txt: {text} is not pinned to a version that fits; run ./dev lock")
    return found
