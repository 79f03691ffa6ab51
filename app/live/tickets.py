"""Owns tickets: short signed texts that let a browser follow one job on the side service, which takes no sign-in.

A ticket names the sign-in that asked for it, and ends with it.
"""

from dataclasses import dataclass
from uuid import UUID

from app.kit.clock import utc_now
from app.kit.ports import Principal
from app.kit.signing import TextSigner, TokenForged
from app.live.errors import TicketRefused

USE = "live"
LASTS = 900
"""Seconds; a browser that reconnects later asks for the job again and gets a new one."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """Who may follow what, until when (seconds since 1970)."""

    shop_id: int
    job_id: UUID
    principal: Principal
    until: int


def write(signer: TextSigner, *, shop_id: int, job_id: UUID, principal: Principal) -> str:
    until = int(utc_now().timestamp()) + LASTS
    token = principal.token_id.hex if principal.token_id else ""
    who = f"{principal.person_id.hex} {principal.session_version} {token}"
    return signer.sign(f"{shop_id} {job_id.hex} {who} {until}", use=USE)


def read(signer: TextSigner, text: str) -> Ticket:
    """Raises TicketRefused for one that is not ours or too old."""
    try:
        shop_id, job_id, person_id, version, token, until = signer.read(text, use=USE).split(" ")
    except TokenForged:
        raise TicketRefused() from None
    who = Principal(UUID(person_id), "", "shop", int(version), token_id=UUID(token) if token else None)
    ticket = Ticket(int(shop_id), UUID(job_id), who, int(until))
    if ticket.until < utc_now().timestamp():
        raise TicketRefused()
    return ticket
