"""`python -m migrations` as an operator runs it: settings from the environment, secrets from files, plain sentences."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from migrations import __main__ as command
from tests.support.cluster import Cluster

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Ended:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def run(monkeypatch, capsys) -> Callable[[str, dict[str, str]], Ended]:
    """A command with these variables, and no others of the product's."""

    def ran(name: str, environment: dict[str, str]) -> Ended:
        for variable, value in environment.items():
            monkeypatch.setenv(variable, value)
        capsys.readouterr()
        code = command.run([name])
        return Ended(code, *capsys.readouterr())

    return ran


def told_of(fleet: Cluster, folder: Path) -> dict[str, str]:
    """All that the command is told, each secret in a file of its own."""
    secrets = {f"mysql_{name}_password": account.password for name, account in fleet.accounts.items()}
    secrets["mysql_admin_password"] = fleet.admin.password
    for name, secret in secrets.items():
        (folder / name).write_text(f"{secret}\n")
    return {
        "BOOLA_TOPOLOGY_FILE": str(fleet.file),
        "BOOLA_CONTROL_DATABASE": fleet.control_database,
        "BOOLA_SHARD_DATABASE": fleet.shard_database,
        "BOOLA_MYSQL_TLS_CA": str(fleet.tls_ca),
        "BOOLA_MYSQL_ACCOUNT_PREFIX": f"{fleet.prefix}_",
        "BOOLA_MYSQL_ADMIN_USER": fleet.admin.user,
        **{f"BOOLA_{name.upper()}_FILE": str(folder / name) for name in secrets},
    }


@pytest.fixture
def environment(own: Cluster, tmp_path: Path) -> dict[str, str]:
    """Of a fleet on which nothing has run yet."""
    return told_of(own, tmp_path)


def test_a_fleet_from_nothing_and_again(run, environment):
    before = run("status", environment)
    assert before.returncode == 1
    first = run("up", environment)
    assert (first.returncode, first.stderr) == (0, "")
    assert "every database is at its head" in first.stdout
    assert not any(line.endswith("-1") for line in first.stdout.splitlines()), "a password was shown"
    again = run("up", environment)
    assert (again.returncode, again.stdout) == (0, "Nothing to do.\n")
    status = run("status", environment)
    assert status.returncode == 0
    assert [line.split(":")[0] for line in status.stdout.splitlines()] == ["control", "shard-a", "shard-b"]
    plan = run("plan", environment)
    assert (plan.returncode, plan.stdout) == (0, "control: no step\nshard-a: no step\nshard-b: no step\n")


def test_a_failure_says_where_and_what_next(run, own, environment):
    assert run("up", environment).returncode == 0
    with own.fleet.connect(own.fleet.shards[1], "migrate") as connection:
        connection.execute(sa.text("DELETE FROM alembic_version"))
        connection.execute(sa.text("DROP TABLE oldgold_lines, invoice_pdfs, invoice_payments, invoice_lines"))
        connection.execute(sa.text("CREATE TABLE invoice_lines (shop_id INT PRIMARY KEY)"))
        connection.commit()
    failed = run("up", environment)
    assert failed.returncode == 1
    assert "shard-b: " in failed.stderr and "The ledger has it" in failed.stderr
    status = run("status", environment)
    assert status.returncode == 1
    assert "shard-b: at nothing" in status.stdout and "failed" in status.stdout


def test_a_server_that_is_away_is_said_in_a_sentence(run, environment, tmp_path, own):
    text = own.file.read_text().replace(str(own.topology.control.primary.port), "1")
    (tmp_path / "elsewhere.json").write_text(text)
    refused = run("up", environment | {"BOOLA_TOPOLOGY_FILE": str(tmp_path / "elsewhere.json")})
    assert refused.returncode == 2
    assert "ctl-1 of control" in refused.stderr and "cannot be reached" in refused.stderr


def test_a_wrong_password_is_said_in_a_sentence(run, environment, tmp_path):
    (tmp_path / "wrong").write_text("wrong")
    refused = run("up", environment | {"BOOLA_MYSQL_ADMIN_PASSWORD_FILE": str(tmp_path / "wrong")})
    assert refused.returncode == 2
    assert "refuses the account" in refused.stderr


def test_without_its_databases_it_asks_for_the_administrator(run, whole, tmp_path):
    elsewhere = {"BOOLA_MYSQL_ADMIN_USER": "", "BOOLA_CONTROL_DATABASE": "not_there"}
    refused = run("up", told_of(whole, tmp_path) | elsewhere)
    assert refused.returncode in (1, 2)
    assert "administrator" in refused.stderr


def test_it_is_a_program(environment):
    """The one test that pays for a process of its own."""
    ended = subprocess.run(
        [sys.executable, "-m", "migrations", "status"],
        cwd=ROOT, env={**environment, "PATH": "/usr/bin"}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
