"""Owns files in an S3-compatible store: one bucket there for each of ours, links signed by the store itself."""

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from typing import IO, TYPE_CHECKING, Any, cast

from app.kit.clock import utc_now
from app.kit.objects import NEVER_SERVED, PUBLIC, NoSuchObject, StoreUnavailable, checked_key, safe_filename
from app.kit.ports import Bucket, Disposition, StoredObject, UploadLink

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

TEN_MINUTES = dt.timedelta(minutes=10)
FOR_EVER = "public, max-age=31536000, immutable"
"""Keys are never written twice with other bytes, so a CDN may keep them."""


class S3Store:
    """Bucket names carry a prefix, since a store's names are shared by all its customers."""

    def __init__(
        self,
        *,
        endpoint: str | None,
        region: str,
        access_key: str,
        secret_key: str,
        bucket_prefix: str = "",
        public_url: str | None = None,
    ) -> None:
        import boto3
        from botocore.config import Config

        self._prefix = bucket_prefix
        self._public_url = (public_url or endpoint or f"https://s3.{region}.amazonaws.com").rstrip("/")
        self._s3: S3Client = boto3.client(
            "s3", endpoint_url=endpoint, region_name=region, aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=Config(
                signature_version="s3v4", connect_timeout=2, read_timeout=20, retries={"total_max_attempts": 2},
                s3={"addressing_style": "path"},
            ),
        )  # fmt: skip

    def put(self, bucket: Bucket, key: str, body: bytes | IO[bytes], *, content_type: str) -> StoredObject:
        extra = {"ContentType": content_type}
        if bucket in PUBLIC:
            extra["CacheControl"] = FOR_EVER
        with _translated():
            if isinstance(body, bytes):
                self._s3.put_object(Bucket=self._name(bucket), Key=checked_key(key), Body=body, **cast(Any, extra))
            else:
                self._s3.upload_fileobj(body, self._name(bucket), checked_key(key), ExtraArgs=cast(Any, extra))
        return self.find(bucket, key) or _missing()

    def open(self, bucket: Bucket, key: str) -> IO[bytes]:
        with _translated():
            return cast("IO[bytes]", self._s3.get_object(Bucket=self._name(bucket), Key=checked_key(key))["Body"])

    def find(self, bucket: Bucket, key: str) -> StoredObject | None:
        try:
            with _translated():
                head = self._s3.head_object(Bucket=self._name(bucket), Key=checked_key(key))
        except NoSuchObject:
            return None
        return StoredObject(
            key=key, length=head["ContentLength"], content_type=head.get("ContentType", ""),
            modified_at=head["LastModified"].astimezone(dt.UTC),
        )  # fmt: skip

    def delete(self, bucket: Bucket, key: str) -> None:
        with _translated():
            self._s3.delete_object(Bucket=self._name(bucket), Key=checked_key(key))

    def list(self, bucket: Bucket, prefix: str = "") -> Iterator[StoredObject]:
        with _translated():
            for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._name(bucket), Prefix=prefix):
                for found in page.get("Contents", []):
                    yield StoredObject(
                        key=found["Key"], length=found["Size"], content_type="",
                        modified_at=found["LastModified"].astimezone(dt.UTC),
                    )  # fmt: skip

    def download_link(
        self,
        bucket: Bucket,
        key: str,
        *,
        filename: str,
        disposition: Disposition = "attachment",
        lasts: dt.timedelta = TEN_MINUTES,
    ) -> str:
        if bucket in NEVER_SERVED:
            raise ValueError(f"nothing is served from {bucket}")
        wanted = {
            "Bucket": self._name(bucket), "Key": checked_key(key),
            "ResponseContentDisposition": f'{disposition}; filename="{safe_filename(filename)}"',
        }  # fmt: skip
        return self._s3.generate_presigned_url("get_object", Params=wanted, ExpiresIn=int(lasts.total_seconds()))

    def upload_link(
        self, bucket: Bucket, key: str, *, content_type: str, length: int, lasts: dt.timedelta = TEN_MINUTES
    ) -> UploadLink:
        """The length is among the signed headers, so the store refuses a body of another size."""
        wanted = {
            "Bucket": self._name(bucket), "Key": checked_key(key), "ContentLength": length, "ContentType": content_type,
        }  # fmt: skip
        url = self._s3.generate_presigned_url("put_object", Params=wanted, ExpiresIn=int(lasts.total_seconds()))
        return UploadLink(url=url, method="PUT", expires_at=utc_now() + lasts, headers={"Content-Type": content_type})

    def public_url(self, bucket: Bucket, key: str) -> str:
        if bucket not in PUBLIC:
            raise ValueError(f"{bucket} is not public")
        return f"{self._public_url}/{self._name(bucket)}/{checked_key(key)}"

    def prepare(self, *, origins: Sequence[str]) -> None:
        """Make the buckets that are missing and set all of them as they should be; twice is harmless.

        Public ones may be read object by object and never listed; exports and uploads also end by the store's own
        clock, should our job not run; browsers at `origins` may send uploads; backups keep their versions.
        """
        with _translated():
            there = {found["Name"] for found in self._s3.list_buckets()["Buckets"]}
            for bucket in Bucket:
                if self._name(bucket) not in there:
                    self._create(self._name(bucket))
            for bucket in PUBLIC:
                self._open_to_readers(self._name(bucket))
            for bucket, days in ((Bucket.EXPORTS, 8), (Bucket.INCOMING, 4)):
                self._expire(self._name(bucket), days)
            self._allow_uploads(self._name(Bucket.INCOMING), origins)
            self._s3.put_bucket_versioning(
                Bucket=self._name(Bucket.BACKUPS), VersioningConfiguration={"Status": "Enabled"}
            )

    def _create(self, name: str) -> None:
        """In the settings' region. A store of one's own may know no regions, and refuses to be told one."""
        from botocore.exceptions import ClientError

        region: Any = self._s3.meta.region_name
        try:
            if region != "us-east-1":  # the one region that must not be named
                self._s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
                return
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "InvalidLocationConstraint":
                raise
        self._s3.create_bucket(Bucket=name)

    def _open_to_readers(self, name: str) -> None:
        readers = {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}
            ],
        }
        self._s3.put_bucket_policy(Bucket=name, Policy=json.dumps(readers))

    def _expire(self, name: str, days: int) -> None:
        self._s3.put_bucket_lifecycle_configuration(
            Bucket=name,
            LifecycleConfiguration={
                "Rules": [
                    {
                        "ID": "expire", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": days},
                        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                    }
                ]
            },
        )  # fmt: skip

    def _allow_uploads(self, name: str, origins: Sequence[str]) -> None:
        rule: Any = {
            "AllowedOrigins": list(origins), "AllowedMethods": ["PUT"], "AllowedHeaders": ["Content-Type"],
            "MaxAgeSeconds": 600,
        }  # fmt: skip
        self._s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": [rule]})

    def _name(self, bucket: Bucket) -> str:
        return f"{self._prefix}{bucket.value}"


class _translated:  # noqa: N801 (reads as what it does: `with _translated():`)
    """The library's errors as ours."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: object) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        if isinstance(error, ClientError):
            code = error.response.get("Error", {}).get("Code", "")
            if code in ("404", "NoSuchKey", "NotFound"):
                raise NoSuchObject() from error
            raise StoreUnavailable() from error
        if isinstance(error, BotoCoreError | OSError):
            raise StoreUnavailable() from error


def _missing() -> StoredObject:
    raise NoSuchObject()
