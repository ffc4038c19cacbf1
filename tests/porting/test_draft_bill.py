"""The bill beside what is typed from it, and what was found to differ (L10)."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from portal.models import StoredFile
from porting.models import PortInDraft
from tests import uploads
from tests.clamd import VIRUS, clamd
from tests.pages import Page
from tests.porting.drafting import begun, bill_file, day_parts, details, send, states, today, url_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(parent, porter) -> PortInDraft:
    return begun(parent, porter)


def with_bill(as_porter, draft, content, name="bill.pdf"):
    file = SimpleUploadedFile(name, content)
    return send(as_porter, "bill", draft, {"bill": file, **day_parts("bill_date", today())})


# Shown


def test_every_page_of_a_pdf_stands_beside_the_fields(as_porter, draft):
    assert with_bill(as_porter, draft, uploads.bill_pdf(3)).status_code == 302

    bill = Page.of(as_porter, url_of("details", draft)).one(".bill")

    stored = StoredFile.objects.get()
    pages = [reverse("file-page", args=[stored.pk, number]) for number in (1, 2, 3)]
    assert [image["src"] for image in bill.all("img")] == pages
    assert [one["href"] for one in bill.all("a[target=_blank]")] == pages
    assert "Page 2 of 3" in bill.text
    assert [as_porter.get(page)["Content-Type"] for page in pages] == ["image/jpeg"] * 3


def test_a_picture_stands_beside_the_fields_by_itself(as_porter, draft):
    send(as_porter, "bill", draft, {"bill": bill_file(), **day_parts("bill_date", today())})
    bill = Page.of(as_porter, url_of("details", draft)).one(".bill")
    assert len(bill.all("img")) == 1
    assert "Page" not in bill.text


def test_a_pdf_that_cannot_be_drawn_can_be_downloaded(as_porter, draft):
    with_bill(as_porter, draft, uploads.bill_pdf(1))
    StoredFile.objects.update(drawn=0)
    bill = Page.of(as_porter, url_of("details", draft)).one(".bill")
    assert "This PDF cannot be shown here" in bill.text
    assert bill.one(".file-pages__none a")["href"] == reverse(
        "file-download", args=[StoredFile.objects.get().pk]
    )


# Uploaded


@pytest.mark.parametrize(
    ("content", "mood", "words"),
    [
        (uploads.png() + VIRUS, "", "The utility bill contains a virus"),
        (uploads.png(), "hangs up", "The utility bill was not taken: it could not be scanned for viruses"),
    ],
)
def test_a_bill_that_the_scanner_does_not_let_through_leaves_the_form_as_it_was(
    as_porter, draft, settings, content, mood, words
):
    with clamd(settings, mood=mood):
        refused = with_bill(as_porter, draft, content)

    assert refused.status_code == 422
    page = Page(refused)
    assert words in page.one("[data-error-summary]").text
    assert page.one("#id_bill_date_day")["value"] == str(today().day)
    assert not StoredFile.objects.exists()


# Compared


def test_each_value_has_to_be_compared_with_the_bill(as_porter, draft):
    answer = send(as_porter, "details", draft, details() | {"on_bill-address": ""})
    assert answer.status_code == 422
    assert Page(answer).one("[data-error-summary] a").text == "Say how the address stands on the bill"
    assert states(as_porter, draft)["Compare with the bill"] == "In progress"


def test_what_differs_is_kept_and_shown_as_it_was_said(as_porter, draft):
    sent = details() | {"on_bill-account_number": "other"}
    assert send(as_porter, "details", draft, sent).status_code == 302

    draft.refresh_from_db()
    assert draft.said["matches"] == ["customer_name", "address"]
    page = Page.of(as_porter, url_of("details", draft))
    assert [one["value"] for one in page.all("#match input[checked]")] == ["same", "other", "same"]


def test_another_bill_has_to_be_compared_anew(as_porter, draft):
    with_bill(as_porter, draft, uploads.bill_pdf(1))
    send(as_porter, "details", draft, details())
    assert states(as_porter, draft)["Compare with the bill"] == "Completed"

    with_bill(as_porter, draft, uploads.bill_pdf(2))

    assert states(as_porter, draft)["Compare with the bill"] == "Not yet started"
    draft.refresh_from_db()
    assert draft.said["customer_name"], "what was typed stays"


def test_the_same_bill_with_another_date_stays_compared(as_porter, draft):
    with_bill(as_porter, draft, uploads.bill_pdf(1))
    send(as_porter, "details", draft, details())
    kept = str(StoredFile.objects.get().pk)
    send(as_porter, "bill", draft, {"bill-kept": kept, **day_parts("bill_date", today())})
    assert states(as_porter, draft)["Compare with the bill"] == "Completed"
