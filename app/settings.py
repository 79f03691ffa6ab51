"""Owns every setting of the product: one typed object, read once from BOOLA_* variables, secrets also from files."""

from __future__ import annotations

import base64
import difflib
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "BOOLA_"
FILE = "_FILE"
KEY_BYTES = 32
ROOT = Path(__file__).resolve().parent.parent
NAME = r"^[0-9A-Za-z_$-]{1,64}$"  # what MySQL takes without quotes, and a hyphen

OF_MIGRATIONS = (
    "MIGRATE_CANARY", "MIGRATE_LOCK_WAIT_SECONDS", "MIGRATE_PARALLEL", "MYSQL_ACCOUNT_HOST", "MYSQL_ADMIN_PASSWORD",
    "MYSQL_ADMIN_PASSWORD_FILE", "MYSQL_ADMIN_USER",
)  # fmt: skip
OF_TOOLS = ("CHROMIUM", "CLUSTER", "DEMO_FILE", "PORT_BASE", "TEST_KEEP", "TEST_PICTURES", "TEST_PREFIX")
"""Names that are no setting of the product and may stand in its environment all the same."""

STOPPED = 3
"""Exit code of a start that wrong settings stopped: gunicorn and the worker's parent do not try that one again."""


class SettingsWrong(Exception):
    """A setting is missing, unknown or makes no sense; the message names every one, and the value of no secret."""


def _is_key(value: SecretStr) -> SecretStr:
    try:
        raw = base64.b64decode(value.get_secret_value(), validate=True)
    except ValueError:
        raise ValueError("must be base64") from None
    if len(raw) != KEY_BYTES:
        raise ValueError(f"must be base64 of {KEY_BYTES} bytes")
    return value


def _is_origin(value: str) -> str:
    if urlsplit(_is_address(value)).path not in ("", "/"):
        raise ValueError("must be like https://example.com")
    return value.rstrip("/")


def _is_address(value: str) -> str:
    if not _is_url(value, "http", "https"):
        raise ValueError("must be like https://example.com")
    return value


def _is_redis(value: SecretStr) -> SecretStr:
    if not _is_url(value.get_secret_value(), "redis", "rediss"):
        raise ValueError("must be like redis://:password@host:6379/0")
    return value


def _is_dsn(value: SecretStr) -> SecretStr:
    url = value.get_secret_value()
    if not _is_url(url, "http", "https") or not urlsplit(url).username or not urlsplit(url).path.strip("/"):
        raise ValueError("must be like https://key@host/project")
    return value


def _is_url(value: str, *schemes: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and bool(parts.hostname) and " " not in value and parts.port != 0
    except ValueError:  # a port that is none; the library's words would show a part of it
        return False


def _is_rate(value: str) -> str:
    from app.kit.limits import Rate  # brings Flask, which migrations do without

    Rate.parse(value)
    return value


Key = Annotated[SecretStr, AfterValidator(_is_key)]
Origin = Annotated[str, AfterValidator(_is_origin)]
Address = Annotated[str, AfterValidator(_is_address)]
Requests = Annotated[str, AfterValidator(_is_rate)]


class Settings(BaseSettings):
    """Each field is the variable BOOLA_<NAME>; a secret may stand in the file that BOOLA_<NAME>_FILE names instead."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore")

    # Where things are
    topology_file: Path = Field(description="The servers: control plane, shards, replicas. Read again when it changes.")
    snapshot_file: Path = Field(
        description="Last-known-good directory, so that shops are found with control and Redis gone."
    )
    shard_database: str = Field("boolagold", pattern=NAME, description="Name of the database on every shard.")
    control_database: str = Field(
        "boolagold_control", pattern=NAME, description="Name of the control plane's database."
    )
    public_url: Origin = Field(description="Address of the web application as a browser sees it.")
    side_url: Origin = Field(
        description="Address of the side service (files, live updates); another origin than the public one."
    )
    redis_url: Annotated[SecretStr, AfterValidator(_is_redis)] | None = Field(
        None, description="Cache, queues, limits; redis:// or rediss://. None: all of it in this process."
    )
    redis_prefix: str = Field("boola:", description="Before every key in Redis.")
    font_dir: Path | None = Field(None, description="Folder with the Noto fonts that prints use.")
    assets_dir: Path = Field(
        ROOT / "app/static/build", description="Folder of the browser's files and their manifest.json."
    )
    law_dir: Path | None = Field(
        None,
        description="Folder with corrected tables of law and trade (rates.json, limits.json, …); "
        "each replaces the packaged file of its name; what the console decides of a table counts before either.",
    )
    rembg_home: Path | None = Field(
        None, description="Folder with the cut-out model's weights; none: the classical method."
    )

    # Database accounts
    mysql_tls_ca: Path | None = Field(None, description="CA certificate of the MySQL servers; none: no TLS.")
    mysql_account_prefix: str = Field(
        "", description="Before the accounts' names: app, fleet_ro, migrate, purger, mover."
    )
    mysql_app_password: SecretStr = Field(description="Password of the account that requests and jobs use.")
    mysql_fleet_ro_password: SecretStr | None = Field(
        None, description="Password of the account that reads across shops."
    )
    mysql_migrate_password: SecretStr | None = Field(
        None, description="Password of the account that owns the schema; migrations only."
    )
    mysql_purger_password: SecretStr | None = Field(
        None, description="Password of the account that deletes what is past its term."
    )
    mysql_mover_password: SecretStr | None = Field(None, description="Password of the account that moves shops.")

    # Database connections, per process and server
    pool_write: int = Field(8, ge=1, le=200, description="Connections for writes.")
    pool_hot: int = Field(8, ge=1, le=200, description="Connections for the bill's packets.")
    pool_read: int = Field(8, ge=1, le=200, description="Connections for reads.")
    pool_control: int = Field(6, ge=1, le=200, description="Connections to the control plane.")
    pool_fleet: int = Field(2, ge=1, le=50, description="Connections for reading across shops.")
    shard_threads: int = Field(
        8, ge=0, le=200, description="Threads of one process that may be busy with one shard at once; 0: any number."
    )
    connect_seconds: float = Field(2.0, gt=0, le=30, description="Longest wait for a connection to a database.")
    answer_seconds: float = Field(10.0, gt=0, le=300, description="Longest wait for one statement's answer.")
    lock_wait_seconds: int = Field(2, ge=1, le=50, description="Longest wait for a row that somebody else holds.")

    # Files
    object_store: Literal["disk", "s3"] = Field(
        "disk", description="Where files are kept: a folder, or an S3-compatible store."
    )
    object_store_dir: Path | None = Field(None, description="The folder, where the store is `disk`.")
    s3_endpoint: Address | None = Field(None, description="Address of the S3-compatible store; none: AWS.")
    s3_region: str = Field("ap-south-1", description="Its region.")
    s3_bucket_prefix: str = Field("", description="Before the buckets' names.")
    s3_access_key: SecretStr | None = Field(None, description="Access key id.")
    s3_secret_key: SecretStr | None = Field(None, description="Secret access key.")
    s3_public_url: Address | None = Field(
        None, description="Where the public buckets are read from (a CDN); none: the endpoint."
    )

    # Keys, each base64 of 32 bytes
    master_key: Key = Field(
        description="Wraps customers' data keys, signing keys and second factors. Lost: they are lost."
    )
    link_key: Key = Field(description="Signs expiring links to files.")
    token_key: Key = Field(description="Signs consistency tokens.")
    csrf_key: Key = Field(description="Signs the pages' session and CSRF tokens.")

    # How it behaves
    jobs: Literal["worker", "inline"] = Field("worker", description="`inline`: the web process does the jobs itself.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least important line that is logged."
    )
    log_json: bool = Field(True, description="Log lines as JSON; false: for reading by eye.")
    sentry_dsn: Annotated[SecretStr, AfterValidator(_is_dsn)] | None = Field(
        None, description="Where unexpected errors are reported, if anywhere."
    )
    environment: str = Field("production", description="Name of this installation in reports.")
    demo: bool = Field(False, description="Demo data and demo sign-ins are welcome.")
    admin_email: str | None = Field(None, description="The super-admin that `flask admin create` makes.")
    admin_password: SecretStr | None = Field(None, description="The super-admin's first password.")
    metrics_dir: Path | None = Field(
        None, description="Folder in which processes share their counters; PROMETHEUS_MULTIPROC_DIR must name the same."
    )

    # Browsers and clients
    cookie_secure: bool | None = Field(
        None, description="Cookies by https only. Unset: where the public address is https."
    )
    cors_origins: Annotated[tuple[Origin, ...], NoDecode] = Field(
        (), description="Web origins of elsewhere that may call the API, separated by commas."
    )
    trusted_proxies: int = Field(0, ge=0, le=10, description="Proxies before us whose X-Forwarded-* are believed.")
    bcrypt_rounds: int = Field(12, ge=4, le=16, description="Cost of a password's hash; below 12 only for tests.")
    hashes_at_once: int = Field(2, ge=1, le=64, description="Passwords that one process checks at a time.")
    rate_client: Requests = Field("1200/minute", description="Requests that one client may make; 0/minute: any number.")
    rate_shop: Requests = Field(
        "12000/minute", description="Requests that one shop's people may make together; 0/minute: any number."
    )

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(one.strip() for one in value.split(",") if one.strip()) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _together(self) -> Settings:
        if self.public_url == self.side_url:
            raise ValueError("BOOLA_PUBLIC_URL and BOOLA_SIDE_URL must be different origins")
        if self.object_store == "disk" and self.object_store_dir is None:
            raise ValueError("BOOLA_OBJECT_STORE_DIR is needed where BOOLA_OBJECT_STORE is disk")
        if self.object_store == "s3" and (self.s3_access_key is None or self.s3_secret_key is None):
            raise ValueError("BOOLA_S3_ACCESS_KEY and BOOLA_S3_SECRET_KEY are needed where BOOLA_OBJECT_STORE is s3")
        if self.jobs == "worker" and self.redis_url is None:
            raise ValueError("BOOLA_REDIS_URL is needed where BOOLA_JOBS is worker")
        return self

    @property
    def https(self) -> bool:
        """Whether cookies are for https only, and browsers are told to stay with it."""
        return self.public_url.startswith("https://") if self.cookie_secure is None else self.cookie_secure

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, SecretFiles(settings_cls)


class SecretFiles(PydanticBaseSettingsSource):
    """BOOLA_<NAME>_FILE, for every setting that is a secret; the file's last line break is not part of it."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        path = os.environ.get(f"{PREFIX}{field_name.upper()}{FILE}")
        if not path or not is_secret(field):
            return None, field_name, False
        try:
            return Path(path).read_text(encoding="utf-8").rstrip("\r\n"), field_name, False
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsWrong(
                f"{PREFIX}{field_name.upper()}{FILE} names {path}, which can't be read: {error}"
            ) from error

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


def load(**given: Any) -> Settings:
    """The settings of this process; what is given goes before the environment. Raises SettingsWrong."""
    refuse_unknown(os.environ)
    try:
        return Settings(**given)
    except ValidationError as error:
        raise wrong_values(error) from None


def refuse_unknown(names: Iterable[str]) -> None:
    """A misspelt setting would be ignored in silence. Raises SettingsWrong."""
    known = known_names()
    unknown = sorted(name for name in names if name.upper().startswith(PREFIX) and name not in known)
    if unknown:
        raise SettingsWrong("\n".join(_unknown(name, known) for name in unknown))


def known_names() -> frozenset[str]:
    """Every BOOLA_ name that may stand in an environment of ours."""
    fields = Settings.model_fields.items()
    own = [name.upper() for name, _ in fields]
    files = [f"{name.upper()}{FILE}" for name, field in fields if is_secret(field)]
    return frozenset(PREFIX + name for name in (*own, *files, *OF_MIGRATIONS, *OF_TOOLS))


def wrong_values(error: ValidationError) -> SettingsWrong:
    """A sentence for each; pydantic is kept from showing what was given."""
    lines = [
        f"  {_named(one['loc'])}{one['msg'].removeprefix('Value error, ')}."
        for one in error.errors(include_input=False)
    ]
    return SettingsWrong("\n".join(["Settings are missing or wrong:", *lines]))


@contextmanager
def blaming(setting: str, *also: type[Exception]) -> Iterator[None]:
    """What goes wrong inside is the fault of what this setting names: a file that is not there or not whole."""
    faults: tuple[type[Exception], ...] = (OSError, ValueError, *also)
    try:
        yield
    except faults as error:
        raise SettingsWrong(f"{PREFIX}{setting.upper()} can't be used: {error}.") from error


@contextmanager
def stopping() -> Iterator[None]:
    """Around the start of every process: wrong settings are a sentence for whoever started it, not a traceback."""
    try:
        yield
    except SettingsWrong as wrong:
        sys.stderr.write(f"{wrong}\n")
        raise SystemExit(STOPPED) from None


def key_of(secret: SecretStr) -> bytes:
    """The 32 bytes of a key."""
    return base64.b64decode(secret.get_secret_value())


def text_of(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()


def is_secret(field: FieldInfo) -> bool:
    return "SecretStr" in str(field.annotation)


def reference() -> str:
    """docs/settings.md."""
    return "\n".join([
        "# Settings",
        "",
        "Made by `python -m app.reference` from `app/settings.py`; a test holds the two together.",
        "",
        "Every setting is an environment variable. A secret may stand in a file instead, named by the variable with",
        "`_FILE` behind it; that is the way to use, since a list of processes shows variables.",
        "",
        "A `BOOLA_` name that is no setting, and a value that makes no sense, stop every process at its start with a",
        "sentence that names it. Settings of `python -m migrations` and of our tools may stand beside.",
        "",
        "| Variable | Default | Meaning |",
        "|---|---|---|",
        *_rows(),
        "",
    ])  # fmt: skip


def _rows() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        variable = f"`{PREFIX}{name.upper()}`" + (" or `…_FILE`" if is_secret(field) else "")
        yield f"| {variable} | {_default(field)} | {field.description} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value = field.default
    if value is None or value == ():
        return "none"
    if isinstance(value, Path) and value.is_relative_to(ROOT):
        return f"`{value.relative_to(ROOT)}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`" if value != "" else "empty"


def _named(location: tuple[int | str, ...]) -> str:
    return f"{PREFIX}{str(location[0]).upper()}: " if location else ""


def _unknown(name: str, known: frozenset[str]) -> str:
    bare = sorted(one.removeprefix(PREFIX) for one in known)
    near = difflib.get_close_matches(name.upper().removeprefix(PREFIX), bare, n=1)
    advice = f"is {PREFIX}{near[0]} meant?" if near else "docs/settings.md lists all there are."
    return f"{name} is no setting: {advice}"
