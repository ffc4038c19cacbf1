"""The page of one number: what it is, what answers it, what was done with it, and what one may do."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now
from django.urls import reverse

from inventory.actions import UPDATE_NUMBER
from inventory.models import PhoneNumber
from portal.models import Change, Membership, Note, Operation, Role, SyncRun
from tests.factories import make_account, make_address, make_number, make_price, make_sid, make_user
from tests.inventory.stock import list_numbers
from tests.mirroring import complete, truth
from tests.pages import Page, assert_is_region
from tests.query_counts import counted

pytestmark = pytest.mark.django_db

TRUNK = make_sid("TK")


@pytest.fixture
def account(db):
    return make_account(friendly_name="Ours")


def page_of(client, number):
    return Page.of(client, number.get_absolute_url())


def facts(page, heading):
    """What a section of the page says, by the words before it."""
    section = page.one(f"section[aria-labelledby={heading}]")
    return dict(
        zip([dt.text for dt in section.all("dt")], [dd.text for dd in section.all("dd")], strict=True)
    )


def lead(page, heading):
    return page.one(f"section[aria-labelledby={heading}] .section__lead").text


# What it is


def test_it_says_what_the_number_is(as_viewer, account):
    make_price(account, "DE", "local", "3.00", price_unit="EUR")
    number = make_number(account, phone_number="+493023125017", friendly_name="Front desk", beta=True)

    page = page_of(as_viewer, number)

    assert page.title == "+49 30 23125017 – Numberdesk"
    assert page.one("h1").text == "+49 30 23125017"
    assert page.one("h1 button")["data-copy"] == "+493023125017"
    assert "In use Front desk Ours PN0000" in page.one(".number-meta").text
    assert page.one(".number-meta button")["data-copy"] == number.pk
    about = facts(page, "about")
    assert about.pop("Can do").endswith("Voice, SMS, MMS; not Fax")
    assert about == {
        "National format": "030 23125017", "Country": "Germany", "Type": "Local Beta", "Origin": "Twilio",
        "Costs": "€3.00 a month", "Added": "2 Jan 2023, 08:00 UTC",
        "Last changed at Twilio": "2 Jan 2023",
    }  # fmt: skip


def test_what_nobody_knows_is_said_and_what_we_have_no_word_for_is_shown_as_it_came(as_viewer, account):
    number = make_number(
        account, phone_number="+88312345678", type="satellite", status="parked", origin="moon",
        address_requirements="lunar", emergency_status="Dormant", emergency_address_status="lost",
        date_updated=None,
    )  # fmt: skip

    page = page_of(as_viewer, number)

    about = facts(page, "about")
    assert (about["Country"], about["Type"], about["Origin"]) == ("Not known", "satellite", "moon")
    assert (about["Costs"], about["Last changed at Twilio"]) == ("Twilio names no price", "Not known")
    assert "parked" in page.one(".number-meta").text
    assert facts(page, "addresses")["Twilio asks for"] == "lunar"
    emergency = facts(page, "emergency")
    assert (emergency["Status"], emergency["Registration"]) == ("Dormant", "lost")


@pytest.mark.parametrize(
    ("fields", "calls", "messages"),
    [
        ({}, "Twilio asks a web address", "Twilio asks a web address"),
        ({"voice_url": "", "sms_url": ""}, "Nothing answers", "Nothing takes them"),
        ({"voice_url": None}, "Nothing answers", "Twilio asks a web address"),
        ({"trunk_sid": TRUNK}, "A SIP trunk answers", "Twilio asks a web address"),
        ({"voice_application_sid": make_sid("AP")}, "An application answers", "Twilio asks a web address"),
        ({"trunk_sid": TRUNK, "voice_application_sid": make_sid("AP")}, "A SIP trunk", "Twilio asks"),
        ({"sms_application_sid": make_sid("AP")}, "Twilio asks a web address", "An application takes them"),
    ],
)
def test_it_says_what_answers_and_strikes_out_what_is_not_used(as_viewer, account, fields, calls, messages):
    number = make_number(account, **fields)

    page = page_of(as_viewer, number)

    assert lead(page, "calls").startswith(calls)
    assert lead(page, "messages-heading").startswith(messages)
    is_beaten = bool(page.all("section[aria-labelledby=calls] .is-ignored"))
    assert is_beaten == ("Twilio asks" not in calls)
    if number.voice_url:
        assert facts(page, "calls")["When a call comes in"] == "POST https://voice.example.com/in"


def test_it_says_what_the_number_cannot_do(as_viewer, account):
    number = make_number(account, capabilities=dict.fromkeys(("voice", "sms", "mms", "fax"), False))

    page = page_of(as_viewer, number)

    assert lead(page, "calls") == "This number cannot take calls."
    assert lead(page, "messages-heading") == "This number cannot take messages."
    assert facts(page, "about")["Can do"].endswith("nothing; not Voice, SMS, MMS, Fax")


def test_it_names_applications_and_addresses_and_gives_the_sid_of_those_not_mirrored(
    as_viewer, twilio, parent
):
    complete(parent, "applications")
    app = truth(twilio, parent, "applications")[0]
    address, unknown, bundle = (
        make_address(parent, friendly_name="Head office"),
        make_sid("AD"),
        make_sid("BU"),
    )
    number = make_number(
        parent, voice_application_sid=app["sid"], sms_application_sid=make_sid("AP"), address_sid=address.pk,
        emergency_address_sid=unknown, bundle_sid=bundle,
    )  # fmt: skip

    page = page_of(as_viewer, number)

    assert facts(page, "calls")["Application"].startswith(app["friendly_name"])
    assert facts(page, "messages-heading")["Application"].startswith("AP0000…")
    assert page.link("Head office") == f"/addresses/{address.pk}/"
    assert page.link(unknown) == f"/addresses/{unknown}/"
    copied = [button["data-copy"] for button in page.all("main button[data-copy]")]
    assert {app["sid"], address.pk, unknown, bundle} <= set(copied)


def test_a_number_that_is_no_longer_listed_says_so_and_cannot_be_changed(as_support, account):
    number = make_number(account)
    list_numbers(account, [])

    page = page_of(as_support, number)

    assert page.one(".notice--bad h2").text == "Twilio does not list this number any more"
    assert "No longer listed by Twilio" in page.one(".number-meta").text
    assert not page.has_link("Change configuration")
    assert "No longer listed by Twilio" in page.one(".timeline").text


# How fresh it is


def test_it_is_as_fresh_as_the_last_sync_or_its_own_last_reading(as_viewer, account):
    number = make_number(account)
    assert "from a reading of this object" in page_of(as_viewer, number).one(".fresh").text

    list_numbers(account, [number.payload])
    PhoneNumber.objects.update(synced_at=Now() - timedelta(hours=3))
    assert page_of(as_viewer, number).one(".fresh").text.endswith("from sync")

    SyncRun.objects.update(finished_at=Now() - timedelta(hours=2))
    page = page_of(as_viewer, number)
    assert page.one(".fresh--stale").text.startswith("Stale: as of")
    assert "2 h ago" in page.one(".fresh--stale").text

    PhoneNumber.objects.update(synced_at=Now() - timedelta(minutes=1))
    assert page_of(as_viewer, number).one(".fresh").text.startswith("as of")
    assert page_of(as_viewer, number).one(".fresh").text.endswith("from a reading of this object")


def test_when_twilio_cannot_be_read_it_says_so_and_shows_the_last_known_state(as_viewer, account):
    number = make_number(account, friendly_name="Front desk")
    SyncRun.objects.create(
        account=account, resource="numbers", trigger="schedule", state="failed", finished_at=Now(),
        error="Twilio cannot be reached.",
    )  # fmt: skip

    page = page_of(as_viewer, number)

    assert page.one(".notice--wait h2").text == "Unavailable: Twilio could not be read"
    assert "Front desk" in page.one(".number-meta").text


# What happened


@pytest.fixture
def history(account, support):
    """A number to which everything has happened that can, a minute after another."""
    number = make_number(account)
    about = {"account": account, "target": number.pk, "kind": UPDATE_NUMBER}
    rows = [
        Operation.objects.create(
            **about, actor=support, state="done", reason="Moved to the night shift", request_id="RQ123",
            detail={"fields": {"friendly_name": ["Day", "Night"], "trunk_sid": ["", TRUNK]}},
        ),
        Operation.objects.create(
            **about, actor=support, state="refused", words="Invalid Url", code=21402,
            detail={"fields": {"voice_url": ["https://a.example", ""]}},
        ),
        Change.objects.create(
            resource="numbers", target=number.pk, account_sid=account.pk, kind="changed", source="sync",
            fields={"voice_caller_id_lookup": [False, True], "emergency_status": ["Inactive", "Active"]},
        ),
        Note.objects.create(target=number.pk, account=account, author=support, body="Ask Ada\nfirst"),
    ]  # fmt: skip
    for minutes, row in enumerate(rows):
        moment = "started_at" if isinstance(row, Operation) else "at"
        moment = "created_at" if isinstance(row, Note) else moment
        type(row).objects.filter(pk=row.pk).update(**{moment: Now() + timedelta(minutes=minutes)})
    return number


def test_it_tells_what_happened_newest_first(as_viewer, history, support):
    events = [event.text for event in page_of(as_viewer, history).all(".timeline li > div")]

    note, learned, refused, done, first = events
    assert note == f"Note Internal {support} Ask Ada first"
    assert learned.startswith("Changed at Twilio learned by sync")
    assert "Look up caller names: no → yes" in learned
    assert "emergency status: Inactive → Active" in learned
    assert refused.startswith(f"Configuration changed Refused {support}")
    assert "When a call comes in: https://a.example → nothing" in refused
    assert refused.endswith("Invalid Url Twilio error 21402")
    assert done.startswith(f"Configuration changed {support}")
    assert "Name: Day → Night" in done
    assert f"SIP trunk: nothing → {TRUNK[:6]}…{TRUNK[-4:]}" in done
    assert done.endswith("Reason: Moved to the night shift Twilio request RQ123")
    assert first == "First seen by Numberdesk"


def test_what_an_operation_changed_is_told_once(as_viewer, history):
    operation = Operation.objects.get(state="done")
    Change.objects.create(
        resource="numbers", target=history.pk, account_sid=history.account_id, kind="changed",
        source="operation", operation=operation, fields={"friendly_name": ["Day", "Night"]},
    )  # fmt: skip

    assert page_of(as_viewer, history).one(".timeline").text.count("Day → Night") == 1


@pytest.mark.parametrize(
    ("state", "words"), [("started", "Twilio has not answered yet"), ("uncertain", "Nothing is sent twice")]
)
def test_a_change_that_is_not_settled_is_announced(as_viewer, account, support, state, words):
    number = make_number(account)
    Operation.objects.create(
        account=account, target=number.pk, kind=UPDATE_NUMBER, actor=support, state=state
    )

    notice = page_of(as_viewer, number).one(".notice--wait").text

    assert notice.startswith(f"A change is not settled yet {support} asked for it")
    assert words in notice


# What one may do


ACTIONS = {"Change configuration", "Change owner, cost centre and tags"}


def test_it_offers_what_the_role_may_on_this_account_and_nothing_else(as_viewer, client, account):
    number, elsewhere = make_number(account), make_number(make_account())
    person = make_user(Role.VIEWER)
    Membership.objects.create(user=person, role=Role.SUPPORT).accounts.add(account)
    client.force_login(person)

    def offered(client, number):
        page = page_of(client, number)
        controls = [*page.all("main .main__inner a"), *page.all("main button")]
        return {control.text for control in controls} & {*ACTIONS, "Add note", "Refresh now"}

    assert offered(client, number) == {*ACTIONS, "Add note", "Refresh now"}
    assert offered(client, elsewhere) == offered(as_viewer, number) == set()
    client.force_login(make_user(Role.COMPLIANCE))
    assert "Change configuration" not in offered(client, number)
    assert "Change owner, cost centre and tags" in offered(client, number)


def test_refresh_now_reads_this_number_alone(as_support, account):
    number = make_number(account)

    [form] = page_of(as_support, number).all(".fresh form")

    assert form["action"] == reverse("inventory:number-refresh", args=[number.pk])
    assert not form.get("hx-post")


def test_tags_lead_to_the_list_of_what_has_them(as_viewer, account):
    number = make_number(account, owner="Ada", cost_centre="4711", tags=["a&b", "desk"])
    make_number(account)

    page = page_of(as_viewer, number)

    assert facts(page, "ours") == {"Owner": "Ada", "Cost centre": "4711", "Tags": "a&b desk"}
    assert Page.of(as_viewer, page.link("a&b")).rows == [number.get_absolute_url()]


def test_it_knows_no_other_numbers_and_only_shows(as_viewer, client, account):
    number = make_number(account)
    assert as_viewer.get(reverse("inventory:number-detail", args=[make_sid("PN")])).status_code == 404
    assert as_viewer.get("/numbers/nonsense/").status_code == 404
    assert as_viewer.post(number.get_absolute_url()).status_code == 405
    client.force_login(make_user())
    assert client.get(number.get_absolute_url()).status_code == 403


def test_the_part_for_htmx_is_the_pages_own(as_support, history):
    assert_is_region(as_support, history.get_absolute_url(), "number")


def test_it_takes_as_many_queries_for_a_long_history_as_for_none(as_support, account, support):
    bare, busy = (
        make_number(account, address_sid=make_address(account).pk, voice_application_sid=make_sid("AP"))
        for _ in range(2)
    )
    for minute in range(60):
        Operation.objects.create(
            account=account, target=busy.pk, kind=UPDATE_NUMBER, actor=make_user(), state="done"
        )
        Note.objects.create(target=busy.pk, account=account, author=support, body=f"Note {minute}")

    with counted("number_detail"):
        page_of(as_support, bare)
    with counted("number_detail"):
        page = page_of(as_support, busy)

    assert len(page.all(".timeline li")) == 51
