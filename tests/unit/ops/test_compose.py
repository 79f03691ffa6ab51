"""docker-compose.yml and the Dockerfile say what the local cluster, the launcher and the settings say."""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from app import settings
from migrations.settings import MigrationSettings
from ops import containers, testservers
from ops.cluster.layout import FIRST_PRIMARIES, REDIS, REDIS_OFFSET, SERVERS, SIDE_OFFSET, WEB_OFFSET
from ops.cluster.mysql import FLUSHED, settings_text
from ops.cluster.packages import OLDEST_MYSQL, OLDEST_REDIS
from ops.cluster.replication import ADMIN
from ops.environment import ADMIN_EMAIL
from ops.places import DEFAULT_PORT_BASE, ROOT, Instance
from ops.supervisor import children
from shard_router.topology import parse

COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
CHILDREN = {child.name: child for child in children(Instance("dev", 26000, ROOT), {"BOOLA_JOBS": "worker"})}
APPLICATION = [*CHILDREN, "setup"]
NGINX = ROOT / "ops/nginx.conf"
GATEWAY = ROOT / "ops/gateway/Dockerfile"
OLDEST_NGINX = (1, 26)  # what tests run it with


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("compose")
    containers.write(found)
    return found


def test_the_services_are_the_local_clusters_servers_and_the_supervisors_children():
    servers = {server.name for server in SERVERS}
    assert set(SERVICES) == servers | {REDIS, "objects", "certificates", "setup", "proxy"} | set(CHILDREN)


def test_images_are_pinned_and_new_enough():
    for service in SERVICES.values():
        name, _, version = service["image"].partition(":")
        assert version not in ("", "latest")
        oldest = {"mysql": OLDEST_MYSQL, "redis": OLDEST_REDIS, "nginx": OLDEST_NGINX}.get(name)
        if oldest:
            assert tuple(int(part) for part in version.removesuffix("-alpine").split(".")) >= oldest
    assert {SERVICES[server.name]["image"] for server in SERVERS} == {SERVICES["a-1"]["image"]}


def test_ports_are_those_of_the_local_cluster_and_open_to_this_machine_only():
    offsets = {server.name: server.offset for server in SERVERS}
    offsets |= {REDIS: REDIS_OFFSET}
    for name, offset in offsets.items():
        (published,) = SERVICES[name]["ports"]
        assert published.startswith(f"127.0.0.1:{DEFAULT_PORT_BASE + offset}:"), name
    faces = {WEB_OFFSET: "8000", SIDE_OFFSET: "8001"}  # what ops/nginx.conf listens on
    assert SERVICES["proxy"]["ports"] == [f"127.0.0.1:{DEFAULT_PORT_BASE + one}:{to}" for one, to in faces.items()]
    for service in SERVICES.values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_the_application_is_reached_through_the_proxy_alone():
    """It believes what one proxy says of the client, so nobody may come past it."""
    for name in APPLICATION:
        assert "ports" not in SERVICES[name], name
        assert SERVICES[name]["environment"]["BOOLA_TRUSTED_PROXIES"] == "1"
    text = NGINX.read_text()
    for port, behind in (("8000", "web"), ("8001", "side")):
        assert f"listen {port} " in text
        assert f" {port} {behind}:8000;" in text
        assert SERVICES[behind]["command"][3] == "0.0.0.0:8000"
    assert COMPOSE["configs"]["nginx_conf"]["file"] == NGINX.relative_to(ROOT).as_posix()
    assert SERVICES["proxy"]["configs"][0]["target"] in SERVICES["proxy"]["entrypoint"]


def test_what_the_proxy_writes_stands_where_it_may_write():
    (place,) = (one.split(":")[0] for one in SERVICES["proxy"]["tmpfs"])
    written = re.findall(r"(?:_temp_path|pid) (\S+);", NGINX.read_text())
    assert len(written) == 6
    assert all(one.startswith(f"{place}/") for one in written)


@pytest.mark.parametrize("name", [name for name, service in SERVICES.items() if "healthcheck" in service])
def test_a_health_check_asks_what_is_there(name):
    words = " ".join(SERVICES[name]["healthcheck"]["test"])
    for path in re.findall(r"http://127.0.0.1:8000(/\w+)", words):
        assert path == "/healthz"
        assert f'@health.get("{path}")' in (ROOT / "app/kit/health.py").read_text()


def test_whoever_is_waited_for_to_be_healthy_says_whether_it_is():
    for service in SERVICES.values():
        for name, wanted in service.get("depends_on", {}).items():
            assert wanted["condition"] != "service_healthy" or "healthcheck" in SERVICES[name], name


@pytest.mark.parametrize("server", SERVERS, ids=lambda server: server.name)
def test_each_mysql_has_its_number_its_data_and_its_first_statements(server, folder):
    service = SERVICES[server.name]
    assert f"--server-id={server.server_id}" in service["command"]
    assert f"{server.name}:/var/lib/mysql" in service["volumes"]
    mounted = {config["target"]: config["source"] for config in service["configs"]}
    assert mounted["/docker-entrypoint-initdb.d/first.sql"] == f"{server.name}_sql"
    statements = (folder / f"{server.name}.sql").read_text()
    is_replica = FIRST_PRIMARIES[server.group] != server.name
    assert ("SET PERSIST super_read_only = ON" in statements) == is_replica
    assert (f"SOURCE_HOST='{FIRST_PRIMARIES[server.group]}'" in statements) == is_replica


def test_a_new_server_logs_no_transaction_of_its_own(folder):
    for server in SERVERS:
        assert (folder / f"{server.name}.sql").read_text().startswith("SET SESSION sql_log_bin = 0;")
        assert SERVICES[server.name]["environment"]["MYSQL_INITDB_SKIP_TZINFO"] == "1"


def test_the_servers_settings_are_the_local_clusters_but_flushed_to_disk(folder):
    text = (folder / "my.cnf").read_text()
    assert text == settings_text(FLUSHED, Path("/tls"), address="0.0.0.0")
    assert "sync-binlog=1" in text
    assert "innodb-flush-log-at-trx-commit=1" in text


def test_everything_that_is_mounted_is_written(folder):
    for entry in (*COMPOSE["configs"].values(), *COMPOSE["secrets"].values()):
        path = Path(entry["file"])
        made = path.is_relative_to(".local/compose")
        assert (folder / path.name if made else ROOT / path).read_text(), path
    for service in SERVICES.values():
        for secret in service.get("secrets", []):
            assert (secret if isinstance(secret, str) else secret["source"]) in COMPOSE["secrets"]
        for config in service.get("configs", []):
            assert config["source"] in COMPOSE["configs"]
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in COMPOSE["volumes"]


def test_secrets_stay_when_the_files_are_written_again(folder):
    before = {path.name: path.read_text() for path in folder.iterdir()}
    containers.write(folder)
    assert {path.name: path.read_text() for path in folder.iterdir()} == before


@pytest.mark.parametrize("name", APPLICATION)
def test_the_application_starts_with_these_settings(name, folder, monkeypatch):
    environment = SERVICES[name]["environment"]
    fields = {**MigrationSettings.model_fields, **settings.Settings.model_fields}
    for variable, value in environment.items():
        field = variable.removeprefix("BOOLA_").lower()
        field = field if field in fields else field.removesuffix("_file")
        assert field in fields, f"{variable} is no setting"
        if value.startswith("/run/secrets/"):
            secret = value.removeprefix("/run/secrets/")
            assert secret in SERVICES[name]["secrets"], f"{name} is not given {secret}"
            assert settings.is_secret(fields[field]), f"{variable} is no secret"
            monkeypatch.setenv(variable, str(folder / secret))
        else:
            monkeypatch.setenv(variable, value)
    found = settings.load()
    assert found.object_store == "s3"
    assert found.jobs == "worker"


def test_setup_alone_is_given_the_administrators_account(folder):
    for name in APPLICATION:
        given = [variable for variable in SERVICES[name]["environment"] if "MYSQL_ADMIN" in variable]
        assert bool(given) == (name == "setup")
        assert ("mysql_admin_password" in SERVICES[name]["secrets"]) == (name == "setup")
    assert SERVICES["setup"]["environment"]["BOOLA_MYSQL_ADMIN_USER"] == ADMIN
    for server in SERVERS:
        assert f"CREATE USER '{ADMIN}'@'%'" in (folder / f"{server.name}.sql").read_text()


def test_the_application_finds_every_server_by_its_services_name(folder):
    topology = parse((folder / "topology.json").read_text())
    for group in topology.every():
        for server in group.servers:
            assert server.host in SERVICES
            assert server.port == 3306
    local = {server.name for server in SERVERS}
    assert {server.name for group in topology.every() for server in group.servers} == local
    assert "password" not in (folder / "topology.json").read_text()


def test_redis_and_the_object_store_take_the_applications_credentials(folder):
    password = (folder / "redis_password").read_text()
    assert f"requirepass {password}\n" in (folder / "redis.conf").read_text()
    assert "appendonly yes" in (folder / "redis.conf").read_text()
    assert password in (folder / "redis_url").read_text()
    started = json.loads(re.findall(r"^CMD (.+)$", GATEWAY.read_text(), re.MULTILINE)[0])
    assert started[-2:] == [f"/run/secrets/{name}" for name in SERVICES["objects"]["secrets"]]
    assert SERVICES["objects"]["secrets"] == ["s3_access_key", "s3_secret_key"]


def test_the_object_store_is_where_the_application_and_a_browser_look_for_it():
    endpoint = urlsplit(SERVICES["web"]["environment"]["BOOLA_S3_ENDPOINT"])
    assert endpoint.hostname in SERVICES["objects"]["networks"]["default"]["aliases"]
    assert SERVICES["objects"]["ports"] == [f"127.0.0.1:{endpoint.port}:{endpoint.port}"]
    text = (GATEWAY.parent / "gateway.conf").read_text()
    assert f"endpoint=0.0.0.0:{endpoint.port}" in text
    assert SERVICES["objects"]["volumes"] == ["objects:/data"]
    assert "dbstore db dir = /data\n" in text


def test_the_object_store_is_of_the_release_that_tests_run():
    text = GATEWAY.read_text()
    assert f"FROM debian:{testservers.GATEWAY.suite}-slim\n" in text
    assert f"--no-install-recommends {' '.join(testservers.GATEWAY.packages)} " in text
    for source in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE):
        assert all((GATEWAY.parent / one).exists() for one in source.split())


def without(words, *options):
    """A command but for some of its options and their values, which differ from machine to machine."""
    left = list(words)
    for option in options:
        at = left.index(option)
        del left[at : at + 2]
    return left


@pytest.mark.parametrize("name", CHILDREN)
def test_each_process_runs_the_supervisors_command(name):
    local = [word for word in CHILDREN[name].command[1:] if word != "-m" or name not in ("web", "side")]
    here = SERVICES[name]["command"]
    if name in ("web", "side"):
        assert here[:2] == local[:2]
        assert sorted(without(here, "--bind", "--workers")) == sorted(without(local, "--bind", "--workers"))
        grace = int(here[here.index("--graceful-timeout") + 1])
        assert int(SERVICES[name]["stop_grace_period"].removesuffix("s")) > grace
    else:
        assert here == ["python", *local]


def test_setup_makes_schema_buckets_and_the_super_admin_of_the_local_demo():
    assert SERVICES["setup"]["environment"]["BOOLA_ADMIN_EMAIL"] == ADMIN_EMAIL
    (words,) = (part for part in SERVICES["setup"]["command"] if "migrations" in part)
    flask = "flask --app app.factory:create_app"
    assert words == f"python -m migrations up && {flask} files prepare && {flask} admin create --from-environment"


# ---------------------------------------------------------------- the image

DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_the_image_has_two_stages_on_a_slim_python_that_is_new_enough():
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(bases) == 2
    for base in bases:
        version = re.fullmatch(r"python:3\.(\d+)-slim-bookworm", base)
        assert version
        assert int(version.group(1)) >= 11


def test_the_image_does_not_run_as_root():
    final = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER (?!0|root)\d+:\d+$", final, re.MULTILINE)


def test_what_the_image_copies_exists_and_reaches_the_builder():
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert source in allowed, source


def test_the_image_starts_the_web_server_by_default():
    assert json.loads(re.findall(r"^CMD (.+)$", DOCKERFILE, re.MULTILINE)[0]) == SERVICES["web"]["command"]
