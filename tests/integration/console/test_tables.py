"""Dated tables decided in the console: seen, tried, told apart, followed by processes, undone; by API and by page."""

import json
import re

import pytest
from sqlalchemy import select

from app.console import corrections
from app.console.corrections import Follower
from app.inventory.goods import check_hsn
from app.kit import dated
from app.kit.clock import today_ist
from app.kit.models import PlatformAuditEntry

TABLES = "/api/v1/console/tables"
GOODS = dated.packaged_tables()["goods.json"]


@pytest.fixture
def packaged_again(runtime, cast):
    """What a test decided is undone, in the control plane and in this process."""
    yield
    with runtime.router.control() as control:
        view = corrections.get_table(control, "goods.json")
        corrections.decide_table(
            control, name="goods.json", expected_version=view.version, body=None, reason="after a test",
            actor_id=cast.om.person_id,
        )  # fmt: skip
        control.commit()
    dated.decide({})


def with_hsn(code: str) -> str:
    """The packaged table with another first record: gold coins bear this code too."""
    content = json.loads(GOODS.read_text(encoding="utf-8"))
    content["records"][0]["hsn"] = ["7118", code]
    return corrections.written(content)


def put(client, om, body, *, version, reason="notification 1/2027", name="goods.json"):
    return client.put(
        f"{TABLES}/{name}", json={"body": body, "reason": reason}, headers=om.headers(**{"If-Match": f'"{version}"'})
    )


def version_now(client, om) -> int:
    return client.get(f"{TABLES}/goods.json", headers=om.headers()).json["version"]


def test_every_table_is_listed_with_its_records(client, cast):
    listed = client.get(TABLES, headers=cast.om.headers()).json["items"]
    assert {one["name"] for one in listed} == set(dated.packaged_tables())
    assert all(json.loads(one["body"]) for one in listed)


def test_a_decision_counts_in_every_process_and_is_undone(client, cast, runtime, tmp_path, packaged_again):
    on, om = today_ist(), cast.om
    with pytest.raises(Exception, match="7199"):
        check_hsn("7199", category="coin", metal="gold", on=on)
    before = version_now(client, om)
    answer = put(client, om, with_hsn("7199"), version=before)
    assert (answer.status_code, answer.json["version"], answer.json["corrected"]) == (200, before + 1, True)

    other = Follower(runtime.router, tmp_path / "kept.json")
    other.look()
    check_hsn("7199", category="coin", metal="gold", on=on)
    dated.decide({})  # a process that starts without the control plane begins with its file
    Follower(runtime.router, tmp_path / "kept.json").begin()
    check_hsn("7199", category="coin", metal="gold", on=on)

    assert put(client, om, None, version=before + 1, reason="it was wrong").json["corrected"] is False
    other.look()
    with pytest.raises(Exception, match="7199"):
        check_hsn("7199", category="coin", metal="gold", on=on)


def test_the_platforms_books_say_which_records_went_and_came(client, cast, runtime, packaged_again):
    assert put(client, cast.om, with_hsn("7198"), version=version_now(client, cast.om)).status_code == 200
    with runtime.router.control() as control:
        told = control.scalars(
            select(PlatformAuditEntry.body)
            .where(PlatformAuditEntry.action == "table.decided")
            .order_by(PlatformAuditEntry.seq.desc())
            .limit(1)
        ).one()
    facts = json.loads(told)["facts"]
    assert facts["table"] == "goods.json" and facts["reason"] == "notification 1/2027"
    gone, come = facts["changed"]
    assert gone.startswith("−") and "7198" not in gone
    assert come.startswith("+") and "7198" in come


@pytest.mark.parametrize(
    "body",
    ["{{", "[]", '{"records": 5}', '{"records": [5]}', '{"records": [{"categories": []}]}',
     with_hsn("7118").replace("2017-07-01", "01-07-2017"), "x" * 499_999],
)  # fmt: skip
def test_a_table_that_nobody_can_use_is_refused(client, cast, body):
    before = version_now(client, cast.om)
    answer = put(client, cast.om, body, version=before)
    assert (answer.status_code, answer.json["code"]) == (422, "table_unusable")
    assert version_now(client, cast.om) == before


def test_who_looked_too_long_is_told(client, cast, packaged_again):
    before = version_now(client, cast.om)
    assert put(client, cast.om, with_hsn("7197"), version=before).status_code == 200
    answer = put(client, cast.om, with_hsn("7196"), version=before)
    assert (answer.status_code, answer.json["code"]) == (412, "table_changed_meanwhile")


def test_an_unknown_table_is_nowhere(client, cast):
    for name in ("nothing.json", "..", "goods"):
        assert client.get(f"{TABLES}/{name}", headers=cast.om.headers()).status_code == 404


def test_a_shops_owner_sees_none_of_it(client, cast):
    assert client.get(TABLES, headers=cast.asha.headers()).status_code in (401, 404)


# ---------------------------------------------------------------- pages


@pytest.fixture
def console(flask_app, cast):
    client = flask_app.test_client()
    client.set_cookie("boola_console", cast.om.token, path="/console")
    return client


def fields_of(page: str) -> dict[str, str]:
    """What the form would send as it stands."""
    sent = dict(re.findall(r'<input[^>]*? name="([^"]+)"[^>]*? value="([^"]*)"', page))
    for name, options in re.findall(r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options)
        sent[name] = chosen[1] if chosen else ""
    return sent


def test_a_record_is_changed_on_the_page_and_asked_about_first(console, client, cast, packaged_again):
    address = "/console/tables/goods.json/records/0"
    form = fields_of(console.get(address).get_data(as_text=True)) | {
        "m-hsn": "7118, 7195", "reason": "notification 3/2027",
    }  # fmt: skip
    assert form["m-valid_from"] == "01-07-2017" and form["m-categories"] == "coin"
    asked = console.post(address, data=form)
    page = asked.get_data(as_text=True)
    assert asked.status_code == 200 and "7195" in page and "Nothing is done yet" in page
    before = version_now(client, cast.om)
    assert console.post(address, data=fields_of(page)).status_code == 303
    assert version_now(client, cast.om) == before + 1
    body = client.get(f"{TABLES}/goods.json", headers=cast.om.headers()).json["body"]
    assert json.loads(body)["records"][0] == {
        **json.loads(GOODS.read_text(encoding="utf-8"))["records"][0], "hsn": ["7118", "7195"],
    }  # fmt: skip


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(console):
    address = "/console/tables/limits.json/records/0"
    form = fields_of(console.get(address).get_data(as_text=True)) | {
        "m-figure_paise": "two lakh", "m-valid_from": "yesterday", "reason": "a try",
    }  # fmt: skip
    answer = console.post(address, data=form)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "two lakh" in page and "yesterday" in page
    assert page.count('class="wrong"') == 2


def test_a_record_is_added_behind_the_others(console, client, cast):
    address = "/console/tables/goods.json/records/new"
    form = fields_of(console.get(address).get_data(as_text=True)) | {
        "m-categories": "crown", "m-hsn": "7113", "reason": "crowns are jewellery",
    }  # fmt: skip
    page = console.post(address, data=form).get_data(as_text=True)
    assert "crown" in page and "−" not in page
