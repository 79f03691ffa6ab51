"""Old gold over the counter: valued by the minute's board, bought by voucher, the seller settled with."""

from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from app.credits import service as credits
from app.inventory import service as inventory
from app.kit.audit_checking import first_broken
from app.kit.clock import utc_now
from app.kit.models import IdempotencyKey, SealingKey
from app.metal import service as metal
from app.metal.service import Account
from app.oldgold import service
from app.oldgold.models import OldGoldVoucher
from tests.support.counter import a_key, all_at_once, made

VALUE = 189_554_60
"""13.565 g fine (15.100 g × 0.912 × 0.985 = 13.564632) at ₹13,973.80: 189,554.597, so ₹1,89,554.60."""


def test_old_gold_is_bought_and_kept_as_a_credit(buying):
    voucher = made(buying.buy(expectedValuePaise=VALUE))
    assert voucher["number"].startswith("PU")
    (line,) = voucher["lines"]
    assert (line["netMg"], line["fineMg"], line["fineRatePaisePerG"]) == (15_100, 13_565, 13_973_80)
    assert (voucher["valuePaise"], voucher["usualPaise"]) == (VALUE, VALUE)
    assert voucher["party"]["identityNumber"] == "XXXXXXXX0123"
    assert voucher["payouts"] == [
        {"pos": 1, "mode": "credit", "paise": VALUE, "reference": None, "creditId": voucher["creditId"]}
    ]
    credit = buying.counter.read(lambda db: credits.get_credit(db, UUID(voucher["creditId"])))
    assert (credit.kind, credit.left_paise, credit.source_id) == ("old_gold", VALUE, UUID(voucher["id"]))
    assert buying.counter.get(f"/old-gold/{voucher['id']}").json == voucher


def test_its_metal_is_a_lot_that_came_from_the_customer(buying):
    """15.100 g net at 912 are 137,712,000 mg-parts fine; the dirt lies with it until it is molten."""
    voucher = made(buying.buy())
    lot_id = UUID(voucher["lines"][0]["lotId"])
    lot = buying.counter.read(lambda db: inventory.get_lot(db, lot_id))
    assert (lot.kind, lot.code) == ("old_gold", f"{voucher['number']}-1")
    assert (lot.left_net_mg, lot.left_stone_mg) == (15_100, 320)
    assert (lot.left_fine, lot.left_cost_paise) == (137_712_000, VALUE)
    (entry,) = buying.counter.read(lambda db: metal.entries(db, movement_id=UUID(voucher["id"]))).items
    assert (entry.from_account, entry.from_ref) == (Account.CUSTOMER, UUID(buying.seller["id"]))
    assert (entry.to_account, entry.gross_mg, entry.fine) == (Account.STOCK, 15_420, 137_712_000)
    assert buying.counter.read(inventory.verify_metal) == []


def test_what_was_bought_for_resale_is_told_from_what_came_out_of_a_pot(buying):
    """Rule 32(5) is for goods sold as they are: the bar is another lot, bought from nobody."""
    voucher = made(buying.buy(lines=[buying.line(resale=True)]))
    lot_id = UUID(voucher["lines"][0]["lotId"])
    (origin,) = buying.counter.read(lambda db: service.origins_of(db, [lot_id])).values()
    assert (origin.resale, origin.value_paise, origin.number) == (True, VALUE, voucher["number"])

    def melt(db):
        pot = inventory.start_melt(db, lot_ids=[lot_id])
        bar = inventory.LotDraft(
            code=f"BAR-{pot.id.hex[:8]}", name="Bar", kind="bullion", metal="gold", fineness=9_950, net_mg=13_600
        )
        return inventory.finish_melt(db, consignment_id=pot.id, expected_version=pot.version, result=bar)

    buying.counter.write(melt)
    (bar,) = [
        lot
        for lot in buying.counter.read(lambda db: inventory.list_lots(db, kind="bullion", state="open")).items
        if lot.left_cost_paise == VALUE
    ]
    assert bar.left_fine == 13_600 * 9_950
    assert buying.counter.read(lambda db: inventory.get_lot(db, lot_id)).state == "used"
    assert buying.counter.read(lambda db: service.origins_of(db, [bar.id])) == {}
    assert buying.counter.read(inventory.verify_metal) == []


def test_take_in_gives_the_credit_that_a_bill_uses_at_once(buying):
    """₹1,89,554.60 on a ring of ₹51,845: what is left is ₹1,37,709.60."""
    keyring = buying.counter.runtime.keyring
    draft = service.PurchaseDraft(
        customer_id=UUID(buying.seller["id"]), identity_kind="pan", identity_number=buying.seller["pan"],
        lines=(service.LineDraft(
            description="Old chain", metal="gold", gross_mg=15_420, dirt_mg=320, fineness=9_120,
            test=service.TestKind.FIRE_ASSAY, picture_id=UUID(buying.photo()),
        ),),
    )  # fmt: skip
    voucher, credit = buying.counter.write(lambda db: service.take_in(db, draft=draft, keyring=keyring))
    assert credit is not None and (credit.id, credit.left_paise) == (voucher.credit_id, VALUE)
    use = credits.Use(credit.id, 51_845_00)
    (taken,) = buying.counter.write(lambda db: credits.use_credits(
        db, uses=[use], customer_id=credit.customer_id, document_id=UUID(int=7)
    ))  # fmt: skip
    assert taken.left_paise == 137_709_60


def test_cash_leaves_the_drawer_and_ends_at_ten_thousand_a_day(buying):
    """₹9,000 and then ₹1,000 to the same person; one paisa more is refused, with the rule named."""
    buying.counter.float(10_000_00)
    before = buying.counter.row_counts()["cash_entries"]

    def pay(cash):
        rest = {"mode": "bank", "paise": VALUE - cash, "reference": "NEFT-1"}
        return buying.buy(payouts=[{"mode": "cash", "paise": cash}, rest])

    made(pay(9_000_00))
    refused = pay(1_000_01)
    assert (refused.status_code, refused.json["code"]) == (422, "old_gold_blocked")
    assert "40A(3)" in refused.json["detail"]
    assert refused.json["fields"] == {"payouts": "cash"}
    made(pay(1_000_00))
    assert buying.counter.row_counts()["cash_entries"] == before + 2


def test_cash_for_the_credit_that_it_left_counts_too_both_ways(buying):
    """₹6,000 with the voucher leave ₹4,000 of the day for its credit; what that one paid is none for a voucher."""
    buying.counter.float(9_000_00)
    rest = {"mode": "credit", "paise": VALUE - 6_000_00}
    credit_id = made(buying.buy(payouts=[{"mode": "cash", "paise": 6_000_00}, rest]))["creditId"]

    def pay_out(paise):
        version = made(buying.counter.get(f"/credits/{credit_id}"))["version"]
        body = {"payments": [{"mode": "cash", "paise": paise}], "reason": "asks for it"}
        return buying.counter.post(f"/credits/{credit_id}/pay-outs", body, **{"If-Match": f'"{version}"'})

    over = pay_out(4_000_01)
    assert (over.status_code, over.json["code"]) == (422, "cash_pay_out_too_large")
    made(pay_out(3_000_00))
    more = [{"mode": "cash", "paise": 1_000_01}, {"mode": "upi", "paise": VALUE - 1_000_01}]
    refused = buying.buy(payouts=more)
    assert (refused.status_code, refused.json["fields"]) == (422, {"payouts": "cash"})


def test_a_value_asked_for_counts_the_cash_of_a_merged_entry_as_the_purchase_does(buying):
    """₹6,000 in cash under one entry and ₹4,000.01 under the one that counts are more than ₹10,000."""
    till, double = buying.counter, buying.counter.customer()
    till.float(6_000_00)
    paid = [{"mode": "cash", "paise": 6_000_00}, {"mode": "upi", "paise": VALUE - 6_000_00}]
    made(buying.buy(customerId=double["id"], payouts=paid))
    kept = till.customer(pan=None)
    made(till.post(
        f"/customers/{double['id']}/merge",
        {"into": kept["id"], "intoVersion": kept["version"], "confirm": double["name"]},
        **{"If-Match": f'"{double["version"]}"'},
    ))  # fmt: skip
    more = [{"mode": "cash", "paise": 4_000_01}, {"mode": "upi", "paise": VALUE - 4_000_01}]
    valued = made(till.post("/old-gold/value", buying.body(customerId=kept["id"], payouts=more)))
    assert "cash" in [one["rule"] for one in valued["findings"] if one["blocks"]]


def test_cash_of_one_seller_is_added_up_even_at_many_tills(buying):
    """Six purchases of ₹4,000 in cash at once: two fit into ₹10,000."""
    payouts = [{"mode": "cash", "paise": 4_000_00}, {"mode": "upi", "paise": VALUE - 4_000_00}]
    buying.counter.float(24_000_00)
    bodies = [buying.body(payouts=payouts) for _ in range(6)]
    answers = all_at_once(6, lambda n: buying.counter.post("/old-gold", bodies[n]))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 422, 422, 422, 422]


def test_no_more_is_paid_than_the_drawer_holds(buying):
    """By hand not a rupee more leaves than is there; a purchase is no way around it."""
    till = buying.counter
    held = made(till.get("/cash/drawers"))["drawers"][0]["heldPaise"]
    away = {"tillId": str(till.who.shop.till_id), "kind": "owner", "out": True, "note": "to the bank"}
    if held:
        made(till.post("/cash/entries", {**away, "paise": held}))
    till.float(9_999_99)
    refused = buying.buy(payouts=[{"mode": "cash", "paise": 10_000_00}, {"mode": "upi", "paise": VALUE - 10_000_00}])
    assert (refused.status_code, refused.json["code"]) == (409, "cash_short")
    assert refused.json["fields"] == {"payouts": "more than is there"}


@pytest.mark.parametrize(
    ("changes", "field", "status"),
    [
        ({"payouts": [{"mode": "upi", "paise": 1}]}, "payouts", 422),
        ({"identity": {"kind": "aadhaar", "number": "12"}}, "identity.number", 422),
        ({"identity": {"kind": "pan", "number": "ABCPE1234G"}}, "identity.number", 422),  # the customer's is another
        ({"expectedValuePaise": 1_00}, "expectedValuePaise", 409),
    ],
)
def test_what_is_wrong_is_said_at_its_field(buying, changes, field, status):
    before = buying.counter.row_counts()
    answer = buying.buy(**changes)
    assert (answer.status_code, list(answer.json["fields"])) == (status, [field])
    assert {name: count for name, count in buying.counter.row_counts().items() if count != before[name]} in (
        {}, {"pictures": before["pictures"] + 1}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"dirtMg": 15_421}, "lines.0.dirtMg"), ({"dirtMg": 15_420}, "lines.0.dirtMg"),
        ({"metal": "platinum"}, "lines.0.metal"), ({"pictureId": None}, "lines"),
        ({"pictureId": "01890000-0000-7000-8000-000000000000"}, "lines.0.pictureId"),
    ],
)  # fmt: skip
def test_a_piece_that_cannot_be_bought_is_refused_at_its_field(buying, changes, field):
    answer = buying.buy(lines=[buying.line(**changes)])
    assert answer.status_code in (404, 422)
    assert field in answer.json["fields"]


def test_who_has_a_gstin_is_a_supplier(buying):
    firm = buying.counter.customer(gstin="29AAACI4798L1ZU", pan=None, stateCode="29")
    answer = buying.buy(customerId=firm["id"])
    assert (answer.status_code, answer.json["code"]) == (422, "seller_registered")


def test_a_seller_of_much_gives_a_pan_or_the_declaration(buying):
    """Twice the chain: ₹3,79,109.20."""
    seller, lines = buying.counter.customer(pan=None), [buying.line(), buying.line()]
    answer = buying.buy(customerId=seller["id"], lines=lines)
    assert (answer.status_code, answer.json["fields"]) == (422, {"panDeclared": "pan"})
    assert made(buying.buy(customerId=seller["id"], lines=lines, panDeclared=True))["valuePaise"] == 2 * VALUE


def test_a_clerk_pays_more_than_the_terms_say_only_with_the_owners_approval(buying, asha_and_others):
    """₹100 more a fine gram is ₹1,356.50 over 13.565 g. Paying less needs nobody."""
    bina, asha = asha_and_others.bina, asha_and_others.asha
    lines = [buying.line(fineRatePaisePerG=14_073_80)]
    refused = buying.buy(bina, lines=lines)
    assert (refused.status_code, refused.json["code"]) == (403, "approval_needed")
    wanted = refused.json["approval"]
    assert wanted["facts"]["costPaise"] == 1_356_50
    till = type(buying.counter)(buying.counter.app, buying.counter.runtime, bina)
    question = made(till.post("/approvals", wanted))
    headers = asha.writing(**{"If-Match": f'"{question["version"]}"'})
    decided = buying.counter.app.test_client().post(
        f"{buying.counter.base}/approvals/{question['id']}/decision", headers=headers, json={"grant": True}
    )
    assert decided.status_code == 200
    dearer = [{**lines[0], "fineRatePaisePerG": 14_073_81}]
    assert buying.buy(bina, lines=dearer, approvalId=question["id"]).status_code == 403, "another price was allowed"
    assert made(buying.buy(bina, lines=lines, approvalId=question["id"]))["valuePaise"] == VALUE + 1_356_50
    assert buying.buy(bina, lines=lines, approvalId=question["id"]).status_code == 403, "once"
    assert made(buying.buy(bina, lines=[buying.line(fineRatePaisePerG=13_000_00)]))["usualPaise"] == VALUE


def test_numbers_have_no_gap_and_the_books_hold(buying):
    good, bad = buying.body(), buying.body(payouts=[{"mode": "upi", "paise": 1}])
    answers = all_at_once(8, lambda n: buying.counter.post("/old-gold", bad if n % 2 else good))
    assert sorted(answer.status_code for answer in answers) == [201] * 4 + [422] * 4
    page = buying.counter.get("/old-gold", limit=200).json["items"]
    numbers = sorted(int(one["number"].rpartition("/")[2]) for one in page)
    assert numbers == list(range(1, len(numbers) + 1))
    report = buying.counter.read(service.verify_vouchers)
    assert report.sound and report.vouchers == len(numbers)
    assert buying.counter.read(first_broken) is None


def test_the_applications_account_may_not_change_a_voucher(buying):
    voucher = made(buying.buy())
    change = update(OldGoldVoucher).where(OldGoldVoucher.id == UUID(voucher["id"])).values(value_paise=1)
    with pytest.raises(DBAPIError, match="denied"):
        buying.counter.write(lambda db: db.execute(change))


def test_an_erased_seller_leaves_the_voucher_whole(buying):
    voucher = made(buying.buy())

    def erase(db):
        mine = select(SealingKey).where(SealingKey.subject_id == UUID(buying.seller["id"]))
        for key in db.scalars(mine):
            key.destroyed_at = utc_now()

    buying.counter.write(erase)
    read = buying.counter.get(f"/old-gold/{voucher['id']}").json
    assert read["party"] is None
    assert read["contentHash"] == voucher["contentHash"]
    assert buying.counter.read(service.verify_vouchers).sound


def test_another_shops_voucher_is_not_there(buying, flask_app, asha_and_others):
    voucher, ravi = made(buying.buy()), asha_and_others.ravi
    answer = flask_app.test_client().get(
        f"/api/v1/shops/{ravi.shop_id}/old-gold/{voucher['id']}", headers=ravi.headers()
    )
    assert answer.status_code == 404


def test_a_purchase_sent_again_is_answered_without_its_seller_being_kept_with_the_key(buying):
    key, body = a_key(), buying.body(identity={"kind": "passport", "number": "A1234567"})
    first = made(buying.counter.post("/old-gold", body, key=key))
    kept = buying.counter.read(lambda db: db.scalars(select(IdempotencyKey).where(IdempotencyKey.key == key)).one())
    assert (kept.reply, str(kept.subject_id)) == (None, first["id"])
    assert made(buying.counter.post("/old-gold", body, key=key)) == first
