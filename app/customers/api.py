"""The customers' API: enter, correct, list, find by phone."""

from typing import Any
from uuid import UUID

from app.customers import service
from app.customers.errors import CustomerUnknown
from app.customers.schemas import CustomerArgs, CustomerEdit, CustomerIn, CustomerOut, CustomerPage
from app.customers.service import Customer, CustomerDraft
from app.kit.http import allow, api_blueprint, expected_version, runtime, shop_read, shop_write
from app.kit.paging import Page

blueprint = api_blueprint("customers", "/customers", description="The shop's customers.")


@blueprint.get("")
@allow("customer.view")
@blueprint.arguments(CustomerArgs, location="query")
@blueprint.response(200, CustomerPage)
def list_customers(args: dict[str, Any], shop_id: int) -> Page[Customer]:
    """A page of customers."""
    return shop_read(lambda db: service.list_customers(db, **args))


@blueprint.post("")
@allow("customer.edit")
@blueprint.arguments(CustomerIn)
@blueprint.response(201, CustomerOut)
def register_customer(body: dict[str, Any], shop_id: int) -> Customer:
    """Enter a customer."""
    draft, keyring = CustomerDraft(**body), runtime().keyring
    return shop_write(lambda db: service.register_customer(db, draft=draft, keyring=keyring))


@blueprint.get("/<id:customer_id>")
@allow("customer.view")
@blueprint.response(200, CustomerOut)
def get_customer(shop_id: int, customer_id: UUID) -> Customer:
    """One customer."""
    return shop_read(lambda db: service.get_customer(db, customer_id))


@blueprint.get("/by-phone/<string:phone>")
@allow("customer.view")
@blueprint.response(200, CustomerOut)
def find_by_phone(shop_id: int, phone: str) -> Customer:
    """The customer of a phone number as it is typed."""
    found = shop_read(lambda db: service.find_by_phone(db, phone))
    if found is None:
        raise CustomerUnknown()
    return found


@blueprint.patch("/<id:customer_id>")
@allow("customer.edit")
@blueprint.arguments(CustomerEdit)
@blueprint.response(200, CustomerOut)
def edit_customer(body: dict[str, Any], shop_id: int, customer_id: UUID) -> Customer:
    """Correct a customer; needs If-Match. Bills already issued keep what they say."""
    version, keyring = expected_version(), runtime().keyring
    return shop_write(
        lambda db: service.edit_customer(
            db, customer_id=customer_id, expected_version=version, changes=body, keyring=keyring
        )
    )
