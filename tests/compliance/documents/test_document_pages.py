"""The pages of documents: list, one document, ages, CSV; and changing them in the browser's way."""

import csv
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from compliance.ages import is_data, months_after
from compliance.documents import actions
from compliance.documents.words import field_labels
from compliance.models import RegulatoryType, SupportingDocument
from portal import files
from portal.models import Operation, Purpose, Role, StoredFile
from portal.sandbox.faults import Fault
from portal.uploads.check import check
from tests import uploads
from tests.factories import (
    assign,
    make_account,
    make_address,
    make_bundle,
    make_document,
    make_regulation,
    make_sid,
    make_user,
)
from tests.mirroring import complete
from tests.pages import Page, assert_is_region, htmx, url_of
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

LIST = "/documents/"
PERSONAL = "Thornlea Dental"


def day(days):
    return (timezone.now().date() + timedelta(days=days)).isoformat()


@pytest.fixture
def account(db):
    return make_account(friendly_name="Ours")


@pytest.fixture
def compliance(db):
    return make_user(Role.COMPLIANCE)


@pytest.fixture
def as_compliance(compliance):
    client = Client()
    client.force_login(compliance)
    return client


@pytest.fixture
def document(account):
    return make_document(
        account,
        friendly_name="Bill",
        type="utility_bill",
        attributes={"business_name": PERSONAL, "issue_date": day(-30), "address_sids": [make_sid("AD")]},
    )


@pytest.fixture
def stock(account, document):
    other = make_account(friendly_name="Theirs")
    bundle = make_bundle(account, make_regulation(), friendly_name="German numbers")
    assign(bundle, document)
    make_document(
        account, friendly_name="Register", status="rejected", errors=[{"code": 18002}],
        attributes={"issue_date": day(-400)},
    )  # fmt: skip
    make_document(account, friendly_name="Passport", type="passport", attributes={"expiration_date": day(9)})
    make_document(
        account, friendly_name="Lost", mime_type=None, status="approved", attributes={"issue_date": day(0)}
    )
    make_document(account, friendly_name="Place", type="address", mime_type=None)
    make_document(other, friendly_name="Elsewhere", attributes={"issue_date": day(0)})
    gone = make_document(account, friendly_name="Gone")
    SupportingDocument.objects.filter(pk=gone.pk).update(missing_since=Now())


ALL = ["Bill", "Elsewhere", "Lost", "Passport", "Place", "Register"]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, ALL),
        ({"sort": "-name"}, ALL[::-1]),
        ({"q": "BIL"}, ["Bill"]),
        ({"q": "_"}, []),
        ({"status": "rejected"}, ["Register"]),
        ({"type": ["passport", "utility_bill"]}, ["Bill", "Passport"]),
        ({"too_old": "0"}, ["Register"]),
        ({"too_old": "14"}, ["Passport", "Register"]),
        ({"too_old": "90"}, ["Bill", "Passport", "Register"]),
        ({"used": "yes"}, ["Bill"]),
        ({"used": "no", "too_old": "90"}, ["Passport", "Register"]),
        ({"file": "no"}, ["Lost"]),
        ({"listed": "no"}, ["Gone"]),
        ({"status": "moon"}, ALL),
        ({"too_old": "soon"}, ALL),
        ({"page": "nonsense"}, ALL),
    ],
)
def test_the_list_is_sorted_and_narrowed_as_the_url_says(as_viewer, stock, params, found):
    page = Page.part(as_viewer, url_of(LIST, **params), "documents")
    assert [link.text for link in page.all("a[data-row-link]")] == found


def test_a_row_says_what_is_wrong_and_who_uses_it(as_viewer, stock):
    rows = {row.one("a[data-row-link]").text: row.text for row in Page.of(as_viewer, LIST).all("tbody tr")}
    assert "Utility bill" in rows["Bill"]
    assert "German numbers" in rows["Bill"]
    assert "Rejected The document cannot be read." in rows["Register"]
    assert "days too old" in rows["Register"]
    assert "9 days left" not in rows["Passport"], "the day after it"
    assert "10 days left" in rows["Passport"]
    assert "Not at Twilio" in rows["Lost"]
    assert "Data only" in rows["Place"]
    assert PERSONAL not in Page.of(as_viewer, LIST).source


def test_lists_cost_the_same_however_many_rows(as_viewer, account, stock):
    as_viewer.get(LIST)
    with counted("document_list"):
        as_viewer.get(LIST)
    bundle = make_bundle(account, make_regulation("FR"))
    for number in range(8):
        assign(bundle, make_document(account, friendly_name=f"More {number}"))
    with counted("document_list"):
        as_viewer.get(LIST)


def test_parts_of_pages_are_what_the_pages_have(as_viewer, document, stock):
    assert_is_region(as_viewer, LIST, "documents")
    assert_is_region(as_viewer, document.get_absolute_url(), "document")
    assert_is_region(as_viewer, f"{LIST}ages/", "radar")


def test_the_csv_masks_what_is_personal(as_support, stock):
    answer = as_support.get(f"{LIST}export/?used=yes")
    [header, row] = list(csv.reader(b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()))
    told = dict(zip(header, row, strict=True))
    assert told["Attributes (masked) (attributes)"] == "business_name T•••• (15 characters); issue_date " + (
        f"{day(-30)[0]}•••• (10 characters)"
    )
    assert told["Rule (derived) (rule)"] == "3 months after its date of issue"
    assert PERSONAL not in str(row)


def test_an_empty_list_says_why(as_viewer, as_compliance, account):
    assert "No documents have been read yet" in Page.of(as_viewer, LIST).text
    assert "No document matches" in Page.of(as_viewer, f"{LIST}?q=nothing").text


def test_ages_tell_which_month_hits_which_bundles(as_viewer, stock, document):
    page = Page.of(as_viewer, f"{LIST}ages/")
    assert page.all("tbody a[data-row-link]") == [], "the register is in no bundle"
    page = Page.of(as_viewer, f"{LIST}ages/?used=all")
    assert page.one("a[data-row-link]").text == "Register"
    found = [
        link.text
        for number in range(4)
        for link in Page.of(as_viewer, f"{LIST}ages/?month={_month(number)}").all("a[data-row-link]")
    ]
    assert found == ["Bill"]
    as_viewer.get(f"{LIST}ages/")
    with counted("document_radar"):
        as_viewer.get(f"{LIST}ages/")
    assert Page.of(as_viewer, f"{LIST}ages/?month=nonsense").one("h1").text == "Ages of documents"


def _month(number):
    return f"{months_after(timezone.now().date().replace(day=1), number):%Y-%m}"


# One document


def test_a_document_shows_masks_reasons_and_its_bundles(as_compliance, document, stock):
    page = Page.of(as_compliance, document.get_absolute_url())
    assert "T•••• (15 characters)" in page.text
    assert PERSONAL not in page.source
    assert "German numbers" in page.text
    assert "3 months after its date of issue" in page.text
    rejected = SupportingDocument.objects.get(friendly_name="Register")
    page = Page.of(as_compliance, rejected.get_absolute_url())
    assert page.one(".notice--bad").text.startswith(
        "There is a problem The document cannot be read. Upload a sharp scan"
    )


def test_an_address_that_it_cites_is_told_and_leads_on(as_viewer, account, document):
    cited, unknown = make_address(account, customer_name="Riverside Dental"), make_sid("AD")
    bill = make_document(
        account, friendly_name="Cites", type="utility_bill", attributes={"address_sids": [cited.pk, unknown]}
    )
    page = Page.of(as_viewer, bill.get_absolute_url())
    assert page.link("Riverside Dental") == cited.get_absolute_url()
    assert "1 Example Street, 90000 Springfield, CA, US" in page.text
    assert f"{unknown[:6]}…{unknown[-4:]}" in page.text


def test_a_document_without_its_file_says_what_to_do(as_compliance, account):
    draft = make_document(account, mime_type=None)
    page = Page.of(as_compliance, draft.get_absolute_url())
    assert "Twilio has no file for this document" in page.text
    assert page.link("Send the file again") == f"{draft.get_absolute_url()}file/"
    approved = make_document(account, mime_type=None, status="approved")
    page = Page.of(as_compliance, approved.get_absolute_url())
    assert "upload a new document" in page.text
    assert not page.has_link("Send the file again")


def test_a_page_costs_the_same_however_many_files(as_compliance, document, stock):
    for _ in range(3):
        StoredFile.objects.create(
            account=document.account, purpose=Purpose.COMPLIANCE, name="a.pdf",
            content_type="application/pdf", size=1, digest="0", owner_sid=document.pk,
            uploaded_by=make_user(Role.COMPLIANCE),
        )  # fmt: skip
    as_compliance.get(document.get_absolute_url())
    with counted("document_detail"):
        as_compliance.get(document.get_absolute_url())


def test_a_page_with_personal_data_is_kept_by_no_cache(as_compliance, document):
    answer = as_compliance.get(document.get_absolute_url())
    assert set(answer["Cache-Control"].split(", ")) == {"no-store", "private"}


def test_notes_are_written_and_refused(as_compliance, document):
    url = f"{document.get_absolute_url()}note/"
    assert as_compliance.post(url, {"body": "Asked the customer"}).status_code == 302
    assert "Asked the customer" in Page.of(as_compliance, document.get_absolute_url()).text
    assert as_compliance.post(url, {"body": ""}).status_code == 422


URLS = ("", "edit/", "file/", "delete/", "reveal/business_name/")
POSTS = ("note/", "refresh/", "edit/", "file/", "delete/", "reveal/business_name/")


@pytest.mark.parametrize("path", URLS)
def test_foreign_and_unknown_documents_are_not_found(client, path):
    theirs = make_document(make_account(), attributes={"business_name": PERSONAL})
    client.force_login(make_user(Role.COMPLIANCE, accounts=[make_account()]))
    assert client.get(f"{theirs.get_absolute_url()}{path}").status_code == 404
    assert client.get(f"{LIST}{make_sid('RD')}/{path}").status_code == 404


@pytest.mark.parametrize("path", POSTS)
def test_who_may_not_is_told_so(as_viewer, document, path):
    assert as_viewer.post(f"{document.get_absolute_url()}{path}").status_code == 403


def test_wrong_methods_are_refused(as_compliance, document):
    for path in ("", "export/", "ages/"):
        assert as_compliance.post(f"{LIST}{path}").status_code == 405
    for path in ("note/", "refresh/"):
        assert as_compliance.get(f"{document.get_absolute_url()}{path}").status_code == 405
    assert as_compliance.delete(f"{document.get_absolute_url()}edit/").status_code == 405
    assert as_compliance.post(document.get_absolute_url()).status_code == 405


@pytest.mark.parametrize("path", ["export/", "new/"])
def test_who_may_only_look_neither_exports_nor_uploads(as_viewer, path):
    assert as_viewer.get(f"{LIST}{path}").status_code == 403


# Changed in the browser


@pytest.fixture
def known(twilio, parent):
    complete(parent, "regulations")
    complete(parent, "documents")
    twilio.journal.clear()
    return SupportingDocument.objects.filter(account=parent)


def upload_url(parent):
    return url_of(f"{LIST}new/", account=parent.pk, type="utility_bill")


def sent(page, **values):
    """What a form would send, with other values."""
    return {**{name: value[0] for name, value in page.form("form.form").items()}, **values}


def test_a_document_is_uploaded_with_what_its_type_says(as_compliance, parent, known, twilio):
    page = Page.of(as_compliance, upload_url(parent))
    assert page.one("input[type=file]")["data-most-bytes"] == str(5 * 1024 * 1024)
    form = sent(page, friendly_name="March bill", file=SimpleUploadedFile("x.pdf", uploads.pdf()))
    answer = as_compliance.post(upload_url(parent), {**form, "value-issue_date": "2026-03-01"})

    made = SupportingDocument.objects.get(friendly_name="March bill")
    assert answer["Location"] == made.get_absolute_url()
    assert made.values == {"issue_date": "2026-03-01"}
    page = Page.of(as_compliance, made.get_absolute_url())
    assert page.messages == ["Uploaded to Twilio."]
    assert page.has_link("Open in a new tab"), "who just uploaded it may look"
    again = as_compliance.post(
        upload_url(parent), {**form, "file": SimpleUploadedFile("x.pdf", uploads.pdf())}
    )
    assert again["Location"] == made.get_absolute_url()


def test_a_document_cites_addresses_of_its_account(as_compliance, parent, known, twilio):
    kinds = RegulatoryType.objects.filter(kind=RegulatoryType.Kind.DOCUMENT)
    kind = next(
        row
        for row in kinds
        if "address_sids" in field_labels(row.machine_name) and not is_data(row.machine_name)
    )
    ours = make_address(parent, customer_name="Ours")
    make_address(make_account(), customer_name="Theirs")
    url = url_of(f"{LIST}new/", account=parent.pk, type=kind.machine_name)
    page = Page.of(as_compliance, url)
    assert "Theirs" not in page.text
    good = SimpleUploadedFile("x.pdf", uploads.pdf())
    as_compliance.post(url, sent(page, friendly_name="Cites", file=good, address=ours.pk))
    made = SupportingDocument.objects.get(friendly_name="Cites")
    assert made.address_sids == [ours.pk]


def test_a_refused_form_keeps_the_file(as_compliance, parent, known, twilio):
    page = Page.of(as_compliance, upload_url(parent))
    answer = as_compliance.post(
        upload_url(parent),
        sent(page, file=SimpleUploadedFile("March.pdf", uploads.pdf())),
        headers=htmx("upload"),
    )
    assert answer.status_code == 422
    part = Page(answer)
    assert "Enter a friendly name" in part.text
    assert "March.pdf" in part.one(".file__kept").text

    answer = as_compliance.post(upload_url(parent), {**sent(part), "friendly_name": "March"})
    made = SupportingDocument.objects.get(friendly_name="March")
    assert answer["Location"] == made.get_absolute_url()
    assert StoredFile.objects.get().owner_sid == made.pk


def test_a_hostile_file_is_refused_with_the_field_named(as_compliance, parent, known, twilio):
    page = Page.of(as_compliance, upload_url(parent))
    bad = SimpleUploadedFile("x.pdf", uploads.encrypted_pdf())
    answer = as_compliance.post(upload_url(parent), sent(page, friendly_name="X", file=bad))
    assert answer.status_code == 422
    error = Page(answer).one("[data-error-summary] a")
    assert error.text.startswith("The utility bill is password protected.")
    assert error["href"] == "#id_file"
    assert not StoredFile.objects.exists()
    assert not twilio.journal.entries(method="POST")


def test_a_refusal_by_twilio_keeps_the_file_too(as_compliance, parent, known, twilio):
    twilio.faults.add(Fault(kind="status", status=429, path="*/SupportingDocuments*"))
    page = Page.of(as_compliance, upload_url(parent))
    good = SimpleUploadedFile("March.pdf", uploads.pdf())
    answer = as_compliance.post(upload_url(parent), sent(page, friendly_name="X", file=good))
    assert answer.status_code == 422
    part = Page(answer)
    assert "Unavailable: Twilio is limiting our requests." in part.text
    assert "March.pdf" in part.one(".file__kept").text
    twilio.faults.clear()
    again = as_compliance.post(upload_url(parent), part.form("main form"))
    assert again["Location"] == SupportingDocument.objects.get(friendly_name="X").get_absolute_url()


def test_a_file_that_does_not_arrive_is_sent_again(as_compliance, parent, known, twilio):
    twilio.faults.add(Fault(kind="empty-file", times=1))
    page = Page.of(as_compliance, upload_url(parent))
    as_compliance.post(
        upload_url(parent), sent(page, friendly_name="X", file=SimpleUploadedFile("x.pdf", uploads.pdf()))
    )
    made = SupportingDocument.objects.get(friendly_name="X")
    page = Page.of(as_compliance, made.get_absolute_url())
    assert "its file did not arrive" in page.messages[0]
    url = page.link("Send the file again")
    form = sent(Page.of(as_compliance, url), file=SimpleUploadedFile("y.png", uploads.png()))
    assert as_compliance.post(url, form)["Location"] == made.get_absolute_url()
    made.refresh_from_db()
    assert made.mime_type == "image/png"


def test_values_are_changed_without_being_shown(as_compliance, parent, known, twilio):
    document = known.filter(status="draft", type="utility_bill").first() or known.filter(status="draft")[0]
    values = document.values
    url = f"{document.get_absolute_url()}edit/"
    page = Page.of(as_compliance, url)
    for name, value in values.items():
        if isinstance(value, str) and not name.endswith("_date") and len(value) > 3:
            assert value not in page.one("form.form").html.replace(document.friendly_name, "")
    answer = as_compliance.post(url, sent(page, friendly_name="Renamed"))
    assert answer.status_code == 302
    document.refresh_from_db()
    assert document.friendly_name == "Renamed"
    assert document.values == values


def test_a_document_that_changed_meanwhile_is_not_overwritten(as_compliance, parent, known, twilio):
    document = known.filter(status="draft").first()
    url = f"{document.get_absolute_url()}edit/"
    form = sent(Page.of(as_compliance, url), friendly_name="Mine")
    actions.compliance_gateway.update_document(
        parent.require_own_login(), document.pk, {"friendly_name": "Theirs"}
    )
    answer = as_compliance.post(url, form)
    assert answer.status_code == 422
    assert "has changed since you opened this form" in Page(answer).text
    document.refresh_from_db()
    assert document.friendly_name == "Theirs"


def test_deleting_says_what_stands_in_the_way(as_compliance, parent, known, twilio):
    complete(parent, "bundles")
    held = known.assigned()[0]
    page = Page.of(as_compliance, f"{held.get_absolute_url()}delete/")
    assert "while a bundle holds it" in page.text
    assert not page.all("main form")
    answer = as_compliance.post(f"{held.get_absolute_url()}delete/", {"reason": "x", "form_key": "0" * 32})
    assert answer.status_code == 422, "Twilio refuses, whatever was sent"
    held.refresh_from_db()
    assert held.missing_since is None


def test_deleting_leads_back_to_the_list(as_compliance, parent, known, twilio):
    complete(parent, "bundles")
    document = known.unassigned().filter(status="draft").first()
    url = f"{document.get_absolute_url()}delete/"
    assert as_compliance.post(url, sent(Page.of(as_compliance, url))).status_code == 422, (
        "a reason is asked for"
    )
    answer = as_compliance.post(url, sent(Page.of(as_compliance, url), reason="Entered twice"))
    assert answer["Location"] == LIST
    document.refresh_from_db()
    assert document.missing_since


def test_a_lost_answer_leads_to_the_list_where_it_says_so(as_compliance, parent, known, twilio):
    twilio.faults.add(Fault(kind="lost-answer", method="POST", times=1))
    page = Page.of(as_compliance, upload_url(parent))
    good = SimpleUploadedFile("x.pdf", uploads.pdf())
    answer = as_compliance.post(upload_url(parent), sent(page, friendly_name="X", file=good))
    assert answer["Location"] == LIST
    assert "An upload is not settled yet" in Page.of(as_compliance, LIST).text
    assert Operation.objects.get().state == Operation.State.UNCERTAIN


def test_refreshing_reads_it_now(as_compliance, parent, known, twilio):
    document = known.first()
    actions.compliance_gateway.update_document(
        parent.require_own_login(), document.pk, {"friendly_name": "At Twilio"}
    )
    as_compliance.post(f"{document.get_absolute_url()}refresh/")
    document.refresh_from_db()
    assert document.friendly_name == "At Twilio"


def test_our_copy_is_shown_for_a_reason(as_compliance, compliance, account, document, support):
    stored = files.store(
        check("Jane.png", uploads.png(), Purpose.COMPLIANCE),
        account=account, uploaded_by=support, owner_sid=document.pk,
    )  # fmt: skip
    page = Page.of(as_compliance, document.get_absolute_url())
    assert not page.all(".file-page img")
    url = page.one("section[aria-labelledby=copies] a")["href"]
    answer = as_compliance.post(url, {"reason": "Comparing the photo"})
    assert answer["Location"].startswith(document.get_absolute_url())

    page = Page.of(as_compliance, document.get_absolute_url())
    assert page.one(".file-page img")["src"] == reverse("file-page", args=[stored.pk, 1])
    assert as_compliance.get(page.link("Download")).content == files.open_file(stored)
    assert "Revealed: file" in page.one(".timeline").text
    assert "Jane" not in page.source
