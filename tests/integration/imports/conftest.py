"""Asha's counter, and a way to send a list from it."""

import io
from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from tests.support.counter import Counter


@pytest.fixture
def counter(flask_app, runtime, cast) -> Counter:
    return Counter(flask_app, runtime, cast.asha)


@pytest.fixture
def ravis_counter(flask_app, runtime, cast) -> Counter:
    return Counter(flask_app, runtime, cast.ravi)


@pytest.fixture
def send(counter) -> Callable[..., TestResponse]:
    def sent(text: str | bytes, kind: str = "stock", name: str = "list.csv", **form: str) -> TestResponse:
        body = text.encode() if isinstance(text, str) else text
        return counter.app.test_client().post(
            f"{counter.base}/imports", headers=counter.who.writing(),
            data={"kind": kind, **form, "file": (io.BytesIO(body), name)},
        )  # fmt: skip

    return sent
