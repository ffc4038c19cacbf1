"""The task list of a bundle, and the way through it."""

import pytest

from compliance.models import Bundle, GuidedAnswer, Regulation
from portal.models import Operation, Role
from portal.sandbox.faults import Fault
from portal.sandbox.regulatory import resources as wire
from portal.sandbox.regulatory.laws import NewRegulation, RegulationChange
from tests.compliance.guided import (
    FIRM,
    NAME,
    PLACE,
    REGISTER,
    add_end_user,
    errors,
    fill,
    make_draft,
    reviewer,
    scan,
    send,
    task_states,
    url,
)
from tests.factories import make_account, make_user
from tests.mirroring import complete
from tests.pages import Page
from tests.query_counts import counted

pytestmark = pytest.mark.django_db


@pytest.fixture
def person_client(db):
    return reviewer()


@pytest.fixture
def person(person_client):
    return person_client[0]


@pytest.fixture
def client(person_client):
    return person_client[1]


@pytest.fixture
def german(parent):
    complete(parent, "regulations")
    return Regulation.objects.for_group("DE", "local").get(end_user_type="business")


@pytest.fixture
def draft(parent, german, person):
    return make_draft(parent, german, person)


def test_the_whole_way_with_everything_new(client, draft):
    assert task_states(client, draft) == {
        "Say who the end user is": "Not yet started",
        "Give the address": "Not yet started",
        "Prove: Business Name": "Not yet started",
        "Prove: Business Address (Proof of Address)": "Not yet started",
        "Check contact and callback": "Completed",
        "Check and submit": "Cannot start yet",
    }
    answer = send(client, url(draft, "tasks/end-user/"), use="new", **{"new-business_name": FIRM})
    assert answer["Location"] == url(draft, "tasks/address/")

    answer = send(
        client, answer["Location"], use="new", customer_name=FIRM, street="Musterstr. 1", city="Berlin",
        region="BE", postal_code="10117",
    )  # fmt: skip
    assert answer["Location"] == url(draft, f"tasks/documents/{NAME}/")

    page = Page.of(client, answer["Location"])
    assert page.one(f"#id_new-{REGISTER}-business_name")["value"] == FIRM, "what is known is not asked again"
    answer = send(client, answer["Location"], use=f"new-{REGISTER}", **{f"new-{REGISTER}-the-file": scan()})
    assert answer["Location"] == url(draft, f"tasks/documents/{PLACE}/")

    page = Page.of(client, answer["Location"])
    [offered] = page.all(".choice:has(.choice__panel) input[name=use][value^=RD]")
    answer = send(client, answer["Location"], use=offered["value"])
    assert answer["Location"] == url(draft, "check/")
    assert set(task_states(client, draft).values()) == {"Completed", "Not yet started"}

    answer = send(client, answer["Location"])
    assert answer["Location"] == url(draft, "submitted/")
    page = Page.of(client, answer["Location"])
    assert draft.pk in page.text
    assert "Expected by" in page.text
    draft.refresh_from_db()
    assert draft.status == Bundle.Status.PENDING_REVIEW
    assert not GuidedAnswer.objects.exclude(task__in=("regulation", "way")).exists(), "nothing typed stays"


def test_every_press_of_continue_has_twilio_check_what_is_there(client, draft, person):
    send(client, url(draft, "tasks/end-user/"), use="new", **{"new-business_name": FIRM})

    evaluation = draft.evaluations.get()
    assert not evaluation.is_compliant
    assert errors(Page.of(client, url(draft))) == [], "what was not begun is no fault of anybody's"


def test_a_finding_of_twilios_leads_to_the_very_input(client, twilio, draft, person):
    document = fill(draft, person)
    told = twilio.store.find(wire.SupportingDocument, document.pk)
    told.attributes["business_name"] = "Riverside Dental Ltd"
    with twilio.changing() as (store, _):
        store.save(told)
    send(client, url(draft, "tasks/end-user/"))
    complete(draft.account, "documents")

    page = Page.of(client, url(draft))
    assert page.title.startswith("Error: ")
    link = page.one("[data-error-summary] a")
    assert "exactly the same" in link.text
    where, _, anchor = link["href"].partition("#")
    task = Page.of(client, where)
    assert task.one(f"#{anchor}")["value"] == "Riverside Dental Ltd"
    assert task.one(f"#{anchor}").get("aria-invalid") == "true"
    answer = send(client, where, **{"keep-business_name": FIRM})
    assert answer.status_code == 302
    assert errors(Page.of(client, url(draft))) == []


def test_which_way_is_asked_where_several_sets_of_documents_satisfy(client, parent, german, person):
    french = Regulation.objects.for_group("FR", "local").get(end_user_type="business")
    bundle = make_draft(parent, french, person)
    names = list(task_states(client, bundle))
    assert "Choose which documents to send" in names
    assert "Prove: Power of Attorney" not in names
    where = url(bundle, "tasks/way/")

    page = Page.of(client, where)
    assert "Power of Attorney and Name of Person granted the Power of Attorney" in page.text
    assert errors(Page(client.post(where))) == ["Choose which documents to send"]
    assert client.post(where, {"way": "1"}).status_code == 302
    assert "Prove: Power of Attorney" in task_states(client, bundle)
    assert client.post(where, {"way": "0"}).status_code == 302
    assert "Prove: Power of Attorney" not in task_states(client, bundle)


def test_a_regulation_nobody_has_heard_of_is_asked_and_submitted(client, twilio, parent, person):
    fields = [
        {
            "machine_name": "moon phase/2",
            "friendly_name": "Moon Phase",
            "constraint": "Blob",
            "description": "",
        },
        {"machine_name": "the-file", "constraints": [{"type": "enum", "values": ["RED_ONE", "BLUE"]}]},
        {"machine_name": "landing_date", "constraints": [{"type": "unheard_of", "value": 7}]},
        {"machine_name": "address_sids", "friendly_name": "Address sid(s)", "constraint": "List"},
    ]
    who = {"type": "business", "name": "Business", "requirement_name": "crater_info"}
    paper = {"type": "crater_deed", "name": "Crater Deed"}
    twilio.add_regulation(
        NewRegulation(
            iso_country="IS", number_type="local", end_user_type="business",
            requirements={
                "end_user": [{**who, "detailed_fields": fields[:3]}],
                "supporting_document": [[{
                    "name": "Crater", "requirement_name": "crater/proof info", "type": "document",
                    "accepted_documents": [{**paper, "detailed_fields": fields}],
                }]],
            },
        )
    )  # fmt: skip
    complete(parent, "regulations")
    complete(parent, "addresses")
    bundle = make_draft(parent, Regulation.objects.get(iso_country="IS"), person)
    values = {"moon_phase_2": "waxing", "the_file": "RED_ONE"}
    day = {"landing_date_0": "1", "landing_date_1": "2", "landing_date_2": "2026"}

    def typed(prefix, *dates):
        names = dict(zip(("day", "month", "year"), day.values(), strict=True))
        return {f"{prefix}-{name}": value for name, value in values.items()} | {
            f"{prefix}-landing_date_{part}": value for part, value in names.items()
        }

    answer = send(client, url(bundle, "tasks/end-user/"), use="new", **typed("new"))
    assert answer.status_code == 302, errors(Page(answer))
    page = Page.of(client, url(bundle, "tasks/address/"))
    address = page.all("input[name=use][value^=AD]")[0]["value"]
    answer = send(client, url(bundle, "tasks/address/"), use=address)
    where = answer["Location"]
    assert "Red one" in Page.of(client, where).text
    answer = send(
        client,
        where,
        use="new-crater_deed",
        **typed("new-crater_deed"),
        **{"new-crater_deed-the-file": scan()},
    )
    assert answer.status_code == 302, errors(Page(answer))
    answer = send(client, answer["Location"])
    assert answer["Location"] == url(bundle, "submitted/"), Page(answer).text
    told = twilio.store.find(wire.Bundle, bundle.pk)
    assert told.status == "pending-review"
    made = max(twilio.store.all(wire.EndUser), key=lambda one: "moon phase/2" in one.attributes)
    assert made.attributes == {"moon phase/2": "waxing", "the-file": "RED_ONE", "landing_date": "2026-02-01"}


def test_a_change_of_the_regulation_is_told_and_nothing_is_lost(client, twilio, draft, german, person):
    send(client, url(draft, "tasks/end-user/"), use="new", **{"new-business_name": FIRM})
    twilio.change_regulation(german.pk, RegulationChange(add="tax_id", reissue=True))
    complete(draft.account, "regulations")
    complete(draft.account, "bundles")

    page = Page.of(client, url(draft))
    assert "The regulation has changed since this draft was begun" in page.text
    assert "is needed now" in page.one(".differences").text
    assert task_states(client, draft)["Say who the end user is"] == "There is a problem"
    field = Page.of(client, url(draft, "tasks/end-user/"))
    assert field.one("#id_keep-business_name")["value"] == FIRM
    client.post(url(draft, "tasks/regulation/"))
    assert not Page.of(client, url(draft)).all(".differences")


def test_it_shows_a_bundle_with_a_constant_number_of_queries(client, draft, person):
    fill(draft, person)
    client.get(url(draft))
    with counted("bundle_tasks"):
        client.get(url(draft))
    with counted("bundle_check"):
        client.get(url(draft, "check/"))
    with counted("bundle_document"):
        client.get(url(draft, f"tasks/documents/{NAME}/"))


@pytest.mark.parametrize(
    "rest", ["tasks/", "tasks/end-user/", "tasks/address/", "tasks/way/", "tasks/contact/", "check/"]
)
def test_only_those_who_make_bundles_of_the_account_may_open_it(rest, draft, client):
    assert client.get(url(draft, rest)).status_code in (200, 302)
    _, stranger = reviewer(accounts=[])
    assert stranger.get(url(draft, rest)).status_code == 403
    support = make_user(Role.SUPPORT)
    client.force_login(support)
    assert client.get(url(draft, rest)).status_code == 403


def test_unknown_bundles_and_requirements_are_not_found(client, draft, parent):
    assert client.get("/bundles/BU00000000000000000000000000000000/tasks/").status_code == 404
    assert client.get(url(draft, "tasks/documents/nothing/")).status_code == 404
    _, elsewhere = reviewer(accounts=[make_account()])
    assert elsewhere.get(url(draft)).status_code == 404
    assert client.post(url(draft)).status_code == 405
    assert client.get(url(draft, "tasks/regulation/")).status_code == 405


def test_a_bundle_that_twilio_has_now_leads_to_where_it_stands(client, twilio, draft, person):
    fill(draft, person)
    send(client, url(draft, "check/"))

    answer = client.get(url(draft, "tasks/end-user/"))
    assert answer["Location"] == url(draft, "submitted/")


def test_no_personal_value_is_in_an_operation(client, draft):
    send(client, url(draft, "tasks/end-user/"), use="new", **{"new-business_name": "Zylpha Quine"})

    assert Operation.objects.exists()
    assert not [one for one in Operation.objects.all() if "Quine" in f"{one.detail} {one.words} {one.target}"]


def test_the_draft_stays_while_twilio_is_away(client, twilio, draft, person):
    add_end_user(draft, person)
    twilio.faults.add(Fault(kind="status", status=503, times=100))

    assert task_states(client, draft)["Say who the end user is"] == "Completed"
