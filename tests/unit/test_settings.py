"""Settings: from variables and files, and clear about everything that is missing or makes no sense."""

import base64
import json
import subprocess
import sys

import pytest

from app.factory import build_runtime
from app.settings import (
    OF_MIGRATIONS,
    OF_TOOLS,
    ROOT,
    STOPPED,
    Settings,
    SettingsWrong,
    is_secret,
    key_of,
    known_names,
    load,
    stopping,
    text_of,
)  # fmt: skip
from migrations.settings import MigrationSettings

KEY = base64.b64encode(bytes(range(32))).decode()
LEAST = {
    "TOPOLOGY_FILE": "/t.json", "SNAPSHOT_FILE": "/s.json", "PUBLIC_URL": "https://shop.example/",
    "SIDE_URL": "https://files.example", "REDIS_URL": "redis://r", "MYSQL_APP_PASSWORD": "pw",
    "OBJECT_STORE_DIR": "/o", "MASTER_KEY": KEY, "LINK_KEY": KEY, "TOKEN_KEY": KEY, "CSRF_KEY": KEY,
}  # fmt: skip


@pytest.fixture
def variables(monkeypatch):
    """Only these BOOLA_ variables; None takes one away."""
    import os

    for name in [one for one in os.environ if one.startswith("BOOLA_")]:
        monkeypatch.delenv(name)

    def give(**changes):
        for name, value in {**LEAST, **changes}.items():
            if value is None:
                monkeypatch.delenv(f"BOOLA_{name}", raising=False)
            else:
                monkeypatch.setenv(f"BOOLA_{name}", value)

    give()
    return give


def test_the_least_that_is_needed_is_enough(variables):
    settings = load()
    assert settings.public_url == "https://shop.example"
    assert settings.https
    assert (settings.jobs, settings.demo, settings.shard_database) == ("worker", False, "boolagold")
    assert key_of(settings.master_key) == bytes(range(32))


@pytest.mark.parametrize("name", [name for name, field in Settings.model_fields.items() if is_secret(field)])
def test_every_secret_may_stand_in_a_file(variables, tmp_path, name):
    forms = {"redis_url": "rediss://:pw@h:6380/1", "sentry_dsn": "https://key@h/1"}
    value = forms.get(name, base64.b64encode(b"x" * 32).decode())
    (tmp_path / "secret").write_text(f"{value}\n")
    variables(**{name.upper(): None, f"{name.upper()}_FILE": str(tmp_path / "secret")})
    assert text_of(getattr(load(), name)) == value


def test_a_secrets_file_that_is_not_there_is_named(variables):
    variables(MYSQL_APP_PASSWORD=None, MYSQL_APP_PASSWORD_FILE="/nowhere/at/all")
    with pytest.raises(SettingsWrong, match="BOOLA_MYSQL_APP_PASSWORD_FILE names /nowhere/at/all"):
        load()


def test_all_that_is_missing_is_named_at_once_and_no_value_is_shown(variables):
    variables(PUBLIC_URL=None, MYSQL_APP_PASSWORD=None, CSRF_KEY="telling-and-short")
    with pytest.raises(SettingsWrong) as wrong:
        load()
    for name in ("BOOLA_PUBLIC_URL", "BOOLA_MYSQL_APP_PASSWORD", "BOOLA_CSRF_KEY"):
        assert name in str(wrong.value)
    assert "telling" not in str(wrong.value)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"SIDE_URL": "https://shop.example"}, "different origins"),
        ({"PUBLIC_URL": "shop.example"}, "BOOLA_PUBLIC_URL"),
        ({"PUBLIC_URL": "https://shop.example/path"}, "BOOLA_PUBLIC_URL"),
        ({"OBJECT_STORE_DIR": None}, "BOOLA_OBJECT_STORE_DIR"),
        ({"OBJECT_STORE": "s3"}, "BOOLA_S3_ACCESS_KEY"),
        ({"OBJECT_STORE": "ftp"}, "BOOLA_OBJECT_STORE"),
        ({"REDIS_URL": None}, "BOOLA_REDIS_URL"),
        ({"JOBS": "sometimes"}, "BOOLA_JOBS"),
        ({"POOL_WRITE": "0"}, "BOOLA_POOL_WRITE"),
        ({"LOG_LEVEL": "LOUD"}, "BOOLA_LOG_LEVEL"),
        ({"MASTER_KEY": base64.b64encode(b"short").decode()}, "BOOLA_MASTER_KEY"),
        ({"CORS_ORIGINS": "http://a.example, nonsense"}, "BOOLA_CORS_ORIGINS"),
        ({"PUBLIC_URL": "http://a.example:999999"}, "BOOLA_PUBLIC_URL"),
        ({"REDIS_URL": "telling"}, "BOOLA_REDIS_URL"),
        ({"REDIS_URL": "redis://:telling@h:telling/0"}, "BOOLA_REDIS_URL"),
        ({"SENTRY_DSN": "telling"}, "BOOLA_SENTRY_DSN"),
        ({"SENTRY_DSN": "https://telling.example/"}, "BOOLA_SENTRY_DSN"),
        ({"RATE_CLIENT": "lots"}, "BOOLA_RATE_CLIENT"),
        ({"RATE_SHOP": "1/fortnight"}, "BOOLA_RATE_SHOP"),
        ({"S3_ENDPOINT": "nonsense"}, "BOOLA_S3_ENDPOINT"),
        ({"S3_PUBLIC_URL": "//cdn"}, "BOOLA_S3_PUBLIC_URL"),
        ({"SHARD_DATABASE": "a;b"}, "BOOLA_SHARD_DATABASE"),
        ({"CONTROL_DATABASE": "a`b"}, "BOOLA_CONTROL_DATABASE"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name_and_tells_no_secret(variables, changes, says):
    variables(**changes)
    with pytest.raises(SettingsWrong, match=says) as wrong:
        load()
    assert "telling" not in str(wrong.value)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("BOOLA_LOG_LEVLE", "BOOLA_LOG_LEVLE is no setting: is BOOLA_LOG_LEVEL meant?"),
        ("BOOLA_MASTER_KEY_FIEL", "BOOLA_MASTER_KEY_FIEL is no setting: is BOOLA_MASTER_KEY_FILE meant?"),
        ("BOOLA_log_level", "BOOLA_log_level is no setting: is BOOLA_LOG_LEVEL meant?"),
        ("BOOLA_JOBS_FILE", "BOOLA_JOBS_FILE is no setting"),  # no secret, so no file is ever read for it
        ("BOOLA_ELEPHANT", "BOOLA_ELEPHANT is no setting: docs/settings.md lists all there are."),
    ],
)
def test_a_misspelt_setting_stops_the_start_and_the_nearest_is_named(variables, monkeypatch, name, says):
    monkeypatch.setenv(name, "telling")
    with pytest.raises(SettingsWrong) as wrong:
        load()
    assert str(wrong.value).startswith(says)
    assert "telling" not in str(wrong.value)


def test_what_migrations_and_tools_are_told_may_stand_beside(variables, monkeypatch):
    for name in (*OF_MIGRATIONS, *OF_TOOLS):
        monkeypatch.setenv(f"BOOLA_{name}", "x")
    assert load().jobs == "worker"


def test_the_names_of_migrations_are_theirs():
    fields = MigrationSettings.model_fields.items()
    theirs = {name.upper() for name, _ in fields} | {f"{n.upper()}_FILE" for n, one in fields if is_secret(one)}
    assert {f"BOOLA_{name}" for name in theirs} <= known_names()
    assert set(OF_MIGRATIONS) <= theirs


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("TOPOLOGY_FILE", None),
        ("TOPOLOGY_FILE", "{nonsense"),
        ("MYSQL_TLS_CA", None),
        ("MYSQL_TLS_CA", "no certificate"),
        ("LAW_DIR", None),
        ("FONT_DIR", None),
        ("OBJECT_STORE_DIR", "a file"),
    ],
)
def test_a_file_that_is_not_there_or_not_whole_stops_the_start_by_a_sentence(variables, tmp_path, capsys, name, text):
    """Nothing is connected to: what settings name is looked at first."""
    topology = {"version": 1, "control": {"kind": "replication", "primary": "c", "servers": {"c": SERVER}}}
    shard = {"kind": "replication", "primary": "a", "servers": {"a": {**SERVER, "host": "i"}}}
    (tmp_path / "topology.json").write_text(json.dumps({**topology, "shards": {"shard-a": shard}}))
    named = tmp_path / "named"
    if text is not None:
        named.write_text(text)
    variables(**{"TOPOLOGY_FILE": str(tmp_path / "topology.json"), "OBJECT_STORE_DIR": str(tmp_path / "objects")})
    variables(**{"TOPOLOGY_FILE": str(tmp_path / "topology.json"), name: str(named)})
    with pytest.raises(SystemExit) as stopped, stopping():
        build_runtime(load())
    assert stopped.value.code == STOPPED
    assert capsys.readouterr().err.startswith(f"BOOLA_{name} can't be used: ")


SERVER = {"host": "h", "port": 3306}
STARTS = {
    # one worker: where two fail in the same moment gunicorn, which is ending already, adds a traceback of its own
    "web": ("gunicorn", "app.factory:create_app()", "--bind", "127.0.0.1:0", "--workers", "1"),
    "side": ("gunicorn", "app.factory:create_side_app()", "--bind", "127.0.0.1:0", "--workers", "1"),
    "worker": ("workers.worker",),
    "relay": ("workers.relay",),
    "scheduler": ("workers.scheduler",),
    "command": ("flask", "--app", "app.factory:create_app", "keys", "rotate"),
    "migrations": ("migrations", "status"),
}


def test_every_process_stops_with_one_sentence(variables, monkeypatch):
    """As somebody starts them who slipped on a name: no process is tried again for ever, and none shows a traceback."""
    variables(LOG_LEVLE="telling")
    started = {
        name: subprocess.Popen([sys.executable, "-m", *words], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for name, words in STARTS.items()
    }
    try:
        said = {name: process.communicate(timeout=60)[1] for name, process in started.items()}
    finally:
        for process in started.values():
            process.kill()
    for name, words in said.items():
        assert "BOOLA_LOG_LEVLE is no setting: is BOOLA_LOG_LEVEL meant?" in words, (name, words)
        assert "Traceback" not in words, (name, words)
        assert "telling" not in words
        assert started[name].returncode != 0


def test_lists_are_separated_by_commas(variables):
    variables(CORS_ORIGINS="http://a.example, https://b.example/")
    assert load().cors_origins == ("http://a.example", "https://b.example")


def test_cookies_follow_the_public_address_unless_told(variables):
    variables(PUBLIC_URL="http://127.0.0.1:8000")
    assert not load().https
    variables(COOKIE_SECURE="true")
    assert load().https


def test_one_process_needs_no_redis(variables):
    variables(REDIS_URL=None, JOBS="inline")
    assert load().redis_url is None


def test_no_secret_is_shown(variables):
    variables(MYSQL_APP_PASSWORD="telling")
    assert "telling" not in repr(load())
    assert KEY not in repr(load())
