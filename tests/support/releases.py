"""Owns running another release's code: its tree out of the history, in a process of its own with this environment."""

import io
import json
import os
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrations.releases import PREVIOUS, Release
from ops.places import ROOT

SMOKE = ROOT / "tests" / "support" / "release_smoke.py"
LONGEST = 300
MIGRATE = """
import json, os, sys
from pathlib import Path
from migrations.runner import Runner
from tests.support.cluster import Cluster
file = Path(os.environ["BOOLA_CLUSTER"])
Runner(Cluster(file, json.loads(file.read_text()), sys.argv[1]).fleet_config()).up()
"""


class NoHistory(Exception):
    """The commit is not here: a shallow clone, or a tree without its history."""


@dataclass(frozen=True)
class Code:
    """One release's tree."""

    name: str
    tree: Path

    def migrate(self, prefix: str) -> None:
        """Databases and accounts from nothing, by this release's own migrations."""
        self._run(["-c", MIGRATE, prefix])

    def smoke(self, prefix: str, folder: Path) -> dict[str, Any]:
        """What a short day looked like to this code."""
        folder.mkdir(exist_ok=True)
        seen: dict[str, Any] = json.loads(self._run([str(SMOKE), prefix, str(folder)]).splitlines()[-1])
        assert Path(seen["code"]) == self.tree / "migrations", "another tree's code ran"
        return seen

    def _run(self, words: list[str]) -> str:
        """-P: this file's neighbours are not to be taken for packages of their names."""
        environment = {**os.environ, "PYTHONPATH": str(self.tree)}
        ran = subprocess.run(
            [sys.executable, "-P", *words], cwd=self.tree, env=environment, capture_output=True, text=True,
            timeout=LONGEST, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, f"{self.name}: {ran.stdout[-2000:]}\n{ran.stderr[-4000:]}"
        return ran.stdout


def this_code() -> Code:
    return Code("this release", ROOT)


def previous_code(folder: Path, release: Release = PREVIOUS) -> Code:
    """Unpacked into the folder. Raises NoHistory."""
    words = ["git", "-C", str(ROOT), "archive", "--format=tar", release.commit]
    try:
        packed = subprocess.run(words, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as missing:
        raise NoHistory(f"release {release.version} ({release.commit[:12]}) is not in this history") from missing
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return Code(release.version, folder)
