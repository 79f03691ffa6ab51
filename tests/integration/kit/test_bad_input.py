"""Bad input anywhere gets a clear 4xx with a stable code, nothing half-written, never a 500."""

import json

import pytest

GOOD = {"text": "ring"}


@pytest.fixture
def send(toy, shop):
    bina, client = toy.member(shop), toy.client()

    def post(body, *, key="bad", content_type="application/json", path="/", **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.post(
            f"/api/v1/shops/{shop.shop_id}/notes{path}", data=data, content_type=content_type,
            headers={**bina, "Idempotency-Key": key, **headers},
        )  # fmt: skip

    yield post
    count = client.get(f"/api/v1/shops/{shop.shop_id}/notes/count", headers=bina).json["count"]
    assert count == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed_json"),
        (b"{", "malformed_json"),
        (b"nonsense", "malformed_json"),
        (b'{"text": NaN}', "malformed_json"),
        (b'{"text": Infinity}', "malformed_json"),
        (b'{"amountPaise": 1e999}', "malformed_json"),
        (b'{"text": "\xff"}', "malformed_json"),
        (rb'{"text": "\ud800"}', "malformed_json"),
        (b'{"text": "a", "text": "b"}', "malformed_json"),
        (rb'{"t\u0065xt": "a", "text": "b"}', "malformed_json"),
        (b'{"text": "a", "lines": ' + b"[" * 25 + b"]" * 25 + b"}", "json_too_deep"),
        (b"[" * 100_000, "json_too_deep"),
        (b'{"text": "a", "lines": [' + b",".join([b"1"] * 30_000) + b"]}", "json_too_deep"),
    ],
)
def test_a_body_that_cannot_be_read(send, body, code):
    reply = send(body)
    assert (reply.status_code, reply.json["code"]) == (400, code)
    assert reply.json["requestId"] == reply.headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "body"),
        (None, "body"),
        ("text", "body"),
        (7, "body"),
        ({}, "text"),
        ({"text": None}, "text"),
        ({"text": 5}, "text"),
        ({"text": ["a"]}, "text"),
        ({"text": ""}, "text"),
        ({"text": "   "}, "text"),
        ({"text": "a" * 21}, "text"),
        ({"text": "a\u0000b"}, "text"),
        ({"text": "a\u0007b"}, "text"),
        ({"text": "a\nb"}, "text"),
        ({**GOOD, "amountPaise": -1}, "amountPaise"),
        ({**GOOD, "amountPaise": 1.0}, "amountPaise"),
        ({**GOOD, "amountPaise": True}, "amountPaise"),
        ({**GOOD, "amountPaise": "5"}, "amountPaise"),
        ({**GOOD, "amountPaise": 2**70}, "amountPaise"),
        ({**GOOD, "amountPaise": 10**12 + 1}, "amountPaise"),
        ({**GOOD, "loud": "yes"}, "loud"),
        ({**GOOD, "loud": 1}, "loud"),
        ({**GOOD, "on": "2026-02-30"}, "on"),
        ({**GOOD, "on": "30-02-2026"}, "on"),
        ({**GOOD, "on": "0001-01-01"}, "on"),
        ({**GOOD, "on": "२०२६-०१-०१"}, "on"),
        ({**GOOD, "on": 20260101}, "on"),
        ({**GOOD, "at": "2026-01-01T10:00:00"}, "at"),
        ({**GOOD, "at": "9999-12-31T23:59:59-23:59"}, "at"),
        ({**GOOD, "itemId": "7"}, "itemId"),
        ({**GOOD, "itemId": 7}, "itemId"),
        ({**GOOD, "itemId": "{12345678-1234-1234-1234-123456789012}"}, "itemId"),
        ({**GOOD, "surprise": 1}, "surprise"),
        ({**GOOD, "amount_paise": 1}, "amount_paise"),
        ({**GOOD, "lines": {}}, "lines"),
        ({**GOOD, "lines": [{"netMg": 5}, {"netMg": -5}]}, "lines.1.netMg"),
        ({**GOOD, "lines": [{"netMg": 5, "extra": 1}]}, "lines.0.extra"),
        ({**GOOD, "lines": [7]}, "lines.0"),
    ],
)  # fmt: skip
def test_a_shape_that_is_wrong_is_named_by_its_path(send, body, field):
    reply = send(body)
    assert (reply.status_code, reply.json["code"]) == (422, "invalid_input")
    assert list(reply.json["fields"]) == [field]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"])
def test_another_content_type(send, content_type):
    reply = send(GOOD, content_type=content_type)
    assert (reply.status_code, reply.json["code"]) == (415, "wrong_content_type")


def test_ten_megabytes_of_json(send):
    reply = send(b'{"text": "' + b"a" * 10_000_000 + b'"}')
    assert (reply.status_code, reply.json["code"]) == (413, "body_too_large")


def test_a_body_that_hides_its_length(toy, shop):
    bina = toy.member(shop)
    reply = toy.client().post(
        f"/api/v1/shops/{shop.shop_id}/notes/", content_type="application/json",
        headers={**bina, "Idempotency-Key": "endless", "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )  # fmt: skip
    assert (reply.status_code, reply.json["code"]) == (411, "length_missing")


def test_an_upload_has_a_limit_of_its_own(toy, shop):
    bina, client = toy.member(shop), toy.client()
    url = f"/api/v1/shops/{shop.shop_id}/notes/file"
    taken = client.post(url, data=b"x" * 1_500_000, content_type="image/png", headers=bina)
    assert (taken.status_code, taken.json) == (200, {"bytes": 1_500_000})
    large = client.post(url, data=b"x" * 2_000_001, content_type="image/png", headers=bina)
    assert (large.status_code, large.json["code"]) == (413, "body_too_large")
    wrong = client.post(url, data=b"x", content_type="application/pdf", headers=bina)
    assert (wrong.status_code, wrong.json["code"]) == (415, "wrong_content_type")


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("limit=0", 422, "invalid_input"),
        ("limit=201", 422, "invalid_input"),
        ("limit=-5", 422, "invalid_input"),
        ("limit=1.5", 422, "invalid_input"),
        ("limit=ten", 422, "invalid_input"),
        ("limit=" + "9" * 5000, 422, "invalid_input"),
        ("limit=١٠", 422, "invalid_input"),
        ("surprise=1", 422, "invalid_input"),
        ("code=%00", 422, "invalid_input"),
        ("sort=shop_id", 400, "sort_unknown"),
        ("sort=--code", 400, "sort_unknown"),
        ("sort=code;drop", 400, "sort_unknown"),
        ("after=x", 400, "cursor_malformed"),
        ("after=%F0%9F%92%8D", 400, "cursor_malformed"),
        ("after=WyJjb2RlIiwiQSIsIng9Il0", 400, "cursor_malformed"),
        ("after=bnVsbA", 400, "cursor_malformed"),
        ("after=W10", 400, "cursor_malformed"),
        ("after=" + "A" * 601, 422, "invalid_input"),
    ],
)
def test_query_arguments(toy, shop, query, status, code):
    reply = toy.client().get(f"/api/v1/shops/{shop.shop_id}/tills/?{query}", headers=toy.member(shop))
    assert (reply.status_code, reply.json["code"]) == (status, code)


@pytest.mark.parametrize("till", ["7", "x" * 36, "00000000-0000-0000-0000-00000000000", "%00", "..%2f"])
def test_an_id_that_is_none_is_at_no_address(toy, shop, till):
    reply = toy.client().get(f"/api/v1/shops/{shop.shop_id}/tills/{till}", headers=toy.member(shop))
    assert (reply.status_code, reply.json["code"]) == (404, "no_such_address")


def test_an_id_of_nothing_and_of_another_shop_are_the_same(toy, shop, ravis_shop):
    bina, client = toy.member(shop), toy.client()
    for till in (ravis_shop.till_id, "018f0000-0000-7000-8000-000000000000"):
        reply = client.get(f"/api/v1/shops/{shop.shop_id}/tills/{till}", headers=bina)
        assert (reply.status_code, reply.json["code"]) == (404, "no_such_till")


def test_a_method_that_the_address_does_not_take(toy, shop):
    reply = toy.client().delete(f"/api/v1/shops/{shop.shop_id}/tills/", headers=toy.member(shop))
    assert (reply.status_code, reply.json["code"]) == (405, "method_not_allowed")
    assert "GET" in reply.headers["Allow"]


def test_what_nobody_expected_tells_nothing_but_its_request(toy, shop, caplog):
    reply = toy.client().get(
        f"/api/v1/shops/{shop.shop_id}/notes/broken", headers={**toy.member(shop), "X-Request-Id": "asked-by-a-till-7"}
    )
    assert (reply.status_code, reply.json["code"]) == (500, "internal_error")
    assert reply.json["requestId"] == "asked-by-a-till-7"
    assert b"secret" not in reply.data
    assert b"ZeroDivision" not in reply.data


@pytest.mark.parametrize("given", ["short", "x" * 65, "with space", "new\tline", "<script>", "-leading-hyphen"])
def test_a_request_id_that_is_no_sane_one_is_replaced(toy, given):
    assert toy.client().get("/healthz", headers={"X-Request-Id": given}).headers["X-Request-Id"] != given
