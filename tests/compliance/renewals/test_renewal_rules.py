"""How long is left, what there is to be reminded of, how far an update is, what stands against it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from compliance.models import Bundle, Regulation, RegulationVersion
from compliance.renewals.deadlines import last_change_of
from compliance.renewals.preflight import Check, is_clear, is_used_up, preflight
from compliance.renewals.rules import (
    THRESHOLDS,
    Stage,
    distance_words,
    occasion_of,
    renewal_of,
    rests,
)
from tests.factories import (
    assign,
    make_account,
    make_address,
    make_bundle,
    make_document,
    make_end_user,
    make_regulation,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=12, hours=5), "12 days left"),
        (timedelta(days=1), "1 day left"),
        (timedelta(hours=23), "23 hours left"),
        (timedelta(minutes=20), "less than an hour left"),
        (timedelta(0), "overdue by less than an hour"),
        (timedelta(days=-2, hours=-1), "overdue by 2 days"),
        (timedelta(hours=-1), "overdue by 1 hour"),
    ],
)
def test_a_distance_is_said_in_days_or_hours(left, words):
    assert distance_words(NOW + left, NOW) == words


@pytest.mark.parametrize(
    ("days", "occasion"),
    [
        (61, None), (60, "60"), (31, "60"), (30, "30"), (14.01, "30"), (14, "14"), (7, "7"), (1.5, "7"),
        (1, "1"), (0.01, "1"), (0, "overdue"), (-9, "overdue"),
    ],
)  # fmt: skip
def test_the_nearest_threshold_that_was_crossed_is_told(days, occasion):
    assert occasion_of(NOW + timedelta(days=days), NOW) == occasion


@given(st.floats(-400, 400))
def test_a_bundle_is_reminded_of_from_sixty_days_on(days):
    occasion = occasion_of(NOW + timedelta(days=days), NOW)

    assert (occasion is None) == (NOW + timedelta(days=days) - NOW > timedelta(days=max(THRESHOLDS)))


@pytest.mark.parametrize(
    ("stage", "hours", "is_stalled"),
    [
        (Stage.DRAFT, 23, False),
        (Stage.DRAFT, 25, True),
        (Stage.REJECTED, 25, True),
        (Stage.APPROVED, 25, True),
        (Stage.REVIEW, 71, False),
        (Stage.REVIEW, 73, True),
        (Stage.NONE, 1000, False),
        (Stage.LAPSED, 1000, False),
        (Stage.DONE, 1000, False),
    ],
)
def test_ours_rests_after_a_day_and_a_review_after_three(stage, hours, is_stalled):
    assert rests(stage, NOW - timedelta(hours=hours), NOW) is is_stalled


@pytest.fixture
def account(db):
    return make_account()


@pytest.fixture
def regulation(db):
    return make_regulation()


@pytest.fixture
def bundle(account, regulation) -> Bundle:
    return make_bundle(account, regulation, valid_until="2030-01-01T00:00:00Z")


def make_copy(bundle: Bundle, **fields) -> Bundle:
    copy = make_bundle(bundle.account, bundle.regulation, **fields)
    Bundle.objects.filter(pk=copy.pk).update(copy_of=bundle.pk)
    return Bundle.objects.select_related("account", "regulation").get(pk=copy.pk)


@pytest.mark.parametrize(
    ("status", "stage"),
    [
        ("draft", Stage.DRAFT),
        ("pending-review", Stage.REVIEW),
        ("in-review", Stage.REVIEW),
        ("twilio-rejected", Stage.REJECTED),
        ("twilio-approved", Stage.APPROVED),
        ("something-new", Stage.DRAFT),
    ],
)
def test_the_status_of_the_copy_is_the_stage_of_the_update(bundle, status, stage):
    copy = make_copy(bundle, status=status)

    assert renewal_of(bundle).stage == stage
    assert renewal_of(copy).original == bundle


def test_a_bundle_without_a_last_day_has_no_update(account, regulation):
    assert renewal_of(make_bundle(account, regulation)) is None


def test_a_copy_that_was_deleted_unused_leaves_nothing_started(bundle):
    make_copy(bundle, status="draft")
    Bundle.objects.filter(copy_of=bundle.pk).update(missing_since=timezone.now())

    renewal = renewal_of(bundle)

    assert (renewal.stage, renewal.copy, renewal.can_start) == (Stage.NONE, None, True)


def test_a_bundle_that_was_rejected_on_its_last_day_cannot_be_copied(account, regulation):
    over = make_bundle(account, regulation, status="twilio-rejected", valid_until="2024-01-01T00:00:00Z")

    renewal = renewal_of(over)

    assert (renewal.stage, renewal.can_start) == (Stage.LAPSED, False)


def test_of_two_copies_the_newest_counts(bundle):
    make_copy(bundle, status="twilio-rejected", date_created="2024-02-01T00:00:00Z")
    newest = make_copy(bundle, status="draft", date_created="2024-03-01T00:00:00Z")

    assert renewal_of(bundle).copy == newest


def fill(bundle: Bundle, *addresses) -> None:
    assign(bundle, make_end_user(bundle.account))
    cited = {"address_sids": [address.pk for address in addresses]}
    assign(bundle, make_document(bundle.account, type="address", attributes=cited))


def checks_of(bundle: Bundle, copy: Bundle) -> list[Check]:
    return preflight(bundle, copy, changed_at=last_change_of(bundle.regulation))


def found(bundle: Bundle, copy: Bundle) -> dict[int | None, str]:
    """The worst verdict of each code."""
    order = ["ok", "unsure", "bad"]
    verdicts: dict[int | None, str] = {}
    for check in checks_of(bundle, copy):
        verdicts[check.code] = max(verdicts.get(check.code, "ok"), check.verdict, key=order.index)
    return verdicts


def test_nothing_stands_against_an_approved_copy_with_the_same_address(bundle):
    address, copy = make_address(bundle.account), make_copy(bundle)
    fill(bundle, address)
    fill(copy, address)

    assert set(found(bundle, copy).values()) == {"ok"}
    assert is_clear(checks_of(bundle, copy))


@pytest.mark.parametrize("status", ["draft", "in-review", "twilio-rejected"])
def test_22224_a_copy_that_is_not_approved(bundle, status):
    assert found(bundle, make_copy(bundle, status=status))[22224] == "bad"


def test_22224_a_bundle_that_is_not_approved_any_more(bundle):
    copy = make_copy(bundle)
    bundle.status = "twilio-rejected"

    assert found(bundle, copy)[22224] == "bad"


def test_22224_a_bundle_that_is_no_copy(bundle, account, regulation):
    assert found(bundle, make_bundle(account, regulation))[22224] == "bad"


def test_22225_a_copy_that_is_gone(bundle):
    copy = make_copy(bundle)
    copy.missing_since = NOW

    assert found(bundle, copy)[22225] == "bad"


def test_22226_the_bundle_itself(bundle):
    assert found(bundle, bundle)[22226] == "bad"


def test_22228_a_copy_under_a_regulation_that_was_retired(bundle, regulation):
    copy = make_copy(bundle)
    Regulation.objects.filter(pk=regulation.pk).update(missing_since=timezone.now())
    copy.regulation.refresh_from_db()

    assert found(bundle, copy)[22228] == "bad"


def test_22228_is_twilios_to_say_where_the_regulation_changed_since(bundle, regulation):
    copy = make_copy(bundle)
    RegulationVersion.objects.create(
        iso_country="DE", number_type="local", end_user_type="business", number=2, regulation=regulation,
        requirements={},
    )  # fmt: skip

    assert found(bundle, copy)[22228] == "unsure"


def test_22229_names_the_address_that_the_copy_lacks(bundle):
    kept, lost = make_address(bundle.account), make_address(bundle.account, city="Reno")
    copy = make_copy(bundle)
    fill(bundle, kept, lost)
    fill(copy, kept, make_address(bundle.account))

    [check] = [check for check in checks_of(bundle, copy) if check.code == 22229]

    assert check.verdict == "bad"
    assert list(check.addresses) == [lost]


def test_22229_is_not_known_while_a_document_was_not_read(bundle):
    copy = make_copy(bundle)
    fill(bundle, make_address(bundle.account))
    unread = make_document(bundle.account)
    assign(copy, unread)
    unread.delete()

    [check] = [check for check in checks_of(bundle, copy) if check.code == 22229]

    assert check.verdict == "unsure"


def test_a_copy_that_an_earlier_update_used_up_gives_nothing(bundle):
    copy = make_copy(bundle)
    fill(bundle, make_address(bundle.account))

    assert found(bundle, copy)[None] == "bad"
    assert is_used_up(checks_of(bundle, copy))
    fill(copy, make_address(bundle.account))
    assert not is_used_up(checks_of(bundle, copy))
