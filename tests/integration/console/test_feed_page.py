"""The console's feed: what is held is confirmed or dropped once, a fetch is asked for once, and only by the vendor."""

import datetime as dt

import pytest

from app.kit.clock import utc_now
from app.kit.ids import new_id
from app.kit.models import ControlJob
from app.kit.transactions import write_control
from app.rates.models import MetalQuote
from tests.support.pages import Sender


@pytest.fixture
def held(runtime):
    """A leap of 12.5 %, on a day long ago, so that it is nobody's newest rate."""
    quote_id = new_id()
    row = MetalQuote(
        id=quote_id, metal="gold", usd_micros=2_700_000_000, inr_micros=84_250_000, paise_per_g=7_313_49,
        feed="a source", fetched_at=utc_now() - dt.timedelta(days=4000), change_bp=1_250, state="held",
    )  # fmt: skip
    write_control(runtime.router, lambda control: control.add(row))
    return quote_id


def quote(client, om, quote_id):
    page = client.get(
        "/api/v1/console/feed/quotes", headers=om.headers(), query_string={"limit": 200, "sort": "fetchedAt"}
    )
    return next(one for one in page.json["items"] if one["id"] == str(quote_id))


def test_a_held_rate_is_told_and_confirmed_once(flask_app, client, cast, held):
    om = Sender(flask_app, cast.om)
    page = om.look("/console/feed").text
    assert "₹7,313.49" in page and "+12.50" in page
    assert om(f"/console/feed/{held}/confirm", {}).status_code == 303
    assert quote(client, cast.om, held)["state"] == "good"
    again = om(f"/console/feed/{held}/drop", {})
    assert again.status_code == 409 and "decided already" in again.text


def test_a_rate_is_dropped_by_the_api_too(client, cast, held):
    path = f"/api/v1/console/feed/quotes/{held}/decision"
    dropped = client.post(path, json={"confirm": False}, headers=cast.om.headers())
    assert (dropped.status_code, dropped.json["state"]) == (200, "dropped")
    assert client.post(path, json={"confirm": True}, headers=cast.om.headers()).status_code == 409
    assert client.post(path, json={"confirm": True}, headers=cast.asha.headers()).status_code == 401


def test_a_fetch_asked_for_twice_is_one_job(client, cast, runtime):
    asked = [client.post("/api/v1/console/feed/fetch", json={}, headers=cast.om.writing()) for _ in range(2)]
    assert {one.status_code for one in asked} == {202}
    jobs = {one.json["jobId"] for one in asked}
    assert len(jobs) <= 2  # the two minutes may end between the two
    with runtime.router.control() as control:
        for row in control.query(ControlJob).where(ControlJob.key.startswith("feed-")):
            control.delete(row)
        control.commit()
