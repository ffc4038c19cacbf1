"""What Twilio sends a message as (page 3), and what can be a sender ID at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.senders.rules import Kind, Rule, Sending, kind_of, read_sender, sent_as

BOTH = {"Owl Inc", "Hoot Hoot"}
TEXTS = st.text(max_size=20)
REGISTERS = st.frozensets(TEXTS, max_size=6)


# The scenario of the page: Colombia has a default, Mexico has none.
@pytest.mark.parametrize(
    ("from_", "colombia", "mexico"),
    [
        ("Owl Inc", "Owl Inc", "Owl Inc"),
        ("Hoot Hoot", "Hoot Hoot", "Hoot Hoot"),
        ("+15551234567", "Hoot Hoot", "+15551234567"),
        ("Other Corp", "Hoot Hoot", "Other Corp"),
        ("hoot hoot", "Hoot Hoot", "hoot hoot"),
    ],
)
def test_it_sends_as_twilio_says_it_does(from_, colombia, mexico):
    assert sent_as(from_, BOTH, "Hoot Hoot").sender == colombia
    assert sent_as(from_, BOTH, None).sender == mexico


@given(TEXTS, REGISTERS, st.data())
def test_a_registered_from_stays_whatever_the_default_is(from_, others, data):
    registered = others | {from_}
    default = data.draw(st.none() | st.sampled_from(sorted(registered)))

    assert sent_as(from_, registered, default) == Sending(from_, Rule.REGISTERED)


@given(TEXTS, REGISTERS.filter(bool), st.data())
def test_any_other_from_is_replaced_by_the_default(from_, registered, data):
    registered -= {from_}
    default = data.draw(st.sampled_from(sorted(registered))) if registered else "Owl"

    sending = sent_as(from_, registered | {default} - {from_}, default)

    assert (sending.sender, sending.rule) == (default, Rule.REPLACED) or from_ == default


@given(TEXTS, REGISTERS)
def test_without_a_default_the_from_goes_out_as_given(from_, registered):
    sending = sent_as(from_, registered, None)

    assert sending.sender == from_
    assert (sending.rule == Rule.REGISTERED) == (from_ in registered)


@given(st.text(alphabet="aAbB 12", min_size=1, max_size=8))
def test_capitals_count(name):
    sending = sent_as(name.swapcase(), {name}, None)

    is_same = name.swapcase() == name
    assert sending.rule == (Rule.REGISTERED if is_same else Rule.AS_GIVEN)
    assert sending.nearly == ("" if is_same else name)


@given(TEXTS, REGISTERS, st.data())
def test_it_sends_as_what_is_registered_or_as_given_and_never_as_what_was_nearly_meant(
    from_, registered, data
):
    default = data.draw(st.none() | st.sampled_from(sorted(registered))) if registered else None

    sending = sent_as(from_, registered, default)

    assert sending.sender in registered | {from_}
    assert not sending.nearly or (sending.nearly in registered and sending.nearly != from_)


@pytest.mark.parametrize(
    ("registered", "from_"),
    [
        ("Hoot Hoot", "hoot hoot"),
        ("Hoot Hoot", "HootHoot"),
        ("Hoot Hoot", "Hoot Hoot "),
        ("+442079460123", "+44 20 7946 0123"),
        ("+442079460123", "0044 (20) 7946-0123"),
    ],
)
def test_it_says_which_registered_one_was_nearly_given(registered, from_):
    assert sent_as(from_, {"Owl Inc", registered}, None) == Sending(from_, Rule.AS_GIVEN, registered)


@pytest.mark.parametrize(
    ("typed", "sender", "kind"),
    [
        ("Owl Inc", "Owl Inc", Kind.ALPHANUMERIC),
        ("  Owl Inc ", "Owl Inc", Kind.ALPHANUMERIC),
        ("A+B-C_D&E 1", "A+B-C_D&E 1", Kind.ALPHANUMERIC),
        ("1a", "1a", Kind.ALPHANUMERIC),
        ("12345", "12345", Kind.SHORT_CODE),
        ("123", "123", Kind.SHORT_CODE),
        ("+44 20 7946 0123", "+442079460123", Kind.NUMBER),
        ("+1 (555) 123-4567", "+15551234567", Kind.NUMBER),
    ],
)
def test_it_reads_names_short_codes_and_numbers(typed, sender, kind):
    assert read_sender(typed) == sender
    assert kind_of(sender) == kind


@pytest.mark.parametrize(
    "typed",
    ["", "  ", "Twelve chars", "Größe", "Owl.Inc", "12", "123456789", "+", "+12", "- -", "a\nb", "١٢٣٤٥"],
)
def test_it_refuses_what_can_be_no_sender_id(typed):
    assert read_sender(typed) is None


@given(TEXTS)
def test_what_it_reads_fits_the_register_and_reads_the_same_again(typed):
    sender = read_sender(typed)

    if sender is not None:
        assert 1 <= len(sender) <= 16
        assert read_sender(sender) == sender
