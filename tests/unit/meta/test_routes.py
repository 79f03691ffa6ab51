"""Holds for every route, error and setting: declared, documented, and read in one place only."""

import ast
import base64
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from flask import Flask

from app import factory, reference
from app.kit import access, http, idempotency
from app.kit.access import Who, access_of
from app.kit.blueprints import SHOP_PREFIX
from app.kit.cache import NoStore
from app.kit.errors import all_errors
from app.kit.metrics import Metrics
from app.kit.runtime import Runtime
from app.settings import Settings, load

ROOT = Path(__file__).resolve().parents[3]
KEY = base64.b64encode(bytes(32)).decode()
RIGHTS = frozenset((
    "rates.view", "rates.set", "stock.view", "stock.edit", "customer.view", "customer.edit", "bill.view", "bill.issue",
    "bill.discount", "note.issue", "export.run", "picture.edit", "report.view", "settings.view", "settings.edit",
    "people.view", "people.manage",
    "approval.ask", "approval.decide", "bill.raise_rate", "bill.lower_rate", "bill.wastage", "bill.below_cost",
    "bill.cancel", "estimate.issue", "credit.view", "credit.pay_out", "receipt.issue", "oldgold.view", "oldgold.buy",
    "scheme.view", "scheme.enroll", "scheme.collect", "scheme.edit", "order.view", "order.take", "order.work",
    "karigar.view", "karigar.work", "karigar.settle", "stock.count", "stock.buy", "stock.transfer", "stock.memo",
    "stock.melt", "stock.adjust", "stock.import", "cash.view", "cash.handle", "ledger.view", "rates.lower",
    "rates.rules", "customer.kyc", "customer.merge", "day.close", "audit.view",
))  # fmt: skip
"""Seeded by the control plane's migration; a route that asks for another could be called by nobody."""


@pytest.fixture(scope="module")
def faces() -> dict[str, Flask]:
    """Both applications whole, with parts that no test here touches."""
    settings = load(
        topology_file="/t", snapshot_file="/s", public_url="http://web.test", side_url="http://side.test",
        redis_url="redis://nowhere", mysql_app_password="x", object_store_dir="/o", master_key=KEY, link_key=KEY,
        token_key=KEY, csrf_key=KEY,
    )  # fmt: skip
    parts = cast(Runtime, SimpleNamespace(cache_store=NoStore(), metrics=Metrics()))
    return {
        "web": factory.create_app(settings, parts=parts),
        "side": factory.create_side_app(settings, parts=parts),
    }


def routes(faces: dict[str, Flask]) -> list[tuple[str, Any, Any]]:
    return [
        (face, rule, app.view_functions[rule.endpoint])
        for face, app in faces.items()
        for rule in app.url_map.iter_rules()
    ]


def test_every_route_declares_who_may_call_it(faces):
    assert [f"{face} {rule}" for face, rule, view in routes(faces) if access_of(view) is None] == []


def test_a_route_that_declares_nothing_stops_the_start():
    app = Flask("x")
    app.add_url_rule("/x", view_func=lambda: "x", endpoint="silent")
    with pytest.raises(RuntimeError, match="silent"):
        access.check_declared(app)


def test_routes_of_a_shop_ask_for_membership(faces):
    """Nothing under a shop's address is public, and none asks for less than a membership."""
    for face, rule, view in routes(faces):
        if rule.rule.startswith(SHOP_PREFIX) or rule.rule.startswith("/s/<shop_slug>"):
            declared = access_of(view)
            assert declared.who in (Who.MEMBER, Who.SIGNED_IN), f"{face} {rule}"


def test_routes_of_the_console_ask_for_the_vendor(faces):
    for face, rule, view in routes(faces):
        if rule.rule.startswith(("/console", "/api/v1/console")) and access_of(view).who is not Who.VENDOR:
            assert access_of(view).who is Who.PUBLIC, f"{face} {rule}"
            assert re.search(r"sign-in|sessions|second-factor|password", rule.rule), f"{face} {rule} is public"


def test_every_right_that_a_route_asks_for_exists(faces):
    asked = {access_of(view).right for _, _, view in routes(faces) if access_of(view).who is Who.MEMBER}
    assert asked <= RIGHTS


def test_every_post_that_creates_goes_through_a_keyed_write(faces):
    """Its module imports shop_write or control_write; a 201 by any other way could be made twice."""
    for _face, rule, view in routes(faces):
        if "POST" in rule.methods and idempotency.creates(view) and access_of(view).who is not Who.PUBLIC:
            module = vars(__import__(view.__module__, fromlist=["x"]))
            assert module.get("shop_write") is http.shop_write or module.get("control_write") is http.control_write


def test_the_reference_pages_are_fresh():
    for path, text in reference.pages().items():
        assert path.is_file(), f"{path.name} is missing: run python -m app.reference"
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is old: run python -m app.reference"


def test_every_error_is_described_and_has_a_code_of_its_own():
    reference.pages()
    ours = [error for error in all_errors() if error.__module__.startswith("app.")]
    assert [error.__name__ for error in ours if not (vars(error).get("__doc__") or "").strip()] == []
    codes = [error.code for error in ours]
    assert sorted(code for code in codes if codes.count(code) > 1) == []
    page = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
    assert [code for code in codes if f"| `{code}` |" not in page] == []


def test_every_setting_is_described():
    page = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert f"`BOOLA_{name.upper()}`" in page


def test_the_environment_is_read_in_settings_only():
    allowed = {ROOT / "app/settings.py"}
    guilty = [
        str(path.relative_to(ROOT))
        for room in ("app", "shard_router", "workers")
        for path in sorted((ROOT / room).rglob("*.py"))
        if path not in allowed and _reads_environment(path)
    ]
    assert guilty == []


def _reads_environment(path: Path) -> bool:
    return any(_is_environment(node) for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def _is_environment(node: ast.AST) -> bool:
    names = {"environ", "environb", "getenv"}
    if isinstance(node, ast.Attribute):
        return node.attr in names and isinstance(node.value, ast.Name) and node.value.id == "os"
    return isinstance(node, ast.ImportFrom) and node.module == "os" and bool({one.name for one in node.names} & names)
