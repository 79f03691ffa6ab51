"""One contract over every object store: a folder, and an S3-compatible server."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from app.adapters.object_store.disk import TEMPORARY, DiskStore
from app.adapters.object_store.s3 import S3Store
from app.kit.objects import NoSuchObject, ObjectTooLarge, StoreUnavailable, read_bytes, unguessable
from app.kit.ports import Bucket, ObjectStore
from tests.support.jobs import LINKS, SIDE

KEY = "7/a-key.pdf"


@pytest.fixture(scope="module")
def s3_address() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    client = boto3.client(
        "s3", endpoint_url=address, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    for bucket in Bucket:
        client.create_bucket(Bucket=f"test-{bucket}")
    yield address
    server.stop()


@pytest.fixture(params=["disk", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "disk":
        return DiskStore(tmp_path, links=LINKS, side_url=SIDE)
    address = request.getfixturevalue("s3_address")
    return S3Store(endpoint=address, region="us-east-1", access_key="a", secret_key="b", bucket_prefix="test-")


def fresh() -> str:
    return f"7/{unguessable()}.pdf"


def test_what_is_put_is_there_whole(store: ObjectStore) -> None:
    key = fresh()
    assert store.put(Bucket.INVOICES, key, b"%PDF", content_type="application/pdf").length == 4
    found = store.find(Bucket.INVOICES, key)
    assert found is not None
    assert (found.key, found.length, found.content_type) == (key, 4, "application/pdf")
    assert found.modified_at.tzinfo is not None
    assert read_bytes(store, Bucket.INVOICES, key, most=4) == b"%PDF"


def test_a_file_is_put_as_a_stream(store: ObjectStore) -> None:
    key, body = fresh(), bytes(range(256)) * 10_000
    assert store.put(Bucket.EXPORTS, key, io.BytesIO(body), content_type="text/csv").length == len(body)
    with store.open(Bucket.EXPORTS, key) as file:
        assert b"".join(iter(lambda: file.read(65_536), b"")) == body


def test_putting_again_replaces(store: ObjectStore) -> None:
    key = fresh()
    store.put(Bucket.INVOICES, key, b"one", content_type="application/pdf")
    store.put(Bucket.INVOICES, key, b"other", content_type="application/pdf")
    assert read_bytes(store, Bucket.INVOICES, key, most=10) == b"other"


def test_what_is_missing_is_missing(store: ObjectStore) -> None:
    key = fresh()
    assert store.find(Bucket.INVOICES, key) is None
    with pytest.raises(NoSuchObject):
        store.open(Bucket.INVOICES, key)
    store.delete(Bucket.INVOICES, key)


def test_deleted_is_gone(store: ObjectStore) -> None:
    key = fresh()
    store.put(Bucket.INVOICES, key, b"x", content_type="application/pdf")
    store.delete(Bucket.INVOICES, key)
    assert store.find(Bucket.INVOICES, key) is None


def test_buckets_do_not_see_each_other(store: ObjectStore) -> None:
    key = fresh()
    store.put(Bucket.INVOICES, key, b"x", content_type="application/pdf")
    assert store.find(Bucket.EXPORTS, key) is None


def test_a_list_is_by_prefix(store: ObjectStore) -> None:
    folder = unguessable()
    for name in ("a/1.webp", "a/2.webp", "b/1.webp"):
        store.put(Bucket.PICTURES, f"{folder}/{name}", b"x", content_type="image/webp")
    found = {one.key for one in store.list(Bucket.PICTURES, f"{folder}/a/")}
    assert found == {f"{folder}/a/1.webp", f"{folder}/a/2.webp"}


def test_nobody_reads_more_than_they_want(store: ObjectStore) -> None:
    key = fresh()
    store.put(Bucket.INCOMING, key, bytes(100), content_type="image/png")
    with pytest.raises(ObjectTooLarge):
        read_bytes(store, Bucket.INCOMING, key, most=99)


@pytest.mark.parametrize(
    "key",
    [
        "../x",
        "a/../b",
        "/etc/passwd",
        "a//b",
        "a/",
        ".hidden",
        "a/.hidden",
        "A",
        "ä",
        "a b",
        "a\\b",
        "a\0b",
        "",
        "x" * 201,
        "a?b",
    ],
)
def test_a_key_outside_the_grammar_reaches_nothing(store: ObjectStore, key: str) -> None:
    for attempt in (
        lambda: store.put(Bucket.INVOICES, key, b"x", content_type="application/pdf"),
        lambda: store.open(Bucket.INVOICES, key),
        lambda: store.find(Bucket.INVOICES, key),
        lambda: store.delete(Bucket.INVOICES, key),
        lambda: store.download_link(Bucket.INVOICES, key, filename="x"),
        lambda: store.upload_link(Bucket.INCOMING, key, content_type="image/png", length=1),
    ):
        with pytest.raises(ValueError, match="object key"):
            attempt()


def test_only_public_buckets_have_lasting_addresses(store: ObjectStore) -> None:
    assert store.public_url(Bucket.PICTURES, KEY).endswith(KEY)
    for bucket in (Bucket.INVOICES, Bucket.EXPORTS, Bucket.INCOMING, Bucket.BACKUPS):
        with pytest.raises(ValueError, match="not public"):
            store.public_url(bucket, KEY)


@pytest.mark.parametrize("bucket", [Bucket.INCOMING, Bucket.BACKUPS])
def test_no_link_leads_to_uploads_and_backups(store: ObjectStore, bucket: Bucket) -> None:
    with pytest.raises(ValueError, match="nothing is served"):
        store.download_link(bucket, KEY, filename="x")


def test_the_stores_own_links_work_for_s3(s3_address: str) -> None:
    """Of the folder's links, tests of the side service speak."""
    s3 = S3Store(endpoint=s3_address, region="us-east-1", access_key="a", secret_key="b", bucket_prefix="test-")
    link = s3.upload_link(Bucket.INCOMING, KEY, content_type="image/png", length=3)
    assert (
        requests.request(link.method, link.url, data=b"abc", headers=dict(link.headers), timeout=5).status_code == 200
    )
    assert read_bytes(s3, Bucket.INCOMING, KEY, most=3) == b"abc"
    s3.put(Bucket.INVOICES, KEY, b"%PDF", content_type="application/pdf")
    got = requests.get(s3.download_link(Bucket.INVOICES, KEY, filename='a "bill".pdf'), timeout=5)
    assert got.content == b"%PDF"
    assert got.headers["Content-Disposition"] == 'attachment; filename="a -bill-.pdf"'
    assert "content-length" in link.url


def test_a_broken_upload_leaves_neither_object_nor_scratch_on_disk(tmp_path: Path) -> None:
    class Breaks(io.RawIOBase):
        def __init__(self) -> None:
            self.read_once = False

        def read(self, size: int = -1) -> bytes:
            if self.read_once:
                raise ConnectionError("gone")
            self.read_once = True
            return b"half"

    store = DiskStore(tmp_path, links=LINKS, side_url=SIDE)
    broken: Any = Breaks()
    with pytest.raises(StoreUnavailable):
        store.put(Bucket.INCOMING, KEY, broken, content_type="image/png")
    assert store.find(Bucket.INCOMING, KEY) is None
    assert list((tmp_path / TEMPORARY).iterdir()) == []


def test_a_new_store_is_prepared_and_stays_so(s3_address: str) -> None:
    def client() -> Any:
        return boto3.client(
            "s3", endpoint_url=s3_address, region_name="ap-south-1", aws_access_key_id="a", aws_secret_access_key="b"
        )

    prefix = f"n{unguessable()[:8]}-"
    store = S3Store(endpoint=s3_address, region="ap-south-1", access_key="a", secret_key="b", bucket_prefix=prefix)
    for _ in range(2):
        store.prepare(origins=["https://shop.test"])
    s3 = client()
    for bucket in (Bucket.PICTURES, Bucket.SHOP_LOGOS):
        (statement,) = json.loads(s3.get_bucket_policy(Bucket=prefix + bucket)["Policy"])["Statement"]
        assert statement["Action"] == "s3:GetObject"
    for bucket in (Bucket.INVOICES, Bucket.EXPORTS, Bucket.INCOMING, Bucket.BACKUPS):
        with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
            s3.get_bucket_policy(Bucket=prefix + bucket)
    (rule,) = s3.get_bucket_lifecycle_configuration(Bucket=prefix + Bucket.EXPORTS)["Rules"]
    assert rule["Expiration"] == {"Days": 8}
    (cors,) = s3.get_bucket_cors(Bucket=prefix + Bucket.INCOMING)["CORSRules"]
    assert (cors["AllowedOrigins"], cors["AllowedMethods"]) == (["https://shop.test"], ["PUT"])
    assert s3.get_bucket_versioning(Bucket=prefix + Bucket.BACKUPS)["Status"] == "Enabled"
