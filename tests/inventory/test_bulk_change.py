"""Changing many numbers: selected once, frozen, filled in, and looked at before and after."""

import json

import pytest

from inventory.bulk.change import Change
from inventory.models import ConfigurationPreset, PhoneNumber
from portal.models import Batch, BatchItem, Operation, Role
from tests.factories import make_account, make_application, make_number, make_sid, make_user
from tests.inventory.bulk import (
    LIST,
    SELECT,
    VOICE,
    confirm,
    drafted,
    fill_in,
    frozen,
    messages,
    page_of,
    previewed,
    select,
)
from tests.inventory.stock import list_numbers, make_numbers
from tests.pages import Page, assert_is_region, htmx, url_of
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

State = BatchItem.State


@pytest.fixture
def account(db):
    return make_account(friendly_name="Ours")


@pytest.fixture
def numbers(account):
    """Three numbers that only the mirror has."""
    return make_numbers(account, [{}, {}, {}])


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
