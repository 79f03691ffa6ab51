"""What the migrations' command must be told, and how it says that something is missing."""

import json
from pathlib import Path

import pytest

from app.settings import Settings, SettingsWrong
from migrations import __main__ as command
from migrations import settings

TOPOLOGY = {
    "version": 1,
    "control": {"kind": "replication", "primary": "c", "servers": {"c": {"host": "127.0.0.1", "port": 1}}},
    "shards": {
        "shard-b": {"kind": "replication", "primary": "b", "servers": {"b": {"host": "127.0.0.1", "port": 2}}},
        "shard-a": {"kind": "replication", "primary": "a", "servers": {"a": {"host": "127.0.0.1", "port": 3}}},
    },
}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """All that there is to tell, secrets in files."""
    (tmp_path / "topology.json").write_text(json.dumps(TOPOLOGY))
    monkeypatch.setenv("BOOLA_TOPOLOGY_FILE", str(tmp_path / "topology.json"))
    monkeypatch.setenv("BOOLA_MYSQL_ACCOUNT_PREFIX", "one_")
    monkeypatch.setenv("BOOLA_MYSQL_ADMIN_USER", "root")
    for name in ("app", "fleet_ro", "migrate", "mover", "purger", "admin"):
        (tmp_path / name).write_text(f"secret of {name}\n")
        monkeypatch.setenv(f"BOOLA_MYSQL_{name.upper()}_PASSWORD_FILE", str(tmp_path / name))
    return monkeypatch


def test_a_fleet_of_the_environment(told):
    fleet = settings.load()
    assert {name: account.user for name, account in fleet.accounts.items()} == {
        "app": "one_app", "fleet_ro": "one_fleet_ro", "migrate": "one_migrate", "mover": "one_mover",
        "purger": "one_purger",
    }  # fmt: skip
    assert fleet.accounts["mover"].password == "secret of mover"
    assert fleet.admin is not None and (fleet.admin.user, fleet.admin.password) == ("root", "secret of admin")
    assert sorted(fleet.topology.shards) == ["shard-a", "shard-b"]


def test_without_an_administrator_only_migrate_needs_a_password(told):
    for name in (
        "ADMIN_USER",
        "APP_PASSWORD_FILE",
        "FLEET_RO_PASSWORD_FILE",
        "MOVER_PASSWORD_FILE",
        "PURGER_PASSWORD_FILE",
    ):
        told.delenv(f"BOOLA_MYSQL_{name}")
    fleet = settings.load()
    assert fleet.admin is None
    assert fleet.accounts["migrate"].password == "secret of migrate"
    assert fleet.accounts["app"].user == "one_app"


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("BOOLA_TOPOLOGY_FILE", "", "BOOLA_TOPOLOGY_FILE"),
        ("BOOLA_TOPOLOGY_FILE", "/nowhere.json", "BOOLA_TOPOLOGY_FILE can't be used"),
        ("BOOLA_MIGRATE_PARALEL", "8", "BOOLA_MIGRATE_PARALEL is no setting: is BOOLA_MIGRATE_PARALLEL meant?"),
        ("BOOLA_MYSQL_MIGRATE_PASSWORD_FILE", "", "BOOLA_MYSQL_MIGRATE_PASSWORD"),
        ("BOOLA_MYSQL_PURGER_PASSWORD_FILE", "", "BOOLA_MYSQL_PURGER_PASSWORD_FILE is needed"),
        ("BOOLA_MYSQL_ADMIN_PASSWORD_FILE", "", "BOOLA_MYSQL_ADMIN_PASSWORD_FILE is needed"),
        ("BOOLA_MYSQL_ADMIN_PASSWORD_FILE", "/nowhere", "can't be read"),
        ("BOOLA_MIGRATE_PARALLEL", "0", "BOOLA_MIGRATE_PARALLEL"),
    ],
)
def test_what_is_missing_is_said_in_a_sentence(told, capsys, variable, value, sentence):
    told.setenv(variable, value)
    assert command.run(["up"]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert "secret of" not in said


def test_a_topology_that_is_none_is_refused(told, tmp_path, capsys):
    (tmp_path / "topology.json").write_text("{}")
    assert command.run(["up"]) == 2
    assert "control" in capsys.readouterr().err


def test_an_unknown_command_is_refused(told, capsys):
    assert command.run(["down"]) == 2
    assert "down" in capsys.readouterr().err


def test_secrets_stay_out_of_what_is_shown(told):
    assert "secret of" not in repr(settings.load())
    assert "secret of" not in repr(settings.MigrationSettings())


def test_every_setting_says_what_it_is():
    assert [name for name, one in settings.MigrationSettings.model_fields.items() if not one.description] == []


def test_what_is_told_to_both_means_the_same_to_both():
    shared = settings.MigrationSettings.model_fields.keys() & Settings.model_fields.keys()
    assert {"topology_file", "shard_database", "control_database", "mysql_account_prefix"} <= shared
    for name in shared - {"mysql_app_password", "mysql_migrate_password"}:
        assert settings.MigrationSettings.model_fields[name].default == Settings.model_fields[name].default, name
    assert not {name for name in Settings.model_fields if name.startswith("mysql_admin")}, (
        "serving needs no administrator"
    )
    with pytest.raises(SettingsWrong):
        settings.load()
