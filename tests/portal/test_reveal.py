"""Masked values: one at a time, for a reason that is written down first, for five minutes."""

import re
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from compliance.models import SupportingDocument
from portal.models import Reveal, Role
from portal.reveal.reveals import mask, words_of
from tests.factories import make_account, make_document, make_user
from tests.pages import Page, assert_is_region, htmx, url_of
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

VALUE = "Thornlea Dental"
CELL = "masked-business_name"


@pytest.fixture
def document(db):
    return make_document(make_account(), attributes={"business_name": VALUE, "document_number": "HRB 55501"})


@pytest.fixture
def url(document):
    return f"{document.get_absolute_url()}reveal/business_name/"


def signed_in(role, **fields):
    client = Client()
    client.force_login(make_user(role, **fields))
    return client


@pytest.fixture
def client(db):
    return signed_in(Role.COMPLIANCE)


def test_a_value_is_shown_after_a_reason_and_the_reason_is_kept(client, document, url):
    page = Page.of(client, document.get_absolute_url())
    assert VALUE not in page.source
    assert page.one(f"#{CELL} a")["href"] == url
    form = Page.of(client, url)
    assert VALUE not in form.source

    answer = client.post(url, {"reason": "Comparing with the register"})

    assert answer["Location"] == f"{document.get_absolute_url()}#{CELL}"
    kept = Reveal.objects.get()
    assert (kept.target, kept.field, kept.reason) == (
        document.pk,
        "business_name",
        "Comparing with the register",
    )
    assert kept.account_id == document.account_id
    page = Page.of(client, document.get_absolute_url())
    assert page.one(f"#{CELL} .masked__value").text == VALUE
    assert "HRB 55501" not in page.source, "one value at a time"
    assert "Revealed: business name" in page.one(".timeline").text


def test_htmx_swaps_the_cell_alone(client, document, url):
    asked = client.get(url, headers=htmx(CELL)).content.decode()
    assert asked.lstrip().startswith("<span")
    assert VALUE not in asked
    answer = client.post(url, {"reason": "Comparing"}, headers=htmx(CELL))
    assert VALUE in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert re.search(r'hx-trigger="load delay:(300|299|298)s"', answer.content.decode())
    Reveal.objects.update(expires_at=Now())
    hidden = client.get(f"{url}?masked", headers=htmx(CELL)).content.decode()
    assert VALUE not in hidden
    assert "T•••• (15 characters)" in hidden


@pytest.mark.parametrize(
    ("reason", "said"), [("", "Enter why you need to see it"), ("x", "Enter a reason that somebody else")]
)
@pytest.mark.parametrize("headers", [{}, htmx(CELL)])
def test_without_a_reason_nothing_is_shown_and_nothing_written(client, url, reason, said, headers):
    answer = client.post(url, {"reason": reason}, headers=headers)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert VALUE not in answer.content.decode()
    assert not Reveal.objects.exists()


def test_it_is_written_down_before_it_is_read_also_when_it_cannot_be(client, document, url, settings):
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    assert client.post(url, {"reason": "Comparing"}).status_code == 302

    assert Reveal.objects.filter(field="business_name").count() == 1
    page = Page.of(client, document.get_absolute_url())
    assert "It cannot be read with the keys there are." in page.one(f"#{CELL}").text
    assert page.one("#masked-document_number .masked__value").text == "••••"


def test_after_five_minutes_it_is_masked_again(client, document, url):
    client.post(url, {"reason": "Comparing"})
    left = Reveal.objects.get().expires_at - timezone.now()
    assert timedelta(minutes=4, seconds=50) < left <= timedelta(minutes=5)
    Reveal.objects.update(expires_at=Now() - timedelta(seconds=1))
    assert VALUE not in Page.of(client, document.get_absolute_url()).source


def test_whoever_has_seen_enough_hides_it(client, document, url):
    client.post(url, {"reason": "Comparing"})
    client.post(url, {"hide": "1"})
    assert VALUE not in Page.of(client, document.get_absolute_url()).source
    assert Reveal.objects.count() == 1


def test_what_one_person_was_shown_no_other_sees(client, document, url):
    client.post(url, {"reason": "Comparing"})
    assert VALUE not in Page.of(signed_in(Role.MANAGER), document.get_absolute_url()).source


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT])
def test_who_may_not_has_no_way_to_it(document, url, role):
    client = signed_in(role)
    assert client.post(url, {"reason": "Comparing"}).status_code == 403
    assert client.get(url).status_code == 403
    assert not Page.of(client, document.get_absolute_url()).all(f"#{CELL} a")
    assert not Reveal.objects.exists()


def test_whoever_lost_the_role_sees_nothing_any_more(client, document, url):
    client.post(url, {"reason": "Comparing"})
    Reveal.objects.get().actor.memberships.update(role=Role.VIEWER)
    assert VALUE not in Page.of(client, document.get_absolute_url()).source


@pytest.mark.parametrize("field", ["nothing", "address_sids", "issue_date"])
def test_what_is_not_masked_is_not_revealed(client, document, field):
    assert client.get(f"{document.get_absolute_url()}reveal/{field}/").status_code == 404


def test_a_foreign_accounts_value_is_not_found(url):
    client = signed_in(Role.COMPLIANCE, accounts=[make_account()])
    assert client.post(url, {"reason": "Comparing"}).status_code == 404


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (VALUE, "T•••• (15 characters)"),
        ("Ann", "•••• (3 characters)"),
        ("", "–"),
        (None, "–"),
        (["a", "b"], "•••• (2 values)"),
        (12345, "1•••• (5 characters)"),
    ],
)
def test_a_mask_says_little(value, shown):
    assert mask(value) == shown


def test_values_of_any_shape_are_words():
    assert words_of({"a": ["b", 1]}) == "a: b, 1"
    assert words_of(None) == "–"


# Who saw what


def test_the_list_tells_who_saw_what_and_why(client, manager, as_manager, document, url):
    client.post(url, {"reason": "Comparing with the register"})
    page = Page.of(as_manager, "/reveals/")
    row = page.one("tbody tr").text
    assert "Business name" in row
    assert "Comparing with the register" in row
    assert VALUE not in page.source
    who = Reveal.objects.get().actor_id
    for params, count in (
        ({"who": who}, 1), ({"who": manager.pk}, 1), ({"q": document.pk}, 1), ({"q": "RD"}, 0),
        ({"since": "24h"}, 1), ({"account": document.account_id}, 1),
    ):  # fmt: skip
        found = Page.of(as_manager, url_of("/reveals/", **params))
        assert len(found.all("tbody tr")) == count, params
    assert_is_region(as_manager, "/reveals/", "reveals")


def test_the_lists_cost_the_same_and_belong_to_auditors(as_manager, as_support, client, url):
    client.post(url, {"reason": "Comparing"})
    as_manager.get("/reveals/")
    with counted("reveal_list"):
        as_manager.get("/reveals/")
    for path in ("/reveals/", "/purges/"):
        assert as_support.get(path).status_code == 403
        assert as_manager.post(path).status_code == 405
    assert "Nothing has been deleted yet" in Page.of(as_manager, "/purges/").text


def test_an_auditor_of_one_account_sees_that_one(client, document, url):
    client.post(url, {"reason": "Comparing"})
    elsewhere = signed_in(Role.MANAGER, accounts=[make_account()])
    assert "Nobody was shown" in Page.of(elsewhere, "/reveals/").text
    here = signed_in(Role.MANAGER, accounts=[SupportingDocument.objects.get().account])
    assert len(Page.of(here, "/reveals/").all("tbody tr")) == 1
