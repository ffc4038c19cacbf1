"""Bundles and addresses for many numbers (K4): split by what fits, previewed, carried out once each."""

import pytest
from django.urls import reverse

from compliance import tasks
from compliance.models import Bundle
from inventory.models import PhoneNumber
from portal.models import Batch, BatchItem, Role
from tests.compliance.mapping import read_papers, standing_so, usable, with_another
from tests.factories import make_account, make_address, make_bundle, make_number, make_regulation, make_user
from tests.pages import Page, assert_is_region, url_of
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

State = BatchItem.State


@pytest.fixture(autouse=True)
def _one_at_a_time(settings):
    settings.BATCH_ITEMS_AT_ONCE = 1


@pytest.fixture
def mirror(twilio, parent):
    read_papers(twilio, parent)
    return parent


def draft(client, numbers):
    client.post(
        reverse("inventory:number-select"), {"do": "bundle", "sid": [number.pk for number in numbers]}
    )
    return Batch.objects.latest("created_at")


def choose_url(batch, **params):
    return url_of(reverse("compliance:bulk-assign", args=[batch.pk]), **params)


def review_url(batch):
    return reverse("compliance:bulk-assign-review", args=[batch.pk])


def choose(client, batch, **typed):
    return client.post(
        choose_url(batch), {**Page.of(client, choose_url(batch)).form(), "csrfmiddlewaretoken": "x", **typed}
    )


def confirm(client, batch, ticked=None, **typed):
    items = batch.items.all()
    shown = [str(pk) for pk in items.values_list("pk", flat=True)]
    ticked = items.filter(state=State.WAITING) if ticked is None else ticked
    kept = [str(pk) for pk in ticked.values_list("pk", flat=True)]
    answer = client.post(review_url(batch), {"shown": shown, "keep": kept, **typed})
    tasks.run_compliance_batch(str(batch.pk))
    return answer


def assignable(account, most=3):
    """Numbers of one country and type that lack nothing but a bundle, and a bundle for them."""
    by_kind = {}
    for number in standing_so(account, "no-bundle"):
        by_kind.setdefault((number.country, number.number_type), []).append(number)
    for numbers in sorted(by_kind.values(), key=len, reverse=True):
        if bundles := usable(numbers[0]):
            return numbers[:most], bundles[0]
    raise AssertionError("nothing can be assigned")


def test_bundles_are_assigned_as_the_preview_said(mirror, as_support, twilio):
    numbers, bundle = assignable(mirror)
    batch = draft(as_support, numbers)

    assert choose(as_support, batch, bundle_1=bundle.pk)["Location"] == review_url(batch)
    page = Page.of(as_support, review_url(batch))
    assert f"{len(numbers)} of {len(numbers)}" in page.text
    assert page.all("tbody tr")[0].one("del").text == "none"
    assert page.all("tbody tr")[0].one("ins").text == str(bundle)
    answer = confirm(as_support, batch, reason="Ticket 4711")

    assert answer["Location"] == reverse("batch-detail", args=[batch.pk])
    assert {item.state for item in batch.items.all()} == {State.DONE}
    assert {item.operation.reason for item in batch.items.all()} == {"Ticket 4711"}
    carried = PhoneNumber.objects.filter(pk__in=[number.pk for number in numbers])
    assert set(carried.values_list("bundle_sid", flat=True)) == {bundle.pk}
    sent = [dict(entry.form) for entry in twilio.journal.entries(method="POST")]
    assert sent == [{"BundleSid": bundle.pk}] * len(numbers)


def test_rows_whose_review_would_restart_are_unticked_until_somebody_ticks_them(mirror, as_support):
    number, other = with_another(mirror)
    before = number.bundle_sid
    batch = draft(as_support, [number])
    choose(as_support, batch, bundle_1=other.pk)

    page = Page.of(as_support, review_url(batch))
    assert "Restarts Unticked: it has another one now" in page.one("tbody tr").text
    box = page.one("tbody input[type=checkbox]")
    assert box.get("checked", "no") == "no"
    assert box.get("disabled", "no") == "no"
    assert page.one("tbody del").text == str(Bundle.objects.get(pk=before))

    answer = as_support.post(review_url(batch), {"shown": [str(batch.items.get().pk)], "keep": []})
    assert answer.status_code == 422
    assert "Nothing is left to do" in answer.content.decode()
    confirm(as_support, batch, ticked=batch.items.all())

    number.refresh_from_db()
    assert number.bundle_sid == other.pk
    assert batch.items.get().state == State.DONE


def test_a_mixed_selection_is_split_and_says_so(as_support):
    ours, other = make_account(friendly_name="Ours"), make_account(friendly_name="Theirs")
    german, french = make_regulation("DE", "local"), make_regulation("FR", "mobile")
    berlin, paris = make_bundle(ours, german), make_bundle(ours, french)
    make_bundle(other, german, status="draft")
    numbers = [
        make_number(ours, phone_number="+493023125001"),
        make_number(ours, phone_number="+493023125002"),
        make_number(ours, phone_number="+33600000001", type="mobile"),
        make_number(other, phone_number="+493023125003"),
        make_number(ours, phone_number="+12015550101"),
    ]
    batch = draft(as_support, numbers)

    page = Page.of(as_support, choose_url(batch))

    assert "The numbers are of 4 accounts, countries and types" in page.text
    groups = {group.one("h2").text: group for group in page.all("section.assign")}
    assert next(iter(groups)) == "Germany, local 2 numbers of Ours"
    assert "No bundle fits Theirs has no approved bundle" in groups["Germany, local 1 number of Theirs"].text
    to_holders = groups["Germany, local 1 number of Theirs"].one("a[href*='/holders/']")["href"]
    assert to_holders == f"{reverse('compliance:holder-list', args=[german.pk])}?account={other.pk}"
    assert "so they need no bundle" in groups["United States, local 1 number of Ours"].text
    form = page.form()
    assert sorted(value for name, (value,) in form.items() if name.startswith("bundle")) == sorted(
        [berlin.pk, paris.pk]
    ), "the only one that fits is chosen"
    assert_is_region(as_support, choose_url(batch), "assign")

    as_support.post(choose_url(batch), form)
    states = dict(batch.items.values_list("name", "state"))
    assert states == {
        "+493023125001": State.WAITING,
        "+493023125002": State.WAITING,
        "+33600000001": State.WAITING,
        "+493023125003": State.LEFT_OUT,
        "+12015550101": State.LEFT_OUT,
    }
    assert batch.items.get(name="+12015550101").words == "Nothing was chosen for it."
    assert_is_region(as_support, review_url(batch), "review")


def test_an_address_is_given_to_those_that_lack_one_and_kept_by_those_that_do_not(as_support):
    account = make_account()
    bundle = make_bundle(account, make_regulation("DE", "local"))
    berlin, bonn = (
        make_address(account, iso_country="DE", friendly_name=name) for name in ("Berlin", "Bonn")
    )
    make_address(account, iso_country="FR", friendly_name="Paris")
    needs = {"address_requirements": "local"}
    housed = make_number(account, phone_number="+493023125001", address_sid=bonn.pk, **needs)
    bare = make_number(account, phone_number="+493023125002", **needs)
    batch = draft(as_support, [housed, bare])
    page = Page.of(as_support, choose_url(batch))
    assert "Paris" not in page.text

    as_support.post(choose_url(batch), {**page.form(), "bundle_1": bundle.pk, "address_1": berlin.pk})

    assert batch.items.get(target=housed.pk).detail["to"] == [bundle.pk, bonn.pk]
    assert batch.items.get(target=bare.pk).detail["to"] == [bundle.pk, berlin.pk]
    assert [line[0] for line in batch.items.get(target=bare.pk).detail["lines"]] == ["Bundle", "Address"]
    assert not batch.items.filter(detail__restarts=True).exists()


def test_something_has_to_be_chosen(as_support):
    account = make_account()
    for _ in range(2):
        bundle = make_bundle(account, make_regulation("DE", "local"))
    batch = draft(as_support, [make_number(account, phone_number="+493023125001")])

    answer = choose(as_support, batch)
    assert answer.status_code == 422
    assert "Choose a bundle for Germany, local of" in Page(answer).one("[data-error-summary]").text
    answer = choose(as_support, batch, bundle_1="leave")
    assert "Choose a bundle or an address for at least one" in answer.content.decode()
    assert as_support.get(review_url(batch))["Location"] == choose_url(batch)
    stranger = make_bundle(make_account(), bundle.regulation)
    assert choose(as_support, batch, bundle_1=stranger.pk).status_code == 422


def test_what_was_mapped_since_the_preview_is_left_alone(mirror, as_support, twilio):
    numbers, bundle = assignable(mirror, most=2)
    batch = draft(as_support, numbers)
    choose(as_support, batch, bundle_1=bundle.pk)
    item = batch.items.get(target=numbers[0].pk)
    item.detail["from"][1] = "AD" + "0" * 32
    item.save(update_fields=["detail"])

    confirm(as_support, batch)

    item.refresh_from_db()
    assert (item.state, item.words) == (
        State.FAILED, "It was mapped to something else since the preview. Nothing was changed.",
    )  # fmt: skip
    assert batch.items.filter(state=State.DONE).count() == len(numbers) - 1
    assert len(twilio.journal.entries(method="POST")) == len(numbers) - 1


def test_what_was_refused_is_tried_again(mirror, as_support):
    numbers, bundle = assignable(mirror, most=1)
    batch = draft(as_support, numbers)
    choose(as_support, batch, bundle_1=bundle.pk)
    Bundle.objects.filter(pk=bundle.pk).update(status="in-review")
    confirm(as_support, batch)
    assert batch.items.get().words == "This bundle is still under review. Only approved ones can be assigned."
    Bundle.objects.filter(pk=bundle.pk).update(status="twilio-approved")

    as_support.post(reverse("batch-retry", args=[batch.pk]))
    tasks.run_compliance_batch(str(batch.pk))

    assert batch.items.get().state == State.DONE


def test_all_that_match_the_list_are_taken(mirror, as_support):
    lacking = standing_so(mirror, "no-bundle")
    as_support.post(
        reverse("inventory:number-select"), {"do": "bundle", "all": "1", "query": "?why=no-bundle"}
    )
    assert set(Batch.objects.get().items.values_list("target", flat=True)) == {n.pk for n in lacking}


def test_only_who_may_assign_and_only_the_author(client, as_viewer, as_support):
    account = make_account()
    make_bundle(account, make_regulation("DE", "local"))
    batch = draft(as_support, [make_number(account, phone_number="+493023125001")])
    for url in (choose_url(batch), review_url(batch)):
        assert as_viewer.get(url).status_code == 403
        client.force_login(make_user(Role.SUPPORT))
        assert client.get(url).status_code == 404
        assert as_support.delete(url).status_code == 405


def test_it_takes_as_many_queries_for_many_numbers_as_for_few(as_support):
    account = make_account()
    make_bundle(account, make_regulation("DE", "local"))
    make_address(account, iso_country="DE")
    needs = {"address_requirements": "local"}
    few = draft(as_support, [make_number(account, phone_number="+493023125001", **needs)])
    with counted("bulk_assign"):
        Page.of(as_support, choose_url(few))
    choose(as_support, few)
    with counted("bulk_assign_review"):
        Page.of(as_support, review_url(few))
    make_bundle(account, make_regulation("FR", "mobile"))
    numbers = [make_number(account, phone_number=f"+49302312501{n}", **needs) for n in range(4)]
    many = draft(as_support, [*numbers, make_number(account, phone_number="+33600000001", type="mobile")])
    with counted("bulk_assign"):
        Page.of(as_support, choose_url(many))
    choose(as_support, many)
    with counted("bulk_assign_review"):
        Page.of(as_support, review_url(many))
