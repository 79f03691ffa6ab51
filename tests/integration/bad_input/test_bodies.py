"""Bodies that are none: JSON that cannot be read, other types, forms in odd parts."""

import gzip
import io
import secrets
from typing import Any

import orjson
import pytest

from tests.support.bad_input import unclear
from tests.support.good_asks import GOOD
from tests.support.spoiling import JSON, codes, turn

TEN_MEGABYTES = b'{"name": "' + b"a" * 10_000_000 + b'"}'
NO_FILE = ((400, "upload_missing"), (400, "import_file_missing"))


NO_JSON = codes((400, "malformed_json"))
BODIES: dict[str, tuple[Any, dict[str, Any], Any]] = {
    "nothing": (lambda good: b"", {}, NO_JSON),
    "nothing of no type": (
        lambda good: b"", {"content_type": None}, codes((400, "malformed_json"), *NO_FILE),
    ),
    "half of it": (lambda good: good[: len(good) // 2], {}, NO_JSON),
    "all but the end": (lambda good: good[:-1], {}, NO_JSON),
    "twice": (lambda good: good + good, {}, NO_JSON),
    "with a byte order mark": (lambda good: b"\xef\xbb\xbf" + good, {}, NO_JSON),
    "in UTF-16": (lambda good: good.decode().encode("utf-16"), {"content_type": f"{JSON}; charset=utf-16"}, NO_JSON),
    "in Latin-1": (lambda good: b'{"a": "\xe9"}', {"content_type": f"{JSON}; charset=iso-8859-1"}, NO_JSON),
    "packed": (gzip.compress, {"headers": {"Content-Encoding": "gzip"}}, NO_JSON),
    "a number": (lambda good: b"7", {}, codes((422, "invalid_input"))),
    "a text": (lambda good: b'"text"', {}, codes((422, "invalid_input"))),
    "null": (lambda good: b"null", {}, codes((422, "invalid_input"))),
    "a list": (lambda good: b"[" + good + b"]", {}, codes((422, "invalid_input"))),
    "an unknown field": (lambda good: b'{"surprise": 1, ' + good[1:], {}, codes((422, "invalid_input"))),
    "ten megabytes": (lambda good: TEN_MEGABYTES, {}, codes((413, "body_too_large"))),
    "plain text": (lambda good: good, {"content_type": "text/plain"}, codes((415, "wrong_content_type"))),
    "no type": (lambda good: good, {"content_type": ""}, codes((415, "wrong_content_type"))),
    "nearly the type": (lambda good: good, {"content_type": "application/jsonx"}, codes((415, "wrong_content_type"))),
    "a list of types": (
        lambda good: good, {"content_type": "text/html, application/json"}, codes((415, "wrong_content_type")),
    ),
    "a form": (
        lambda good: b"a=1", {"content_type": "application/x-www-form-urlencoded"}, codes((415, "wrong_content_type")),
    ),
    "a form in parts without a seam": (
        lambda good: good, {"content_type": "multipart/form-data"},
        codes((415, "wrong_content_type"), *NO_FILE),
    ),
    "in chunks": (
        lambda good: good, {"headers": {"Transfer-Encoding": "chunked"}}, codes((411, "length_missing")),
    ),
    "broken off": (
        lambda good: good, {"environ_overrides": {"CONTENT_LENGTH": "5000"}}, NO_JSON,
    ),
    "of a length below nothing": (lambda good: good, {"environ_overrides": {"CONTENT_LENGTH": "-1"}}, NO_JSON),
    "of no length": (lambda good: good, {"environ_overrides": {"CONTENT_LENGTH": "many"}}, NO_JSON),
}  # fmt: skip


OF_MOVES = ("console_fleet.roll_back_move", "console_fleet.abort_move", "console_fleet.resume_move")


@pytest.mark.parametrize(
    "endpoint", [pytest.param(one, marks=pytest.mark.long) if one in OF_MOVES else one for one in GOOD]
)  # three moves are made for each of these
def test_a_body_that_is_none(stage, description, rows, endpoint):
    method, _ = description.operations[endpoint.replace(".", "_")]
    asks = [GOOD[endpoint](stage) for _ in range(3)]  # one person may try a new password twenty times a minute
    good, before, found = orjson.dumps(asks[0].body), rows.now(), []
    for number, (what, (spoil, options, expected)) in enumerate(turn(list(GOOD).index(endpoint), BODIES.items())):
        given = {"data": spoil(good), "content_type": JSON, **options}
        if problem := expected(stage.send(endpoint, asks[number % 2], method, **given)):
            found.append(f"{what}: {problem}")
    for name in description.body_of(endpoint.replace(".", "_")).get("required", []):
        body = {key: value for key, value in asks[2].body.items() if key != name}
        reply = stage.send(endpoint, asks[2], method, json=body)
        if problem := codes((422, "invalid_input"))(reply):
            found.append(f"without {name}: {problem}")
        elif list(reply.json["fields"]) != [name]:
            found.append(f"without {name}: names {reply.json['fields']}")
    assert not found, "\n".join(found)
    assert rows.now() == before


def test_a_form_with_thousands_of_parts(stage, unchanged):
    """Werkzeug stops counting at a thousand; ours is told in our words."""
    parts = b"".join(b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' for _ in range(5_000)) + b"--x--"
    path = f"/api/v1/shops/{stage.asha.shop_id}/images"
    reply = stage.app.test_client().post(
        path, input_stream=io.BytesIO(parts), content_length=len(parts), headers=stage.asha.writing(),
        content_type="multipart/form-data; boundary=x",
    )  # fmt: skip
    assert unclear(reply) == "", reply.text


@pytest.mark.parametrize("boundary", ["", "=", '"', "x" * 300, "\xff", "a b", "--"])
def test_a_form_whose_seam_is_odd(stage, unchanged, boundary):
    path = f"/api/v1/shops/{stage.asha.shop_id}/images"
    reply = stage.app.test_client().post(
        path, data=b"--x\r\n" + secrets.token_bytes(200), headers=stage.asha.writing(),
        content_type=f"multipart/form-data; boundary={boundary}",
    )  # fmt: skip
    assert unclear(reply) == "", reply.text
