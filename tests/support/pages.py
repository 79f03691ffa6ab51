"""Owns being a browser for tests of pages: one person's cookie, the page's token against forged forms, any form."""

import secrets
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tests.support.cast import Somebody


class Sender:
    """Somebody's browser: it has one page's token, and sends any form with it."""

    def __init__(self, app: Flask, who: Somebody) -> None:
        console = who.role == "admin"
        self.client = app.test_client()
        self.client.set_cookie("boola_console" if console else "boola_session", who.token, path="/")
        page = self.client.get("/console/shops" if console else "/me").text
        self.token = page.partition('name="csrf_token" value="')[2].partition('"')[0]

    def __call__(self, path: str, form: dict[str, Any]) -> TestResponse:
        return self.client.post(path, data={**form, "csrf_token": self.token})

    def once(self, path: str, form: dict[str, Any]) -> TestResponse:
        """With a key of its own, as every form that makes something carries one."""
        return self(path, {"idempotency_key": secrets.token_hex(16), **form})

    def look(self, path: str) -> TestResponse:
        return self.client.get(path)
