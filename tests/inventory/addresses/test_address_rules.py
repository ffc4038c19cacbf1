"""What an address must be before Twilio is asked, field by field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.addresses.formats import EMERGENCY_COUNTRIES, format_of
from inventory.addresses.refusals import field_of, sentence_of, suggestion_of, words_without
from inventory.addresses.rules import PARTS, REQUIRED, faults_of, is_box
from portal.twilio.errors import Rejected, Unavailable

BOISE = {
    "friendly_name": "Lab", "customer_name": "Ferrow Labs", "street": "12 Sample Street",
    "street_secondary": "", "city": "Boise", "region": "ID", "postal_code": "83702",
}  # fmt: skip
BERLIN = {**BOISE, "street": "Musterstraße 12", "city": "Berlin", "region": "Berlin", "postal_code": "10117"}


def test_an_address_that_may_be_sent_has_no_faults():
    assert faults_of(BOISE, "US") == {}
    assert faults_of(BOISE, "US", for_emergency=True) == {}
    assert faults_of(BERLIN, "DE", must_be_physical=True) == {}


@pytest.mark.parametrize("name", REQUIRED)
def test_every_part_that_twilio_asks_for_must_be_there(name):
    for text in ("", "  "):
        assert list(faults_of({**BERLIN, name: text}, "DE")) == [name]


def test_a_part_is_asked_for_in_the_countrys_own_words():
    assert faults_of({**BOISE, "postal_code": ""}, "US")["postal_code"] == "Enter the ZIP Code"
    assert faults_of({**BOISE, "region": ""}, "US")["region"] == "Choose the state"
    assert faults_of({**BERLIN, "postal_code": ""}, "IE")["postal_code"] == "Enter the eircode"
    assert format_of("CA").labels["region"] == "Province"
    assert format_of("GB").labels["region"] == "County"
    assert format_of("XX").labels["postal_code"] == "Postal code"


@pytest.mark.parametrize(
    ("country", "right", "wrong"),
    [
        ("US", ["94105", "94105-1234", "94105 1234"], ["9410", "941051", "K1A 0B1"]),
        ("CA", ["K1A 0B1", "k1a0b1"], ["K1A", "94105"]),
        ("GB", ["SW1A 1AA", "ls14ab", "M1 1AE"], ["12345", "SW1A"]),
        ("IE", ["D02 X285", "D6W XY00"], ["D02"]),
        ("NL", ["1012 JS", "1012js"], ["1012"]),
        ("DE", ["10117"], ["1011", "D-10117"]),
        ("KE", ["-", "00100", "whatever"], []),
    ],
)
def test_a_postal_code_has_its_countrys_shape(country, right, wrong):
    for code, is_right in [*((code, True) for code in right), *((code, False) for code in wrong)]:
        faults = faults_of({**BERLIN, "postal_code": code, "region": _region(country)}, country)
        assert ("postal_code" not in faults) == is_right, code
        if not is_right:
            assert format_of(country).example in faults["postal_code"]


def _region(country):
    return next(iter(format_of(country).regions), "Anywhere")


def test_a_state_is_one_of_those_there_are():
    assert faults_of({**BOISE, "region": "Idaho"}, "US") == {"region": "Choose the state"}
    assert faults_of({**BOISE, "region": "ON", "postal_code": "K1A 0B1"}, "CA") == {}
    assert len(format_of("US").regions) == 56


@pytest.mark.parametrize(
    ("country", "street"),
    [
        ("US", "P.O. Box 99"), ("US", "po box 1"), ("US", "Post Office Box 7"), ("US", "PMB 12, 5 Main St"),
        ("US", "General Delivery"), ("GB", "PO-Box 3"), ("AU", "GPO Box 4"), ("AU", "Locked Bag 5"),
        ("DE", "Postfach 10 20"), ("NL", "Postbus 6"), ("FR", "BP 123"), ("FR", "Boîte postale 8"),
        ("ES", "Apartado de correos 9"), ("IT", "Casella Postale 1"), ("SE", "Box 1234"),
        ("US", "Virtual Office, 5 Main St"),
    ],
)  # fmt: skip
def test_a_post_office_box_is_recognised(country, street):
    assert is_box(country, street)


@pytest.mark.parametrize(
    ("country", "street"),
    [
        ("AU", "12 Box Hill Road"), ("GB", "4 Post Office Lane"), ("US", "100 Boxwood Ave"),
        ("SE", "Boxgatan 4"),
        ("US", "BP 3 Gas Station Road"), ("DE", "Postfachweg 2"), ("FR", "12 rue de la Poste"), ("US", ""),
    ],
)  # fmt: skip
def test_what_only_sounds_like_a_post_office_box_is_none(country, street):
    assert not is_box(country, street)


def test_a_post_office_box_is_refused_where_somebody_must_be_found():
    box = {**BOISE, "street": "PO Box 99"}
    assert faults_of(box, "US") == {}
    assert "emergency services cannot go" in faults_of(box, "US", for_emergency=True)["street"]
    assert "no local address" in faults_of(box, "US", must_be_physical=True)["street"]
    hidden = {**BOISE, "street_secondary": "PO Box 99"}
    assert "street" in faults_of(hidden, "US", must_be_physical=True)


def test_names_have_a_length():
    assert faults_of({**BOISE, "friendly_name": "x" * 64}, "US") == {}
    assert "64 characters" in faults_of({**BOISE, "friendly_name": "x" * 65}, "US")["friendly_name"]
    assert faults_of({**BOISE, "friendly_name": "x" * 32}, "US", for_emergency=True) == {}
    words = faults_of({**BOISE, "friendly_name": "x" * 33}, "US", for_emergency=True)["friendly_name"]
    assert "32 characters for an emergency address. It has 33" in words


@pytest.mark.parametrize(("character", "most"), [("x", 64), ("é", 32), ("語", 21), ("𠀀", 16)])
def test_a_customers_name_is_measured_as_twilio_does(character, most):
    """16 four-byte or 21 three-byte characters."""
    assert "customer_name" not in faults_of({**BOISE, "customer_name": character * most}, "US")
    assert "customer_name" in faults_of({**BOISE, "customer_name": character * (most + 1)}, "US")


@pytest.mark.parametrize("odd", ["<b>", "a\nb", "a\x07b", "🏠", "50 %", "a|b", "a\u2028b", "{x}"])
def test_characters_that_no_envelope_has_are_named(odd):
    assert "street" in faults_of({**BERLIN, "street": f"Musterstraße {odd}"}, "DE")


@pytest.mark.parametrize(
    "name", ["AT&T", "Yahoo!", "50% Off Ltd.", "Łódź – Sp. z o.o.", "株式会社例", "O'Neill & Söhne"]
)
def test_names_of_companies_may_be_what_they_are(name):
    assert faults_of({**BERLIN, "customer_name": name}, "DE") == {}


def test_emergency_addresses_are_for_countries_that_register_them():
    assert EMERGENCY_COUNTRIES == ("US", "CA", "GB")
    assert "Germany" in faults_of(BERLIN, "DE", for_emergency=True)["emergency_enabled"]


@given(st.fixed_dictionaries({name: st.text(max_size=300) for name in ("friendly_name", *PARTS)}),
       st.sampled_from(["US", "DE", "FR", "KE", "XX", ""]), st.booleans())  # fmt: skip
def test_any_text_gets_sentences_and_no_fault_of_ours(values, country, for_emergency):
    faults = faults_of(values, country, for_emergency=for_emergency)
    assert set(faults) <= {"friendly_name", "emergency_enabled", *PARTS}
    assert all(words and words[0].isupper() and not words.endswith(".") for words in faults.values())


# Twilio's refusals

SUGGESTED = (
    "Failed to validate address. Check the suggested address. | FriendlyName: Lab, "
    "CustomerName: Ferrow, Inc, Street: 12 SAMPLE ST, Suite 4, Locality: BOISE, Region: ID, "
    "PostalCode: 83702, IsoCountry: US"
)


def test_the_address_that_twilio_suggests_is_read_out_of_its_words():
    assert suggestion_of(Rejected(SUGGESTED, code=21629)) == {
        "street": "12 SAMPLE ST, Suite 4", "city": "BOISE", "region": "ID", "postal_code": "83702",
    }  # fmt: skip
    assert suggestion_of(Rejected(SUGGESTED, code=21628)) == {}
    assert suggestion_of(Rejected("Check it", code=21629)) == {}


@pytest.mark.parametrize("code", [20002, 20003, 20005, 20404, 20409, 21628, 21629, 21630])
def test_every_known_refusal_has_its_own_sentence(code):
    sentence = sentence_of(Rejected("Twilio's words", code=code))
    assert sentence.endswith(".")
    assert "Twilio's words" not in sentence


def test_other_refusals_are_told_in_twilios_words():
    assert sentence_of(Rejected("The moon is full", code=29999)) == "The moon is full"
    assert sentence_of(Unavailable("Twilio cannot be reached.")).startswith("Unavailable: Twilio cannot")


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ("Address Validation Error: PostalCode is not valid in US", "postal_code"),
        ("Address Validation Error: a PO box is not a valid street address", "street"),
        ("Address Validation Error: CustomerName is too long", "customer_name"),
        ("Address Validation Error", None),
    ],
)
def test_a_refusal_stands_beside_the_field_that_twilio_names(words, field):
    assert field_of(Rejected(words, code=21628), {"street", "postal_code", "customer_name"}) == field
    assert field_of(Rejected(SUGGESTED, code=21629), {"street"}) is None


def test_what_is_kept_of_a_refusal_names_nobody():
    personal = ["Ferrow Labs", "12 Sample Street", "Boise"]
    for code in (21629, 21628, 29999, None):
        kept = words_without(
            Rejected(f"No ferrow labs at 12 Sample Street. {SUGGESTED}", code=code), personal
        )
        for secret in ("ferrow", "sample", "boise", "83702"):
            assert secret not in kept.lower()
    assert words_without(Rejected("No Ferrow Labs here", code=29999), personal) == "No … here"
