"""The tracker of an update: what it shows at each stage, who may do what, and what Twilio refuses."""

import uuid
from datetime import UTC, datetime

import pytest
from django.urls import reverse

from compliance.models import Bundle
from compliance.renewals import actions
from portal.models import Operation, Role
from portal.sandbox.faults import Fault
from portal.sandbox.regulatory.verdicts import Verdict
from tests.compliance.renewals.updates import approve, copies_at_twilio, end_of, numbered_bundle
from tests.factories import make_account, make_bundle, make_evaluation, make_regulation, make_user
from tests.mirroring import complete
from tests.pages import Page, assert_is_region
from tests.query_counts import counted

STEPS = ("start", "evaluate", "submit", "replace", "delete")


def url(bundle, step: str = "") -> str:
    name = f"renewal-{step}" if step else "renewal-detail"
    return reverse(f"compliance:{name}", args=[bundle.pk])


@pytest.fixture
def as_reviewer(db, client):
    client.force_login(make_user(Role.COMPLIANCE))
    return client


class TestShown:
    """From rows alone."""

    @pytest.fixture
    def account(self, db):
        return make_account()

    @pytest.fixture
    def bundle(self, account) -> Bundle:
        return make_bundle(account, make_regulation(), valid_until="2030-01-01T00:00:00Z")

    def copy(self, bundle, **fields) -> Bundle:
        copy = make_bundle(bundle.account, bundle.regulation, **fields)
        moment = datetime(2026, 11, 2, 9, tzinfo=UTC)
        ours = {"copy_of": bundle.pk, "submitted_at": moment, "status_since": moment}
        Bundle.objects.filter(pk=copy.pk).update(**ours)
        return copy

    @pytest.mark.parametrize(
        ("status", "evaluation", "at", "who"),
        [
            (None, None, 1, "You are next"),
            ("draft", None, 2, "You are next"),
            ("draft", "noncompliant", 2, "You are next"),
            ("draft", "compliant", 3, "You are next"),
            ("pending-review", "compliant", 4, "Twilio is next, by 4 Nov 2026, 17:00 UTC"),
            ("in-review", "compliant", 4, "Twilio is next"),
            ("twilio-rejected", "compliant", 5, "You are next, by 1 Jan 2030"),
            ("twilio-approved", "compliant", 6, "You are next"),
        ],
    )
    def test_it_says_which_step_is_next_and_whose_it_is(
        self, as_reviewer, bundle, status, evaluation, at, who
    ):
        if status:
            copy = self.copy(bundle, status=status)
            if evaluation:
                make_evaluation(copy, status=evaluation)

        page = Page.of(as_reviewer, url(bundle))

        assert page.one("[aria-current=step] .tracker__mark").text in (str(at), "!")
        assert who in page.one("[aria-current=step]").text
        assert len(page.all(".tracker__step--done")) == at - 1

    def test_an_evaluation_older_than_the_regulation_counts_no_more(self, as_reviewer, bundle):
        make_evaluation(self.copy(bundle, status="draft"), status="compliant")
        changed = {"end_user": [], "supporting_document": []}
        make_regulation(sid=bundle.regulation_id, requirements=changed)

        page = Page.of(as_reviewer, url(bundle))

        assert page.one("[aria-current=step] .tracker__mark").text == "2"
        assert "seen to change after the copy was evaluated" in page.text

    def test_without_the_role_it_is_to_look_at(self, as_viewer, bundle):
        page = Page.of(as_viewer, url(bundle))

        assert "Compliance is next" in page.one("[aria-current=step]").text
        assert not page.all(".tracker__work form")

    def test_the_sid_of_the_copy_leads_to_it(self, as_viewer, bundle):
        answer = as_viewer.get(url(self.copy(bundle, status="draft")))

        assert (answer.status_code, answer["Location"]) == (302, url(bundle))

    def test_a_bundle_without_a_last_day_needs_nothing(self, as_reviewer, account):
        page = Page.of(as_reviewer, url(make_bundle(account, make_regulation("FR"))))

        assert "nothing to bring up to date" in page.text
        assert not page.all(".tracker__work form")

    def test_an_open_operation_is_told_and_nothing_is_offered_meanwhile(self, as_reviewer, bundle):
        Operation.objects.create(
            kind=actions.START_UPDATE, account=bundle.account, target=bundle.pk, state="uncertain"
        )

        page = Page.of(as_reviewer, url(bundle))

        assert "Nothing is sent twice" in page.one(".notice[role=status]").text
        assert not page.all(".tracker__work form")

    def test_a_review_that_takes_too_long_leads_to_the_text_for_twilio(self, as_reviewer, bundle):
        copy = self.copy(bundle, status="in-review")

        page = Page.of(as_reviewer, url(bundle))

        assert page.link("write to Twilio Support") == f"/reviews/escalation/?sid={copy.pk}"

    def test_htmx_gets_the_tracker_alone(self, as_reviewer, bundle):
        assert_is_region(as_reviewer, url(bundle), "renewal")

    def test_it_takes_the_same_queries_for_every_bundle(self, as_reviewer, bundle):
        self.copy(bundle, status="twilio-approved")
        with counted("renewal_detail"):
            as_reviewer.get(url(bundle))

    @pytest.mark.parametrize("step", [*STEPS, "refresh"])
    def test_steps_are_for_those_who_manage_bundles_of_the_account(self, client, as_viewer, bundle, step):
        assert as_viewer.post(url(bundle, step)).status_code == 403
        client.force_login(make_user(Role.COMPLIANCE, accounts=[make_account()]))
        assert client.post(url(bundle, step)).status_code == 404
        assert client.get(url(bundle, step)).status_code == 405

    def test_an_unknown_sid_is_not_found(self, as_reviewer):
        assert as_reviewer.get("/deadlines/BU00/").status_code == 404


@pytest.mark.django_db(transaction=True)
class TestTaken:
    """Against the sandbox."""

    @pytest.fixture
    def bundle(self, twilio, parent) -> Bundle:
        complete(parent, "regulations")
        return end_of(twilio, parent, numbered_bundle(twilio, parent))

    def sent(self, **more):
        return {"form_key": str(uuid.uuid4()), **more}

    def test_a_start_makes_the_copy_and_leads_back(self, twilio, as_reviewer, bundle):
        answer = as_reviewer.post(url(bundle, "start"), self.sent(reason="New rules"), follow=True)

        assert Page(answer).messages == ["The copy was made and evaluated."]
        assert len(copies_at_twilio(twilio, bundle.pk)) == 1
        assert Operation.objects.get(kind=actions.START_UPDATE).reason == "New rules"

    def test_the_same_form_twice_makes_one_copy(self, twilio, as_reviewer, bundle):
        form = self.sent()
        as_reviewer.post(url(bundle, "start"), form)

        page = Page(as_reviewer.post(url(bundle, "start"), form, follow=True))

        assert page.messages[-1] == "This was done before. Nothing was sent twice."
        assert len(copies_at_twilio(twilio, bundle.pk)) == 1

    def test_what_twilio_refuses_is_said_on_the_tracker(self, twilio, as_reviewer, bundle):
        twilio.faults.add(Fault(kind="status", status=400, method="POST", path="*/Copies"))

        answer = as_reviewer.post(url(bundle, "start"), self.sent())

        assert answer.status_code == 422
        assert Page(answer).one("[data-error-summary] h2").text == "There is a problem"

    def test_a_lost_answer_is_not_called_an_error(self, twilio, as_reviewer, bundle):
        twilio.faults.add(Fault(kind="lost-answer", method="POST", path="*/Copies", times=1))

        page = Page(as_reviewer.post(url(bundle, "start"), self.sent()))

        assert page.one("[data-error-summary] h2").text == "It is not known yet what became of it"
        assert "nothing is sent twice" in page.one("[data-error-summary]").text

    def test_items_are_replaced_and_the_copy_deleted_with_one_press(self, twilio, as_reviewer, bundle):
        person = make_user()
        actions.start_update(bundle=bundle, actor=person)
        approve(twilio, Bundle.objects.get(copy_of=bundle.pk), person)

        page = Page(as_reviewer.post(url(bundle, "replace"), self.sent(), follow=True))

        assert "the copy was deleted" in page.messages[0]
        assert len(page.all(".tracker__step--done")) == 7

    def test_a_copy_that_could_not_be_deleted_is_a_step_of_its_own(self, twilio, as_reviewer, bundle):
        person = make_user()
        actions.start_update(bundle=bundle, actor=person)
        copy = approve(twilio, Bundle.objects.get(copy_of=bundle.pk), person)
        twilio.faults.add(
            Fault(kind="status", status=400, method="DELETE", path=f"*/Bundles/{copy.pk}", times=1)
        )

        page = Page(as_reviewer.post(url(bundle, "replace"), self.sent(), follow=True))

        assert "The copy is still there" in page.messages[0]
        assert page.one("[aria-current=step] .tracker__mark").text == "7"
        page = Page(as_reviewer.post(url(bundle, "delete"), self.sent(), follow=True))
        assert len(page.all(".tracker__step--done")) == 7

    def test_what_stands_against_it_is_found_before_it_is_sent(self, twilio, as_reviewer, bundle):
        person = make_user()
        actions.start_update(bundle=bundle, actor=person)
        approve(twilio, Bundle.objects.get(copy_of=bundle.pk), person)
        twilio.judge(bundle.pk, Verdict(status="provisionally-approved", valid_until="2027-03-01T00:00:00Z"))

        answer = as_reviewer.post(url(bundle, "replace"), self.sent())

        assert answer.status_code == 422
        assert "Something stands against it" in Page(answer).text
        assert not Operation.objects.filter(kind=actions.REPLACE_ITEMS).exists()

    def test_a_refresh_reads_both(self, twilio, as_reviewer, bundle):
        twilio.judge(bundle.pk, Verdict(valid_until="2027-09-09T00:00:00Z"))

        page = Page(as_reviewer.post(url(bundle, "refresh"), follow=True))

        assert page.messages == ["Read from Twilio just now."]
        assert "9 Sep 2027" in page.text
