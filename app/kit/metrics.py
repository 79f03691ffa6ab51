"""Owns what is counted while running: requests, cache reads, retries; read on the side service's /metrics."""

from __future__ import annotations

from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, multiprocess

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.0, 5.0)


class Metrics:
    """The counters of one process. No label names a shop: 5,000 of them would swamp the store.

    With a folder (given to prometheus_client by PROMETHEUS_MULTIPROC_DIR before the start) all processes of a host
    are summed; without one, each shows its own.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._registry = own = CollectorRegistry()
        self.requests = Histogram(
            "boola_request_seconds",
            "Requests by route and status",
            ("method", "route", "status"),
            buckets=SECONDS,
            registry=own,
        )
        self.cache_reads = Counter("boola_cache_reads_total", "Reads of shops' caches", ("outcome",), registry=own)
        self.retries = Counter("boola_write_retries_total", "Writes tried again, by cause", ("cause",), registry=own)

    def text(self) -> bytes:
        """In Prometheus' text form."""
        return generate_latest(self._all())

    def cache_outcomes(self) -> dict[str, int]:
        """Reads of shops' caches by all processes that share the folder: hit, miss, bypass."""
        found = {"hit": 0, "miss": 0, "bypass": 0}
        for metric in self._all().collect():
            for sample in metric.samples:
                if sample.name == "boola_cache_reads_total":
                    found[sample.labels["outcome"]] = int(sample.value)
        return found

    def _all(self) -> CollectorRegistry:
        if self._folder is None:
            return self._registry
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry, path=str(self._folder))  # type: ignore[no-untyped-call]
        return registry
