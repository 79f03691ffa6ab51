"""What is written down about a customer: forms that can exist, and only those."""

import datetime as dt

import pytest

from app.customers.errors import CustomerFactsWrong, PhoneMalformed
from app.customers.facts import CustomerDraft, dialled, settled

TODAY = dt.date(2026, 11, 20)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("9820012345", "+919820012345"),
        ("098200 12345", "+919820012345"),
        ("020-2445 1234", "+912024451234"),
        ("+44 20 7946 0958", "+442079460958"),
        ("(+91) 98200.12345", "+919820012345"),
    ],
)
def test_a_number_is_kept_in_full(typed, kept):
    assert dialled(typed) == kept


@pytest.mark.parametrize("typed", ["", "1", "98200123456", "+91", "phone", "+999 12345678", "9820012345;ext=7"])
def test_what_cannot_be_dialled_is_refused(typed):
    with pytest.raises(PhoneMalformed):
        dialled(typed)


def test_blank_fields_are_kept_as_nothing():
    facts = settled(CustomerDraft(name=" Asha ", address="  ", phone="", gstin="", state_code=""), TODAY)
    assert (facts.name, facts.address, facts.phone, facts.gstin, facts.state_code) == ("Asha", None, None, None, None)


def test_a_gstin_is_of_its_own_state_whatever_is_said_beside_it():
    """The first two digits are the state of the registration: 27 is Maharashtra, and no firm there is of Karnataka."""
    facts = settled(CustomerDraft(name="Firm", gstin="27AAACH2702H1Z0", state_code="29"), TODAY)
    assert (facts.state_code, facts.pan) == ("27", "AAACH2702H")


def test_a_devanagari_name_is_kept_as_it_is():
    assert settled(CustomerDraft(name="आशा कुलकर्णी"), TODAY).name == "आशा कुलकर्णी"


@pytest.mark.parametrize("pin", ["011030", "41103", "4110300", "४११०३०", "411a30"])
def test_what_is_no_pin_is_refused(pin):
    with pytest.raises(CustomerFactsWrong):
        settled(CustomerDraft(name="Asha", pin=pin), TODAY)


def test_the_longest_particulars_fit_their_sealed_column():
    """name 140, address 300, city 80 letters of three bytes each, and the rest: 2,048 bytes hold them sealed."""
    from uuid import UUID

    from app.invoices.service.documents import Party, seal_party
    from app.kit.sealing import Keyring

    party = Party("आ" * 140, "+919820012345", "27AAACR5055K1Z7", "AAACR5055K", "अ" * 300, "क" * 80, "411030", "27")
    assert len(seal_party(party, Keyring(bytes(32)).new_key(), UUID(int=1))) <= 2048


def test_a_name_of_emoji_has_its_limit():
    with pytest.raises(CustomerFactsWrong):
        settled(CustomerDraft(name="\U0001f48d" * 140), TODAY)
