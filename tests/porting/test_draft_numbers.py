"""Which numbers a request has is changed before it is filed, by the rules of the splitter (L7)."""

import pytest
from django.urls import reverse

from portal.models import Role
from portal.sandbox.faults import Fault
from porting.models import PortInDraft, PortInNumber, PortInRequest
from porting.portin.drafts import CannotMove, create_draft, leave_out, move_numbers, save_draft
from tests.factories import make_account, make_user
from tests.mirroring import complete
from tests.pages import Page
from tests.porting.drafting import PIN, begun, filled, url_of
from tests.porting.filing import PREFIX, file_port_in
from tests.porting.people import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(parent, porter) -> PortInDraft:
    return begun(parent, porter, "10", "11", number_type="local")


def send(as_porter, draft, do, **values):
    return as_porter.post(url_of("numbers", draft), {"do": do, **values})


def endings(draft: PortInDraft) -> list[str]:
    draft.refresh_from_db()
    return [number.removeprefix(PREFIX) for number in draft.numbers]


def summary(answer) -> str:
    assert answer.status_code == 422
    return Page(answer).one("[data-error-summary]").text


def test_ticked_numbers_go_to_another_request_with_their_pins(as_porter, parent, porter, draft):
    pins = {f"{PREFIX}50": PIN}
    other = begun(parent, porter, "50", "51", values={"pins": pins}, number_type="mobile")
    page = Page.of(as_porter, url_of("numbers", other))
    assert str(draft) in page.one("select[name=to]").text

    answer = send(as_porter, other, "move", number=f"{PREFIX}50", to=str(draft.pk))

    assert answer["Location"] == url_of("numbers", other)
    assert endings(other) == ["51"]
    assert endings(draft) == ["10", "11", "50"]
    assert (draft.said["pins"], draft.pin_numbers) == (pins, [f"{PREFIX}50"])
    assert other.said["pins"] == {}
    assert draft.number_type == ""
    told = Page.of(as_porter, url_of("numbers", other)).one("#messages").text
    assert "1 number moved" in told
    assert "not of one type any more" in told


def test_ticked_numbers_go_to_a_new_request_with_the_answers_but_without_the_bill(
    as_porter, parent, porter, draft
):
    other = make_user(Role.PORTING)
    said = {"customer_name": "Thornlea Dental", "bill_date": "2026-11-01", "matches": ["customer_name"]}
    pins = {f"{PREFIX}11": PIN}
    save_draft(draft=draft, values={**said, "pins": pins}, actor=other)

    answer = send(as_porter, draft, "move", number=f"{PREFIX}11", to="new")

    new = PortInDraft.objects.exclude(pk=draft.pk).get()
    assert answer["Location"] == new.get_absolute_url()
    assert (endings(draft), endings(new)) == (["10"], ["11"])
    assert new.said == {"customer_name": "Thornlea Dental", "pins": pins}
    assert (new.saved_by, new.created_by) == (other, porter), "whoever splits has not read the answers"
    assert draft.said == {**said, "pins": {}}
    assert "No number would be left" in summary(
        send(as_porter, draft, "move", number=f"{PREFIX}10", to="new")
    )


def test_what_a_request_cannot_take_stays_where_it_is(as_porter, parent, porter, draft):
    other = begun(parent, porter, "12")
    full = create_draft(
        account=parent, numbers=[f"+1605555{n:04d}" for n in range(1000)], values={}, actor=porter
    )
    japan = create_draft(account=parent, numbers=["+81312345678"], values={}, actor=porter)
    one = f"{PREFIX}10"

    assert "Tick the numbers first" in summary(send(as_porter, draft, "move", to=str(other.pk)))
    assert "Choose the request" in summary(send(as_porter, draft, "move", number=one))
    assert "is not being prepared" in summary(send(as_porter, draft, "move", number=one, to=str(japan.pk)))
    assert "1,001 numbers" in summary(send(as_porter, draft, "move", number=one, to=str(full.pk)))
    both = [one, f"{PREFIX}11"]
    assert "No number would be left" in summary(send(as_porter, draft, "move", number=both, to=str(other.pk)))
    assert "No number would be left" in summary(send(as_porter, draft, "out", number=both))
    assert "is not in this request" in summary(send(as_porter, draft, "out", number=f"{PREFIX}99"))
    assert (endings(draft), endings(other)) == (["10", "11"], ["12"])
    with pytest.raises(CannotMove):
        move_numbers(draft=draft, to=japan, numbers=[one])


def test_numbers_are_added_after_twilio_was_asked(as_porter, draft):
    answer = send(as_porter, draft, "add", numbers="(207) 555-0112\n+1 207-555-0150")

    assert answer.status_code == 302
    assert endings(draft) == ["10", "11", "12", "50"]
    assert draft.pin_numbers == [f"{PREFIX}50"]
    assert draft.number_type == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Enter the numbers to add"),
        (f"{PREFIX}13\nnobody", "Line 2, “nobody”: Not a number"),
        (f"{PREFIX}12\n{PREFIX}12", "Line 2"),
        (f"{PREFIX}13\n{PREFIX}10", "It is in this request already"),
        (f"{PREFIX}13\n+81312345678", "It is not of United States"),
        (f"{PREFIX}13\n+18005550110", "Twilio ports it by hand"),
        (f"{PREFIX}13\n{PREFIX}90", "Not supported (22130)"),
        ("\n".join(f"{PREFIX}{n}" for n in range(20, 31)), "These are 11 numbers"),
    ],
)
def test_what_cannot_be_added_is_said_and_nothing_is_added(text, words, as_porter, draft):
    assert words in summary(send(as_porter, draft, "add", numbers=text))
    assert endings(draft) == ["10", "11"]


def test_a_number_that_is_elsewhere_leads_there(as_porter, parent, porter, draft):
    other = begun(parent, porter, "12")
    found = file_port_in(parent, "13")
    complete(parent, "port_ins")

    page = Page(send(as_porter, draft, "add", numbers=f"{PREFIX}12\n{PREFIX}13"))

    links = {link["href"] for link in page.all("[data-error-summary] a")}
    assert links == {url_of("numbers", other), reverse("porting:port-in-detail", args=[found.request.sid])}
    assert "22137" in page.one("[data-error-summary]").text


def test_while_twilio_cannot_be_asked_nothing_is_added(twilio, as_porter, draft):
    twilio.faults.add(Fault(kind="status", status=503, method="GET", path="*/Portability/*"))

    assert "Nothing was added" in summary(send(as_porter, draft, "add", numbers=f"{PREFIX}12"))
    assert endings(draft) == ["10", "11"]


def test_moving_numbers_shows_nobody_what_another_has_typed(parent, porter):
    draft = filled(parent, porter, "10", "11")
    colleague = signed_in(make_user(Role.PORTING))

    send(colleague, draft, "out", number=f"{PREFIX}10")

    draft.refresh_from_db()
    assert draft.saved_by == porter
    assert "Thornlea" not in Page.of(colleague, url_of("check", draft)).source


def test_a_request_that_files_rejected_numbers_again_keeps_to_them(as_porter, parent, porter, draft):
    again = begun(parent, porter, "60", "61", replaces=f"KW{'0' * 32}")

    assert not Page.of(as_porter, url_of("numbers", again)).all("select[name=to]")
    assert str(again) not in Page.of(as_porter, url_of("numbers", draft)).one("select[name=to]").text
    assert send(as_porter, again, "move", number=f"{PREFIX}60", to="new").status_code == 422
    assert leave_out(draft=again, numbers=[f"{PREFIX}60"])


def test_only_who_ports_numbers_moves_them(parent, draft, as_support):
    assert as_support.get(url_of("numbers", draft)).status_code == 403
    stranger = signed_in(make_user(Role.PORTING, accounts=[]))
    assert stranger.get(url_of("numbers", draft)).status_code in (403, 404)
    assert stranger.put(url_of("numbers", draft)).status_code == 405


def test_a_request_of_an_account_out_of_reach_is_not_named(parent):
    found = file_port_in(parent, "13", "15")
    complete(parent, "port_ins")
    theirs = make_account()
    for rows in (PortInRequest.objects, PortInNumber.objects):
        rows.update(account=theirs)
    near = make_user(Role.PORTING, accounts=[parent])
    draft, as_porter = filled(parent, near, "13", "14"), signed_in(near)

    checked = Page(as_porter.post(url_of("check", draft)))
    added = Page(send(as_porter, draft, "add", numbers=f"{PREFIX}15"))

    told = checked.one("[data-error-summary]").text
    assert "+1 207-555-0113 is in a request of another account" in told
    assert "being ported already (22137)" in added.one("[data-error-summary]").text
    assert found.request.sid not in checked.source + added.source
