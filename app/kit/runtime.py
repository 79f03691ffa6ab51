"""Owns the bottom of everything at run time: one frozen value with the parts that edges and jobs reach down to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from flask import Flask, current_app

if TYPE_CHECKING:
    from app.kit.cache import ShopCache
    from app.kit.metrics import Metrics
    from app.kit.ports import CacheStore, CutOutMaker, EntitlementCheck, Identity, ObjectStore
    from app.kit.queueing import JobQueue
    from app.kit.sealing import Keyring
    from app.kit.signing import LinkSigner, TextSigner
    from shard_router import Router

EXTENSION = "boolagold"


@dataclass(frozen=True)
class Runtime:
    """Built once per process by `factory.build_runtime`; workers build the same one."""

    router: Router
    cache: ShopCache
    cache_store: CacheStore
    identity: Identity
    entitlement: EntitlementCheck
    store: ObjectStore
    queue: JobQueue
    links: LinkSigner  # expiring links to objects
    signer: TextSigner  # consistency tokens and cursors
    keyring: Keyring
    metrics: Metrics
    public_url: str
    side_url: str
    inline_jobs: bool = False
    demo: bool = False
    version: str = ""
    font_dir: Path | None = None  # the Noto fonts that prints use
    cut_outs: CutOutMaker | None = None  # None: pictures are not cut out here

    def close(self) -> None:
        """Let go of connections and pollers; after it the process ends."""
        self.router.close()


def install(app: Flask, runtime: Runtime) -> None:
    app.extensions[EXTENSION] = runtime


def runtime() -> Runtime:
    """The parts of the app that answers this request or runs this command."""
    return cast(Runtime, current_app.extensions[EXTENSION])
