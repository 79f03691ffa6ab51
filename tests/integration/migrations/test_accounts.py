"""What each database account may and may not do: the server decides, not our code."""

import pymysql
import pytest
import sqlalchemy as sa

from migrations.errors import MigrationRefused
from migrations.runner import Runner
from tests.support.cluster import ACCOUNTS, Cluster

TABLE_DENIED, COLUMN_DENIED, DATABASE_DENIED, SIGN_IN_DENIED = 1142, 1143, 1044, 1045


def refusal(cluster: Cluster, target: str, account: str, statement: str) -> int:
    """The server's error number for a statement of an account; 0 where it was let through (and rolled back)."""
    found = next(one for one in cluster.fleet.targets if one.name == target)
    with cluster.raw_connection(found, account) as connection, connection.cursor() as cursor:
        try:
            cursor.execute(statement)
            connection.rollback()
        except pymysql.MySQLError as refused:
            return int(refused.args[0])
    return 0


REFUSED = [
    ("shard-a", "app", "UPDATE invoices SET total_paise = 1"),
    ("shard-a", "app", "DELETE FROM invoices"),
    ("shard-a", "app", "UPDATE invoice_lines SET net_mg = 1"),
    ("shard-a", "app", "UPDATE invoice_payments SET paise = 1"),
    ("shard-a", "app", "DELETE FROM invoice_payments"),
    ("shard-a", "app", "UPDATE invoice_pdfs SET size_bytes = 1"),
    ("shard-a", "app", "UPDATE audit_log SET seq = 1"),
    ("shard-b", "app", "DELETE FROM audit_log"),
    ("shard-a", "app", "UPDATE cash_entries SET paise = 0"),
    ("shard-a", "app", "DELETE FROM cash_entries"),
    ("shard-b", "app", "UPDATE cash_counts SET counted_paise = expected_paise"),
    ("shard-b", "app", "UPDATE day_closings SET figures = '{}'"),
    ("shard-a", "app", "DELETE FROM day_closings"),
    ("shard-a", "app", "DELETE FROM drawers"),
    ("shard-a", "app", "UPDATE handovers SET given_paise = 0"),
    ("shard-a", "app", "DELETE FROM items"),
    ("shard-a", "app", "DELETE FROM number_series"),
    ("shard-a", "app", "UPDATE board_rate_changes SET paise_per_g = 1"),
    ("shard-a", "app", "UPDATE shop_fence SET epoch = 9"),
    ("shard-a", "app", "UPDATE alembic_version SET version_num = '9'"),
    ("shard-a", "app", "TRUNCATE idempotency_keys"),
    ("shard-a", "app", "CREATE TABLE mine (a INT PRIMARY KEY)"),
    ("shard-a", "app", "ALTER TABLE invoices ADD COLUMN a INT"),
    ("shard-a", "app", "DROP TABLE invoices"),
    ("shard-a", "app", "SELECT authentication_string FROM mysql.user"),
    ("control", "app", "UPDATE platform_audit_log SET seq = 1"),
    ("control", "app", "DELETE FROM platform_audit_log"),
    ("control", "app", "UPDATE contract_events SET event = 'x'"),
    ("control", "app", "INSERT INTO migrations_ledger VALUES ('a', 'b', 'c', NOW(), NULL, NULL)"),
    ("control", "app", "DELETE FROM directory"),
    ("shard-a", "fleet_ro", "INSERT INTO shop_fence VALUES (1, 1, 'open', NULL, NULL, NOW())"),
    ("shard-a", "fleet_ro", "UPDATE items SET status = 'sold'"),
    ("shard-a", "fleet_ro", "DELETE FROM outbox"),
    ("control", "fleet_ro", "SELECT password_hash FROM people"),
    ("control", "fleet_ro", "SELECT private_sealed FROM signing_keys"),
    ("shard-a", "purger", "UPDATE items SET status = 'sold'"),
    ("shard-a", "purger", "INSERT INTO audit_head VALUES (1, 1)"),
    ("control", "purger", "DELETE FROM people"),
    ("control", "purger", "DELETE FROM platform_audit_log"),
    ("control", "mover", "SELECT password_hash FROM people"),
    ("control", "mover", "DELETE FROM directory"),
    ("shard-a", "app", "DELETE FROM sealing_keys"),
]  # fmt: skip
COLUMNS = [
    ("shard-a", "app", "UPDATE tills SET code = 'Z'"),
    ("shard-a", "app", "UPDATE number_series SET till_id = '1'"),
    ("shard-a", "app", "UPDATE idempotency_keys SET request_hash = ''"),
    ("shard-a", "app", "UPDATE sealing_keys SET created_at = NOW()"),
    ("shard-a", "app", "UPDATE sealing_keys SET wrapped = ''"),
    ("shard-a", "fleet_ro", "SELECT wrapped FROM sealing_keys"),
    ("shard-a", "fleet_ro", "SELECT reply FROM idempotency_keys"),
    ("control", "app", "UPDATE memberships SET created_at = NOW()"),
    ("control", "app", "UPDATE plans SET annual_price_paise = 1"),
    ("control", "app", "UPDATE signing_keys SET public_pem = ''"),
    ("control", "app", "UPDATE signing_keys SET private_sealed = ''"),
]
ALLOWED = [
    ("shard-a", "app", "UPDATE tills SET name = 'Z' WHERE shop_id = 0"),
    ("shard-a", "app", "UPDATE number_series SET last_no = LAST_INSERT_ID(last_no + 1) WHERE shop_id = 0"),
    ("shard-a", "app", "SELECT seq FROM audit_head WHERE shop_id = 0 FOR UPDATE"),
    ("shard-a", "app", "SELECT last_no FROM number_series WHERE shop_id = 0 FOR UPDATE"),
    ("shard-a", "app", "SELECT epoch FROM shop_fence WHERE shop_id = 0 FOR SHARE"),
    ("shard-a", "app", "SELECT service_state FROM performance_schema.replication_applier_status"),
    ("shard-a", "app", "SELECT version_num FROM alembic_version"),
    ("shard-a", "app", "DELETE FROM outbox WHERE shop_id = 0"),
    ("shard-a", "fleet_ro", "SELECT COUNT(*) FROM invoices"),
    ("shard-a", "fleet_ro", "SELECT DISTINCT shop_id FROM idempotency_keys WHERE created_at < NOW()"),
    ("shard-a", "app", "UPDATE sealing_keys SET destroyed_at = NOW() WHERE shop_id = 0"),
    ("shard-a", "app", "SELECT wrapped FROM sealing_keys WHERE shop_id = 0 FOR SHARE"),
    ("control", "app", "SELECT kid FROM signing_keys FOR UPDATE"),
    ("shard-a", "purger", "DELETE FROM audit_log WHERE shop_id = 0"),
    ("shard-a", "mover", "UPDATE shop_fence SET epoch = 2 WHERE shop_id = 0"),
    ("control", "mover", "UPDATE directory SET epoch = 2 WHERE shop_id = 0"),
    ("control", "purger", "DELETE FROM sign_in_gates WHERE first_at < '2000-01-01'"),
    ("control", "app", "UPDATE directory SET epoch = 2 WHERE shop_id = 0"),
]


@pytest.mark.parametrize(("target", "account", "statement"), REFUSED)
def test_the_server_refuses(cluster, target, account, statement):
    assert refusal(cluster, target, account, statement) in (TABLE_DENIED, COLUMN_DENIED, DATABASE_DENIED)


@pytest.mark.parametrize(("target", "account", "statement"), COLUMNS)
def test_the_server_refuses_columns_that_never_change_or_are_hidden(cluster, target, account, statement):
    assert refusal(cluster, target, account, statement) == COLUMN_DENIED


@pytest.mark.parametrize(("target", "account", "statement"), ALLOWED)
def test_the_server_lets_through_what_is_needed(cluster, target, account, statement):
    assert refusal(cluster, target, account, statement) == 0


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize("target", ["control", "shard-a", "shard-b"])
def test_no_account_gets_in_without_tls(cluster, target, account):
    found = next(one for one in cluster.fleet.targets if one.name == target)
    who = cluster.accounts[account]
    with pytest.raises(pymysql.OperationalError) as refused:
        pymysql.connect(
            host=found.server.host, port=found.server.port, user=who.user, password=who.password, ssl_disabled=True
        )
    assert refused.value.args[0] == SIGN_IN_DENIED


def test_every_account_proves_itself_by_caching_sha2_over_tls(cluster):
    for target in cluster.fleet.targets:
        with cluster.fleet.connect(target, "admin", database=False) as connection:
            rows = connection.execute(
                sa.text("SELECT user, plugin, ssl_type FROM mysql.user WHERE user LIKE :mine"),
                {"mine": f"{cluster.prefix}\\_%"},
            ).all()
        mine = {
            row.user: (row.plugin, row.ssl_type)
            for row in rows
            if row.user in {one.user for one in cluster.accounts.values()}
        }
        assert set(mine) == {one.user for one in cluster.accounts.values()}
        assert set(mine.values()) == {("caching_sha2_password", "ANY")}


def test_what_is_too_much_is_taken_back_and_what_is_missing_is_given(whole):
    target = whole.fleet.shards[0]
    user = whole.accounts["app"].user
    for statement in (
        f"GRANT UPDATE ON {whole.shard_database}.invoices TO {user}",
        f"GRANT UPDATE (code) ON {whole.shard_database}.tills TO {user}",
        f"GRANT SELECT ON {whole.shard_database}.customers TO {user} WITH GRANT OPTION",
        f"REVOKE INSERT ON {whole.shard_database}.customers FROM {user}",
    ):
        with whole.fleet.connect(target, "admin", database=False) as connection:
            connection.execute(sa.DDL(statement))
    assert refusal(whole, "shard-a", "app", "UPDATE invoices SET total_paise = 1 WHERE shop_id = 0") == 0

    standing = next(one for one in Runner(whole.fleet_config()).standing() if one.target == "shard-a")
    assert len(standing.grants) == 4
    Runner(whole.fleet_config(admin=None)).up()
    assert refusal(whole, "shard-a", "app", "UPDATE invoices SET total_paise = 1 WHERE shop_id = 0") == TABLE_DENIED
    assert refusal(whole, "shard-a", "app", "UPDATE tills SET code = 'Z' WHERE shop_id = 0") == COLUMN_DENIED
    assert (
        refusal(whole, "shard-a", "app", f"GRANT SELECT ON customers TO {whole.accounts['fleet_ro'].user}")
        == TABLE_DENIED
    )
    assert (
        refusal(whole, "shard-a", "app", "INSERT INTO customers (shop_id) SELECT 0 FROM customers WHERE shop_id = 0")
        == 0
    )
    assert next(one for one in Runner(whole.fleet_config()).standing() if one.target == "shard-a").grants == ()


def test_rights_on_a_whole_database_are_taken_back_by_the_administrator(whole):
    user = whole.accounts["app"].user
    with whole.fleet.connect(whole.fleet.shards[0], "admin", database=False) as connection:
        connection.execute(sa.DDL(f"GRANT SELECT, DELETE ON {whole.shard_database}.* TO {user} WITH GRANT OPTION"))
    assert refusal(whole, "shard-a", "app", "DELETE FROM audit_log WHERE shop_id = 0") == 0
    with pytest.raises(MigrationRefused, match="administrator"):
        Runner(whole.fleet_config(admin=None)).up()
    Runner(whole.fleet_config()).up()
    assert refusal(whole, "shard-a", "app", "DELETE FROM audit_log WHERE shop_id = 0") == TABLE_DENIED


def test_a_new_password_is_added_and_the_old_one_works_on(whole):
    old = whole.accounts["app"]
    new = type(old)(old.user, "another-password-1")
    Runner(whole.fleet_config(accounts={**whole.accounts, "app": new})).up()
    target = whole.fleet.shards[0]
    for account in (old, new):
        with pymysql.connect(
            host=target.server.host, port=target.server.port, user=account.user, password=account.password,
            ssl=whole.fleet.tls,
        ) as connection, connection.cursor() as cursor:  # fmt: skip
            cursor.execute("SELECT CURRENT_USER()")
            assert cursor.fetchone() == (f"{account.user}@%",)
