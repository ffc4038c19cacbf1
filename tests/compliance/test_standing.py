"""How a number stands with regulations: the rule, and that the database says the same."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from compliance.mapping import tally
from compliance.models import Bundle, Regulation
from compliance.standing import (
    COMPLIANT,
    NOT_COMPLIANT,
    REASONS,
    RIGHT,
    STANDINGS,
    Mapped,
    is_regulated,
    reason_of,
    review_horizon,
)
from inventory.models import Address, NumberFacet, PhoneNumber
from portal.models import Change
from tests.factories import make_account, make_address, make_bundle, make_regulation, make_sid

NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)  # a Wednesday


@dataclass
class Papers:
    account_id: str = "AC1"
    status: str = "twilio-approved"
    valid_until: datetime | None = None
    missing_since: datetime | None = None
    regulation: Any = None


@dataclass
class Rules:
    iso_country: str = "DE"
    number_type: str = "local"
    end_user_type: str = "business"


@dataclass
class Place:
    account_id: str = "AC1"
    iso_country: str = "DE"
    missing_since: datetime | None = None


RIGHT_SO = Mapped(
    account_sid="AC1", country="DE", number_type="local", requirement="local", is_regulated=True,
    bundle_sid="BU1", bundle=Papers(), regulation=Rules(), address_sid="AD1", address=Place(),
)  # fmt: skip


def reason(**changes: Any) -> str:
    return reason_of(replace(RIGHT_SO, **changes), NOW)


def test_it_complies_with_an_approved_bundle_for_such_numbers_and_an_address_that_fits():
    assert reason() == "bundle-approved"
    assert REASONS["bundle-approved"].standing == COMPLIANT


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("no-bundle", {"bundle_sid": None, "bundle": None}),
        ("bundle-unread", {"bundle": None}),
        ("bundle-gone", {"bundle": Papers(missing_since=NOW)}),
        ("bundle-elsewhere", {"bundle": Papers(account_id="AC2")}),
        ("bundle-mismatch", {"regulation": Rules(iso_country="FR")}),
        ("bundle-mismatch", {"regulation": Rules(number_type="mobile"), "bundle": Papers(status="draft")}),
        ("bundle-rejected", {"bundle": Papers(status="twilio-rejected")}),
        ("bundle-draft", {"bundle": Papers(status="draft")}),
        ("bundle-expired", {"bundle": Papers(valid_until=NOW)}),
        ("bundle-approved", {"bundle": Papers(valid_until=NOW + timedelta(seconds=1))}),
        ("regulation-unread", {"regulation": None}),
        ("bundle-in-review", {"bundle": Papers(status="in-review")}),
        ("bundle-provisional", {"bundle": Papers(status="provisionally-approved")}),
        ("bundle-status-unknown", {"bundle": Papers(status="under-appeal")}),
        ("address-missing", {"address_sid": None, "address": None}),
        ("address-gone", {"address": Place(missing_since=NOW)}),
        ("address-other-account", {"address": Place(account_id="AC2")}),
        ("address-not-local", {"address": Place(iso_country="FR")}),
        ("address-not-foreign", {"requirement": "foreign"}),
        ("address-unknown", {"address": None}),
        ("address-unknown", {"requirement": "lunar"}),
        ("address-missing", {"address_sid": None, "address": None, "bundle": None}),
        ("no-bundle", {"bundle_sid": None, "bundle": None, "address_sid": None, "address": None}),
        ("type-unknown", {"is_regulated": None}),
        ("address-not-local", {"is_regulated": None, "address": Place(iso_country="FR")}),
        ("address-only", {"is_regulated": False}),
        ("nothing-asked", {"is_regulated": False, "requirement": "none"}),
        ("mapping-changed", {"changed_at": NOW - timedelta(days=1)}),
        ("bundle-approved", {"changed_at": NOW - timedelta(days=8)}),
        ("mapping-changed", {"is_regulated": False, "changed_at": NOW - timedelta(days=1)}),
        (
            "nothing-asked",
            {"is_regulated": False, "requirement": "none", "changed_at": NOW - timedelta(days=1)},
        ),
    ],
)
def test_the_first_cause_is_told(code, changes):
    assert reason(**changes) == code


def test_three_business_days_skip_the_weekend():
    assert review_horizon(NOW) == NOW - timedelta(days=5)  # Friday before
    assert review_horizon(NOW + timedelta(days=2)) == NOW - timedelta(days=1)


def test_types_that_no_regulation_is_named_for_are_not_known():
    groups = {("DE", "local"), ("FR", "mobile")}
    assert is_regulated("DE", "local", groups) is True
    assert is_regulated("FR", "local", groups) is False
    assert is_regulated("DE", "voip", groups) is None
    assert is_regulated("", "local", groups) is None
    assert is_regulated("DE", "local", ()) is None, "regulations have not been read"
    assert is_regulated("DE", "voip", {("GB", "voip")}) is False, "the name is nobody's but Twilio's"


moments = st.none() | st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))
codes = st.sampled_from(["DE", "FR", ""])
bundles = st.builds(
    Papers,
    account_id=st.sampled_from(["AC1", "AC2"]),
    status=st.sampled_from([*Bundle.Status.values, "odd"]),
    valid_until=moments,
    missing_since=moments,
)
mappings = st.builds(
    Mapped,
    account_sid=st.just("AC1"), country=codes, number_type=st.sampled_from(["local", "voip"]),
    requirement=st.sampled_from(["none", "any", "local", "foreign", "odd", ""]),
    is_regulated=st.sampled_from([True, False, None]), bundle_sid=st.sampled_from([None, "BU1"]),
    bundle=st.none() | bundles, regulation=st.none() | st.builds(Rules, iso_country=codes),
    address_sid=st.sampled_from([None, "AD1"]),
    address=st.none() | st.builds(Place, iso_country=codes, missing_since=moments), changed_at=moments,
)  # fmt: skip


@given(mappings)
def test_what_is_right_has_all_that_is_asked_for(mapped):
    code = reason_of(mapped, NOW)

    assert REASONS[code].standing in STANDINGS
    if REASONS[code].standing in RIGHT and mapped.is_regulated:
        assert mapped.bundle
        assert mapped.bundle.status in ("twilio-approved", "provisionally-approved")
        assert mapped.bundle.account_id == mapped.account_sid
        assert not mapped.bundle.valid_until or mapped.bundle.valid_until > NOW
        assert mapped.regulation
        assert (mapped.regulation.iso_country, mapped.regulation.number_type) == (
            mapped.country,
            mapped.number_type,
        )
    if REASONS[code].standing in RIGHT and mapped.requirement == "local":
        assert mapped.address
        assert mapped.address.iso_country == mapped.country


@pytest.mark.django_db
def test_the_database_says_the_same_of_every_combination():
    now = timezone.now()
    long_ago, soon = (now - timedelta(days=1)).isoformat(), (now + timedelta(days=9)).isoformat()
    ours, other = make_account(), make_account()
    german, french = make_regulation("DE", "local"), make_regulation("FR", "mobile")
    retired = Regulation(sid=make_sid("RN"))  # never mirrored
    made = [
        make_bundle(ours, german, **fields)
        for fields in (
            {}, {"valid_until": long_ago}, {"valid_until": soon}, {"status": "draft"}, {"status": "odd"},
            {"status": "twilio-rejected"}, {"status": "pending-review"}, {"status": "in-review"},
            {"status": "provisionally-approved"}, {"status": "pending-review", "valid_until": long_ago},
        )
    ]  # fmt: skip
    made += [make_bundle(other, german), make_bundle(ours, french), make_bundle(ours, retired)]
    gone = make_bundle(ours, german)
    Bundle.objects.filter(pk=gone.pk).update(missing_since=now)
    places = [make_address(ours, iso_country="DE"), make_address(ours, iso_country="FR")]
    places += [make_address(other, iso_country="DE"), make_address(ours, iso_country="DE")]
    Address.objects.filter(pk=places[-1].pk).update(missing_since=now)
    bundle_sids = [None, make_sid("BU"), gone.pk, *(bundle.pk for bundle in made)]
    address_sids = [None, make_sid("AD"), *(place.pk for place in places)]
    groups = [("DE", "local"), ("FR", "local"), ("DE", "voip"), ("", "local"), ("FR", "mobile")]
    needs = ["none", "any", "local", "foreign", "odd", ""]
    numbers, facets = [], []
    for facet, ((country, kind), need) in enumerate(product(groups, needs), start=1):
        facets.append(
            NumberFacet(
                id=facet, account=ours, country=country, number_type=kind, address_requirements=need,
                voice=True, sms=True, mms=False, fax=False, beta=False, has_address=False, has_bundle=False,
                count=1,
            )
        )  # fmt: skip
        for bundle_sid, address_sid, _ in product(bundle_sids, address_sids, (False, True)):
            number = PhoneNumber(
                sid=make_sid("PN"), account=ours, country=country, number_type=kind, facet_id=facet,
                address_requirements=need, bundle_sid=bundle_sid, address_id=address_sid, payload_hash=1,
                remote_created_at=now, payload={}, first_seen_at=now, synced_at=now,
            )  # fmt: skip
            numbers.append(number)
    NumberFacet.objects.bulk_create(facets)
    PhoneNumber.objects.bulk_create(numbers)
    changed = {number.pk for number in numbers[1::2]}
    Change.objects.bulk_create(
        Change(resource="numbers", target=sid, account_sid=ours.pk, kind="changed", fields={"bundle_sid": []})
        for sid in changed
    )

    bundles = {bundle.pk: bundle for bundle in Bundle.objects.select_related("regulation")}
    regulations = {regulation.pk: regulation for regulation in Regulation.objects.all()}
    addresses = {address.pk: address for address in Address.objects.all()}
    by_rule: dict[str, set[str]] = {code: set() for code in REASONS}
    in_force = {("DE", "local"), ("FR", "mobile")}
    for number in numbers:
        bundle = bundles.get(number.bundle_sid or "")
        mapped = Mapped(
            account_sid=ours.pk, country=number.country, number_type=number.number_type,
            requirement=number.address_requirements,
            is_regulated=is_regulated(number.country, number.number_type, in_force),
            bundle_sid=number.bundle_sid, bundle=bundle,
            regulation=regulations.get(bundle.regulation_id) if bundle else None,
            address_sid=number.address_id, address=addresses.get(number.address_id or ""),
            changed_at=now if number.pk in changed else None,
        )  # fmt: skip
        by_rule[reason_of(mapped, now)].add(number.pk)
    assert all(by_rule.values()), "every reason was met"

    counted: Counter[str] = Counter()
    for group in tally.tally(None):
        counted[group.reason] += group.count
    assert counted == {code: len(sids) for code, sids in by_rule.items()}
    for code, sids in by_rule.items():
        found = tally.find([code])
        assert set(PhoneNumber.objects.filter(found.condition).values_list("pk", flat=True)) == sids, code
        assert sum(found.counts.values()) == len(sids)
    assert tally.tally([other.pk]) == []
    one_by_one = {sid: code for code, sids in by_rule.items() for sid in sids}
    assert tally.reasons_of(one_by_one) == one_by_one
    assert tally.reasons_of([make_sid("PN")]) == {}


@pytest.mark.django_db
def test_a_number_that_is_not_compliant_is_never_counted_as_right():
    assert not {code for code, reason in REASONS.items() if reason.standing == NOT_COMPLIANT} & set(RIGHT)
