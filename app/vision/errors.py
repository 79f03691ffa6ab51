"""Owns the refusals of pictures."""

from app.kit.errors import BadRequest, Conflict, NotFound, PayloadTooLarge, Unprocessable
from app.kit.texts import N_


class PictureUnknown(NotFound):
    """The shop has no such picture."""

    default_message = N_("There is no such picture.")


class UploadUnknown(NotFound):
    """The shop has no such upload: the link was never used, or the file was forgotten after three days."""

    default_message = N_("The uploaded file is not there.")
    default_action = N_("Upload it again.")


class UploadMissing(BadRequest):
    """A multipart upload came without a part named `file`, or broke off before its end."""

    default_message = N_("No picture arrived.")
    default_action = N_("Send it as the part named “file”.")


class PictureTooLarge(PayloadTooLarge):
    """A picture's file is larger than 15 MB."""

    default_message = N_("The picture is larger than 15 MB.")
    default_action = N_("Save it smaller and send it again.")


class LogoTooLarge(PayloadTooLarge):
    """A logo's file is larger than 2 MB, or has more than 9 megapixels."""

    default_message = N_("The logo is larger than 2 MB, or has more than 9 megapixels.")
    default_action = N_("Save it smaller and send it again.")


class PictureUnreadable(Unprocessable):
    """The file is no JPEG, PNG, WebP, HEIF or AVIF, whatever its name says."""

    default_message = N_("This file is not a picture that can be read.")
    default_action = N_("Send a JPEG, PNG, WebP, HEIF or AVIF.")


class PictureBroken(Unprocessable):
    """The picture begins well but can't be read to its end."""

    default_message = N_("The picture is damaged.")
    default_action = N_("Take or save it again.")


class PictureTooManyPixels(Unprocessable):
    """The picture has more than 50 megapixels; it is not even opened, since it could fill the memory."""

    default_message = N_("The picture has more than 50 megapixels.")
    default_action = N_("Save it smaller and send it again.")


class PictureAnimated(Unprocessable):
    """The picture moves; a piece is shown by one still picture."""

    default_message = N_("Moving pictures are not taken.")
    default_action = N_("Send a still picture.")


class PictureNotFailed(Conflict):
    """Only a picture whose processing failed is processed again; a refused file stays refused."""

    default_message = N_("This picture did not fail.")
    default_action = N_("Send another one.")
