"""Owns the approvals' refusals."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.kit.errors import Conflict, Forbidden, NotFound, Unprocessable
from app.kit.texts import N_


class ApprovalNeeded(Forbidden):
    """The role lacks the right to this, and no approval of exactly these facts was given; `approval` says what to ask
    for."""

    default_message = N_("This needs the owner's approval.")
    default_action = N_("Ask for it; when it is given, do the same again with the approval.")

    def __init__(
        self, message: str = "", *, kind: str, right: str, subject_id: UUID | None, facts: Mapping[str, Any]
    ) -> None:
        super().__init__(message)
        self.kind, self.right, self.subject_id, self.facts = kind, right, subject_id, facts
        subject = None if subject_id is None else str(subject_id)
        self.members = {"approval": {"kind": kind, "right": right, "subjectId": subject, "facts": dict(facts)}}


class ApprovalUnknown(NotFound):
    """There is no such approval in this shop, or it is another's and this person decides none."""

    default_message = N_("There is no such approval.")


class ApprovalDecided(Conflict):
    """The question was answered, taken back or used already."""

    default_message = N_("This was answered already.")


class ApprovalLapsed(Conflict):
    """Nobody answered in time, so it can't be answered any more."""

    default_message = N_("This question has lapsed: it waited too long.")
    default_action = N_("Ask again, as things stand now.")


class OwnApproval(Forbidden):
    """Nobody answers what they asked for themselves."""

    default_message = N_("You asked for this yourself, so somebody else must answer it.")


class RightNotLent(Unprocessable):
    """This right is not one that can be asked for case by case."""

    default_message = N_("This is not something that can be asked for case by case.")


class RightHeld(Conflict):
    """Who has the right needs no approval."""

    default_message = N_("Your role includes this already: do it without asking.")


class FactsUnfit(Unprocessable):
    """The facts of an approval are names with whole numbers, short texts, yes or no, and lists or groups of these."""

    default_message = N_("These facts can't be put before somebody: they are missing, too many, or of a wrong form.")
