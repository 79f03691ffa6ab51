"""Owns the seller of a document as the printed forms take it."""

import datetime as dt

from app.printing import documents as paper
from app.tax.states import state_of
from app.tenants.service.seller import Seller


def on_paper(seller: Seller, on: dt.date) -> paper.Seller:
    """The seller's particulars on a form of this day."""
    return paper.Seller(
        name=seller.shop_name, address=(seller.outlet_name, seller.address, f"{seller.city} {seller.pin}"),
        state_code=seller.state_code, state_name=state_of(seller.state_code, on).name, gstin=seller.gstin or "",
        local_name=seller.shop_name_local or "",
        tagline="" if seller.legal_name == seller.shop_name else seller.legal_name, phone=seller.phone or "",
        bis_registration=seller.bis_registration or "", logo=seller.logo or "",
    )  # fmt: skip
