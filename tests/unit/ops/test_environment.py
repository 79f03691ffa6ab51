"""Settings go to the children as BOOLA_* only, and no secret stands in them."""

import base64
from pathlib import Path

import pytest

from app import settings
from ops.environment import environment_for_tests, settings_for
from ops.places import Instance
from ops.supervisor import children


@pytest.fixture
def instance(tmp_path, monkeypatch):
    monkeypatch.delenv("BOOLA_CLUSTER", raising=False)
    return Instance("dev", 26000, tmp_path)


def test_every_setting_has_the_prefix_and_is_the_same_twice(instance):
    settings = settings_for(instance, {})
    assert all(name.startswith("BOOLA_") for name in settings)
    assert settings_for(instance, {}) == settings


def test_secrets_are_paths_to_files_that_only_the_owner_reads(instance):
    settings = settings_for(instance, {})
    paths = {name: Path(value) for name, value in settings.items() if name.endswith("_FILE")}
    secret = {name: path for name, path in paths.items() if path.parent.name == "secrets"}
    assert len(secret) == 11
    for name, path in secret.items():
        assert path.stat().st_mode & 0o077 == 0, name
        assert path.read_text() not in settings.values(), name
    assert len({path.read_text() for path in secret.values()}) == 11


def test_the_master_key_is_32_random_bytes(instance):
    text = Path(settings_for(instance, {})["BOOLA_MASTER_KEY_FILE"]).read_text()
    assert len(base64.b64decode(text, validate=True)) == 32


def test_files_are_served_from_another_origin(instance):
    settings = settings_for(instance, {})
    assert settings["BOOLA_PUBLIC_URL"] != settings["BOOLA_SIDE_URL"]


def test_a_person_may_try_another_value_and_nothing_else_slips_in(instance):
    settings = settings_for(instance, {"BOOLA_JOBS": "inline", "BOOLA_LOG_LEVEL": "", "BOOLA_UNKNOWN": "1"})
    assert settings["BOOLA_JOBS"] == "inline"
    assert settings["BOOLA_LOG_LEVEL"] == "INFO"
    assert "BOOLA_UNKNOWN" not in settings


def test_tests_are_told_where_things_are_and_no_setting(instance, monkeypatch):
    monkeypatch.setenv("BOOLA_JOBS", "inline")
    monkeypatch.setenv("BOOLA_TEST_PREFIX", "mine")
    monkeypatch.setenv("BOOLA_PORT_BASE", "31000")
    found = environment_for_tests(instance, Path("/cache/chromium"))
    ours = {name for name in found if name.startswith("BOOLA_")}
    places = {"BOOLA_CLUSTER", "BOOLA_CHROMIUM", "BOOLA_FONT_DIR", "BOOLA_ASSETS_DIR"}
    assert ours == {*places, "BOOLA_TEST_PREFIX", "BOOLA_PORT_BASE"}


def test_one_process_mode_runs_no_worker(instance):
    names = [child.name for child in children(instance, {"BOOLA_JOBS": "worker"})]
    assert names == ["web", "side", "worker", "relay", "scheduler"]
    assert [child.name for child in children(instance, {"BOOLA_JOBS": "inline"})] == ["web", "side"]


def test_the_application_accepts_every_setting(instance, monkeypatch):
    for name, value in settings_for(instance, {}).items():
        monkeypatch.setenv(name, value)
        field = name.removeprefix("BOOLA_").lower()
        assert {field, field.removesuffix("_file")} & set(settings.Settings.model_fields), f"{name} is no setting"
    found = settings.load()
    assert found.public_url == "http://127.0.0.1:26000"
    assert found.demo
