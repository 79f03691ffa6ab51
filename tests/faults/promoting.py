"""Owns promotions within fault runs: by the product's own code, and once in a while by the command itself."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from app.settings import Settings
from ops.places import ROOT
from shard_router import Router
from shard_router.promotion import Administrator, Promotion
from shard_router.topology import Shard, parse
from tests.support.cluster import Cluster
from tests.support.stack import variables


@dataclass
class Promoter:
    """Promotes on the servers of a fault run, as an operator with the administrator's account would."""

    cluster: Cluster
    settings: Settings
    router: Router
    said: list[tuple[float, str]] = field(default_factory=list)
    """Each step as it was told, and when."""

    def promote(self, name: str, to: str | None = None) -> str:
        """The new primary's name."""
        promotion = Promotion(
            Administrator(self.cluster.admin, self.cluster.tls_ca),
            self._shard(name),
            topology=self.settings.topology_file,
            acknowledged=lambda: self.router.acknowledged(name),
            say=lambda step: self.said.append((time.monotonic(), step)),
        )
        plan = promotion.plan(to)
        promotion.run(plan)
        return plan.candidate.name

    def took(self, first: str, last: str) -> float:
        """Seconds between two of the steps that were told."""
        began = next(at for at, step in self.said if first in step)
        return next(at for at, step in self.said if last in step) - began

    def primary(self, name: str) -> str:
        return self._shard(name).primary.name

    def replicas(self, name: str) -> list[str]:
        return sorted(server.name for server in self._shard(name).replicas)

    def by_command(self, *words: str, folder: Path) -> subprocess.CompletedProcess[str]:
        """`flask shards promote`, as a person types it."""
        password = folder / "admin-password"
        password.write_text(self.cluster.admin.password)
        own = {"BOOLA_MYSQL_ADMIN_USER": self.cluster.admin.user, "BOOLA_MYSQL_ADMIN_PASSWORD_FILE": str(password)}
        environment = {name: value for name, value in os.environ.items() if not name.startswith("BOOLA_")}
        command = [sys.executable, "-m", "flask", "--app", "app.factory", "shards", "promote", *words]
        return subprocess.run(
            command, cwd=ROOT, env=environment | variables(self.settings) | own, capture_output=True, text=True,
            check=False, timeout=120,
        )  # fmt: skip

    def _shard(self, name: str) -> Shard:
        topology = parse(self.settings.topology_file.read_text())
        return next(shard for shard in topology.every() if shard.name == name)
