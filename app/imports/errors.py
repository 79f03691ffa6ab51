"""Owns the refusals of imports: what is wrong with a file as a whole. What is wrong with a row is told, not raised."""

from app.kit.errors import BadRequest, Conflict, NotFound, PayloadTooLarge, Unprocessable
from app.kit.texts import N_


class ImportUnknown(NotFound):
    """There is no such import in this shop."""

    default_message = N_("There is no such import.")


class ImportFileMissing(BadRequest):
    """No file came with the request."""

    default_message = N_("No file came with the form.")
    default_action = N_("Choose a CSV or XLSX file and send it again.")


class ImportFileUnknown(NotFound):
    """No file of this shop was sent under this key, or it is gone: what was sent is kept for three days."""

    default_message = N_("This file is not there (any more).")
    default_action = N_("Send it again.")


class ImportFileTooLarge(PayloadTooLarge):
    """The file is larger than an import takes, as sent or when unpacked."""

    default_action = N_("Split the list into several files.")


class NoSpreadsheet(Unprocessable):
    """The bytes are no CSV text and no XLSX workbook."""

    default_message = N_("This file is no CSV and no XLSX.")
    default_action = N_("Save the list as XLSX or CSV and send that.")


class SpreadsheetBroken(Unprocessable):
    """The file breaks off, is protected by a password, or contradicts itself."""

    default_message = N_("This file can't be read: it is broken or protected.")
    default_action = N_("Open it, save it anew without a password, and send that.")


class MacrosInFile(Unprocessable):
    """The workbook carries macros, which are programs."""

    default_message = N_("This workbook has macros.")
    default_action = N_("Save it as an ordinary XLSX and send that.")


class FormulasInFile(Unprocessable):
    """Cells of the workbook are formulas: what they come to depends on who opens it."""

    default_message = N_("This workbook has formulas.")
    default_action = N_("Copy the sheet, paste it as values, and send that.")


class TooManyRows(Unprocessable):
    """The sheet has more rows or columns than an import takes."""

    default_action = N_("Split the list into several files; delete empty rows and columns at its end.")


class NothingInFile(Unprocessable):
    """The sheet has no headings, or no row beneath them."""

    default_message = N_("There is no row in this file.")
    default_action = N_("The first row has the headings, the others what is to be entered; take the template.")


class HeadingsUnfit(Unprocessable):
    """A column that is needed is not there under any name we know, or two columns say the same."""

    default_action = N_("Name the columns as in the template.")


class ImportNotReady(Conflict):
    """The import is being looked through, is under way, or is over."""


class RowsAreWrong(Conflict):
    """All rows or none were asked for, and some rows are wrong."""

    default_action = N_("Correct them in the file and send it again, or enter the good rows only.")
