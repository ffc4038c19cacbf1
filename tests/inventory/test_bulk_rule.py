"""What a bulk change does to a number: the rule itself, without Twilio and without the database."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.bulk.change import Change, effect_on, name_for, words
from inventory.bulk.forms import PARTS
from inventory.configuration import PROPERTIES, configuration_of
from inventory.models import PhoneNumber

_text = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12)
_tags = st.lists(st.sampled_from("abcd"), unique=True, max_size=3).map(tuple)
_properties = st.fixed_dictionaries(
    {},
    optional={
        name: st.booleans() if name == "voice_caller_id_lookup" else (_text | st.just(""))
        for name in PROPERTIES
    },
)
_changes = st.builds(
    Change,
    properties=_properties,
    owner=st.none() | _text,
    cost_centre=st.none() | _text,
    add_tags=_tags,
    remove_tags=_tags,
)
_numbers = st.builds(
    PhoneNumber,
    sid=st.just("PN" + "0" * 32),
    phone_number=st.sampled_from(["+493023125017", "+12025550100"]),
    payload=_properties,
    voice=st.booleans(),
    sms=st.booleans(),
    owner=_text,
    cost_centre=_text,
    tags=_tags.map(list),
)


def apply(number, effect):
    """The number as it is afterwards."""
    changed = copy.copy(number)
    changed.payload = {**number.payload, **{name: after for name, (_, after) in effect.fields.items()}}
    for name, (_, after) in effect.ours.items():
        setattr(changed, name, after)
    return changed


@given(_numbers, _changes)
def test_a_change_does_nothing_the_second_time(number, change):
    # Twilio has no empty method or mode, and takes one for its default.
    after = apply(number, effect_on(number, change))

    again = effect_on(after, change)

    unset = {name for name, value in change.properties.items() if value == ""}
    assert again.fields.keys() <= unset & {name for name in PROPERTIES if name.endswith(("_method", "_mode"))}
    assert not again.ours


@given(_numbers, _changes)
def test_only_what_is_asked_for_changes(number, change):
    effect = effect_on(number, change)

    before = configuration_of(number.payload)
    assert effect.fields.keys() <= change.properties.keys()
    for name, (was, becomes) in effect.fields.items():
        assert was == before[name] != becomes
    for name in ("owner", "cost_centre"):
        assert (name in effect.ours) == (getattr(change, name) not in (None, getattr(number, name)))
    if "tags" in effect.ours:
        was, becomes = map(set, effect.ours["tags"])
        assert was == set(number.tags)
        assert becomes - was <= set(change.add_tags)
        assert was - becomes <= set(change.remove_tags)
    if not number.voice:
        assert not [name for name in effect.fields if name.startswith(("voice_", "trunk", "status_"))]
    assert effect.is_nothing <= bool(effect.why_not), "what does not take part says why"
    assert Change.from_json(json.loads(json.dumps(change.as_json()))) == change


def test_a_name_holds_the_numbers_own_digits():
    assert name_for("+493023125017", "Desk {number} / {national}") == "Desk +493023125017 / 030 23125017"
    assert name_for("+12025550100", "{plain} {0}") == "{plain} {0}"


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "nothing"), ("", "nothing"), ([], "nothing"), (True, "yes"), (["a", "b"], "a, b"), ("x", "x")],
)
def test_values_are_said_in_words(value, said):
    assert words(value) == said


def test_every_part_belongs_to_a_property_or_a_record():
    known = {*PROPERTIES, "voice_route", "sms_route", "owner", "cost_centre", "add_tags", "remove_tags"}
    assert {name for names in PARTS.values() for name in names} <= known
