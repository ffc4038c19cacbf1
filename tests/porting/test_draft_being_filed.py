"""Between the button and Twilio's answer a draft stays as it is, and its numbers are filed by no other."""

import pytest

from portal.models import Operation, Purpose, StoredFile
from portal.sandbox.faults import Fault
from portal.twilio.errors import Uncertain
from portal.uploads.check import CheckedFile
from porting.drafting.actions import keep_bill
from porting.models import PortInDraft, PortInRequest
from porting.portin.actions import FILE_PORT_IN, FiledBeside, begin_filing, carry_out_filing, is_being_filed
from porting.portin.drafts import (
    CannotMove,
    NotEditable,
    add_numbers,
    delete_draft,
    leave_out,
    move_numbers,
    save_draft,
)
from tests.pages import Page
from tests.porting.drafting import (
    answers,
    begun,
    file_port_in,
    filled,
    let_workers_file,
    picture,
    url_of,
)
from tests.porting.filing import PREFIX
from tests.porting.following.requests import by_hand, fix, read, rejected
from tests.porting.people import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(parent, porter) -> PortInDraft:
    return filled(parent, porter, "10", "11")


def filings() -> int:
    return Operation.objects.filter(kind=FILE_PORT_IN).count()


def test_numbers_are_not_moved_into_a_request_whose_answer_was_lost(twilio, parent, porter, draft):
    """They would not be in what was filed, and the rest could be filed a second time."""
    twilio.faults.add(Fault(kind="lost-answer", method="POST", path="*/PortIn", times=1))
    with pytest.raises(Uncertain):
        file_port_in(draft=draft, actor=porter)
    other = begun(parent, porter, "50", "51")
    url, client = url_of("numbers", other), signed_in(porter)

    assert str(draft) not in Page.of(client, url).one("select[name=to]").text
    assert "Being filed" in Page.of(client, "/port-ins/drafts/").one("table").text
    answer = client.post(url, {"do": "move", "number": f"{PREFIX}50", "to": str(draft.pk)})
    assert answer.status_code == 422
    with pytest.raises(CannotMove):
        move_numbers(draft=other, to=draft, numbers=[f"{PREFIX}50"])

    draft.refresh_from_db()
    assert draft.numbers == [f"{PREFIX}10", f"{PREFIX}11"]
    assert is_being_filed(draft)


def test_nothing_of_a_request_is_changed_while_it_is_being_filed(porter, draft):
    begin_filing(draft=draft, actor=porter)
    number = f"{PREFIX}11"

    for change in (
        lambda: save_draft(draft=draft, values={"customer_name": "Other"}, actor=porter),
        lambda: leave_out(draft=draft, numbers=[number]),
        lambda: add_numbers(draft=draft, numbers=[f"{PREFIX}12"], pin_numbers=[], number_type=""),
        lambda: delete_draft(draft=draft),
    ):
        with pytest.raises(NotEditable):
            change()

    port_in = carry_out_filing(Operation.objects.get().pk)
    assert port_in
    assert port_in.numbers.count() == 2


def test_what_is_typed_after_it_was_filed_is_kept_nowhere(porter, draft):
    port_in = file_port_in(draft=draft, actor=porter)
    file = StoredFile.objects.get()

    with pytest.raises(NotEditable):
        save_draft(draft=draft, values=answers(), actor=porter)
    with pytest.raises(NotEditable):
        keep_bill(draft=draft, file=another_bill(), actor=porter)

    draft.refresh_from_db()
    assert draft.values == {}
    assert StoredFile.objects.get(owner_sid=port_in.pk) == file
    # A file without an owner goes within the day.
    assert set(StoredFile.objects.exclude(pk=file.pk).values_list("owner_sid", flat=True)) == {""}


def another_bill() -> CheckedFile:
    return CheckedFile(Purpose.UTILITY_BILL, "other.png", "image/png", picture("gray"))


def test_a_page_that_was_opened_before_leads_to_what_becomes_of_it(porter, draft):
    client = signed_in(porter)
    begin_filing(draft=draft, actor=porter)

    for name in ("leave-out", "delete", "numbers", "details"):
        assert client.post(url_of(name, draft), {"out": draft.numbers[0]})["Location"] == url_of(
            "filed", draft
        )


def test_another_request_with_one_of_the_numbers_waits_for_the_answer(parent, porter, draft):
    other = filled(parent, porter, "11", "12")
    first = begin_filing(draft=draft, actor=porter)

    with pytest.raises(FiledBeside):
        begin_filing(draft=other, actor=porter)
    page = Page(signed_in(porter).post(url_of("check", other)))

    assert "is being filed at this moment. Nothing was filed." in page.one("[data-error-summary]").text
    assert filings() == 1
    assert carry_out_filing(first.pk)
    assert PortInRequest.objects.count() == 1


def test_numbers_that_are_rejected_later_do_not_file_the_first_ones_a_second_time(twilio, parent, as_porter):
    by_hand(twilio)
    sid = rejected(twilio, parent, 22153, "63", good=("73",)).pk
    check = fix(as_porter, read(parent, sid), customer_name="Thornlea Dental Group")["Location"]
    twilio.faults.add(Fault(kind="lost-answer", method="POST", path="*/PortIn", times=1))
    as_porter.post(check, Page.of(as_porter, check).form())
    let_workers_file()
    twilio.porting.reject(sid, 22156, f"{PREFIX}73")

    answer = fix(as_porter, read(parent, sid), again_22156="on", account_number="A-200")

    assert answer["Location"].endswith("/filed/")
    assert PortInDraft.objects.get().numbers == [f"{PREFIX}63"]
    assert filings() == 1
