"""What of the router's configuration may be shown."""

from pathlib import Path

from shard_router.config import Account, RouterConfig


def test_no_secret_stands_in_what_is_printed() -> None:
    config = RouterConfig(
        topology=Path("topology.json"), accounts={"app": Account("app", "a-password")}, snapshot=Path("snapshot.json"),
        redis_url="redis://:b-password@localhost/0", token_keys=(b"c-key",),
    )  # fmt: skip
    assert "app" in repr(config)
    assert not [secret for secret in ("a-password", "b-password", "c-key") if secret in repr(config)]
