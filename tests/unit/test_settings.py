"""Settings: from variables and files, and clear about everything that is missing or makes no sense."""

import base64

import pytest

from app.settings import Settings, SettingsWrong, is_secret, key_of, load, text_of

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
    value = base64.b64encode(b"x" * 32).decode()
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
        ({"OBJECT_STORE_DIR": None}, "object_store_dir"),
        ({"OBJECT_STORE": "s3"}, "s3_access_key"),
        ({"OBJECT_STORE": "ftp"}, "BOOLA_OBJECT_STORE"),
        ({"REDIS_URL": None}, "redis_url"),
        ({"JOBS": "sometimes"}, "BOOLA_JOBS"),
        ({"POOL_WRITE": "0"}, "BOOLA_POOL_WRITE"),
        ({"LOG_LEVEL": "LOUD"}, "BOOLA_LOG_LEVEL"),
        ({"MASTER_KEY": base64.b64encode(b"short").decode()}, "BOOLA_MASTER_KEY"),
        ({"CORS_ORIGINS": "http://a.example, nonsense"}, "BOOLA_CORS_ORIGINS"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(variables, changes, says):
    variables(**changes)
    with pytest.raises(SettingsWrong, match=says):
        load()


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
