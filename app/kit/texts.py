"""Owns the door that every text for people goes through: gettext, English where there is no translation."""

from collections.abc import Callable

from flask_babel import gettext, lazy_gettext, ngettext

_: Callable[..., str] = gettext
"""Translate now, for the person of this request; in a job without one, English."""

_l = lazy_gettext
"""Translate when shown: for texts that are written down once, at import."""

_n = ngettext
"""One or many: `_n("%(num)d piece", "%(num)d pieces", count)`."""


def N_(text: str) -> str:  # noqa: N802 (gettext's own name for it)
    """Mark for the translators only; who shows it translates it (default_message of errors, messages of schemas)."""
    return text


__all__ = ["N_", "_", "_l", "_n"]
