"""Where the numbers of challans and of payments stand; what a karigar sends with what comes back is theirs."""

from app.karigar import repository
from app.karigar.models import KarigarChallan
from app.numbering.gaps import Numbered, Written
from app.numbering.service import DocumentKind
from app.tenants.service.places import list_places

NUMBERED = (
    Numbered(KarigarChallan, (DocumentKind.DELIVERY_CHALLAN,)),
    # payments from before they had a series of their own bear the vouchers' numbers
    Written(DocumentKind.KARIGAR_PAYMENT, repository.payment_numbers, list_places),
)
