"""Every number is in one request or one group apart, and no request is more mixed than it may be."""

from hypothesis import given
from hypothesis import strategies as st

from porting.portin.splitter import AT_TWILIO, NEEDS_MORE, By, Checked, Why, split

numbers = st.integers(1, 400).map(lambda n: f"+1207555{n:04d}")
checked = st.lists(
    st.builds(
        Checked,
        number=numbers,
        portable=st.booleans(),
        country=st.sampled_from(["US", "US", "US", "JP", "CA", "GB", ""]),
        number_type=st.sampled_from(["local", "mobile", "toll-free", "unknown", ""]),
        needs_pin=st.booleans(),
        code=st.sampled_from([None, 22130, 22131, 22133, 22136, 22171]),
        carrier=st.sampled_from(["", "Alpha Tel", "alpha  TEL", "Beta Tel"]),
    ),
    max_size=60,
)
criteria = st.lists(st.sampled_from(list(By)), unique=True)


def us(number: str, **more) -> Checked:
    return Checked(number, True, "US", **{"number_type": "local", **more})


@given(checked, criteria, st.integers(1, 7))
def test_no_number_is_lost_and_none_is_twice(found, by, most):
    plan = split(found, by=by, most=most)

    placed = [number for one in (*plan.proposals, *plan.apart) for number in one.numbers]
    assert sorted(placed) == sorted({one.number for one in found})


@given(checked, criteria, st.integers(1, 7))
def test_a_request_has_one_country_and_no_more_numbers_than_twilio_takes(found, by, most):
    facts = {one.number: one for one in found}
    for proposal in split(found, by=by, most=most).proposals:
        assert 1 <= len(proposal.numbers) <= most
        assert {facts[number].country for number in proposal.numbers} == {proposal.country}
        for number in proposal.numbers:
            one = facts[number]
            assert one.portable or one.code == NEEDS_MORE
            assert one.number_type != "toll-free"
            assert one.code not in AT_TWILIO
        assert set(proposal.pin_numbers) == {n for n in proposal.numbers if facts[n].needs_pin}
        assert 1 <= proposal.part <= proposal.parts


@given(checked)
def test_split_as_far_as_possible_all_of_a_request_are_alike(found):
    facts = {one.number: one for one in found}
    for proposal in split(found).proposals:
        ones = [facts[number] for number in proposal.numbers]
        assert len({one.number_type for one in ones}) == 1
        assert len({one.needs_pin for one in ones}) == 1
        assert len({" ".join(one.carrier.split()).lower() for one in ones}) == 1


@given(checked, st.sets(numbers))
def test_what_is_left_out_is_nowhere(found, left_out):
    plan = split(found, left_out=left_out)

    placed = {number for one in (*plan.proposals, *plan.apart) for number in one.numbers}
    assert not placed & left_out


@given(checked, criteria)
def test_the_order_of_the_list_changes_nothing(found, by):
    facts = list({one.number: one for one in found}.values())
    plan = split(facts, by=by)
    again = split(reversed(facts), by=by)
    assert [one.numbers for one in plan.proposals] == [one.numbers for one in again.proposals]
    assert plan.apart == again.apart


def test_more_than_a_thousand_are_parts_of_about_the_same_size():
    plan = split(us(f"+1207{n:07d}") for n in range(2001))

    assert [len(one.numbers) for one in plan.proposals] == [667, 667, 667]
    assert [(one.part, one.parts) for one in plan.proposals] == [(1, 3), (2, 3), (3, 3)]


def test_toll_free_and_foreign_numbers_stand_apart_with_their_reason():
    plan = split(
        [
            us("+12075550110"),
            Checked("+18005550111", False, "US", "toll-free", code=22133),
            Checked("+442079460018", False, "GB", "local", code=22133),
            Checked("+12075550190", False, "US", "unknown", code=22130),
            Checked("+12075550191", False, "US", "local", code=22132),
        ]
    )

    assert [one.numbers for one in plan.proposals] == [("+12075550110",)]
    assert [(one.why, one.code) for one in plan.apart] == [
        (Why.AT_TWILIO, None),
        (Why.TOLL_FREE, None),
        (Why.COUNTRY, None),
        (Why.NOT_PORTABLE, 22130),
    ]


def test_numbers_of_japan_are_a_request_of_their_own():
    plan = split([us("+12075550110"), Checked("+81312345678", True, "JP", "local")])

    assert [one.country for one in plan.proposals] == ["JP", "US"]


def test_criteria_that_are_not_used_bring_numbers_together():
    ones = [us("+12075550110"), us("+12075550150", number_type="mobile", needs_pin=True)]

    [together] = split(ones, by=[]).proposals

    assert together.numbers == ("+12075550110", "+12075550150")
    assert (together.number_type, together.pin_numbers) == ("", ("+12075550150",))
