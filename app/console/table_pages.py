"""Owns the console's pages of dated tables: all of them, one with its records and history, one record being changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, request, url_for

from app.console import corrections
from app.console.corrections import Section, TableView
from app.console.errors import TableUnknown
from app.console.frame import oneself, pages, show
from app.kit.http import control_read, control_write, vendor_admin
from app.kit.locale import parse_day
from app.kit.pages import Refusal, go_to, text_field, try_form, whole_number
from app.kit.schemas import InvalidInput
from app.kit.texts import _

SURE = "sure"


@dataclass(frozen=True, slots=True)
class Member:
    """One field of a record's form: a text as it is typed, and what it must become again."""

    name: str
    kind: str  # text | number | yes_no | list | day
    value: str
    may_be_empty: bool
    wrong: str = ""


@pages.get("/tables")
@vendor_admin
def tables() -> str:
    return show("tables.html", tables=control_read(corrections.list_tables), place="tables")


@pages.get("/tables/<string:name>")
@vendor_admin
def table(name: str) -> str:
    return _table_page(name, None)


@pages.get("/tables/<string:name>/<string:section>/<string:place>")
@vendor_admin
def table_record(name: str, section: str, place: str) -> str:
    """A record to be changed; `new` begins with the last one's values."""
    view = control_read(lambda control: corrections.get_table(control, name))
    found = _section_of(view, section)
    return _record_page(view, found, place, _members(found, _record_at(found, place)), None)


@pages.post("/tables/<string:name>/<string:section>/<string:place>")
@vendor_admin
def change_record(name: str, section: str, place: str) -> str | Response | tuple[str, int]:
    """First what will change is said, then it is done."""
    view = control_read(lambda control: corrections.get_table(control, name))
    found = _section_of(view, section)
    members = _typed(found, _record_at(found, place))
    tried = try_form(lambda: _decide(view, _with(view, found, place, members)))
    if tried.refusal is not None:
        return _record_page(view, found, place, members, tried.refusal), tried.refusal.status
    return _answer(view, tried.result)


@pages.post("/tables/<string:name>/return")
@vendor_admin
def return_table(name: str) -> str | Response | tuple[str, int]:
    """An earlier version counts again; 0 is the file."""
    view = control_read(lambda control: corrections.get_table(control, name))
    wanted = whole_number("to")
    earlier = next((one for one in view.decisions if one.version == wanted), None)
    if wanted != 0 and earlier is None:
        raise TableUnknown()
    tried = try_form(lambda: _decide(view, earlier.body if earlier else None))
    if tried.refusal is not None:
        return _table_page(name, tried.refusal), tried.refusal.status
    return _answer(view, tried.result)


# ---------------------------------------------------------------- twice


def _decide(view: TableView, body: str | None) -> TableView:
    """Tried out and rolled back at first; done once the second page was answered."""
    reason, version = text_field("reason"), whole_number("version")
    if not 3 <= len(reason) <= 300:
        raise InvalidInput(fields={"reason": _("Say why, in 3 to 300 letters.")})
    run = control_write if request.form.get(SURE) == "yes" else control_read
    return run(lambda control: corrections.decide_table(
        control, name=view.name, expected_version=version, body=body, reason=reason, actor_id=oneself()
    ))  # fmt: skip


def _answer(before: TableView, after: TableView | None) -> str | Response:
    if after is None or request.form.get(SURE) == "yes":
        return go_to(url_for("console.table", name=before.name, done="yes"))
    carried = [(name, value) for name, value in request.form.items(multi=True) if name not in (SURE, "csrf_token")]
    return show(
        "table_sure.html", table=before, changes=corrections.changes(before.body, after.body), carried=carried,
        sure=SURE, place="tables",
    )  # fmt: skip


# ---------------------------------------------------------------- a record as a form


def _section_of(view: TableView, name: str) -> Section:
    found = next((one for one in view.sections if one.name == name), None)
    if found is None:
        raise TableUnknown()
    return found


def _record_at(section: Section, place: str) -> Mapping[str, Any]:
    if place == "new":
        return section.records[-1] if section.records else {}
    if not (place.isascii() and place.isdigit() and len(place) < 6 and int(place) < len(section.records)):
        raise TableUnknown()
    return section.records[int(place)]


def _members(section: Section, record: Mapping[str, Any]) -> list[Member]:
    return [_member(section, name, record.get(name)) for name in section.members]


def _member(section: Section, name: str, value: Any) -> Member:
    values = [one.get(name) for one in section.records]
    return Member(name, _kind(name, values), _shown(name, value), any(one is None for one in values))


def _kind(name: str, values: list[Any]) -> str:
    given = [value for value in values if value is not None]
    if name.startswith("valid_"):
        return "day"
    if any(isinstance(value, bool) for value in given):
        return "yes_no"
    if given and all(isinstance(value, int) for value in given):
        return "number"
    return "list" if any(isinstance(value, list) for value in given) else "text"


def _shown(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    if name.startswith("valid_"):
        year, month, day = str(value).split("-")
        return f"{day}-{month}-{year}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _typed(section: Section, record: Mapping[str, Any]) -> list[Member]:
    """What was typed, kept as typed where it is wrong."""
    return [_checked(Member(
        one.name, one.kind, text_field(f"m-{one.name}"), one.may_be_empty
    )) for one in _members(section, record)]  # fmt: skip


def _checked(member: Member) -> Member:
    wrong = ""
    if not member.value:
        empty_is_wrong = member.kind in ("number", "day") and not (member.may_be_empty or member.name == "valid_to")
        wrong = str(_("This is missing.")) if empty_is_wrong else ""
    elif member.kind == "day" and parse_day(member.value) is None:
        wrong = str(_("A date like 01-04-2026 is expected."))
    elif member.kind == "number" and not _is_whole(member.value):
        wrong = str(_("A whole number is expected."))
    return Member(member.name, member.kind, member.value, member.may_be_empty, wrong)


def _is_whole(text: str) -> bool:
    return text.isascii() and text.removeprefix("-").isdigit() and len(text) < 17


def _with(view: TableView, section: Section, place: str, members: list[Member]) -> str:
    wrong = {f"m-{one.name}": one.wrong for one in members if one.wrong}
    if wrong:
        raise InvalidInput(fields=wrong)
    record = {one.name: _value(one) for one in members}
    return corrections.with_record(view.body, section.name, None if place == "new" else int(place), record)


def _value(member: Member) -> Any:
    text = member.value
    if member.kind == "yes_no":
        return text == "yes"
    if member.kind == "list":
        return [part.strip() for part in text.split(",") if part.strip()]
    if not text:
        return None if member.may_be_empty or member.kind == "day" else ""
    if member.kind == "number":
        return int(text)
    if member.kind == "day":
        day = parse_day(text)
        return None if day is None else day.isoformat()
    return text


def _record_page(view: TableView, section: Section, place: str, members: list[Member], refusal: Refusal | None) -> str:
    version = request.form.get("version") or str(view.version)
    return show(
        "table_record.html", table=view, section=section, at=place, members=members, refusal=refusal,
        reason=text_field("reason"), version=version, place="tables",
    )  # fmt: skip


def _table_page(name: str, refusal: Refusal | None) -> str:
    view = control_read(lambda control: corrections.get_table(control, name))
    return show(
        "table.html", table=view, refusal=refusal, done=request.args.get("done") == "yes",
        shown=_shown, place="tables",
    )  # fmt: skip
