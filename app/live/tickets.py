"""Owns tickets: short signed texts that let a browser follow one job on the side service, which knows no sign-in."""

from dataclasses import dataclass
from uuid import UUID

from app.kit.clock import utc_now
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
    person_id: UUID
    until: int


def write(signer: TextSigner, *, shop_id: int, job_id: UUID, person_id: UUID) -> str:
    until = int(utc_now().timestamp()) + LASTS
    return signer.sign(f"{shop_id} {job_id.hex} {person_id.hex} {until}", use=USE)


def read(signer: TextSigner, text: str) -> Ticket:
    """Raises TicketRefused for one that is not ours or too old."""
    try:
        shop_id, job_id, person_id, until = signer.read(text, use=USE).split(" ")
    except TokenForged:
        raise TicketRefused() from None
    ticket = Ticket(int(shop_id), UUID(job_id), UUID(person_id), int(until))
    if ticket.until < utc_now().timestamp():
        raise TicketRefused()
    return ticket
