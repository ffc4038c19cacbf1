"""What we write down about a number ourselves: owner, cost centre, tags and notes. Twilio is not told."""

import json

import pytest
from django.urls import reverse

from inventory.models import PhoneNumber
from portal.models import Note, Role
from tests.factories import make_account, make_number, make_sid, make_user
from tests.pages import Page, assert_is_region, htmx
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

TYPED = {"owner": "Ada", "cost_centre": "4711", "tags": "desk"}


@pytest.fixture
def number(db):
    return make_number(make_account(), friendly_name="Front desk")


def records(number):
    return reverse("inventory:number-annotate", args=[number.pk])


def notes(number):
    return reverse("inventory:number-note", args=[number.pk])


def told(client, number):
    return Page.of(client, number.get_absolute_url())


# Owner, cost centre and tags


def test_it_keeps_whose_a_number_is_and_leaves_twilios_columns_alone(as_support, number):
    PhoneNumber.objects.filter(pk=number.pk).update(friendly_name="Changed meanwhile")

    answer = as_support.post(records(number), {**TYPED, "tags": " Night, desk ,, DESK,berlin mitte "})

    assert (answer.status_code, answer["Location"]) == (302, number.get_absolute_url())
    page = told(as_support, number)
    assert page.messages == ["Saved."]
    ours = [dd.text for dd in page.all("section[aria-labelledby=ours] dd")]
    assert ours == ["Ada", "4711", "berlin mitte desk night"]
    number.refresh_from_db()
    assert number.tags == ["berlin mitte", "desk", "night"]
    assert number.friendly_name == "Changed meanwhile"


def test_with_htmx_it_leads_on_without_a_redirect(as_support, number):
    for url, typed in ((records(number), TYPED), (notes(number), {"body": "Called"})):
        answer = as_support.post(url, typed, headers=htmx("annotation"))
        assert json.loads(answer["HX-Location"])["path"] == number.get_absolute_url()


def test_it_opens_with_what_is_kept_and_empties_what_is_emptied(as_support, number):
    as_support.post(records(number), {**TYPED, "tags": "night, desk"})

    sent = Page.of(as_support, records(number)).form()
    assert sent == {"owner": ["Ada"], "cost_centre": ["4711"], "tags": ["desk, night"]}
    as_support.post(records(number), dict.fromkeys(TYPED, ""))

    number.refresh_from_db()
    assert (number.owner, number.cost_centre, number.tags) == ("", "", [])


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("owner", "x" * 101, "at most 100 characters"),
        ("cost_centre", "x" * 61, "at most 60 characters"),
        ("tags", "desk, " + "x" * 41, "Shorten the tag “xxxxxxxx"),
        ("tags", "x, " * 200, "at most 400 characters"),
        ("owner", "A\0da", "Null characters"),
    ],
)
def test_what_is_too_long_is_said_beside_its_field_and_nothing_is_lost(
    as_support, number, name, value, words
):
    answer = as_support.post(records(number), {**TYPED, name: value})

    page = Page(answer)
    assert answer.status_code == 422
    assert page.title.startswith("Error: ")
    assert words in page.one(".field--error .field__error").text
    assert page.one("[data-error-summary] a")["href"] == f"#id_{name}"
    if "\0" not in value:
        assert page.form() == {key: [text] for key, text in {**TYPED, name: value}.items()}
    number.refresh_from_db()
    assert number.owner == ""


# Notes


def test_a_note_stands_first_in_what_happened_with_who_wrote_it(as_support, number, support):
    as_support.post(notes(number), {"body": "first"})

    answer = as_support.post(notes(number), {"body": "Ask Ada\r\nbefore a change"})

    assert (answer.status_code, answer["Location"]) == (302, number.get_absolute_url())
    page = told(as_support, number)
    assert page.messages == ["Note added."] * 2
    events = [event.text for event in page.all(".timeline li > div")]
    assert events[0] == f"Note Internal {support} Ask Ada before a change"
    assert events[1] == f"Note Internal {support} first"


@pytest.mark.parametrize(
    ("body", "words"), [("  \n ", "Enter note"), ("x" * 4001, "at most 4000 characters")]
)
def test_a_note_that_is_empty_or_too_long_is_refused_on_the_page_it_was_written_on(
    as_support, number, body, words
):
    for headers in ({}, htmx("number")):
        answer = as_support.post(notes(number), {"body": body}, headers=headers)

        page = Page(answer)
        assert answer.status_code == 422
        assert words in page.one(".note-form .field__error").text
        assert page.one("textarea").node.value.strip() == body.strip()
        assert "Front desk" in page.one("#number .number-meta").text
        assert page.one("[data-error-summary] a")["href"] == "#" + page.one("textarea")["id"]
        assert bool(page.all("main")) == (not headers)
    assert not Note.objects.exists()


# Who may


def test_viewers_neither_open_nor_send_it(as_viewer, number):
    for answer in (
        as_viewer.get(records(number)),
        as_viewer.post(records(number), TYPED),
        as_viewer.post(notes(number), {"body": "x"}),
    ):
        assert answer.status_code == 403
        assert "write notes, tags and owners" in Page(answer).one("main").text
    assert not Note.objects.exists()
    number.refresh_from_db()
    assert number.owner == ""


def test_it_is_for_accounts_where_the_role_is(client, number):
    person = make_user(Role.SUPPORT, accounts=[make_account()])
    person.memberships.create(role=Role.VIEWER, all_accounts=True)
    client.force_login(person)

    assert client.get(records(number)).status_code == 403
    assert client.post(records(number), TYPED).status_code == 403
    assert client.post(notes(number), {"body": "x"}).status_code == 403
    assert not Note.objects.exists()


def test_it_knows_no_other_numbers_and_no_other_methods(as_support, number):
    unknown = PhoneNumber(pk=make_sid("PN"))
    assert as_support.get(records(unknown)).status_code == 404
    assert as_support.post(records(unknown), TYPED).status_code == 404
    assert as_support.post(notes(unknown), {"body": "x"}).status_code == 404
    assert as_support.put(records(number)).status_code == 405
    assert as_support.get(notes(number)).status_code == 405


def test_the_part_for_htmx_is_the_pages_own(as_support, number):
    assert_is_region(as_support, records(number), "annotation")


def test_it_takes_as_many_queries_for_many_tags_as_for_none(as_support, number):
    with counted("number_annotate"):
        Page.of(as_support, records(number))
    PhoneNumber.objects.update(tags=[f"tag {i}" for i in range(30)])
    with counted("number_annotate"):
        Page.of(as_support, records(number))
