"""The books prove themselves: whatever is changed behind the application's back is found."""

import pytest
from sqlalchemy import event

from app.invoices.service import verify_books
from tests.support.counter import made


@pytest.fixture
def trading(counter):
    """Three bills and a note."""
    customer = counter.customer()
    bills = [made(counter.bill([counter.piece()], customerId=customer["id"])) for _ in range(3)]
    made(counter.post(f"/invoices/{bills[1]['id']}/credit-notes", {"reason": "came back"}))
    return counter, bills


@pytest.fixture
def tamper(cluster):
    """Statements by the server's administrator, past every grant and guard; `shop` and `bill` are bound."""

    def run(counter, bill, *statements):
        target = next(t for t in cluster.fleet.targets if t.name == counter.who.shop.shard)
        link = cluster.raw_connection(target, "admin")
        facts = {"shop": counter.who.shop_id, "bill": bytes.fromhex(bill["id"].replace("-", ""))}
        with link, link.cursor() as cursor:
            changed = 0
            cursor.execute("SET foreign_key_checks = 0")
            for statement in statements:
                changed += cursor.execute(statement, facts)
            link.commit()
        return changed

    return run


def test_untouched_books_are_sound(trading):
    counter, _ = trading
    report = counter.books()
    assert report.sound
    assert report.documents == 4


def test_a_bill_that_is_issued_while_the_chain_is_read_breaks_nothing(trading):
    """One at each moment in which the head of the chain is about to be read."""
    counter, _ = trading
    heads, pieces, buyer = [], [counter.piece() for _ in range(3)], counter.customer()["id"]

    def one_more(state):
        if "audit_head" in {getattr(table, "name", "") for table in state.statement.get_final_froms()}:  # or a join
            heads.append(made(counter.bill([pieces.pop()], customerId=buyer)))

    def read(db):
        event.listen(db, "do_orm_execute", one_more)
        return verify_books(db)

    report = counter.read(read)
    assert heads
    assert report.first_broken_seq is None


BILL = "WHERE shop_id = %(shop)s AND id = %(bill)s"
PART = "WHERE shop_id = %(shop)s AND invoice_id = %(bill)s"
CHANGES = {
    "a total": f"UPDATE invoices SET total_paise = total_paise - 100 {BILL}",
    "a line's weight": f"UPDATE invoice_lines SET net_mg = net_mg + 1 {PART}",
    "a line's HUID": f"UPDATE invoice_lines SET huid = 'ZZZZZZ' {PART}",
    "a lot's carats": f"UPDATE invoice_lines SET stone_mct = 1 {PART}",
    "a payment": f"UPDATE invoice_payments SET mode = 'cash' {PART}",
    "the buyer": f"UPDATE invoices SET buyer_sealed = REVERSE(buyer_sealed) {BILL}",
    "the seller": f"UPDATE invoices SET seller = REPLACE(seller, 'Mumbai', 'Nagpur') {BILL}",
    "the moment": f"UPDATE invoices SET issued_at = issued_at - INTERVAL 1 MICROSECOND {BILL}",
    "the stored hash": f"UPDATE invoices SET content_hash = REPEAT('x', 32) {BILL}",
    "a payment gone": f"DELETE FROM invoice_payments {PART}",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_byte_of_a_bill_is_found(trading, tamper, change):
    counter, bills = trading
    assert tamper(counter, bills[0], CHANGES[change]) == 1
    report = counter.books()
    assert not report.sound
    assert [str(found) for found in report.changed] == [bills[0]["id"]]


def test_a_changed_audit_entry_is_found_at_its_place(trading, tamper):
    counter, bills = trading
    changed = tamper(
        counter, bills[0],
        "UPDATE audit_log SET body = REPLACE(body, 'T1/', 'T2/') WHERE shop_id = %(shop)s AND subject_id = %(bill)s",
    )  # fmt: skip
    assert changed == 1
    assert counter.books().first_broken_seq is not None


@pytest.mark.parametrize(
    "change",
    [
        "at = at - INTERVAL 1 DAY", "actor_id = NULL", "actor_id = subject_id", "action = 'note.issued'",
        "subject_id = NULL",
    ],
)  # fmt: skip
def test_an_audit_entrys_columns_are_as_fast_as_its_body(trading, tamper, change):
    """They are what people search and read by: when, who, what, of which."""
    counter, bills = trading
    where = "WHERE shop_id = %(shop)s AND subject_id = %(bill)s"
    assert tamper(counter, bills[0], f"UPDATE audit_log SET {change} {where}") == 1
    assert counter.books().first_broken_seq is not None


def test_a_bill_that_is_gone_leaves_a_gap_and_is_missed(trading, tamper):
    counter, bills = trading
    for table, column in (("invoice_payments", "invoice_id"), ("invoice_lines", "invoice_id"), ("invoices", "id")):
        tamper(counter, bills[0], f"DELETE FROM {table} WHERE shop_id = %(shop)s AND {column} = %(bill)s")
    report = counter.books()
    assert [str(found) for found in report.missing] == [bills[0]["id"]]
    assert len(report.gaps) == 1


def test_a_bill_that_nobody_issued_is_found(trading, tamper):
    counter, bills = trading
    copied = tamper(
        counter, bills[0],
        "CREATE TEMPORARY TABLE forged AS SELECT * FROM invoices WHERE shop_id = %(shop)s AND id = %(bill)s",
        "UPDATE forged SET id = REVERSE(id), no = 4, number = 'T1/26-27/00004'",
        "INSERT INTO invoices SELECT * FROM forged",
    )  # fmt: skip
    assert copied == 3
    report = counter.books()
    assert len(report.changed) == 1
    assert len(report.gaps) == 1


def test_the_application_may_not_change_an_issued_bill(trading, cluster):
    """The grants say so, whatever the code does."""
    import pymysql

    counter, _ = trading
    target = next(t for t in cluster.fleet.targets if t.name == counter.who.shop.shard)
    link = cluster.raw_connection(target, "app")
    with link, link.cursor() as cursor:
        for statement in (*CHANGES.values(), "UPDATE audit_log SET body = 'x' WHERE shop_id = %(shop)s"):
            with pytest.raises(pymysql.err.OperationalError, match="denied"):
                cursor.execute(statement, {"shop": counter.who.shop_id, "bill": b""})


def test_erasing_a_buyers_key_leaves_the_books_whole(trading):
    """The chain covers the ciphertext; without the key the name is gone for good and the bill still stands."""
    from uuid import UUID

    from sqlalchemy import select

    from app.kit.clock import utc_now
    from app.kit.models import SealingKey

    counter, bills = trading
    buyer = UUID(bills[0]["customerId"])

    def destroy(db):
        for key in db.scalars(select(SealingKey).where(SealingKey.subject_id == buyer)):
            key.destroyed_at = utc_now()

    counter.write(destroy)
    assert made(counter.get(f"/invoices/{bills[0]['id']}"))["buyer"] is None
    assert counter.books().sound
