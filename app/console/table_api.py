"""The console's API of dated tables: rates, limits and lists of the law and the trade, and decisions on them."""

from typing import Any

from app.console import corrections
from app.console.corrections import TableView
from app.console.schemas import TableIn, TableOut, TablesOut
from app.kit.http import console_blueprint, control_read, control_write, expected_version, scope, vendor_admin

tables = console_blueprint("tables", "/tables", description="Dated tables of the law and the trade.")


@tables.get("")
@vendor_admin
@tables.response(200, TablesOut)
def list_tables() -> dict[str, list[TableView]]:
    """Every table by room and name."""
    return {"items": control_read(corrections.list_tables)}


@tables.get("/<string:name>")
@vendor_admin
@tables.response(200, TableOut)
def get_table(name: str) -> TableView:
    """The table as it counts, with what was decided of it."""
    return control_read(lambda control: corrections.get_table(control, name))


@tables.put("/<string:name>")
@vendor_admin
@tables.arguments(TableIn)
@tables.response(200, TableOut)
def decide_table(body: dict[str, Any], name: str) -> TableView:
    """Another text in the table's place, or (null) the file's again; every process follows within half a minute."""
    version, actor_id = expected_version(), scope().principal.person_id
    return control_write(lambda control: corrections.decide_table(
        control, name=name, expected_version=version, actor_id=actor_id, **body
    ))  # fmt: skip
