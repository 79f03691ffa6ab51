"""Owns histories that tests write: the real control plane's, which makes the ledger, and any steps for a shard."""

import shutil
import textwrap
from pathlib import Path

from migrations import versions

STEP = '''"""{doc}

ALGORITHM/LOCK: of a test.
"""

import time
from pathlib import Path

import sqlalchemy as sa

from migrations.kinds import BIG, INT, code, index, may, must

HERE = Path({folder!r})
revision = "{revision}"
down_revision = {down!r}


def upgrade(op):
{body}
'''
SIMPLE = 'op.create_table("{table}", must("shop_id", BIG), must("no", INT), sa.PrimaryKeyConstraint("shop_id", "no"))'


class Histories:
    """A folder of histories. `steps` are bodies of `upgrade` by revision: s0001="...", s0002="..."."""

    def __init__(self, folder: Path, steps: dict[str, str]) -> None:
        self.folder = folder
        self.root = folder / "histories"
        shutil.copytree(versions.HERE / "control", self.root / "control", ignore=shutil.ignore_patterns("__pycache__"))
        (self.root / "shard" / "versions").mkdir(parents=True)
        before = None
        for name in sorted(steps):
            revision = name.removeprefix("s")
            self._write(revision, before, steps[name])
            before = revision

    def _write(self, revision: str, down: str | None, body: str) -> None:
        text = STEP.format(
            doc=f"Step {revision}.", folder=str(self.folder), revision=revision, down=down,
            body=textwrap.indent(textwrap.dedent(body).strip(), "    "),
        )  # fmt: skip
        (self.root / "shard" / "versions" / f"{revision}_of_a_test.py").write_text(text)

    def flag(self, name: str) -> Path:
        """A file that a step and a test both look at, as HERE / name in the step."""
        return self.folder / name


def simple(table: str) -> str:
    """The body that makes one table."""
    return SIMPLE.format(table=table)
