"""Numbers pasted or uploaded, Twilio's answers about them, and the requests that follow (L1, L7)."""

import csv

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from portal.batches import runner
from portal.models import Batch, BatchItem, Role
from portal.sandbox.faults import Fault
from portal.sandbox.porting.settings import PortingSettings
from porting.checking.actions import CHECK_NUMBERS, carry_out_check
from porting.models import AccountFeature, EligibilityCheck, NumberCheck, PortInDraft
from porting.portin.drafts import leave_out, move_numbers
from tests.factories import make_number, make_user
from tests.mirroring import complete
from tests.pages import Page, assert_is_region
from tests.porting.filing import PREFIX, file_port_in
from tests.porting.people import signed_in
from tests.query_counts import counted

pytestmark = pytest.mark.django_db
CREATE = "/port-ins/checks/"


@pytest.fixture(autouse=True)
def _one_at_a_time(settings):
    """Threads would not see what this test's transaction holds."""
    settings.BATCH_ITEMS_AT_ONCE = 1


@pytest.fixture
def porter(parent):
    return make_user(Role.PORTING)


def started(as_porter, parent, numbers: str, **more) -> Batch:
    answer = as_porter.post(CREATE, {"account": parent.pk, "numbers": numbers, "country": "US", **more})
    assert answer.status_code == 302, Page(answer).one("main").text
    return Batch.objects.filter(kind=CHECK_NUMBERS).latest("created_at")


def checked(as_porter, parent, numbers: str, **more) -> Batch:
    batch = started(as_porter, parent, numbers, **more)
    runner.run(batch.pk, carry_out_check)
    batch.refresh_from_db()
    return batch


def url_of(batch: Batch) -> str:
    return reverse("porting:check-detail", args=[batch.pk])


def test_every_line_is_read_and_the_bad_and_the_double_ones_are_named_at_once(as_porter, parent):
    batch = started(as_porter, parent, f"{PREFIX}10\n(207) 555-0111\nnobody\n{PREFIX}10\n12")

    assert [item.name for item in batch.items.all()] == [f"{PREFIX}10", f"{PREFIX}11"]
    page = Page.of(as_porter, url_of(batch))
    lines = [row.text for row in page.all("#not-used tbody tr")]
    assert lines[0] == "3 nobody Not a number"
    assert "Twice" in lines[1]
    assert "line 1" in lines[1]
    assert len(lines) == 3


def test_a_list_without_any_number_says_so_and_starts_nothing(as_porter, parent):
    answer = as_porter.post(CREATE, {"account": parent.pk, "numbers": "nobody", "country": "US"})

    assert answer.status_code == 422
    page = Page(answer)
    assert page.title.startswith("Error: ")
    assert "There is no number in it" in page.one("[data-error-summary]").text
    assert not Batch.objects.exists()


def test_more_than_a_thousand_are_done_in_parts(as_porter, parent):
    numbers = "\n".join(f"+1207555{n:04d}" for n in range(1001))

    answer = as_porter.post(CREATE, {"account": parent.pk, "numbers": numbers, "country": "US"})

    assert "more than 1,000 numbers" in Page(answer).one("[data-error-summary]").text


def test_what_twilio_answers_stands_in_words_with_what_to_do(as_porter, parent):
    batch = checked(as_porter, parent, "\n".join(f"{PREFIX}{end}" for end in (10, 50, 90, 91, 92)))

    page = Page.of(as_porter, url_of(batch))
    told = [row.text for row in page.all("#answers-caption ~ tbody tr")]
    assert batch.state == Batch.State.DONE
    expected = (
        ("Portable", "Not needed", "Local", "United States"),
        ("Portable", "PIN", "Needed", "Mobile"),
        ("Not supported", "22130"),
        ("another owner", "22132"),
        ("By hand only", "22133"),
    )
    for words, row in zip(expected, told, strict=True):
        assert all(word in row for word in words), row


def test_a_check_that_failed_at_twilio_is_asked_again_by_itself(as_porter, parent):
    batch = checked(as_porter, parent, f"{PREFIX}93")  # 22135 the first time

    item = batch.items.get()
    assert (item.state, item.attempts) == (BatchItem.State.DONE, 2)
    assert NumberCheck.objects.get(item=item).portable


def test_not_portable_with_status_400_is_an_answer_too(twilio, as_porter, parent):
    twilio.porting.set(PortingSettings(not_portable_is_400=True))

    batch = checked(as_porter, parent, f"{PREFIX}90")

    assert NumberCheck.objects.get(item__batch=batch).code == 22130


def test_twilio_being_away_leaves_the_number_unknown_and_it_can_be_checked_again(twilio, as_porter, parent):
    fault = Fault(kind="status", status=503, method="GET", path="*/Portability/*")
    twilio.faults.add(fault)
    batch = checked(as_porter, parent, f"{PREFIX}10")
    assert batch.items.get().state == BatchItem.State.FAILED
    twilio.faults.clear()
    assert "Check 1 again" in Page.of(as_porter, url_of(batch)).one("main").text

    as_porter.post(reverse("porting:check-again", args=[batch.pk]))
    runner.run(batch.pk, carry_out_check)

    assert NumberCheck.objects.get(item__batch=batch).portable


def test_a_check_that_is_stopped_asks_about_no_further_number(as_porter, parent):
    batch = started(as_porter, parent, f"{PREFIX}10\n{PREFIX}11")

    as_porter.post(reverse("porting:check-stop", args=[batch.pk]))
    runner.run(batch.pk, carry_out_check)

    batch.refresh_from_db()
    assert batch.state == Batch.State.STOPPED
    assert not NumberCheck.objects.exists()


def test_a_worker_that_died_is_followed_by_another_that_goes_on(as_porter, parent):
    batch = started(as_porter, parent, f"{PREFIX}10\n{PREFIX}11")
    item = batch.items.first()
    BatchItem.objects.filter(pk=item.pk).update(state=BatchItem.State.RUNNING)  # and its worker is gone

    runner.run(batch.pk, carry_out_check)

    assert NumberCheck.objects.filter(item__batch=batch).count() == 2


def test_the_same_list_sent_twice_is_one_check(as_porter, parent):
    first = started(as_porter, parent, f"{PREFIX}10")
    second = started(as_porter, parent, f"{PREFIX}10")

    assert first == second


def test_what_we_know_of_a_number_stands_beside_the_answer(as_porter, parent):
    number = make_number(parent, phone_number=f"{PREFIX}10")
    found = file_port_in(parent, "11")
    complete(parent, "port_ins")

    batch = checked(as_porter, parent, f"{PREFIX}10\n{PREFIX}11")

    page = Page.of(as_porter, url_of(batch))
    assert number.get_absolute_url() in {link["href"] for link in page.all("td a")}
    assert found.request.sid[:6] in page.one("main").text
    assert "At Twilio already" in page.one("main").text


def test_one_request_is_offered_for_each_type_and_need_of_pins_and_the_others_stand_apart(as_porter, parent):
    numbers = [f"{PREFIX}10", f"{PREFIX}11", f"{PREFIX}50", "+18005550110", "+442079460018", f"{PREFIX}90"]
    batch = checked(as_porter, parent, "\n".join(numbers))

    page = Page.of(as_porter, url_of(batch))
    offers = [one.text for one in page.all("ol.offers h3")]
    assert offers == ["2 local numbers, United States", "1 mobile number, United States"]
    apart = [one.text for one in page.all("ul.offers h3")]
    assert apart == [
        "1 number: Toll-free, United States",
        "1 number: United Kingdom",
        "1 number: Not supported, United States",
    ]
    texts = [one.text for one in page.all("pre")]
    assert len(texts) == 2
    assert "+18005550110" in texts[0]
    assert parent.pk in texts[0]
    assert page.has_link("Check numbers")


def test_what_cannot_be_ported_is_offered_for_hosting_in_one_press(as_porter, parent):
    batch = checked(as_porter, parent, f"{PREFIX}10\n{PREFIX}90\n{PREFIX}91")
    page = Page.of(as_porter, url_of(batch))

    form = page.form("form.hosting-offer")
    answer = as_porter.post(page.one("form.hosting-offer")["action"], form)

    assert form["numbers"] == [f"{PREFIX}90"]
    assert answer.status_code == 302
    assert [one.phone_number for one in EligibilityCheck.objects.get().results.all()] == [f"{PREFIX}90"]


def test_the_split_can_be_made_coarser(as_porter, parent):
    batch = checked(as_porter, parent, f"{PREFIX}10\n{PREFIX}50")

    page = Page.of(as_porter, f"{url_of(batch)}?split=1")

    assert [one.text for one in page.all("ol.offers h3")] == ["2 numbers, United States"]


def test_carriers_in_a_file_split_requests_too(as_porter, parent):
    csv = f"Number,Carrier\n{PREFIX}10,Alpha Tel\n{PREFIX}11,Beta Tel\n{PREFIX}12,alpha  tel\n"
    file = SimpleUploadedFile("numbers.csv", csv.encode(), "text/csv")

    batch = checked(as_porter, parent, "", file=file)

    page = Page.of(as_porter, url_of(batch))
    assert [one.text for one in page.all("ol.offers h3")] == [
        "2 local numbers, United States", "1 local number, United States",
    ]  # fmt: skip
    assert "From Alpha Tel" in page.one("ol.offers").text


def prepare(as_porter, batch, page, **more):
    form = page.form("form[action$='/prepare/']")
    return as_porter.post(reverse("porting:check-prepare", args=[batch.pk]), {**form, **more})


def test_a_request_is_prepared_with_its_numbers_once_and_numbers_can_be_left_out(as_porter, parent):
    batch = checked(as_porter, parent, "\n".join(f"{PREFIX}{end}" for end in (10, 11, 12)))
    page = Page.of(as_porter, url_of(batch))
    mark = page.one("button[name=request]")["value"]

    answer = prepare(as_porter, batch, page, request=mark, out=f"{PREFIX}11")

    draft = PortInDraft.objects.get()
    assert answer["Location"] == reverse("porting:draft-bill", args=[draft.pk])
    assert draft.numbers == [f"{PREFIX}10", f"{PREFIX}12"]
    assert (draft.country, draft.number_type, draft.pin_numbers) == ("US", "local", [])
    prepare(as_porter, batch, page, request=mark, out=f"{PREFIX}11")
    assert PortInDraft.objects.count() == 1


def test_all_requests_are_prepared_at_once(as_porter, parent):
    batch = checked(as_porter, parent, f"{PREFIX}10\n{PREFIX}50")

    answer = prepare(as_porter, batch, Page.of(as_porter, url_of(batch)), request="all")

    assert answer["Location"] == reverse("porting:draft-list")
    assert sorted(draft.pin_numbers for draft in PortInDraft.objects.all()) == [[], [f"{PREFIX}50"]]
    listed = Page.of(as_porter, answer["Location"])
    assert len(listed.rows) == 2
    again = Page.of(as_porter, url_of(batch))
    assert not again.all("button[name=request][value]:not([value=all])")


def test_numbers_in_a_request_are_not_offered_again_wherever_they_were_moved(as_porter, parent):
    batch = checked(as_porter, parent, "\n".join(f"{PREFIX}{end}" for end in (10, 11, 12, 50)))
    prepare(as_porter, batch, Page.of(as_porter, url_of(batch)), request="all")
    local = PortInDraft.objects.get(number_type="local")
    mobile = PortInDraft.objects.get(number_type="mobile")

    move_numbers(draft=local, to=mobile, numbers=[f"{PREFIX}10"])
    leave_out(draft=local, numbers=[f"{PREFIX}11"])

    page = Page.of(as_porter, url_of(batch))
    assert [one.text for one in page.all("ul.offers:not(ol) h3")] == [
        "1 local number, United States", "2 numbers, United States",
    ]  # fmt: skip
    assert [one.text for one in page.all("ol.offers h3")] == ["1 local number, United States"]
    prepare(as_porter, batch, page, request="all")
    assert PortInDraft.objects.filter(numbers=[f"{PREFIX}11"]).count() == 1
    assert PortInDraft.objects.count() == 3


def test_an_account_without_the_porting_api_is_named_and_not_asked(twilio, as_porter, parent):
    twilio.set_account(parent.pk, porting=False)
    checked(as_porter, parent, f"{PREFIX}10")
    feature = AccountFeature.objects.get(account=parent, feature=AccountFeature.Feature.PORTING)
    assert not feature.is_available

    page = Page.of(as_porter, CREATE)
    assert "cannot port numbers" in page.one("main").text
    answer = as_porter.post(CREATE, {"account": parent.pk, "numbers": f"{PREFIX}10", "country": "US"})
    assert answer.status_code == 422


def test_answers_can_be_exported(as_porter, parent):
    batch = checked(as_porter, parent, f"{PREFIX}10\n{PREFIX}90")

    answer = as_porter.get(reverse("porting:check-export", args=[batch.pk]))

    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    header, first, second = csv.reader(text.splitlines())
    assert header[0] == "Number (phone_number)"
    assert first[:6] == [f"{PREFIX}10", "Portable", "yes", "no", "local", "US"]
    assert (second[2], second[6]) == ("no", "22130")


def test_only_who_ports_numbers_may_and_only_on_their_accounts(as_porter, parent, as_viewer, as_support):
    batch = checked(as_porter, parent, f"{PREFIX}10")
    for url in (CREATE, url_of(batch)):
        assert as_viewer.get(url).status_code == 403
        assert as_support.get(url).status_code == 403
    stranger = signed_in(make_user(Role.PORTING, accounts=[]))
    assert stranger.get(url_of(batch)).status_code in (403, 404)
    assert as_porter.get(reverse("porting:check-stop", args=[batch.pk])).status_code == 405
    assert as_porter.get(url_of(batch).replace(str(batch.pk), str(batch.items.get().pk))).status_code == 404


def test_the_part_that_is_polled_is_the_part_of_the_page(as_porter, parent):
    batch = checked(as_porter, parent, f"{PREFIX}10")
    answer = as_porter.get(url_of(batch), headers={"HX-Request": "true", "HX-Target": "check"})
    assert answer.status_code == 286
    running = started(as_porter, parent, f"{PREFIX}11")
    assert_is_region(as_porter, url_of(running), "check")


@pytest.mark.parametrize("count", [2, 30])
def test_however_many_numbers_a_page_takes_the_same_queries(as_porter, parent, count):
    batch = checked(as_porter, parent, "\n".join(f"{PREFIX}{end}" for end in range(10, 10 + count)))

    with counted("port_in_check"):
        as_porter.get(url_of(batch))
