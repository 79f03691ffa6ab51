"""Owns the commands of whoever runs the platform: moves of shops, the shards that they live on, audits."""

from app.console.cli.auditing import audit
from app.console.cli.moving import OF_MOVES
from app.console.cli.promoting import promote
from app.console.cli.restoring import restore
from app.console.cli.shards import shards
from app.console.cli.vschema import vschema

OF_SHOPS = (*OF_MOVES, restore)
"""Commands that stand under `flask shops`, beside those of the AMC room."""

shards.add_command(promote)
shards.add_command(vschema)

__all__ = ["OF_SHOPS", "audit", "shards"]
