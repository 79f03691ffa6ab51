"""The servers run with what the router's promises stand on."""

import configparser
import ipaddress
from pathlib import Path

import pytest
from cryptography import x509

from ops.cluster import tls
from ops.cluster.mysql import DEVELOPMENT, settings_text
from ops.cluster.packages import version_in


@pytest.fixture
def options():
    text = settings_text(DEVELOPMENT, Path("/tls"))
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    parser.read_string(text)
    return dict(parser["mysqld"])


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("gtid-mode", "ON"),  # causal reads
        ("enforce-gtid-consistency", "ON"),
        ("session-track-gtids", "OWN_GTID"),  # the token comes with the commit's reply
        ("replica-preserve-commit-order", "ON"),  # else a GTID set with holes would cover what is not there
        ("transaction-isolation", "READ-COMMITTED"),  # the hot write reads fresh rows in its second packet
        ("binlog-row-image", "FULL"),  # moves read keys from both images
        ("loose-innodb-native-foreign-keys", "ON"),  # else replicas open a table for each row they apply
        ("performance-schema", "ON"),  # moves look at data_locks
        ("require-secure-transport", "ON"),
        ("default-time-zone", "+00:00"),
        ("bind-address", "127.0.0.1"),
        ("secure-file-priv", "NULL"),
    ],
)
def test_an_option_that_a_promise_stands_on(options, option, value):
    assert options[option] == value


def test_the_degraded_durability_says_what_it_does_not_promise():
    assert DEVELOPMENT.name == "degraded"
    assert "no flush to disk" in DEVELOPMENT.promise


def test_an_unpacked_program_is_told_where_it_lies():
    assert "basedir=/cache/usr\n" in settings_text(DEVELOPMENT, Path("/tls"), base=Path("/cache/usr"))


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("/usr/sbin/mysqld  Ver 8.4.3 for Linux on x86_64 (MySQL Community Server - GPL)", (8, 4)),
        ("mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))", (9, 7)),
        ("mysqld  Ver 10.11.6-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)", None),
        ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64", (7, 0)),
        ("", None),
    ],
)
def test_versions_are_read_and_mariadb_is_not_mysql(text, version):
    assert version_in(text) == version


def test_one_authority_signs_the_servers_certificate_for_the_address_clients_use(tmp_path):
    tls.ensure(tmp_path)
    authority = x509.load_pem_x509_certificate((tmp_path / "ca.pem").read_bytes())
    server = x509.load_pem_x509_certificate((tmp_path / "server-cert.pem").read_bytes())
    server.verify_directly_issued_by(authority)
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert ipaddress.ip_address("127.0.0.1") in names.get_values_for_type(x509.IPAddress)
    before = (tmp_path / "ca.pem").read_bytes()
    tls.ensure(tmp_path)
    assert (tmp_path / "ca.pem").read_bytes() == before
    assert (tmp_path / "server-key.pem").stat().st_mode & 0o077 == 0
