"""The approvals' API: ask with exact facts, see what waits, allow or refuse, take back."""

from typing import Any
from uuid import UUID

from app.approvals import service
from app.approvals.schemas import ApprovalArgs, ApprovalIn, ApprovalOut, ApprovalPage, DecisionIn
from app.approvals.service import Approval
from app.kit.http import allow, api_blueprint, expected_version, shop_read, shop_write, versioned
from app.kit.paging import Page

blueprint = api_blueprint("approvals", "/approvals", description="What the owner is asked to allow, once.")


@blueprint.get("")
@allow("approval.ask")
@blueprint.arguments(ApprovalArgs, location="query")
@blueprint.response(200, ApprovalPage)
def list_approvals(args: dict[str, Any], shop_id: int) -> Page[Approval]:
    """A page of approvals, the newest first; only one's own for who decides none."""
    return shop_read(lambda db: service.list_approvals(db, **args))


@blueprint.post("")
@allow("approval.ask")
@blueprint.arguments(ApprovalIn)
@blueprint.response(201, ApprovalOut)
def ask(body: dict[str, Any], shop_id: int) -> Approval:
    """Ask for what a refusal `approval_needed` named; asked twice, it is one question."""
    return shop_write(lambda db: service.ask(db, **body))


@blueprint.get("/<id:approval_id>")
@allow("approval.ask")
@blueprint.response(200, ApprovalOut)
def get_approval(shop_id: int, approval_id: UUID) -> Approval:
    """One approval as it stands now."""
    return shop_read(lambda db: service.get_approval(db, approval_id))


@blueprint.post("/<id:approval_id>/decision")
@versioned
@allow("approval.decide")
@blueprint.arguments(DecisionIn)
@blueprint.response(200, ApprovalOut)
def decide(body: dict[str, Any], shop_id: int, approval_id: UUID) -> Approval:
    """Allow or refuse; needs If-Match."""
    version = expected_version()
    return shop_write(lambda db: service.decide(db, approval_id=approval_id, expected_version=version, **body))


@blueprint.post("/<id:approval_id>/withdrawal")
@versioned
@allow("approval.ask")
@blueprint.response(200, ApprovalOut)
def withdraw(shop_id: int, approval_id: UUID) -> Approval:
    """Take one's own question back; needs If-Match."""
    version = expected_version()
    return shop_write(lambda db: service.withdraw(db, approval_id=approval_id, expected_version=version))
