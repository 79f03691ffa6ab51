"""Owns the refusals of labels."""

from app.kit.errors import NotFound, Unprocessable
from app.kit.texts import N_


class LabelsUnfit(Unprocessable):
    """No piece, too many pieces, or a size that there is not."""


class LabelsUnknown(NotFound):
    """No labels of this shop were asked for under this id, or they are gone: they are kept for seven days."""

    default_message = N_("These labels are not there (any more).")
    default_action = N_("Print them again.")
