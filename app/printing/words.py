"""Owns amounts in words, in the Indian system: lakh and crore."""

from app.kit.money import MAX_PAISE, PAISE_PER_RUPEE, whole

CRORE = 10_000_000


def amount_in_words(paise: int) -> str:
    """Rupees Three Lakh Sixty-Four Thousand Six Hundred and Fourteen and Fifty Paise Only."""
    whole(paise, "An amount in paise", most=MAX_PAISE)
    rupees, rest = divmod(paise, PAISE_PER_RUPEE)
    words = f"Rupees {_number(rupees)}" if rupees or not rest else ""
    if rest:
        words = f"{words} and {_number(rest)} Paise" if words else f"{_number(rest)} Paise"
    return f"{words} Only"


def _number(number: int) -> str:
    """Capitalised, without commas; crores are counted here, since num2words ends at a thousand of them."""
    from num2words import num2words  # loads every language that there is; only who prints needs one

    crores, rest = divmod(number, CRORE)
    parts = [f"{_number(crores)} Crore"] if crores else []
    if rest or not crores:
        parts.append(_capitals(num2words(rest, lang="en_IN").replace(",", "")))
    return " ".join(parts)


def _capitals(words: str) -> str:
    return " ".join(
        word if word == "and" else "-".join(part.capitalize() for part in word.split("-")) for word in words.split()
    )
