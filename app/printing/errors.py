"""Owns the printing room's refusals."""

from app.kit.errors import Unavailable
from app.kit.texts import N_


class FontsMissing(Unavailable):
    """The font folder is not there or lacks a family that the forms are set in."""

    default_action = N_("Point FONT_DIR at a folder with the Noto core fonts.")


class FormBroken(Unavailable):
    """A form could not be compiled: a fault of ours, logged with the compiler's words; the document itself is safe."""

    default_message = N_("The PDF could not be made. The document itself is safe.")


class ForkedPress(Unavailable):
    """This process was forked from one that had printed: its compiler would hang. Print in the child only."""

    default_message = N_("The PDF could not be made in this process. The document itself is safe.")
