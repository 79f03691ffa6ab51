"""Owns the list of the console's page modules: importing it registers every route on `pages`."""

from app.console import acts, door, failed, feed, shards, shops, table_pages
from app.console.frame import pages

__all__ = ["acts", "door", "failed", "feed", "pages", "shards", "shops", "table_pages"]
