"""Japanese numbers from the list to the filed request, with what only Japan's ports have (page 15)."""

from datetime import timedelta

import pytest
from django.urls import reverse

from compliance.models import Bundle
from portal.batches import runner
from portal.models import Batch
from porting.checking.actions import CHECK_NUMBERS, carry_out_check
from porting.models import PortInDraft, PortInRequest
from tests.factories import make_bundle, make_regulation
from tests.pages import Page
from tests.porting.drafting import bill_file, day_parts, details, let_workers_file, send, today, url_of

pytestmark = pytest.mark.django_db
NUMBERS = ["+81312345678", "+81312345679"]
JAPAN = {
    "account_number": "",
    "account_telephone_number": "03-1234-5678",
    "street": "1-2-3 Sample-cho",
    "city": "Chiyoda",
    "state": "Tokyo",
    "zip": "100-0001",
    "katakana_name": "ソーンリー",
    "authorized_representative_katakana": "オッティリエ マーブル",
    "sub_municipality": "Kanda",
    "building": "Sample Building 5F",
    "portability_advance_carrier": "SERVICE_A",
    "auto_cancel_approval_numbers": "0",
    "on_bill-account_number": "",
}


@pytest.fixture(autouse=True)
def _one_at_a_time(settings):
    settings.BATCH_ITEMS_AT_ONCE = 1


@pytest.fixture
def draft(as_porter, parent) -> PortInDraft:
    """Checked and prepared, the bill at Twilio."""
    numbers = "03-1234-5678\n+81 3 1234 5679"
    as_porter.post("/port-ins/checks/", {"account": parent.pk, "numbers": numbers, "country": "JP"})
    batch = Batch.objects.get(kind=CHECK_NUMBERS)
    runner.run(batch.pk, carry_out_check)
    as_porter.post(
        reverse("porting:check-prepare", args=[batch.pk]),
        {"request": "all", "by": ["type", "pin", "carrier"]},
    )
    draft = PortInDraft.objects.get()
    send(as_porter, "bill", draft, {"bill": bill_file(), **day_parts("bill_date", today())})
    return draft


def test_japanese_numbers_are_filed_with_japans_fields(as_porter, draft):
    assert (draft.numbers, draft.country) == (NUMBERS, "JP")
    send(as_porter, "details", draft, details() | JAPAN)
    page = Page.of(as_porter, url_of("when", draft))
    ten_days = today() + timedelta(days=10)
    assert f"{ten_days.day} " in page.one("#id_target_date_helptext").text
    assert page.all("select[name=time_zone] option")[0]["value"] == "Asia/Tokyo"
    early = page.form("main form.form") | day_parts("target_date", ten_days - timedelta(days=1))
    assert send(as_porter, "when", draft, early).status_code == 422
    window = {"window_start": "09:00", "window_end": "12:00"}
    assert send(as_porter, "when", draft, page.form("main form.form") | window).status_code == 302

    answer = send(as_porter, "check", draft, {"acknowledge": "on"})
    let_workers_file()

    assert answer["Location"] == url_of("filed", draft)
    assert "Port-in request filed" in Page.of(as_porter, answer["Location"]).one("h1").text
    port_in = PortInRequest.objects.get()
    assert port_in.payload["portability_advance_carrier"] == "SERVICE_A"
    assert port_in.payload["auto_cancel_approval_numbers"] == "0"
    assert port_in.window_start == "09:00:00+09:00"
    carrier = port_in.carrier
    assert carrier["katakana_name"] == "ソーンリー"
    assert carrier["building"] == "Sample Building 5F"
    assert carrier["address"]["country"] == "JP"
    assert carrier["account_telephone_number"] == NUMBERS[0]


def test_a_bundle_that_is_not_approved_any_more_stands_beside_its_field(as_porter, parent, draft):
    """22170: it was approved when it was chosen, and Twilio says that it is not."""
    bundle = make_bundle(parent, make_regulation("JP", "local"), status=Bundle.Status.APPROVED)
    send(as_porter, "details", draft, details() | JAPAN)
    form = Page.of(as_porter, url_of("when", draft)).form("main form.form")
    send(as_porter, "when", draft, form | {"bundle_sid": bundle.pk})
    send(as_porter, "check", draft, {"acknowledge": "on"})
    let_workers_file()

    page = Page.of(as_porter, url_of("check", draft))

    link = page.one("[data-error-summary] li a")
    assert "The bundle is not approved" in link.text
    assert link["href"] == f"{url_of('when', draft)}?check#id_bundle_sid"
    assert "22170" in page.one("[data-error-summary]").text
    send(as_porter, "when", draft, form | {"bundle_sid": ""})
    send(as_porter, "check", draft, {"acknowledge": "on"})
    let_workers_file()
    assert PortInRequest.objects.get().bundle_sid == ""
