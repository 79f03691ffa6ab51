"""One contract over every object store: a folder, and an S3-compatible server."""

import datetime as dt
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore.exceptions import ClientError

from app.adapters.object_store.disk import TEMPORARY, DiskStore
from app.adapters.object_store.s3 import S3Store
from app.kit.objects import NoSuchObject, ObjectTooLarge, StoreUnavailable, read_bytes, unguessable
from app.kit.ports import Bucket, ObjectStore, UploadLink
from tests.support.gateway import Gateway
from tests.support.jobs import LINKS, SIDE
from tests.support.waiting import until

KEY = "7/a-key.pdf"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A real S3-compatible store, prepared as `flask files prepare` does it."""
    server = Gateway(tmp_path_factory.mktemp("gateway"))
    try:
        server.start()
        server.store().prepare(origins=["https://shop.test"])
        yield server
    finally:
        server.stop()


@pytest.fixture(params=["disk", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "disk":
        return DiskStore(tmp_path, links=LINKS, side_url=SIDE)
    gateway: Gateway = request.getfixturevalue("gateway")
    return gateway.store()


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


# ---------------------------------------------------------------- what only the S3-compatible store promises by itself


def answer(link: UploadLink, body: bytes, **headers: str) -> int:
    sent = {**link.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return requests.request(link.method, link.url, data=body, headers=sent, timeout=20).status_code


def test_a_link_opens_its_object_under_the_name_it_was_given(gateway: Gateway) -> None:
    s3, key = gateway.store(), fresh()
    s3.put(Bucket.INVOICES, key, b"%PDF", content_type="application/pdf")
    got = requests.get(s3.download_link(Bucket.INVOICES, key, filename='a "bill".pdf'), timeout=20)
    assert (got.status_code, got.content) == (200, b"%PDF")
    assert got.headers["Content-Disposition"] == 'attachment; filename="a -bill-.pdf"'


def test_a_link_that_somebody_changed_opens_nothing(gateway: Gateway) -> None:
    s3, key, other = gateway.store(), fresh(), fresh()
    for one in (key, other):
        s3.put(Bucket.INVOICES, one, b"%PDF", content_type="application/pdf")
    link = s3.download_link(Bucket.INVOICES, key, filename="a.pdf")
    signature = link.rsplit("=", 1)[1]
    changed = (
        link.replace(key, other), link.replace("attachment", "inline"), link.replace("Expires=600", "Expires=6000"),
        link.replace(signature, signature[::-1]), link.split("?")[0],
    )  # fmt: skip
    assert requests.get(link, timeout=20).status_code == 200
    for url in changed:
        assert url != link
        assert requests.get(url, timeout=20).status_code == 403, url


def test_a_link_ends(gateway: Gateway) -> None:
    """The same link is good, and then it is not: by the store's own clock, a second later."""
    s3, key = gateway.store(), fresh()
    s3.put(Bucket.INVOICES, key, b"%PDF", content_type="application/pdf")
    link = s3.download_link(Bucket.INVOICES, key, filename="a.pdf", lasts=dt.timedelta(seconds=1))
    until(lambda: requests.get(link, timeout=20).status_code == 403, within=30, what="the link's end")
    longer = s3.download_link(Bucket.INVOICES, key, filename="a.pdf", lasts=dt.timedelta(minutes=10))
    assert requests.get(longer, timeout=20).status_code == 200


def test_a_link_signed_with_another_key_opens_nothing(gateway: Gateway) -> None:
    key = fresh()
    gateway.store().put(Bucket.INVOICES, key, b"%PDF", content_type="application/pdf")
    forged = S3Store(
        endpoint=gateway.address, region="ap-south-1", access_key=gateway.access_key, secret_key="x" * 40,
        bucket_prefix="test-",
    )  # fmt: skip
    assert requests.get(forged.download_link(Bucket.INVOICES, key, filename="a"), timeout=20).status_code == 403
    with pytest.raises(StoreUnavailable):
        forged.put(Bucket.INVOICES, fresh(), b"x", content_type="application/pdf")


def test_an_upload_is_of_the_length_and_type_that_were_signed(gateway: Gateway) -> None:
    s3, key = gateway.store(), fresh()
    link = s3.upload_link(Bucket.INCOMING, key, content_type="image/png", length=3)
    assert answer(link, b"abcd") == 403
    assert answer(link, b"ab") == 403
    assert answer(link, b"abc", Content_Type="text/html") == 403
    assert s3.find(Bucket.INCOMING, key) is None
    assert answer(link, b"abc") == 200
    assert read_bytes(s3, Bucket.INCOMING, key, most=3) == b"abc"


def test_browsers_of_our_pages_may_send_uploads_and_others_may_not(gateway: Gateway) -> None:
    link = gateway.store().upload_link(Bucket.INCOMING, fresh(), content_type="image/png", length=3)

    def asked(origin: str) -> requests.Response:
        wanted = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"}
        return requests.options(link.url, headers={"Origin": origin, **wanted}, timeout=20)

    assert asked("https://shop.test").headers["Access-Control-Allow-Origin"] == "https://shop.test"
    assert "Access-Control-Allow-Origin" not in asked("https://elsewhere.test").headers


def test_everybody_reads_a_public_object_and_nobody_lists_them_or_reads_others(gateway: Gateway) -> None:
    s3, key = gateway.store(), fresh()
    for bucket in (Bucket.PICTURES, Bucket.INVOICES):
        s3.put(bucket, key, b"x", content_type="image/webp")
    shown = requests.get(s3.public_url(Bucket.PICTURES, key), timeout=20)
    assert (shown.content, shown.headers["Cache-Control"]) == (b"x", "public, max-age=31536000, immutable")
    for path in ("test-pictures/", f"test-invoices/{key}", "test-invoices/"):
        assert requests.get(f"{gateway.address}/{path}", timeout=20).status_code == 403, path
    assert requests.put(s3.public_url(Bucket.PICTURES, key), data=b"y", timeout=20).status_code == 403


def test_a_link_works_under_the_name_that_was_signed(gateway: Gateway) -> None:
    """In the containers the application and a browser know the store by one name, which is no address."""
    named = f"objects.localhost:{gateway.port}"
    s3, key = gateway.store(endpoint=f"http://{named}"), fresh()
    gateway.store().put(Bucket.INVOICES, key, b"%PDF", content_type="application/pdf")
    link = s3.download_link(Bucket.INVOICES, key, filename="a.pdf").replace(named, f"127.0.0.1:{gateway.port}")
    assert requests.get(link, headers={"Host": named}, timeout=20).status_code == 200
    assert requests.get(link, timeout=20).status_code == 403


def test_the_store_keeps_its_objects_over_a_restart(tmp_path: Path) -> None:
    """At three in the night, when the gateway would clear away what has expired, which kills it."""
    server = Gateway(tmp_path, hour=3)
    try:
        server.start()
        server.store().prepare(origins=["https://shop.test"])
        server.store().put(Bucket.INVOICES, KEY, b"%PDF", content_type="application/pdf")
        server.stop()
        with pytest.raises(StoreUnavailable):
            server.store().find(Bucket.INVOICES, KEY)
        server.start()
        assert read_bytes(server.store(), Bucket.INVOICES, KEY, most=4) == b"%PDF"
    finally:
        server.stop()


def test_a_new_store_is_prepared_and_stays_so(gateway: Gateway) -> None:
    prefix = f"n{unguessable()[:8].lower()}-"
    for _ in range(2):
        gateway.store(prefix=prefix).prepare(origins=["https://shop.test"])
    s3 = boto3.client(
        "s3", endpoint_url=gateway.address, region_name="ap-south-1", aws_access_key_id=gateway.access_key,
        aws_secret_access_key=gateway.secret_key,
    )  # fmt: skip
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
