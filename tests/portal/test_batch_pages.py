"""The pages of batches: what was asked for, how far it is, what became of it, and who may say so."""

import csv
import io
import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from portal.batches import asking, runner
from portal.batches.asking import Frozen
from portal.batches.runner import Outcome, Refused
from portal.models import ApprovalRule, Batch, BatchItem, Role
from portal.twilio.errors import Rejected
from tests.factories import make_account, make_user
from tests.pages import Page, assert_is_region, htmx
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

KIND = "inventory.release_numbers"
LIST, RULES = "/batches/", "/approvals/rules/"
State = BatchItem.State


@pytest.fixture(autouse=True)
def _one_at_a_time(settings):
    settings.BATCH_ITEMS_AT_ONCE = 1


@pytest.fixture
def account(db):
    return make_account(friendly_name="Ours")


@pytest.fixture
def batch(account, support):
    return make_batch(account, support)


@pytest.fixture
def asked(batch):
    """A batch that waits for a second person."""
    ApprovalRule.objects.create(kind=KIND)
    asking.confirm(batch, actor=batch.author, reason="Nobody calls them")
    return batch


def make_batch(account, author, count=3, **options):
    items = [Frozen(account.pk, f"PN{index:032x}", f"+12025550{100 + index}") for index in range(count)]
    return asking.draft(KIND, author=author, draft_view="batch-detail", items=items, **options)


def confirmed(batch, **options):
    asking.confirm(batch, actor=batch.author, **options)
    return batch


def ended(batch, refuse=()):
    """A batch that was carried out, with these positions refused."""

    def carry_out(item):
        if item.position in refuse:
            raise Rejected("No such bundle", code=21649)
        return Outcome(words="It is so.")

    runner.run(confirmed(batch).pk, carry_out)
    batch.refresh_from_db()
    return batch


def page_of(batch, name=""):
    return f"{LIST}{batch.pk}/{name}{'/' if name else ''}"


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def actions_of(page):
    return [button.text for button in page.all(".head__actions button")]


# The list


def test_the_list_has_what_was_asked_for_newest_first(as_support, account, support):
    first, second = make_batch(account, support), make_batch(account, support)
    Batch.objects.filter(pk=first.pk).update(created_at=timezone.now() - timedelta(days=1))
    draft = make_batch(account, support)
    for batch in (first, second):
        confirmed(batch, reason="Not used")

    page = Page.of(as_support, LIST)

    assert page.rows == [page_of(second), page_of(first)]
    row = page.all("tbody tr")[0].text
    for words in ("Release numbers", "Under way", str(support), "Not used"):
        assert words in row
    assert "You began and did not finish" in page.one(".notice--info").text
    assert draft.state == Batch.State.DRAFT


def test_the_list_can_be_ones_own_or_what_waits(as_support, as_manager, account, asked):
    other = make_batch(account, make_user(Role.SUPPORT))
    Batch.objects.filter(pk=other.pk).update(state=Batch.State.DONE, confirmed_at=timezone.now())

    assert set(Page.of(as_support, LIST).rows) == {page_of(other), page_of(asked)}
    assert Page.of(as_support, f"{LIST}?show=mine").rows == [page_of(asked)]
    waiting = Page.of(as_manager, f"{LIST}?show=approval")
    assert waiting.rows == [page_of(asked)]
    assert waiting.one("h1").text == "Waiting for approval"


@pytest.mark.parametrize("show", ["", "approval", "mine"])
def test_an_empty_list_says_what_it_is_for(as_support, show):
    assert Page.of(as_support, f"{LIST}?show={show}").one(".empty h2")


def test_nobody_sees_batches_of_foreign_accounts(account, support):
    mine = make_account()
    visible = confirmed(make_batch(mine, support))
    mixed = confirmed(
        asking.draft(
            KIND, author=support, draft_view="batch-detail",
            items=[Frozen(mine.pk, "PN1"), Frozen(account.pk, "PN2")],
        )
    )  # fmt: skip
    client = signed_in(make_user(Role.ADMIN, accounts=[mine]))

    assert Page.of(client, LIST).rows == [page_of(visible)]
    assert client.get(page_of(mixed)).status_code == 404
    assert client.get(page_of(mixed, "export")).status_code == 404
    for name in ("stop", "retry", "withdraw", "decide"):
        assert client.post(page_of(mixed, name), {"decision": "approve"}).status_code == 404
    assert mixed.items.filter(state=State.WAITING).count() == 2


def test_somebody_elses_draft_is_nobodys_business(as_manager, as_support, batch):
    assert as_manager.get(page_of(batch)).status_code == 404
    assert Page.of(as_manager, LIST).rows == []
    assert not Page.of(as_manager, LIST).all(".notice--info")
    assert as_support.get(page_of(batch)).status_code == 302, "its author goes on with it"


# Progress


def test_a_batch_under_way_asks_again_every_second_and_then_no_more(as_support, batch):
    confirmed(batch)
    page = Page.of(as_support, page_of(batch))
    region = page.one("#batch")
    assert (region["hx-get"], region["hx-trigger"]) == (page_of(batch), "every 1s")
    assert page.one(".meter").text.startswith("0 of 3")
    assert as_support.get(page_of(batch), headers=htmx("batch")).status_code == 200

    runner.run(batch.pk, lambda item: Outcome())

    last = as_support.get(page_of(batch), headers=htmx("batch"))
    assert last.status_code == 286, "htmx stops asking"
    part = Page(last)
    assert "hx-get" not in part.one("#batch").node.attrib
    assert part.one("#batch")["data-announce"] == "Release numbers: Ended"
    assert part.one(".meter").text.startswith("3 of 3")
    assert as_support.get(page_of(batch)).status_code == 200


def test_who_looks_on_goes_to_the_one_thing_that_was_made(as_support, account, support):
    made = f"PN{7:032x}"
    one, two = (make_batch(account, support, count=count) for count in (1, 2))
    for batch in (one, two):
        runner.run(confirmed(batch).pk, lambda item: Outcome(result=made))

    answer = as_support.get(page_of(one), headers=htmx("batch"))
    assert json.loads(answer["HX-Location"])["path"] == f"/numbers/{made}/"
    assert as_support.get(page_of(one)).status_code == 200, "the batch can still be looked at"
    assert as_support.get(page_of(two), headers=htmx("batch")).status_code == 286


def test_the_region_is_what_the_page_has(as_support, batch):
    assert_is_region(as_support, page_of(confirmed(batch)), "batch")
    assert_is_region(as_support, LIST, "batches")


def test_every_row_says_what_became_of_it(as_support, account, support):
    batch = confirmed(make_batch(account, support))

    def carry_out(item):
        match item.position:
            case 1:
                raise Rejected("No such bundle", code=21649)
            case 2:
                raise Refused("It has an emergency address.")
        return Outcome(result="PN" + "a" * 32)

    runner.run(batch.pk, carry_out)
    page = Page.of(as_support, page_of(batch))

    first, second, third = page.all("tbody tr")
    assert "Refused No such bundle Twilio error 21649" in first.text
    assert first.one("td a")["href"] == "https://www.twilio.com/docs/api/errors/21649"
    assert "It has an emergency address." in second.text
    assert third.one("th a")["href"] == f"/numbers/PN{'a' * 32}/"
    tally = {item.text for item in page.all(".tally li")}
    assert tally == {"Refused 2", "Done 1"}


def test_rows_can_be_narrowed_to_one_result(as_support, account, support):
    batch = ended(make_batch(account, support), refuse=(2,))
    page = Page.of(as_support, page_of(batch))

    refused = Page.of(as_support, page_of(batch) + page.link("Refused 1"))

    assert len(refused.all("tbody tr")) == 1
    assert refused.one(".tally [aria-current]").text == "Refused 1"
    assert len(Page.of(as_support, page_of(batch) + refused.link("Refused 1")).all("tbody tr")) == 3
    assert len(Page.of(as_support, f"{page_of(batch)}?state=nonsense").all("tbody tr")) == 3


def test_a_long_batch_goes_on_on_further_pages(as_support, account, support):
    batch = confirmed(make_batch(account, support, count=60))
    second = page_of(batch) + Page.of(as_support, page_of(batch)).link("Next")

    page = Page.of(as_support, second)

    assert len(page.all("tbody tr")) == 10
    assert page.one("#batch")["hx-get"] == second, "progress is of the page that is open"


def test_its_file_says_the_same(as_support, account, support):
    batch = ended(make_batch(account, support), refuse=(2,))

    answer = as_support.get(page_of(batch, "export"))

    rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"), newline="")))
    assert [row["Result (state)"] for row in rows] == ["done", "failed", "done"]
    assert rows[1]["Twilio error (code)"] == "21649"
    assert rows[0]["Name (name)"] == "+12025550100"


def test_what_it_costs_and_saves_is_said(as_support, batch):
    for cost, words in ((Decimal("-3.5"), "$3.50 less"), (Decimal(2), "$2.00 more")):
        Batch.objects.update(state="done", confirmed_at=timezone.now(), monthly_cost=cost, currency="USD")
        assert words in Page.of(as_support, page_of(batch)).one(".facts").text


# Stop and Retry


def test_stop_begins_nothing_more(as_support, batch):
    confirmed(batch)
    assert actions_of(Page.of(as_support, page_of(batch))) == ["Stop"]

    assert as_support.post(page_of(batch, "stop"))["Location"] == page_of(batch)

    batch.refresh_from_db()
    assert batch.state == Batch.State.STOPPED
    page = Page.of(as_support, page_of(batch))
    assert page.messages == ["Nothing more is begun. What was under way is finished."]
    assert actions_of(page) == ["Try 3 again"]


def test_retry_tries_again_what_was_refused(as_support, account, support):
    batch = ended(make_batch(account, support), refuse=(2,))
    assert actions_of(Page.of(as_support, page_of(batch))) == ["Try 1 again"]

    as_support.post(page_of(batch, "retry"))
    assert Page.of(as_support, page_of(batch)).messages == ["1 tried again."]
    as_support.post(page_of(batch, "retry"))
    assert Page.of(as_support, page_of(batch)).messages == ["There is nothing to try again."]

    runner.run(batch.pk, lambda item: Outcome())
    assert {item.state for item in batch.items.all()} == {State.DONE}


def test_others_look_and_only_who_approves_stops(as_viewer, as_manager, batch):
    confirmed(batch)
    assert actions_of(Page.of(as_viewer, page_of(batch))) == []
    for name in ("stop", "retry"):
        as_viewer.post(page_of(batch, name))
        [message] = Page.of(as_viewer, page_of(batch)).messages
        assert message == f"Only {batch.author} and those who approve can do this."
    batch.refresh_from_db()
    assert batch.state == Batch.State.RUNNING

    as_manager.post(page_of(batch, "stop"))
    batch.refresh_from_db()
    assert batch.state == Batch.State.STOPPED


def test_an_author_whose_role_has_it_no_more_tries_nothing_again(as_support, account, support):
    batch = ended(make_batch(account, support), refuse=(2,))
    support.memberships.update(role="viewer")

    assert actions_of(Page.of(as_support, page_of(batch))) == []
    as_support.post(page_of(batch, "retry"))

    batch.refresh_from_db()
    assert batch.state == Batch.State.DONE
    [message] = Page.of(as_support, page_of(batch)).messages
    assert message.startswith("Your role does not allow this any more.")


# Four eyes


def test_a_second_person_approves(as_manager, manager, asked):
    page = Page.of(as_manager, page_of(asked))
    assert "Nobody calls them" in page.one(".facts").text
    assert [button.text for button in page.all("#decide ~ form button")] == ["Approve", "Do not approve"]

    answer = as_manager.post(page_of(asked, "decide"), {"decision": "approve", "reason": "Seen"})

    assert answer["Location"] == page_of(asked)
    asked.refresh_from_db()
    assert (asked.state, asked.approver) == (Batch.State.RUNNING, manager)
    assert "Seen" in Page.of(as_manager, page_of(asked)).one(".facts").text


def test_or_does_not_and_says_why(as_manager, as_support, asked):
    answer = as_manager.post(page_of(asked, "decide"), {"decision": "decline"})
    assert answer.status_code == 422
    assert "Enter why this is not approved" in Page(answer).one("[data-error-summary]").text

    as_manager.post(page_of(asked, "decide"), {"decision": "decline", "reason": "Still used"})

    asked.refresh_from_db()
    assert asked.state == Batch.State.DECLINED
    assert "Not approved" in Page.of(as_support, page_of(asked)).text
    assert "Still used" in Page.of(as_support, page_of(asked)).one(".facts").text


def test_a_decision_that_is_none_is_refused_in_place(as_manager, asked):
    answer = as_manager.post(page_of(asked, "decide"), {"decision": "maybe"}, headers=htmx("batch"))

    assert answer.status_code == 422
    assert Page(answer).one("body > *")["id"] == "batch"
    taken = as_manager.post(page_of(asked, "decide"), {"decision": "approve"}, headers=htmx("batch"))
    assert json.loads(taken["HX-Location"])["path"] == page_of(asked)


def test_the_author_decides_nothing_even_as_an_administrator(account):
    author = make_user(Role.ADMIN)
    ApprovalRule.objects.create(kind=KIND)
    batch = confirmed(make_batch(account, author))
    client = signed_in(author)
    page = Page.of(client, page_of(batch))
    assert "but not you: you asked for it" in page.one(".notice--wait").text

    client.post(page_of(batch, "decide"), {"decision": "approve"})

    assert Page.of(client, page_of(batch)).messages == [
        "You asked for this yourself. Somebody else has to decide."
    ]
    batch.refresh_from_db()
    assert batch.state == Batch.State.REQUESTED


def test_the_author_takes_it_back_and_nobody_else(as_support, as_manager, asked):
    as_manager.post(page_of(asked, "withdraw"))
    assert "Only" in Page.of(as_manager, page_of(asked)).messages[0]
    asked.refresh_from_db()
    assert asked.state == Batch.State.REQUESTED

    as_support.post(page_of(asked, "withdraw"))

    asked.refresh_from_db()
    assert asked.state == Batch.State.LAPSED
    assert not Page.of(as_support, page_of(asked)).all(".notice--wait")


def test_only_the_first_decision_counts(as_manager, asked):
    as_manager.post(page_of(asked, "decide"), {"decision": "decline", "reason": "No"})
    other = signed_in(make_user(Role.ADMIN))

    other.post(page_of(asked, "decide"), {"decision": "approve"})

    assert Page.of(other, page_of(asked)).messages == ["This was decided meanwhile: not approved."]
    assert set(asked.items.values_list("state", flat=True)) == {State.WAITING}


def test_who_may_not_approve_on_all_of_its_accounts_does_not(account, asked):
    user = make_user(Role.MANAGER, accounts=[make_account()])
    user.memberships.create(role=Role.VIEWER, all_accounts=True)
    client = signed_in(user)

    client.post(page_of(asked, "decide"), {"decision": "approve"})

    assert Page.of(client, page_of(asked)).messages == ["You may not approve on all of its accounts."]
    asked.refresh_from_db()
    assert asked.state == Batch.State.REQUESTED


def test_deciding_is_for_those_who_approve(as_support, as_viewer, asked):
    for client in (as_support, as_viewer):
        assert client.post(page_of(asked, "decide"), {"decision": "approve"}).status_code == 403
    assert (
        "Manager or Administrator can do so." in Page.of(as_viewer, page_of(asked)).one(".notice--wait").text
    )


@pytest.mark.parametrize("name", ["stop", "retry", "decide", "withdraw"])
def test_doing_something_takes_a_form(name, client, asked):
    client.force_login(make_user(Role.ADMIN))
    assert client.get(page_of(asked, name)).status_code == 405
    assert client.post(page_of(asked)).status_code == 405
    assert client.post(LIST).status_code == 405


def test_exporting_is_for_those_who_may(as_viewer, as_support, batch):
    assert Page.of(as_support, page_of(confirmed(batch))).has_link("Export CSV")
    assert not Page.of(as_viewer, page_of(batch)).has_link("Export CSV")
    assert as_viewer.get(page_of(batch, "export")).status_code == 403


# The rules


@pytest.fixture
def as_admin(db):
    return signed_in(make_user(Role.ADMIN))


def test_a_rule_is_added_shown_and_removed(as_admin, account):
    answer = as_admin.post(
        RULES, {"kind": KIND, "account": account.pk, "over_count": "10", "over_monthly_cost": "50"}
    )
    assert answer["Location"] == RULES
    page = Page.of(as_admin, RULES)
    assert page.one("tbody tr").text.startswith(
        "Release numbers Ours More than 10 numbers, or more than 50.00 a month"
    )

    as_admin.post(page.one("tbody form")["action"])

    assert not ApprovalRule.objects.exists()
    assert "Nothing needs a second person" in Page.of(as_admin, RULES).one(".empty").text


def test_an_account_has_one_rule_of_a_kind(as_admin, account):
    for sid in ("", account.pk):
        assert as_admin.post(RULES, {"kind": KIND, "account": sid}).status_code == 302

        answer = as_admin.post(RULES, {"kind": KIND, "account": sid, "over_count": 3})
        assert answer.status_code == 422
        assert "There is a rule for this already" in Page(answer).one("[data-error-summary]").text
    assert ApprovalRule.objects.count() == 2


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"kind": "nonsense"}, "nonsense is not one of"),
        ({"over_count": "many"}, "Enter a whole number such as 10"),
        ({"over_count": "0"}, "greater than or equal to 1"),
        ({"over_monthly_cost": "a lot"}, "Enter an amount such as 50.00"),
        ({"account": "AC" + "0" * 32}, "is not one of the available choices"),
    ],
)
def test_what_is_wrong_with_a_rule_is_said(as_admin, typed, words):
    answer = as_admin.post(RULES, {"kind": KIND, **typed})

    assert answer.status_code == 422
    assert words in Page(answer).one("[data-error-summary]").text
    assert not ApprovalRule.objects.exists()


def test_rules_are_for_administrators_of_everything(as_support, as_manager, account):
    rule = ApprovalRule.objects.create(kind=KIND)
    local = signed_in(make_user(Role.ADMIN, accounts=[account]))
    for client in (as_support, as_manager, local):
        assert client.get(RULES).status_code == 403
        assert client.post(RULES, {"kind": KIND}).status_code == 403
        assert client.post(f"{RULES}{rule.pk}/delete/").status_code == 403
    assert ApprovalRule.objects.count() == 1


# What pages cost


def test_pages_take_as_many_queries_for_many_items_as_for_few(as_manager, account, support):
    few, many = make_batch(account, support, count=2), make_batch(account, support, count=60)
    for batch in (few, many):
        confirmed(batch)
        with counted("batch_detail"):
            Page.of(as_manager, page_of(batch))
        with counted("batch_list"):
            Page.of(as_manager, LIST)
