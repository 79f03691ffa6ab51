"""Owns what any document says of its seller: taken from the till it is issued at, kept on the document as it was."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from app.kit import audit
from app.tenants.errors import TillUnknown
from app.tenants.service.places import Place


@dataclass(frozen=True, slots=True)
class Seller:
    """The seller's particulars as printed; canonical JSON of these is a column of every document."""

    shop_name: str
    shop_name_local: str | None
    legal_name: str
    gstin: str | None
    state_code: str
    composition: bool
    outlet_name: str
    address: str
    city: str
    pin: str
    phone: str | None
    bis_registration: str | None
    till_code: str
    logo: str | None = None  # SHA-256 of its PNG, in hex: the one that this document is printed with for ever

    @property
    def charges_tax(self) -> bool:
        """Neither a composition dealer nor a shop below the threshold may show tax; they issue bills of supply."""
        return self.gstin is not None and not self.composition

    def written(self) -> bytes:
        return audit.canonical(self.facts())

    def facts(self) -> dict[str, Any]:
        """By their names in JSON; a logo only where there is one, as in all documents from before there were any."""
        logo = {"logo": self.logo} if self.logo else {}
        return {
            "shopName": self.shop_name, "shopNameLocal": self.shop_name_local, "legalName": self.legal_name,
            "gstin": self.gstin, "stateCode": self.state_code, "composition": self.composition,
            "outletName": self.outlet_name, "address": self.address, "city": self.city, "pin": self.pin,
            "phone": self.phone, "bisRegistration": self.bis_registration, "tillCode": self.till_code, **logo,
        }  # fmt: skip


def seller_of(place: Place) -> Seller:
    return Seller(
        place.shop_name, place.shop_name_local, place.legal_name, place.gstin, place.state_code, place.composition,
        place.outlet_name, place.address, place.city, place.pin, place.phone, place.bis_registration, place.till_code,
        place.logo,
    )  # fmt: skip


def read_seller(written: bytes) -> Seller:
    """The seller of a document's column."""
    facts: Mapping[str, Any] = orjson.loads(written)
    return Seller(
        facts["shopName"], facts["shopNameLocal"], facts["legalName"], facts["gstin"], facts["stateCode"],
        facts["composition"], facts["outletName"], facts["address"], facts["city"], facts["pin"], facts["phone"],
        facts["bisRegistration"], facts["tillCode"], facts.get("logo"),
    )  # fmt: skip


def choose(places: Iterable[Place], *, asked: UUID | None, sits_at: UUID | None) -> Place:
    """The till asked for, else the one the actor sits at, else the first of `places`; raises TillUnknown."""
    by_id = {place.till_id: place for place in places}
    if asked is not None:
        if asked not in by_id:
            raise TillUnknown(fields={"tillId": "unknown"})
        return by_id[asked]
    if sits_at is not None and sits_at in by_id:
        return by_id[sits_at]
    if not by_id:
        raise TillUnknown()
    return next(iter(by_id.values()))
