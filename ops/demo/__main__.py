"""`python -m ops.demo`: makes the demo's shops where they are missing, and writes down who may sign in."""

from __future__ import annotations

import json
import os
from pathlib import Path

from app.factory import build_worker_runtime
from app.tenants.service import Passwords
from ops import files
from ops.demo.shops import new_password, open_shop, owner_of
from ops.demo.story import SHOPS, DemoShop
from ops.demo.trade import Month


def main() -> None:
    """Safe to run again: passwords are drawn before anything is made, and each step looks at what is there."""
    notes = Path(os.environ["BOOLA_TOPOLOGY_FILE"]).parent / "demo.json"
    kept = json.loads(files.read(notes) or "{}")
    if kept.get("complete"):
        return
    passwords = kept.get("passwords") or _draw_passwords()
    _write(notes, passwords, complete=False)
    runtime = build_worker_runtime()
    hasher, months = Passwords(), []
    try:
        for shop in SHOPS:
            _say(f"{shop.new.name}: opening")
            shop_id = open_shop(runtime, shop, passwords, hasher)
            months.append(Month.of(runtime, shop, shop_id, owner_of(runtime, shop_id, shop)))
            months[-1].trade(_say)
        for month in months:
            month.put_off_pdfs()
    finally:
        runtime.close()
    _write(notes, passwords, complete=True)


def _draw_passwords() -> dict[str, str]:
    emails = {shop.new.owner_email for shop in SHOPS} | {one.email for shop in SHOPS for one in shop.members}
    return {email: new_password() for email in sorted(emails)}


def _write(notes: Path, passwords: dict[str, str], *, complete: bool) -> None:
    sign_ins = [{"email": email, "password": passwords[email], "who": _who(email)} for email in _in_order()]
    text = json.dumps(
        {"complete": complete, "passwords": passwords, "sign_ins": sign_ins}, indent=1, ensure_ascii=False
    )
    files.write(notes, text, mode=0o600)


def _in_order() -> list[str]:
    found: list[str] = []
    for shop in SHOPS:
        found += [shop.new.owner_email, *(member.email for member in shop.members)]
    return list(dict.fromkeys(found))


def _who(email: str) -> str:
    return "; ".join(_place(shop, email) for shop in SHOPS if _place(shop, email))


def _place(shop: DemoShop, email: str) -> str:
    if shop.new.owner_email == email:
        return f"owner of {shop.new.name}"
    return next((f"{one.role.value} at {shop.new.name}" for one in shop.members if one.email == email), "")


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main()
