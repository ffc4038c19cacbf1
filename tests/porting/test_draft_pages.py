"""A request is filled in task by task, and saved whatever is wrong with it."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from compliance.models import Bundle
from inventory.models import Address
from portal.models import Operation, Reveal, Role, StoredFile
from portal.sandbox.faults import Fault
from porting.models import PortInDraft
from porting.portin.drafts import create_draft
from tests.factories import make_address, make_user
from tests.mirroring import complete
from tests.pages import Page
from tests.porting.drafting import (
    CUSTOMER,
    PERSONAL,
    PIN,
    begun,
    bill_file,
    day_parts,
    details,
    filled,
    send,
    states,
    today,
    url_of,
)
from tests.porting.filing import PREFIX
from tests.porting.people import signed_in
from tests.query_counts import counted

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(parent, porter) -> PortInDraft:
    return begun(parent, porter)


def test_the_task_list_says_how_far_each_task_is(as_porter, draft):
    assert states(as_porter, draft) == {
        "Utility bill": "Not yet started",
        "Customer at the losing carrier": "Not yet started",
        "Authorized representative": "Not yet started",
        "Address": "Not yet started",
        "Compare with the bill": "Not yet started",
        "Target date and window": "Not yet started",
        "Notification e-mails": "Not yet started",
        "Check the answers and file": "Cannot start yet",
    }
    send(as_porter, "details", draft, {"customer_name": CUSTOMER})
    assert states(as_porter, draft)["Customer at the losing carrier"] == "In progress"


def test_each_continue_leads_to_the_next_page_and_at_last_to_the_answers(as_porter, draft):
    bill = {"bill": bill_file(), **day_parts("bill_date", today())}

    assert send(as_porter, "bill", draft, bill)["Location"] == url_of("details", draft)
    assert send(as_porter, "details", draft, details())["Location"] == url_of("when", draft)
    when = Page.of(as_porter, url_of("when", draft)).form("main form.form")
    assert send(as_porter, "when", draft, when)["Location"] == url_of("check", draft)
    assert set(states(as_porter, draft).values()) == {"Completed", "Not yet started"}
    draft.refresh_from_db()
    assert draft.document_sid.startswith("RD")


def test_a_bill_of_more_than_thirty_days_is_refused_before_twilio_gets_it(as_porter, draft):
    old = today() - timedelta(days=31)

    answer = send(as_porter, "bill", draft, {"bill": bill_file(), **day_parts("bill_date", old)})

    assert answer.status_code == 422
    page = Page(answer)
    assert "The date of the bill must be" in page.one("[data-error-summary]").text
    assert "is kept" in page.one(".file__kept").text
    draft.refresh_from_db()
    assert draft.bill
    assert not draft.document_sid
    assert not Operation.objects.exists()
    kept = {"bill-kept": str(draft.bill_id), **day_parts("bill_date", today())}
    assert send(as_porter, "bill", draft, kept).status_code == 302
    draft.refresh_from_db()
    assert draft.document_sid
    assert StoredFile.objects.count() == 1


def test_a_file_that_is_no_picture_and_no_pdf_is_refused(as_porter, draft):
    file = SimpleUploadedFile("bill.txt", b"hello", "text/plain")

    answer = send(as_porter, "bill", draft, {"bill": file, **day_parts("bill_date", today())})

    assert "must be a JPG, PNG or PDF" in Page(answer).one("[data-error-summary]").text


def test_a_bill_that_did_not_reach_twilio_is_kept_and_can_be_sent_again(twilio, as_porter, draft):
    twilio.faults.add(Fault(kind="status", status=503, method="POST", path="*/Documents", times=1))

    answer = send(as_porter, "bill", draft, {"bill": bill_file(), **day_parts("bill_date", today())})

    assert answer.status_code == 422
    assert "Kept here, and not at Twilio yet" in Page(answer).one("[data-error-summary]").text
    draft.refresh_from_db()
    kept = {"bill-kept": str(draft.bill_id), **day_parts("bill_date", today())}
    assert send(as_porter, "bill", draft, kept).status_code == 302


def test_another_bill_takes_the_place_of_the_first_at_twilio_too(as_porter, draft):
    send(as_porter, "bill", draft, {"bill": bill_file(), **day_parts("bill_date", today())})
    draft.refresh_from_db()
    first = draft.document_sid

    send(as_porter, "bill", draft, {"bill": bill_file("red"), **day_parts("bill_date", today())})

    draft.refresh_from_db()
    assert draft.document_sid not in ("", first)
    assert StoredFile.objects.there().count() == 1


def test_what_is_wrong_is_said_at_once_and_what_was_typed_survives_the_browser(as_porter, draft):
    typed = details() | {"authorized_representative_email": "nobody", "street": "", "zip": ""}

    answer = send(as_porter, "details", draft, typed)

    assert answer.status_code == 422
    summary = Page(answer).one("[data-error-summary]").text
    assert "Enter an e-mail address" in summary
    assert "Enter the street" in summary
    assert "Enter the ZIP code" in summary
    again = Page.of(as_porter, url_of("details", draft))
    assert again.one("[name=authorized_representative_email]")["value"] == "nobody"
    assert again.one("[name=customer_name]")["value"] == CUSTOMER
    draft.refresh_from_db()
    assert "authorized_representative_email" not in draft.said
    assert states(as_porter, draft)["Authorized representative"] == "In progress"


def test_it_can_be_left_for_later_at_any_point(as_porter, draft):
    answer = send(as_porter, "details", draft, {"customer_name": CUSTOMER, "later": "1"})

    assert answer["Location"] == url_of("tasks", draft)
    draft.refresh_from_db()
    assert draft.said["customer_name"] == CUSTOMER


def test_an_address_of_the_account_is_offered_and_nothing_has_to_be_typed(as_porter, parent, draft):
    address = make_address(parent, iso_country="US")

    typed = details() | {"street": "", "city": "", "state": "", "zip": "", "address_sid": address.pk}
    send(as_porter, "details", draft, typed)

    draft.refresh_from_db()
    assert draft.said["address_sid"] == address.pk
    assert "street" not in draft.said
    assert Address.objects.filter(pk=address.pk).exists()


def test_pins_are_asked_for_one_by_one_and_never_shown_again(as_porter, parent, porter):
    draft = begun(parent, porter, "50", "51", "10", pin_numbers=[f"{PREFIX}50", f"{PREFIX}51"])
    page = Page.of(as_porter, url_of("details", draft))
    assert len(page.all("[name^='pin-']")) == 2

    send(as_porter, "details", draft, details() | {"pin-0": PIN, "pin-1": ""})

    draft.refresh_from_db()
    assert draft.said["pins"] == {f"{PREFIX}50": PIN}
    assert states(as_porter, draft)["PINs"] == "In progress"
    for name in ("details", "tasks", "check"):
        assert PIN not in Page.of(as_porter, url_of(name, draft)).source
    send(as_porter, "details", draft, details() | {"pin-0": "", "pin-1": "1234"})
    draft.refresh_from_db()
    assert draft.said["pins"] == {f"{PREFIX}50": PIN, f"{PREFIX}51": "1234"}


def test_many_pins_are_pasted_as_a_list_and_a_wrong_line_is_named(as_porter, parent, porter):
    numbers = [f"+1207555{n:04d}" for n in range(60)]
    draft = create_draft(account=parent, numbers=numbers, values={}, actor=porter, pin_numbers=numbers)
    lines = "\n".join(f"(207) 555-{n:04d}, 7{n:03d}" for n in range(60))

    wrong = send(as_porter, "details", draft, details() | {"pins": "+12075550001, 1\n+12075559999, 2"})
    assert "Line 2: enter one of the numbers" in Page(wrong).one("[data-error-summary]").text

    send(as_porter, "details", draft, details() | {"pins": lines})
    draft.refresh_from_db()
    assert draft.said["pins"]["+12075550059"] == "7059"
    assert len(draft.said["pins"]) == 60


def test_the_date_that_is_proposed_is_the_first_that_works_and_an_earlier_one_is_refused(as_porter, draft):
    page = Page.of(as_porter, url_of("when", draft))
    assert page.one("[name=target_date_day]")["value"]

    answer = send(as_porter, "when", draft, day_parts("target_date", today() + timedelta(days=6)))

    assert "or later" in Page(answer).one("[data-error-summary]").text


def test_a_weekend_is_warned_of_and_not_moved(as_porter, draft):
    saturday = today() + timedelta(days=(5 - today().weekday()) % 7 + 14)

    send(as_porter, "when", draft, day_parts("target_date", saturday))

    draft.refresh_from_db()
    assert draft.said["target_date"] == saturday.isoformat()
    assert "Saturday is not a working day" in Page.of(as_porter, url_of("when", draft)).one("main").text
    assert "Saturday is not a working day" in Page.of(as_porter, url_of("check", draft)).one("main").text


def test_japans_fields_are_for_japan_alone(as_porter, parent, porter, draft):
    japan = create_draft(account=parent, numbers=["+81312345678"], values={}, actor=porter)

    page = Page.of(as_porter, url_of("details", japan))
    for name in ("portability_advance_carrier", "auto_cancel_approval_numbers", "katakana_name"):
        assert page.all(f"[name={name}]")
        assert not Page.of(as_porter, url_of("details", draft)).all(f"[name={name}]")
    wrong = {"auto_cancel_approval_numbers": "2", "katakana_name": "Smith", "state": "", "zip": ""}
    answer = send(as_porter, "details", japan, details() | wrong)
    summary = Page(answer).one("[data-error-summary]").text
    assert "Enter the carrier service in Japan" in summary
    assert "1 or fewer" in summary
    assert "in katakana" in summary
    assert "Enter the prefecture" in summary
    assert "Enter the postal code" in summary


def test_a_pin_with_blanks_or_signs_is_refused(as_porter, parent, porter):
    draft = begun(parent, porter, "50", pin_numbers=[f"{PREFIX}50"])

    answer = send(as_porter, "details", draft, details() | {"pin-0": "90 417!"})

    assert "letters and digits" in Page(answer).one("[data-error-summary]").text
    draft.refresh_from_db()
    assert "pins" not in draft.said


def test_only_approved_bundles_of_the_country_can_be_chosen(as_porter, parent, draft):
    complete(parent, "regulations")
    complete(parent, "bundles")
    approved = Bundle.objects.filter(
        account=parent, status=Bundle.Status.APPROVED, regulation__iso_country="US"
    ).exists()

    page = Page.of(as_porter, url_of("when", draft))

    assert bool(page.all("[name=bundle_sid]")) == approved


def test_numbers_can_be_taken_out_with_their_pins_and_never_all(as_porter, parent, porter):
    pins = {f"{PREFIX}50": PIN, f"{PREFIX}51": "1"}
    draft = begun(parent, porter, "50", "51", values={"pins": pins}, pin_numbers=list(pins))

    as_porter.post(url_of("leave-out", draft), {"out": f"{PREFIX}50"})
    draft.refresh_from_db()
    assert (draft.numbers, draft.pin_numbers) == ([f"{PREFIX}51"], [f"{PREFIX}51"])
    assert draft.said["pins"] == {f"{PREFIX}51": "1"}

    as_porter.post(url_of("leave-out", draft), {"out": f"{PREFIX}51"})
    draft.refresh_from_db()
    assert draft.numbers == [f"{PREFIX}51"]


def test_somebody_elses_answers_are_masked_until_they_are_opened_and_that_is_written_down(parent, porter):
    draft = filled(parent, porter)
    other = make_user(Role.PORTING)
    colleague = signed_in(other)

    check = Page.of(colleague, url_of("check", draft))
    assert not [value for value in PERSONAL if value in check.source]
    assert not Reveal.objects.exists()

    shown = Page.of(colleague, url_of("details", draft))
    assert shown.one("[name=customer_name]")["value"] == CUSTOMER
    assert set(Reveal.objects.values_list("actor", "target")) == {(other.pk, draft.file_owner)}
    assert colleague.get(shown.one(".bill img")["src"]).status_code == 200


def test_two_people_do_not_overwrite_each_other_unseen(as_porter, parent, porter):
    draft = filled(parent, porter)
    opened = draft.version
    colleague = signed_in(make_user(Role.PORTING))
    send(colleague, "details", draft, details() | {"customer_name": "Thornlea Clinic"})

    answer = as_porter.post(
        url_of("details", draft), {"version": opened, **details(), "customer_name": "Thornlea Dentists"}
    )

    assert answer.status_code == 422
    compared = Page(answer).one("table.compare").text
    assert "Thornlea Clinic" in compared
    assert "Thornlea Dentists" in compared
    draft.refresh_from_db()
    assert draft.said["customer_name"] == "Thornlea Clinic"
    form = Page(answer).form("main form.form")
    as_porter.post(url_of("details", draft), form)
    draft.refresh_from_db()
    assert draft.said["customer_name"] == "Thornlea Dentists"


def test_a_draft_can_be_thrown_away_with_its_bill(as_porter, parent, porter):
    draft = filled(parent, porter)

    as_porter.post(url_of("delete", draft))

    assert not PortInDraft.objects.exists()
    assert not StoredFile.objects.there().exists()


@pytest.mark.parametrize("name", ["tasks", "bill", "details", "when", "check", "filed"])
def test_only_who_ports_numbers_sees_a_draft(name, as_porter, parent, porter, as_support):
    draft = filled(parent, porter)
    url = url_of(name, draft)

    assert as_support.get(url).status_code == 403
    stranger = signed_in(make_user(Role.PORTING, accounts=[]))
    assert stranger.get(url).status_code in (403, 404)
    assert as_porter.get(url.replace(str(draft.pk), "0" * 8 + str(draft.pk)[8:])).status_code == 404
    assert as_porter.put(url).status_code == 405
    answer = as_porter.get(url)
    if answer.status_code == 200:
        assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("count", [1, 10])
def test_the_list_of_drafts_takes_the_same_queries_for_any_number(as_porter, parent, porter, count):
    for n in range(count):
        filled(parent, porter, f"{n + 10}")

    with counted("draft_list"):
        page = Page.of(as_porter, reverse("porting:draft-list"))

    assert len(page.rows) == count
    assert not [value for value in PERSONAL if value in page.source]
