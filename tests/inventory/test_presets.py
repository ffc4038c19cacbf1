"""Presets: settings with a name, kept, shown in words, and offered where they can be meant."""

import json

import pytest

from inventory.bulk.change import Change
from inventory.models import ConfigurationPreset
from portal.models import Role
from tests.factories import make_account, make_application, make_user
from tests.pages import Page, assert_is_region, htmx
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

LIST, ADD = "/numbers/presets/", "/numbers/presets/add/"
VOICE = "https://calls.example.com/in"


@pytest.fixture
def account(db):
    return make_account(friendly_name="Ours")


def page_of(preset):
    return f"{LIST}{preset.pk}/"


def make_preset(author, name="Night", account=None, **ours):
    change = Change({"voice_url": VOICE, "voice_application_sid": "", "trunk_sid": ""}, **ours)
    return ConfigurationPreset.objects.create(
        name=name, account=account, change=change.as_json(), author=author
    )


def send(client, url=ADD, **typed):
    return client.post(url, {"name": "Night", "what": ["owner"], "owner": "Ada", **typed})


def said(answer):
    """What is wrong, in the summary."""
    assert answer.status_code == 422
    page = Page(answer)
    assert page.title.startswith("Error: ")
    return [item.text for item in page.all("[data-error-summary] li")]


def test_a_preset_is_kept_with_what_it_sets(as_support, support):
    answer = send(as_support, what=["calls", "tags"], voice_route="url", voice_url=VOICE, add_tags="night")

    assert answer["Location"] == LIST
    preset = ConfigurationPreset.objects.get()
    assert (preset.name, preset.account, preset.author) == ("Night", None, support)
    change = Change.from_json(preset.change)
    assert change.properties["voice_url"] == VOICE
    assert change.add_tags == ("night",)
    assert change.owner is None, "what is not ticked is not set"


def test_the_list_says_in_words_what_each_sets(as_support, support, account):
    make_preset(support, account=account, owner="", add_tags=("night", "b"))

    page = Page.of(as_support, LIST)

    [row] = page.all("tbody tr")
    assert [line.text for line in row.all("li")] == [
        "SIP trunk: nothing", "Application for calls: nothing", f"When a call comes in: {VOICE}",
        "Owner: nothing", "Add tags: night, b",
    ]  # fmt: skip
    assert "Ours" in row.text
    assert page.messages == []


def test_an_empty_list_says_what_a_preset_is_for(as_support):
    assert "There are no presets yet" in Page.of(as_support, LIST).one(".empty").text


def test_a_preset_is_changed_in_the_form_it_was_made_with(as_support, support, account):
    preset = make_preset(support, account=account, add_tags=("night",))

    form = Page.of(as_support, page_of(preset)).form()
    assert (form["name"], form["account"]) == (["Night"], [account.pk])
    assert (form["what"], form["voice_route"]) == (["calls", "tags"], ["url"])
    send(as_support, page_of(preset), **{**form, "name": "Day", "add_tags": "day"})

    preset.refresh_from_db()
    assert preset.name == "Day"
    assert preset.change["add_tags"] == ["day"]
    assert preset.change["properties"]["voice_url"] == VOICE
    assert ConfigurationPreset.objects.count() == 1


def test_saving_it_as_it_is_changes_nothing(as_support, support):
    preset = make_preset(support, owner="Ada", remove_tags=("old",))
    before = Change.from_json(preset.change)

    form = Page.of(as_support, page_of(preset)).form()
    assert as_support.post(page_of(preset), form).status_code == 302

    preset.refresh_from_db()
    after = Change.from_json(preset.change)
    assert after.properties.items() >= before.properties.items()
    assert (after.owner, after.remove_tags) == ("Ada", ("old",))


def test_applications_are_offered_of_its_account_alone(as_support, account):
    ours = make_application(account)
    make_application(make_account())

    def offered(url):
        options = Page.of(as_support, url).all("select[name=voice_application_sid] option")
        return [option.get("value") for option in options if option.get("value")]

    assert offered(ADD) == []
    assert offered(f"{ADD}?account={account.pk}") == [ours.pk]
    sent = {"what": "calls", "voice_route": "application", "voice_application_sid": ours.pk}
    assert said(send(as_support, **sent)) != []
    assert send(as_support, account=account.pk, **sent).status_code == 302
    preset = ConfigurationPreset.objects.get()
    assert preset.account == account
    assert preset.change["properties"]["voice_application_sid"] == ours.pk


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": ""}, ["Enter a name for the preset"]),
        ({"name": "x" * 81}, ["Ensure this value has at most 80 characters (it has 81)."]),
        ({"what": []}, ["Tick what to change"]),
        ({"what": "calls", "voice_route": "url", "voice_url": "http://a.example.com"},
         ["Use https:// so that calls and messages are not sent in clear"]),
        ({"name": "night "}, []),
        ({"name": "Taken"}, ["There is a preset of this name already"]),
    ],
)  # fmt: skip
def test_what_is_missing_or_wrong_is_said(as_support, support, typed, words):
    make_preset(support, name="Taken")

    answer = send(as_support, **typed)

    if words:
        assert said(answer) == words
        assert ConfigurationPreset.objects.count() == 1
    else:
        assert ConfigurationPreset.objects.filter(name="night").exists()


def test_a_name_is_taken_once_on_each_account(as_support, support, account):
    preset = make_preset(support)

    assert send(as_support, account=account.pk).status_code == 302
    assert said(send(as_support, account=account.pk)) == ["There is a preset of this name already"]
    assert send(as_support, page_of(preset), owner="Bea").status_code == 302, "its own name is no other's"


def test_it_is_deleted_and_no_number_is_changed(as_support, support):
    preset = make_preset(support)

    assert as_support.post(f"{page_of(preset)}delete/")["Location"] == LIST

    assert not ConfigurationPreset.objects.exists()
    assert "The preset is gone" in Page.of(as_support, LIST).messages[0]
    assert as_support.get(page_of(preset)).status_code == 404


def test_presets_are_for_those_who_may_change_numbers(as_viewer, as_manager, support):
    preset = make_preset(support)
    for client in (as_viewer, as_manager):
        for url in (LIST, ADD, page_of(preset)):
            assert client.get(url).status_code == 403
        assert client.post(f"{page_of(preset)}delete/").status_code == 403
    assert ConfigurationPreset.objects.exists()


def test_presets_of_other_accounts_are_out_of_reach(client, support, account):
    mine = make_account()
    theirs, everyones = make_preset(support, account=account), make_preset(support)
    client.force_login(make_user(Role.SUPPORT, accounts=[mine]))

    assert Page.of(client, LIST).rows == [page_of(everyones)]
    assert client.get(page_of(theirs)).status_code == 404
    assert send(client, page_of(theirs)).status_code == 404
    assert client.post(f"{page_of(theirs)}delete/").status_code == 404
    assert said(send(client, account=account.pk)) != []


@pytest.mark.parametrize(("url", "method"), [(LIST, "post"), (ADD, "delete")])
def test_other_methods_are_refused(as_support, support, url, method):
    assert getattr(as_support, method)(url).status_code == 405
    assert as_support.get(f"{page_of(make_preset(support))}delete/").status_code == 405


def test_with_htmx_the_form_is_replaced_in_place(as_support, support):
    assert_is_region(as_support, page_of(make_preset(support)), "preset")

    sent = {"name": "Day", "what": "owner", "owner": "Ada"}
    refused = as_support.post(ADD, {**sent, "name": ""}, headers=htmx("preset"))
    assert refused.status_code == 422
    assert Page(refused).one("body > *")["id"] == "preset"
    taken = as_support.post(ADD, sent, headers=htmx("preset"))
    assert json.loads(taken["HX-Location"])["path"] == LIST


def test_the_list_takes_as_many_queries_for_many_as_for_few(as_support, support, account):
    make_preset(support, account=account)
    with counted("preset_list"):
        Page.of(as_support, LIST)
    for number in range(20):
        make_preset(support, name=f"Preset {number}", account=account)
    with counted("preset_list"):
        Page.of(as_support, LIST)
