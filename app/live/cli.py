"""Owns the commands about files."""

import click
from flask.cli import AppGroup

from app.adapters.object_store.s3 import S3Store
from app.kit.runtime import runtime

files = AppGroup("files", help="The object store.")


@files.command("prepare")
def prepare() -> None:
    """Make the object store's buckets and set who may read them, what expires, and who may upload."""
    parts = runtime()
    if isinstance(parts.store, S3Store):
        parts.store.prepare(origins=[parts.public_url])
        click.echo("The buckets are as they should be.")
    else:
        click.echo("Files are kept in a folder; there is nothing to prepare.")
