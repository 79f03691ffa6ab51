"""What the browser tests share: a page that notes every complaint, signing in, and axe over what is shown."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Error, Page, expect

from ops.places import ROOT
from tests.support.cast import PASSWORD, Somebody

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = ("serious", "critical")
PICTURES = os.environ.get("BOOLA_TEST_PICTURES")
"""A folder: every page that `look` is called on is kept there as a picture."""


@dataclass(frozen=True)
class Site:
    """Where the product runs."""

    url: str
    side_url: str
    logs: Path


@dataclass
class Watched:
    """A page, and what its console said that it should not."""

    page: Page
    site: Site
    complaints: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()  # parts of messages that this test causes on purpose

    def __post_init__(self) -> None:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"{self.page.url}: {error}"))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(part in message.text for part in self.expected):
            self.complaints.append(f"{self.page.url}: {message.text}")

    def go(self, path: str) -> int:
        """Opens an address; the status of the answer. Chromium tells none where a page before was still loading, and
        stops where one loads itself anew in that moment, as a bill's does when its PDF is there."""
        try:
            reply = self.page.goto(path) or self.page.goto(path)
        except Error as stopped:
            if "interrupted by another navigation" not in stopped.message:
                raise
            reply = self.page.goto(path)
        assert reply is not None
        return reply.status

    def sign_in(self, who: Somebody) -> None:
        """By the form, as a person does."""
        self.go("/sign-in")
        self.page.get_by_label("E-mail").fill(who.email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url("**/s/**")

    def be(self, who: Somebody) -> None:
        """Signed in already: where signing in is not what the test is about."""
        path, name = ("/console", "boola_console") if who.role == "admin" else ("/", "boola_session")
        host = self.site.url.removeprefix("http://").partition(":")[0]
        self.page.context.add_cookies([
            {"name": name, "value": who.token, "domain": host, "path": path, "httpOnly": True, "sameSite": "Lax"}
        ])  # fmt: skip

    def check(self, *rules: str) -> None:
        """No serious finding of axe-core, of these rules or of all; nothing wider than the screen."""
        expect(self.page.locator(".busy")).to_have_count(0)  # a sheet is pale while a step is under way
        found = self._violations(rules)
        bad = [
            f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:160]}" for one in found if one["impact"] in SERIOUS
        ]
        assert bad == [], f"{self.page.url}\n" + "\n".join(bad)
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{self.page.url} is {wide} px wider than the screen"

    def _violations(self, rules: tuple[str, ...]) -> list[dict[str, Any]]:
        """What axe finds. A page may load anew in the middle of it, once: a bill's does when its PDF is there."""
        options = {"iframes": False, **({"runOnly": list(rules)} if rules else {})}
        asked = (
            f"async () => {{ {AXE.read_text(encoding='utf-8')}\n;"
            f" const found = await axe.run(document, {json.dumps(options)}); return found.violations; }}"
        )
        try:
            found: list[dict[str, Any]] = self.page.evaluate(asked)
        except Error as gone:
            if "context was destroyed" not in gone.message:
                raise
            self.page.wait_for_load_state()
            found = self.page.evaluate(asked)
        return found

    def look(self, name: str, *rules: str, whole: bool = True) -> None:
        """Checks the page, and keeps a picture of it where somebody wants to see it."""
        self.check(*rules)
        if PICTURES:
            Path(PICTURES).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=f"{PICTURES}/{name}.png", full_page=whole)
            self.page.evaluate("document.querySelectorAll('[style=\"\"]').forEach(one => one.removeAttribute('style'))")
