"""Changing many numbers: selected once, frozen, looked at before and after, and carried out one by one."""

import copy
import json
from datetime import timedelta

import pytest
from celery import current_app
from django.db.models.functions import Now
from hypothesis import given
from hypothesis import strategies as st

from inventory import actions
from inventory.bulk.change import Change, effect_on, name_for, words
from inventory.bulk.forms import PARTS
from inventory.configuration import PROPERTIES, configuration_of
from inventory.models import ConfigurationPreset, PhoneNumber
from portal.batches import runner
from portal.models import Batch, BatchItem, Operation, Role, TwilioAccount
from portal.sandbox.faults import Fault
from tests.factories import make_account, make_application, make_number, make_sid, make_user
from tests.inventory.stock import list_numbers, make_numbers
from tests.mirroring import change as change_at_twilio
from tests.mirroring import complete, releasable, truth
from tests.pages import Page, assert_is_region, htmx, url_of
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

LIST, SELECT = "/numbers/", "/numbers/select/"
State = BatchItem.State
VOICE = "https://calls.example.com/in"


@pytest.fixture(autouse=True)
def _one_at_a_time(settings):
    settings.BATCH_ITEMS_AT_ONCE = 1


@pytest.fixture
def account(db):
    return make_account(friendly_name="Ours")


@pytest.fixture
def numbers(account):
    """Three numbers that only the mirror has."""
    return make_numbers(account, [{}, {}, {}])


@pytest.fixture
def stock(twilio, parent):
    """Two numbers that Twilio has too."""
    complete(parent)
    sids = set(releasable(twilio, parent))
    able = [
        record["sid"]
        for record in truth(twilio, parent)
        if record["sid"] in sids and record["capabilities"]["voice"] and record["capabilities"]["sms"]
    ]
    twilio.journal.clear()
    return list(PhoneNumber.objects.select_related("account").filter(pk__in=able[:2]))


def select(client, *numbers, do="change", **sent):
    return client.post(SELECT, {"do": do, "sid": [number.pk for number in numbers], **sent})


def drafted(client, *numbers, **sent):
    """The draft that selecting made."""
    answer = select(client, *numbers, **sent)
    assert answer.status_code == 302
    return Batch.objects.get(pk=answer["Location"].split("/")[3])


def page_of(batch, name="change"):
    return f"/numbers/bulk/{batch.pk}/{name}/"


def fill_in(client, batch, *what, **typed):
    """Send what to change; the page that follows."""
    return client.post(page_of(batch), {"csrfmiddlewaretoken": "x", "what": what, **typed})


def previewed(client, *numbers, what=("owner",), **typed):
    """A draft whose change is filled in."""
    batch = drafted(client, *numbers)
    answer = fill_in(client, batch, *what, **(typed or {"owner": "Ada"}))
    assert answer["Location"] == page_of(batch, "preview")
    return batch


def frozen(batch):
    return {item.target for item in batch.items.all()}


def confirm(client, batch, *, keep=None, **sent):
    """Press the button of the preview with these rows ticked, else those that are."""
    shown = Page.of(client, page_of(batch, "preview")).form("form.preview-form")
    kept = shown.get("keep", []) if keep is None else [str(item.pk) for item in keep]
    return client.post(page_of(batch, "preview"), {**shown, "keep": kept, **sent})


def work(batch):
    """What a worker does with it."""
    current_app.tasks["run_inventory_batch"](str(batch.pk))
    batch.refresh_from_db()
    return batch


def results(batch):
    return [(item.state, item.words) for item in batch.items.all()]


def writes(twilio):
    return [dict(entry.form) for entry in twilio.journal.entries(method="POST")]


def messages(client, url=LIST):
    return Page.of(client, url).messages


# Selecting


def test_ticked_numbers_become_a_draft_about_them(as_support, support, numbers):
    batch = drafted(as_support, numbers[0], numbers[2])

    assert frozen(batch) == {numbers[0].pk, numbers[2].pk}
    assert (batch.kind, batch.state, batch.author) == ("inventory.update_numbers", "draft", support)
    assert batch.account_sids == [numbers[0].account_id]
    page = Page.of(as_support, page_of(batch))
    assert page.one(".head p").text.startswith("2 numbers: +1 ")
    assert "Ours" in page.one(".head p").text


def test_all_that_match_are_those_of_the_list_on_every_page_of_it(as_support, account):
    make_numbers(account, [{"friendly_name": f"Desk {n}"} for n in range(60)] + [{"friendly_name": "Other"}])
    page = Page.of(as_support, url_of(LIST, q="desk", size=25))
    form = page.form("#selection")
    assert form["query"] == ["q=desk&size=25"]

    batch = drafted(as_support, all="1", query=form["query"][0])

    assert len(frozen(batch)) == 60


def test_the_set_stays_although_the_filter_would_find_others_now(as_support, account, numbers):
    batch = drafted(as_support, all="1", query="q=Number")
    before = frozen(batch)
    make_number(account, friendly_name="Number late")
    PhoneNumber.objects.filter(pk=numbers[0].pk).update(friendly_name="Desk")

    assert fill_in(as_support, batch, "owner", owner="Ada").status_code == 302

    assert frozen(batch) == before == {number.pk for number in numbers}


@pytest.mark.parametrize(
    "sent", [{}, {"sid": "\0"}, {"sid": make_sid("PN")}, {"all": "1", "query": "q=nothing of that name"}]
)
def test_nothing_selected_is_said(as_support, numbers, sent):
    query = sent.get("query", "country=US")

    answer = as_support.post(SELECT, {"do": "change", "query": query, **sent})

    assert answer["Location"].startswith(f"{LIST}?")
    assert messages(as_support, answer["Location"]) == ["Select a number for this task."]
    assert not Batch.objects.exists()


@pytest.mark.parametrize("task", ["", "nonsense"])
def test_a_task_has_to_be_chosen(as_support, numbers, task):
    select(as_support, *numbers, do=task)

    assert messages(as_support) == ["Choose what to do with the numbers."]
    assert not Batch.objects.exists()


def test_numbers_that_twilio_lists_no_more_are_not_selected(as_support, account):
    gone, kept = make_number(account), make_number(account)
    list_numbers(account, [kept.payload])

    assert frozen(drafted(as_support, gone, kept)) == {kept.pk}
    select(as_support, all="1", query="listed=no")
    assert messages(as_support) == ["Select a number for this task."]


def test_numbers_of_other_accounts_are_not_selected(client, numbers):
    mine = make_number(make_account())
    client.force_login(make_user(Role.SUPPORT, accounts=[mine.account]))

    assert frozen(drafted(client, mine, *numbers)) == {mine.pk}
    assert frozen(drafted(client, all="1")) == {mine.pk}


def test_what_one_may_only_look_at_is_not_selected(client, numbers):
    mine = make_number(make_account())
    user = make_user(Role.SUPPORT, accounts=[mine.account])
    user.memberships.create(role=Role.VIEWER, all_accounts=True)
    client.force_login(user)

    assert frozen(drafted(client, all="1")) == {mine.pk}


def test_more_than_a_batch_takes_is_refused(as_support, numbers, monkeypatch):
    monkeypatch.setattr("portal.batches.asking.MOST_ITEMS", 2)

    select(as_support, *numbers)

    [message] = messages(as_support)
    assert message.startswith("These are more than 2.")
    assert not Batch.objects.exists()


# Who may


def test_it_is_for_those_who_may_change_numbers(as_viewer, as_manager, as_support, numbers):
    batch = previewed(as_support, *numbers)
    for other in (as_viewer, as_manager):
        assert other.get(page_of(batch)).status_code == 403
        assert other.get(page_of(batch, "preview")).status_code == 403
    select(as_viewer, *numbers)
    assert messages(as_viewer) == ["Select a number for this task."]
    assert not Page.of(as_viewer, LIST).all("#selection")


def test_a_draft_is_its_authors_alone(client, as_support, numbers):
    batch = previewed(as_support, *numbers)
    client.force_login(make_user(Role.ADMIN))

    for name in ("change", "preview"):
        assert client.get(page_of(batch, name)).status_code == 404
    assert client.post(page_of(batch, "discard")).status_code == 404
    assert client.get(f"/batches/{batch.pk}/").status_code == 404
    assert Batch.objects.filter(pk=batch.pk).exists()


def test_a_draft_is_out_of_reach_once_an_account_was_taken_away(client, numbers):
    user = make_user(Role.SUPPORT, accounts=[numbers[0].account, make_account()])
    client.force_login(user)
    batch = previewed(client, *numbers)
    user.memberships.get().accounts.remove(numbers[0].account)

    assert client.get(page_of(batch, "preview")).status_code == 404
    assert client.post(page_of(batch, "preview")).status_code == 404


def test_a_draft_that_is_not_there_is_no_page(as_support):
    missing = "/numbers/bulk/00000000-0000-4000-8000-000000000000"
    for name in ("change", "preview"):
        assert as_support.get(f"{missing}/{name}/").status_code == 404


@pytest.mark.parametrize(
    ("url", "method"),
    [(SELECT, "get"), ("discard", "get"), ("change", "delete"), ("preview", "put")],
)
def test_other_methods_are_refused(as_support, numbers, url, method):
    url = url if url.startswith("/") else page_of(drafted(as_support, *numbers), url)

    assert getattr(as_support, method)(url).status_code == 405


# What to change

TRUNK = make_sid("TK")


@pytest.mark.parametrize(
    ("part", "typed", "properties", "ours"),
    [
        ("name", {"friendly_name": "Desk {national}"}, {"friendly_name": "Desk {national}"}, {}),
        (
            "calls",
            {"voice_route": "url", "voice_url": VOICE, "voice_method": "GET"},
            {
                "voice_url": VOICE, "voice_method": "GET", "voice_fallback_url": "",
                "voice_fallback_method": "POST", "voice_application_sid": "", "trunk_sid": "",
            },
            {},
        ),
        (
            "calls",
            {"voice_route": "trunk", "trunk_sid": f" {TRUNK} ", "voice_url": "http://not.judged"},
            {"trunk_sid": TRUNK, "voice_application_sid": ""},
            {},
        ),
        (
            "messages",
            {"sms_route": "url", "sms_url": VOICE, "sms_fallback_url": VOICE},
            {
                "sms_url": VOICE, "sms_method": "POST", "sms_fallback_url": VOICE,
                "sms_fallback_method": "POST", "sms_application_sid": "",
            },
            {},
        ),
        ("status", {"status_callback": ""}, {"status_callback": "", "status_callback_method": "POST"}, {}),
        ("lookup", {"voice_caller_id_lookup": "no"}, {"voice_caller_id_lookup": False}, {}),
        ("owner", {"owner": ""}, {}, {"owner": ""}),
        ("cost_centre", {"cost_centre": "4711"}, {}, {"cost_centre": "4711"}),
        (
            "tags",
            {"add_tags": "Night, night ,b", "remove_tags": "old"},
            {},
            {"add_tags": ["b", "night"], "remove_tags": ["old"]},
        ),
    ],
)  # fmt: skip
def test_each_part_sets_what_it_says_and_nothing_else(as_support, numbers, part, typed, properties, ours):
    batch = drafted(as_support, *numbers)

    answer = fill_in(as_support, batch, part, **typed)

    assert answer["Location"] == page_of(batch, "preview")
    batch.refresh_from_db()
    expected = {"owner": None, "cost_centre": None, "add_tags": [], "remove_tags": [], **ours}
    assert batch.detail["change"] == {"properties": properties, **expected}


def test_what_is_not_ticked_stays_and_cannot_be_wrong(as_support, numbers):
    batch = drafted(as_support, *numbers)

    fill_in(
        as_support, batch, "owner", owner="Ada", trunk_sid="nonsense", voice_url="ftp://x",
        voice_method="PUT", friendly_name="x" * 99,
    )  # fmt: skip

    batch.refresh_from_db()
    assert batch.detail["change"]["properties"] == {}
    assert batch.detail["change"]["owner"] == "Ada"


@pytest.mark.parametrize(
    ("what", "typed", "field", "words"),
    [
        ([], {}, "what", "Tick what to change"),
        (["nonsense"], {}, "what", "not one of the available choices"),
        (["name"], {"friendly_name": "x" * 65}, "friendly_name", "at most 64 characters"),
        (["calls"], {}, "voice_route", "Choose where calls go"),
        (["calls"], {"voice_route": "url"}, "voice_url", "Enter the address that is asked about calls"),
        (["calls"], {"voice_route": "url", "voice_url": "http://a.example.com"}, "voice_url", "Use https://"),
        (["calls"], {"voice_route": "url", "voice_url": VOICE, "voice_fallback_url": "https://localhost/"},
         "voice_fallback_url", "Use a host that Twilio can reach"),
        (["calls"], {"voice_route": "trunk"}, "trunk_sid", "Enter the SID of the SIP trunk"),
        (["calls"], {"voice_route": "trunk", "trunk_sid": "TK1"}, "trunk_sid", "Enter a trunk SID: TK"),
        (["calls"], {"voice_route": "application"}, "voice_route", "application is not one of"),
        (["messages"], {}, "sms_route", "Choose where messages go"),
        (["messages"], {"sms_route": "url"}, "sms_url", "Enter the address that is asked about messages"),
        (["status"], {"status_callback": "nonsense"}, "status_callback", "Enter a web address such as"),
        (["lookup"], {}, "voice_caller_id_lookup", "Choose whether to look callers up"),
        (["owner"], {"owner": "x" * 101}, "owner", "at most 100 characters"),
        (["cost_centre"], {"cost_centre": "x" * 61}, "cost_centre", "at most 60 characters"),
        (["tags"], {}, "add_tags", "Enter a tag to add or to remove"),
        (["tags"], {"add_tags": "x" * 41}, "add_tags", "Shorten the tag"),
        (["tags"], {"add_tags": "a", "remove_tags": "A"}, "remove_tags", "Add or remove “a”, not both"),
    ],
)  # fmt: skip
def test_what_is_missing_or_wrong_is_said_beside_its_field(as_support, numbers, what, typed, field, words):
    batch = drafted(as_support, *numbers)

    answer = fill_in(as_support, batch, *what, **typed)

    assert answer.status_code == 422
    page = Page(answer)
    assert page.title.startswith("Error: ")
    [item] = page.all("[data-error-summary] li a")
    assert words in item.text
    assert page.one(item["href"])
    batch.refresh_from_db()
    assert "change" not in batch.detail
    for name, value in typed.items():
        sent = page.form(f"form[action='{page_of(batch)}'][method=post]").get(name, [""])
        assert sent in ([value], [""]), "what was typed is kept"


def test_applications_are_offered_for_numbers_of_one_account(as_support, account):
    ours = make_application(account)
    make_application(make_account())
    one, other = make_number(account), make_number(make_account())

    def offered(batch):
        page = Page.of(as_support, page_of(batch))
        options = page.all("select[name=voice_application_sid] option")
        return [option.get("value") for option in options if option.get("value")]

    single = drafted(as_support, one)
    assert offered(single) == [ours.pk]
    fill_in(as_support, single, "calls", voice_route="application", voice_application_sid=ours.pk)
    single.refresh_from_db()
    assert single.detail["change"]["properties"] == {"voice_application_sid": ours.pk, "trunk_sid": ""}

    mixed = drafted(as_support, one, other)
    assert offered(mixed) == []
    answer = fill_in(as_support, mixed, "calls", voice_route="application", voice_application_sid=ours.pk)
    assert answer.status_code == 422


def test_a_preset_fills_the_form_in(as_support, support, account, numbers):
    change = Change({"voice_url": VOICE, "voice_application_sid": "", "trunk_sid": ""}, add_tags=("night",))
    preset = ConfigurationPreset.objects.create(name="Night", change=change.as_json(), author=support)
    batch = drafted(as_support, *numbers)

    page = Page.of(as_support, url_of(page_of(batch), preset=preset.pk))

    form = page.form(f"form[action='{page_of(batch)}'][method=post]")
    assert set(form["what"]) == {"calls", "tags"}
    assert (form["voice_route"], form["voice_url"], form["add_tags"]) == (["url"], [VOICE], ["night"])
    batch.refresh_from_db()
    assert batch.detail == {}, "looking at it changes nothing"


def test_presets_of_other_accounts_are_not_offered(as_support, support, account, numbers):
    for name, owner in (("Everywhere", None), ("Here", account), ("There", make_account())):
        ConfigurationPreset.objects.create(name=name, account=owner, author=support)

    def offered(batch):
        return [option.text for option in Page.of(as_support, page_of(batch)).all("#preset option")]

    assert offered(drafted(as_support, *numbers)) == ["Everywhere", "Here (Ours)"]
    mixed = drafted(as_support, numbers[0], make_number(make_account()))
    assert offered(mixed) == ["Everywhere"]
    there = ConfigurationPreset.objects.get(name="There")
    assert as_support.get(url_of(page_of(mixed), preset=there.pk)).status_code == 200


def test_the_form_comes_back_as_it_was_filled_in(as_support, numbers):
    batch = previewed(as_support, *numbers, what=("owner", "tags"), owner="Ada", add_tags="b, a")

    form = Page.of(as_support, page_of(batch)).form(f"form[action='{page_of(batch)}'][method=post]")

    assert set(form["what"]) == {"owner", "tags"}
    assert (form["owner"], form["add_tags"]) == (["Ada"], ["a, b"])


def test_with_htmx_the_form_is_replaced_in_place(as_support, numbers):
    batch = drafted(as_support, *numbers)
    assert_is_region(as_support, page_of(batch), "change")

    refused = as_support.post(page_of(batch), {"what": "calls"}, headers=htmx("change"))
    assert refused.status_code == 422
    assert Page(refused).one("body > *")["id"] == "change"
    taken = as_support.post(page_of(batch), {"what": "owner", "owner": "Ada"}, headers=htmx("change"))
    assert json.loads(taken["HX-Location"])["path"] == page_of(batch, "preview")


# Before and after


def test_the_preview_shows_before_and_after_of_every_number(as_support, account):
    make_numbers(account, [{"friendly_name": "Old", "owner": "Ada"}, {"friendly_name": "Desk"}])
    batch = drafted(as_support, all="1")
    fill_in(as_support, batch, "name", "owner", friendly_name="Desk", owner="Bea")

    page = Page.of(as_support, page_of(batch, "preview"))

    lines = [[line.text for line in row.all("li")] for row in page.all("tbody tr")]
    assert sorted(lines) == [
        ["Name: Old → Desk", "Owner: Ada → Bea"],
        ["Owner: nothing → Bea"],
    ]
    assert not Operation.objects.exists()
    assert not PhoneNumber.objects.filter(owner="Bea").exists()


def test_what_would_change_nothing_is_left_out_with_the_reason(as_support, account):
    so, other = make_numbers(account, [{"owner": "Ada"}, {}])
    voiceless = make_number(account, capabilities={"voice": False, "sms": True, "mms": False, "fax": False})
    mute = make_number(account, capabilities={"voice": True, "sms": False, "mms": False, "fax": False})
    batch = previewed(as_support, so, other)
    assert {(item.target, item.state, item.words) for item in batch.items.all()} == {
        (so.pk, State.LEFT_OUT, "It is so already."), (other.pk, State.WAITING, "")
    }  # fmt: skip

    batch = previewed(
        as_support, voiceless, mute, what=("calls", "messages"), voice_route="url", voice_url=VOICE,
        sms_route="url", sms_url=VOICE,
    )  # fmt: skip

    said = {item.target: item.words for item in batch.items.all()}
    assert said == {voiceless.pk: "It cannot take calls.", mute.pk: "It cannot take messages."}
    assert {item.state for item in batch.items.all()} == {State.WAITING}, "the rest applies"


def test_a_name_that_becomes_too_long_is_left_out(as_support, account):
    number = make_number(account, phone_number="+493023125017")
    batch = previewed(as_support, number, what=("name",), friendly_name="x" * 40 + "{number}{national}")

    [item] = batch.items.all()
    assert (item.state, item.words) == (State.LEFT_OUT, "Its name would be longer than 64 characters.")


def test_a_number_that_went_since_it_was_selected_is_left_out(as_support, account):
    gone, kept = make_number(account), make_number(account)
    batch = drafted(as_support, gone, kept)
    list_numbers(account, [kept.payload])

    fill_in(as_support, batch, "owner", owner="Ada")

    [item] = batch.items.filter(target=gone.pk)
    assert (item.state, item.words) == (State.LEFT_OUT, "Twilio does not list it any more.")


def test_without_a_change_there_is_no_preview(as_support, numbers):
    batch = drafted(as_support, *numbers)

    assert as_support.get(page_of(batch, "preview"))["Location"] == page_of(batch)


def test_ticks_are_kept_from_page_to_page(as_support, account):
    make_numbers(account, [{} for _ in range(60)])
    batch = drafted(as_support, all="1")
    fill_in(as_support, batch, "owner", owner="Ada")
    first = Page.of(as_support, url_of(page_of(batch, "preview"), size=25))
    form = first.form("form.preview-form")
    following = first.all("button[name=next]")[0]["value"]
    [_, *kept] = form["keep"]

    answer = as_support.post(
        page_of(batch, "preview"), {"shown": form["shown"], "keep": kept, "next": following}
    )
    second = Page.of(as_support, answer["Location"])
    assert second.one("caption").text.startswith("26–50 of 60")
    assert second.one(".form__actions span").text.startswith("59 to be changed")
    previous = second.all("button[name=next]")[0]["value"]
    shown = second.form("form.preview-form")
    answer = as_support.post(page_of(batch, "preview"), {**shown, "next": previous})

    assert Page.of(as_support, answer["Location"]).form("form.preview-form")["keep"] == kept
    as_support.post(page_of(batch, "preview"), {**form, "next": ""})
    assert batch.tally()["waiting"] == 60, "ticked again"


def test_what_cannot_be_changed_cannot_be_ticked(as_support, account):
    [so] = make_numbers(account, [{"owner": "Ada"}])
    batch = previewed(as_support, so, make_number(account))
    [left_out] = batch.items.filter(state=State.LEFT_OUT)
    box = next(
        box
        for box in Page.of(as_support, page_of(batch, "preview")).all("input[name=keep]")
        if box["value"] == str(left_out.pk)
    )
    assert "disabled" in box.node.attrib

    as_support.post(
        page_of(batch, "preview"), {"shown": [left_out.pk, "x"], "keep": [left_out.pk, "y"], "next": ""}
    )

    assert batch.items.get(pk=left_out.pk).state == State.LEFT_OUT


def test_nothing_is_confirmed_when_nothing_is_ticked(as_support, numbers):
    batch = previewed(as_support, *numbers)

    answer = confirm(as_support, batch, keep=[])

    assert answer.status_code == 422
    assert "Nothing is left to do in this batch." in Page(answer).one("[data-error-summary]").text
    batch.refresh_from_db()
    assert batch.state == Batch.State.DRAFT


def test_a_draft_can_be_thrown_away(as_support, numbers):
    batch = previewed(as_support, *numbers)

    assert as_support.post(page_of(batch, "discard"))["Location"] == LIST

    assert messages(as_support) == ["Nothing was changed."]
    assert not Batch.objects.exists()
    assert not BatchItem.objects.exists()


def test_pages_take_as_many_queries_for_many_numbers_as_for_few(as_support, account):
    make_numbers(account, [{} for _ in range(60)])
    few = drafted(as_support, *PhoneNumber.objects.all()[:2])
    many = drafted(as_support, all="1")
    for batch in (few, many):
        with counted("bulk_change"):
            Page.of(as_support, page_of(batch))
        fill_in(as_support, batch, "owner", owner="Ada")
        with counted("bulk_preview"):
            Page.of(as_support, page_of(batch, "preview"))


# Carried out


def test_it_changes_the_numbers_at_twilio_and_here(as_support, support, twilio, stock):
    batch = previewed(
        as_support, *stock, what=("name", "owner", "tags"), friendly_name="Desk {number}", owner="Ada",
        add_tags="night",
    )  # fmt: skip
    answer = confirm(as_support, batch, reason="Ada asked")
    assert answer["Location"] == f"/batches/{batch.pk}/"
    assert not writes(twilio), "workers do it, not the page"

    work(batch)

    assert batch.state == Batch.State.DONE
    assert [form["FriendlyName"] for form in writes(twilio)] == [
        f"Desk {item.name}" for item in batch.items.all()
    ]
    for number in PhoneNumber.objects.filter(pk__in=frozen(batch)):
        assert number.friendly_name == f"Desk {number.phone_number}"
        assert (number.owner, number.tags) == ("Ada", ["night"])
    for item in batch.items.select_related("operation"):
        assert item.state == State.DONE
        assert (item.operation.actor, item.operation.reason) == (support, "Ada asked")
        assert item.operation.detail["ours"] == {"owner": ["", "Ada"], "tags": [[], ["night"]]}
        assert item.operation.request_id


def test_records_of_ours_alone_are_written_without_twilio(as_support, twilio, stock):
    batch = previewed(as_support, *stock)
    confirm(as_support, batch, reason="Moved desks")

    work(batch)

    assert batch.state == Batch.State.DONE
    assert not twilio.journal.entries()
    assert {number.owner for number in PhoneNumber.objects.filter(pk__in=frozen(batch))} == {"Ada"}
    timeline = Page.of(as_support, stock[0].get_absolute_url()).one(".timeline").text
    assert "nothing → Ada" in timeline
    assert "Moved desks" in timeline


def test_only_ticked_numbers_are_changed(as_support, twilio, stock):
    batch = previewed(as_support, *stock, what=("name",), friendly_name="Night desk")
    first, second = batch.items.all()

    confirm(as_support, batch, keep=[second])
    work(batch)

    assert [item.state for item in batch.items.all()] == [State.LEFT_OUT, State.DONE]
    assert len(writes(twilio)) == 1
    assert PhoneNumber.objects.get(pk=first.target).friendly_name != "Night desk"


def test_what_changed_since_the_preview_is_refused_and_nothing_of_it_is_changed(as_support, twilio, stock):
    batch = previewed(
        as_support, *stock, what=("name", "status", "owner"), friendly_name="Mine", status_callback=VOICE,
        owner="Ada",
    )  # fmt: skip
    first, second = batch.items.all()
    change_at_twilio(twilio, stock[0].account, first.target, FriendlyName="Theirs")
    twilio.journal.clear()
    confirm(as_support, batch)

    work(batch)

    first.refresh_from_db()
    assert (first.state, first.words) == (
        State.FAILED, "It has changed since the preview: Name. Nothing was changed."
    )  # fmt: skip
    number = PhoneNumber.objects.get(pk=first.target)
    assert (number.friendly_name, number.owner) == ("Theirs", "")
    assert len(writes(twilio)) == 1
    second.refresh_from_db()
    assert second.state == State.DONE


def test_what_others_set_to_the_same_is_no_conflict(as_support, twilio, stock):
    batch = previewed(as_support, *stock, what=("name", "owner"), friendly_name="Same", owner="Ada")
    first = batch.items.first()
    change_at_twilio(twilio, stock[0].account, first.target, FriendlyName="Same")
    twilio.journal.clear()
    confirm(as_support, batch)

    work(batch)

    assert len(writes(twilio)) == 1
    assert {item.state for item in batch.items.all()} == {State.DONE}
    assert PhoneNumber.objects.get(pk=first.target).owner == "Ada"


def test_twilios_refusal_stands_on_its_row_with_its_code(as_support, twilio, stock):
    batch = previewed(as_support, *stock, what=("name", "owner"), friendly_name="Night desk", owner="Ada")
    first = batch.items.first()
    twilio.faults.add(
        Fault(kind="status", method="POST", path=f"*/{first.target}.json", status=400, body="json")
    )
    confirm(as_support, batch)

    work(batch)

    first, second = batch.items.select_related("operation")
    assert (first.state, second.state) == (State.FAILED, State.DONE)
    assert first.operation.state == Operation.State.REFUSED
    assert (first.code, first.words) == (first.operation.code, first.operation.words)
    assert PhoneNumber.objects.get(pk=first.target).owner == "", "all of it or nothing"
    row = Page.of(as_support, f"/batches/{batch.pk}/").all("tbody tr")[0]
    assert first.words in row.text


def test_tags_of_others_are_kept(as_support, twilio, stock):
    PhoneNumber.objects.update(tags=["old", "kept"])
    batch = previewed(as_support, *stock, what=("tags",), add_tags="new", remove_tags="old")
    PhoneNumber.objects.update(tags=["old", "kept", "meanwhile"])
    confirm(as_support, batch)

    work(batch)

    for number in PhoneNumber.objects.filter(pk__in=frozen(batch)):
        assert number.tags == ["kept", "meanwhile", "new"]


@pytest.mark.parametrize("kind", ["lost-answer", "reset"])
def test_a_lost_answer_is_settled_with_all_that_belongs_to_it(kind, as_support, twilio, stock):
    batch = previewed(as_support, stock[0], what=("name", "owner"), friendly_name="Night desk", owner="Ada")
    twilio.faults.add(Fault(kind=kind, method="POST", times=1))
    confirm(as_support, batch)
    work(batch)
    [item] = batch.items.all()
    assert item.state == State.UNCERTAIN
    assert batch.state == Batch.State.RUNNING
    assert PhoneNumber.objects.get(pk=item.target).owner == ""

    Operation.objects.update(ended_at=Now() - timedelta(minutes=5))
    actions.settle_number_operations()
    runner.look_after()

    item.refresh_from_db()
    number = PhoneNumber.objects.get(pk=item.target)
    arrived = kind == "lost-answer"
    assert item.state == (State.DONE if arrived else State.FAILED)
    assert number.owner == ("Ada" if arrived else "")
    assert (number.friendly_name == "Night desk") == arrived
    assert len(writes(twilio)) == 1, "looked up, never sent again"
    batch.refresh_from_db()
    assert batch.state == Batch.State.DONE


def test_a_worker_that_was_killed_sends_nothing_twice(as_support, twilio, stock):
    batch = previewed(as_support, *stock, what=("name", "owner"), friendly_name="Night desk", owner="Ada")
    confirm(as_support, batch)
    # The worker dies after Twilio did it, before the answer is written down.
    item = runner._claim(batch)
    number = PhoneNumber.objects.select_related("account").get(pk=item.target)
    actions.operations.start(
        actions.UPDATE_NUMBER, account=number.account, target=number.pk, actor=batch.author,
        detail={"fields": item.detail["fields"], "ours": item.detail["ours"]}, form_key=item.key,
    )  # fmt: skip
    change_at_twilio(twilio, number.account, number.pk, FriendlyName="Night desk")
    twilio.journal.clear()

    work(batch)
    Operation.objects.update(started_at=Now() - timedelta(minutes=5))
    actions.settle_number_operations()
    runner.look_after()

    assert [item.state for item in batch.items.all()] == [State.DONE, State.DONE]
    assert len(writes(twilio)) == 1, "for the other number"
    number.refresh_from_db()
    assert (number.friendly_name, number.owner) == ("Night desk", "Ada")


def test_a_double_click_back_and_reload_send_nothing_twice(as_support, twilio, stock):
    batch = previewed(as_support, *stock, what=("name",), friendly_name="Night desk")
    sent = Page.of(as_support, page_of(batch, "preview")).form("form.preview-form")
    progress = f"/batches/{batch.pk}/"

    for _ in range(2):
        assert as_support.post(page_of(batch, "preview"), sent)["Location"] == progress
    work(batch)
    for name in ("change", "preview"):
        assert as_support.get(page_of(batch, name))["Location"] == progress
        assert as_support.post(page_of(batch, name), sent)["Location"] == progress
    assert as_support.post(page_of(batch, "discard"))["Location"] == progress
    work(batch)

    assert len(writes(twilio)) == 2
    assert Operation.objects.count() == 2
    assert messages(as_support, progress) == ["This was confirmed before. It can be stopped, not discarded."]


def test_an_account_without_credentials_is_said_on_every_row(as_support, twilio, stock):
    batch = previewed(as_support, *stock, what=("name",), friendly_name="Night desk")
    TwilioAccount.objects.update(auth_token="", api_key_sid="")
    confirm(as_support, batch)

    work(batch)

    assert {item.state for item in batch.items.all()} == {State.FAILED}
    assert "credentials" in batch.items.first().words
    assert not writes(twilio)


# The rule itself: pure

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
