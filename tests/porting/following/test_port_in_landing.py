"""The calendar of ports, another date, and what is seen to when numbers have come over (L6, L9)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from portal.models import Batch, Operation
from portal.numbering import spaced
from porting.following.landing import calendar
from porting.following.landing.calendar import month_of, neighbors
from porting.models import PortInNumber, PortInRequest
from tests.factories import make_number
from tests.pages import Page, assert_is_region, url_of
from tests.porting.filing import PREFIX
from tests.porting.following.requests import by_hand, filed, read, soon
from tests.query_counts import counted

pytestmark = pytest.mark.django_db
CALENDAR = "/port-ins/calendar/"


@pytest.fixture(autouse=True)
def _by_hand(twilio):
    by_hand(twilio)


def submitted(twilio, parent, *endings, **more):
    sid = filed(parent, *endings, **more).pk
    twilio.porting.review(sid)
    twilio.porting.sign(sid)
    return sid


def test_months_are_read_from_the_url_and_never_leave_the_calendar():
    assert month_of("2026-12", date(2026, 11, 22)) == date(2026, 12, 1)
    assert month_of("nonsense", date(2026, 11, 22)) == date(2026, 11, 1)
    assert neighbors(date(2026, 12, 1)) == (date(2026, 11, 1), date(2027, 1, 1))
    assert neighbors(date(9999, 12, 1))[1] == date(9999, 12, 1)
    assert neighbors(date(1, 1, 1))[0] == date(1, 1, 1)


def test_a_request_that_is_being_canceled_is_not_on_the_calendar(parent, as_porter):
    asked = filed(parent, "00", target_port_in_date="2099-07-04")
    PortInRequest.objects.filter(pk=asked.pk).update(status="canceling")

    assert "No port in" in Page.of(as_porter, url_of(CALENDAR, month="2099-07")).one("main").text


def test_a_month_with_more_than_fits_shows_the_first_and_says_so(monkeypatch, twilio, parent, as_porter):
    monkeypatch.setattr(calendar, "MOST", 1)
    for ending, day in (("01", "08"), ("02", "06"), ("03", "07")):
        sid = submitted(twilio, parent, ending)
        twilio.porting.accept(sid, date=f"2099-07-{day}T15:00:00Z")
        read(parent, sid)

    page = Page.of(as_porter, url_of(CALENDAR, month="2099-07"))

    assert [row.text[:9] for row in page.all("tbody tr")] == ["Mon 6 Jul"]
    assert page.one("caption").text == "The first 1 number on 1 day"
    assert "More is to be ported in this month than fits here." in page.one("main").text


def test_a_day_shows_what_was_asked_for_and_what_was_agreed(twilio, parent, as_porter):
    asked = filed(parent, "00", target_port_in_date="2099-07-04")
    sid = submitted(twilio, parent, "01", "02")
    twilio.porting.accept(sid, date="2099-07-08T15:00:00Z")
    agreed = read(parent, sid)

    page = Page.of(as_porter, url_of(CALENDAR, month="2099-07"))

    rows = [row.text for row in page.all("tbody tr")]
    assert "Sat 4 Jul" in rows[0]
    assert "Saturday is not a working day" in rows[0]
    assert spaced(f"{PREFIX}00") in rows[0]
    assert asked.pk[:6] in rows[0]
    assert "Asked for" in rows[0]
    assert f"{spaced(f'{PREFIX}01')} and 1 more, {agreed.pk[:6]}" in rows[1]
    assert "Agreed" in rows[1]
    assert "3 numbers on 2 days" in page.one("caption").text
    assert page.has_link("August 2099")
    assert "No port in" in Page.of(as_porter, url_of(CALENDAR, month="2098-01")).one("main").text


@pytest.mark.parametrize(
    ("country", "said"),
    [
        ("JP", "Labor Thanksgiving Day is a holiday (Japan)"),
        ("DE", "Agreed"),
        ("XX", "Holidays (XX) are not known here"),
    ],
)
def test_holidays_of_the_calendar_are_those_of_the_numbers_country(parent, as_porter, country, said):
    request = filed(parent, "00")
    PortInNumber.objects.filter(request=request).update(
        country=country, port_date=datetime(2026, 11, 23, 15, tzinfo=UTC)
    )

    text = Page.of(as_porter, url_of(CALENDAR, month="2026-11")).one("main").text

    assert said in text
    assert ("holiday" in text.lower()) is (country != "DE")


def test_another_date_is_for_support_and_the_text_is_ready(twilio, parent, as_porter):
    request = read(parent, submitted(twilio, parent, "00"))

    page = Page.of(as_porter, request.get_absolute_url())

    assert "The API cannot move a date" in page.one("main").text
    assert f"ticket {request.ticket}" in page.one("textarea[readonly]").text


def test_what_has_come_over_is_ticked_with_name_and_time(twilio, parent, as_porter, porter, as_viewer):
    sid = submitted(twilio, parent, "00")
    twilio.porting.complete(sid)
    request = read(parent, sid)
    make_number(parent, phone_number=f"{PREFIX}00", voice_url="", sms_url="")
    page = Page.of(as_porter, request.get_absolute_url())
    assert "Calls go nowhere" in page.one("main").text
    url = f"{request.get_absolute_url()}tick/"

    as_porter.post(url, {"step": ["inbound-call", "nonsense"]})
    as_porter.post(url, {"step": ["inbound-call"]})

    assert Operation.objects.filter(kind="porting.cut_over_step").count() == 1
    text = Page.of(as_porter, request.get_absolute_url()).one("section[aria-labelledby=landing]").text
    assert f"Seen to A call to a ported number arrives {porter}" in text
    assert as_viewer.post(url, {"step": ["outbound"]}).status_code == 403
    assert as_porter.get(url).status_code == 405


def test_ported_numbers_are_taken_on_to_their_configuration(twilio, parent, as_support):
    sid = submitted(twilio, parent, "00", "01")
    twilio.porting.complete(sid)
    request = read(parent, sid)
    url = f"{request.get_absolute_url()}set-up/"
    as_support.post(url)
    assert not Batch.objects.exists(), "they are not read yet"
    number = make_number(parent, phone_number=f"{PREFIX}00")

    as_support.post(url)

    assert [item.target for item in Batch.objects.get().items.all()] == [number.pk]


def test_it_costs_as_many_queries_for_one_as_for_many(twilio, parent, as_porter):
    for ending in ("00", "01"):
        filed(parent, ending, target_port_in_date=soon(twilio, 20)[:10])
        when = timezone.now().date() + timedelta(days=20)
        with counted("port_in_calendar"):
            as_porter.get(url_of(CALENDAR, month=f"{when:%Y-%m}"))
    assert_is_region(as_porter, CALENDAR, "calendar")
