"""Starting the updates of many bundles: ticked, looked over, carried out with a result for each."""

import pytest
from celery import current_app

from compliance.models import Bundle
from compliance.renewals.actions import START_UPDATES
from portal.models import Batch, BatchItem, Role
from portal.sandbox.faults import Fault
from portal.sandbox.regulatory import resources as wire
from tests.compliance.renewals.updates import UNTIL, copies_at_twilio, end_of
from tests.factories import make_account, make_bundle, make_regulation, make_user
from tests.mirroring import complete
from tests.pages import Page
from tests.query_counts import counted

SELECT = "/deadlines/select/"


@pytest.fixture
def as_reviewer(db, client):
    client.force_login(make_user(Role.COMPLIANCE))
    return client


@pytest.fixture
def ending(db) -> list[Bundle]:
    account = make_account()
    return [
        make_bundle(account, make_regulation(country), valid_until=UNTIL, friendly_name="Alex Example")
        for country in ("DE", "JP", "FR")
    ]


def ticked(client, bundles) -> Batch:
    answer = client.post(SELECT, {"sid": [bundle.pk for bundle in bundles], "query": ""})
    assert answer.status_code == 302, answer.content
    return Batch.objects.get()


def test_the_ticked_ones_are_frozen_without_their_names(as_reviewer, ending):
    batch = ticked(as_reviewer, ending[:2])

    assert batch.kind == START_UPDATES
    assert {item.target for item in batch.items.all()} == {bundle.pk for bundle in ending[:2]}
    assert "Alex" not in " ".join(item.name for item in batch.items.all())


def test_all_that_match_the_list_are_taken(as_reviewer, ending):
    as_reviewer.post(SELECT, {"all": "1", "query": "country=DE&country=JP"})

    assert Batch.objects.get().items.count() == 2


def test_what_has_a_copy_already_is_left_out_and_says_so(as_reviewer, ending):
    copy = make_bundle(ending[0].account, ending[0].regulation, status="draft")
    Bundle.objects.filter(pk=copy.pk).update(copy_of=ending[0].pk)
    batch = ticked(as_reviewer, ending)

    page = Page.of(as_reviewer, batch.get_absolute_url())

    assert "It has a copy already" in page.one("tr.is-left-out").text
    assert "2 of 3 bundles can be copied" in page.text
    assert len(page.all("input[name=keep][checked]")) == 2


def test_what_was_unticked_stays_out(as_reviewer, ending):
    batch = ticked(as_reviewer, ending)
    page = Page.of(as_reviewer, batch.get_absolute_url())
    form = page.form("form.preview-form")
    form["keep"] = form["keep"][:1]
    form.pop("next", None)

    as_reviewer.post(batch.get_absolute_url(), form)

    batch.refresh_from_db()
    assert batch.state == Batch.State.RUNNING
    assert batch.items.filter(state=BatchItem.State.LEFT_OUT).count() == 2


def test_without_ticks_it_says_what_to_do(as_reviewer, ending):
    answer = as_reviewer.post(SELECT, {"query": ""}, follow=True)

    assert Page(answer).messages == ["Tick the bundles to start with."]


def test_a_draft_can_be_discarded(as_reviewer, ending):
    batch = ticked(as_reviewer, ending)

    answer = as_reviewer.post(f"/deadlines/batches/{batch.pk}/discard/", follow=True)

    assert Page(answer).messages == ["Nothing was changed."]
    assert not Batch.objects.exists()


def test_only_those_who_manage_bundles_start_updates(as_support, client, ending):
    assert as_support.post(SELECT, {"sid": ending[0].pk}).status_code == 403
    client.force_login(make_user(Role.COMPLIANCE, accounts=[make_account()]))
    client.post(SELECT, {"sid": ending[0].pk})
    assert not Batch.objects.exists()


def test_somebody_elses_draft_is_not_found(as_reviewer, client, ending):
    batch = ticked(as_reviewer, ending)
    client.force_login(make_user(Role.COMPLIANCE))

    assert client.get(batch.get_absolute_url()).status_code == 404


def test_looking_over_many_takes_the_same_queries(as_reviewer, ending):
    batch = ticked(as_reviewer, ending)
    with counted("renewal_batch"):
        as_reviewer.get(batch.get_absolute_url())


@pytest.mark.django_db(transaction=True)
def test_each_gets_its_copy_and_its_result(twilio, parent, as_reviewer, settings):
    settings.BATCH_ITEMS_AT_ONCE = 1
    complete(parent, "regulations")
    own = [one for one in twilio.store.all(wire.Bundle) if one.account_sid == parent.pk]
    sids = [one.sid for one in own if one.status == "twilio-approved" and not one.parent_sid][:3]
    bundles = [end_of(twilio, parent, sid) for sid in sids]
    batch = ticked(as_reviewer, bundles)
    as_reviewer.post(
        batch.get_absolute_url(), Page.of(as_reviewer, batch.get_absolute_url()).form("form.preview-form")
    )
    twilio.faults.add(Fault(kind="status", status=400, method="POST", path=f"*/Bundles/{sids[1]}/Copies"))

    current_app.tasks["run_compliance_batch"](str(batch.pk))

    states = {item.target: item.state for item in batch.items.all()}
    assert states == {sids[0]: "done", sids[1]: "failed", sids[2]: "done"}
    assert [len(copies_at_twilio(twilio, sid)) for sid in sids] == [1, 0, 1]
    page = Page.of(as_reviewer, f"/batches/{batch.pk}/")
    assert page.one("h1").text == "Start updates of bundles"
    twilio.faults.clear()
    as_reviewer.post(f"/batches/{batch.pk}/retry/")
    current_app.tasks["run_compliance_batch"](str(batch.pk))
    assert [len(copies_at_twilio(twilio, sid)) for sid in sids] == [1, 1, 1]
