"""Owns the commands of whoever runs the platform: moves of shops, and the shards that they live on."""

from app.console.cli.moving import OF_SHOPS
from app.console.cli.promoting import promote
from app.console.cli.shards import shards

shards.add_command(promote)

__all__ = ["OF_SHOPS", "shards"]
