"""Owns the settings that tests run the product with: the real ones, over the tests' own databases and folders."""

import base64
import hashlib
from pathlib import Path
from typing import Any

from app.settings import Settings, load
from tests.support.cluster import Cluster


def settings_for(cluster: Cluster, folder: Path, **changes: Any) -> Settings:
    """No limits on requests, jobs left in the outbox; what is not said here is the product's default."""
    accounts = {f"mysql_{name}_password": account.password for name, account in cluster.accounts.items()}
    given: dict[str, Any] = {
        "topology_file": cluster.file,
        "snapshot_file": folder / "snapshot.json",
        "shard_database": cluster.shard_database,
        "control_database": cluster.control_database,
        "mysql_tls_ca": cluster.tls_ca,
        "mysql_account_prefix": f"{cluster.prefix}_",
        **accounts,
        "redis_url": cluster.redis_url,
        "redis_prefix": cluster.redis_prefix,
        "public_url": "http://shop.test",
        "side_url": "http://side.test",
        "object_store_dir": folder / "objects",
        **{name: key(name) for name in ("master_key", "link_key", "token_key", "csrf_key")},
        "bcrypt_rounds": 4,
        "rate_client": "0/minute",
        "rate_shop": "0/minute",
        "shard_threads": 20,  # tests let more tills of one shop come at once than a web process has threads
        "environment": "tests",
    }
    return load(**{**given, **changes})


def key(name: str) -> str:
    """The same key in every process of a test run."""
    return base64.b64encode(hashlib.sha256(f"of the tests: {name}".encode()).digest()).decode()
