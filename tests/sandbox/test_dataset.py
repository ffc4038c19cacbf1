"""The initial data set: the same every time, invented, and large on demand."""

import json
from collections import Counter
from datetime import timedelta

import pytest

from portal.sandbox.clock import Clock
from portal.sandbox.core import Sandbox
from portal.sandbox.dataset.build import fill
from portal.sandbox.dataset.numbers import allocate
from portal.sandbox.dataset.plan import LINES, line_of
from portal.sandbox.dump import SOURCES
from portal.sandbox.elsewhere import country_of
from portal.sandbox.hosting.resources import DOCUMENT_STATUSES, AuthorizationDocument, HostedOrder
from portal.sandbox.hosting.resources import STATUSES as ORDER_STATUSES
from portal.sandbox.porting.resources import NUMBER_STATUSES, PortIn, PortInNumber
from portal.sandbox.porting.resources import STATUSES as PORT_IN_STATUSES
from portal.sandbox.regulation import covers
from portal.sandbox.regulatory.evaluation import evaluate
from portal.sandbox.regulatory.items import items_of
from portal.sandbox.regulatory.reasons import REASONS
from portal.sandbox.regulatory.resources import STATUSES, Bundle, Regulation
from portal.sandbox.store import Store
from tests.sandbox.conftest import NOON

TWENTY = 20


def dumps(sandbox):
    return {resource: list(sandbox.dump(resource)) for resource in SOURCES}


def test_two_builds_are_equal(tmp_path):
    one = Sandbox(tmp_path / "one.sqlite3", numbers=300, clock=Clock.stopped_at(NOON))
    other = Sandbox(
        tmp_path / "other.sqlite3", numbers=300, clock=Clock.stopped_at(NOON + timedelta(hours=3))
    )
    assert dumps(one) == dumps(other)
    assert all(dumps(one).values())
    one.close()
    other.close()


def test_a_file_and_memory_hold_the_same(tmp_path, sandbox):
    filed = Sandbox(tmp_path / "one.sqlite3", numbers=sandbox.numbers, clock=Clock.stopped_at(NOON))
    assert dumps(filed) == dumps(sandbox)
    filed.close()


def test_the_default_holds_2400_numbers_of_every_type_in_twenty_countries():
    box = Sandbox(clock=Clock.stopped_at(NOON))
    numbers = [json.loads(line) for line in box.dump("numbers")]
    box.close()
    assert len(numbers) == 2400
    assert {number["type"] for number in numbers} == {line.type for line in LINES}
    assert len({country_of(number["phone_number"]) for number in numbers}) == TWENTY
    assert len({number["phone_number"] for number in numbers}) == 2400
    assert Counter(number["account_sid"] for number in numbers).most_common()[-1][1] > 200
    assert any(number["trunk_sid"] for number in numbers)
    assert any(number["voice_application_sid"] for number in numbers)
    assert any((number["voice_url"] or "").startswith("http://") for number in numbers)
    assert any(number["voice_url"] and not number["voice_fallback_url"] for number in numbers)
    lines = {number["sid"]: line_of(number["phone_number"]) for number in numbers}
    regulated = [number for number in numbers if (line := lines[number["sid"]]) and line.bundle]
    assert 0.02 < sum(not number["bundle_sid"] for number in regulated) / len(regulated) < 0.1


def test_north_american_numbers_are_the_fictional_ones():
    box = Sandbox(clock=Clock.stopped_at(NOON))
    numbers = [json.loads(line)["phone_number"] for line in box.dump("numbers")]
    box.close()
    american = [number for number in numbers if number.startswith("+1")]
    assert all(number[5:10] == "55501" for number in american)


def test_papers_and_applications_belong_to_the_account(sandbox):
    bodies = {kind: {row["sid"]: row for row in map(json.loads, sandbox.dump(kind))} for kind in SOURCES}
    for number in bodies["numbers"].values():
        for key, kind in (
            ("address_sid", "addresses"),
            ("emergency_address_sid", "addresses"),
            ("voice_application_sid", "applications"),
            ("sms_application_sid", "applications"),
            ("bundle_sid", "bundles"),
        ):
            if number[key]:
                assert bodies[kind][number[key]]["account_sid"] == number["account_sid"], key
        if number["address_requirements"] == "local":
            country = country_of(number["phone_number"])
            assert bodies["addresses"][number["address_sid"]]["iso_country"] == country


def test_urls_lead_nowhere_real(sandbox):
    text = b"".join(line for kind in ("numbers", "applications") for line in sandbox.dump(kind)).decode()
    hosts = {part.partition("/")[0] for part in text.replace("http://", "https://").split("https://")[1:]}
    assert all(host.endswith((".example.com", ".example.org")) for host in hosts)


def test_a_dump_is_sorted_by_sid_and_can_be_of_one_account(sandbox):
    rows = [json.loads(line) for line in sandbox.dump("numbers", sandbox.subaccounts[0].account_sid)]
    assert [row["sid"] for row in rows] == sorted(row["sid"] for row in rows)
    assert {row["account_sid"] for row in rows} == {sandbox.subaccounts[0].account_sid}


@pytest.mark.parametrize("total", [1, 60, 2400, 100_000, 1_000_000])
def test_any_size_fits_the_plan(total):
    counts = allocate(total)
    assert sum(counts) == total
    assert all(
        count <= sum(block.capacity for block in line.blocks)
        for count, line in zip(counts, LINES, strict=True)
    )


def test_more_than_the_plan_holds_is_refused():
    with pytest.raises(ValueError, match="holds"):
        allocate(10_000_000)


def test_a_larger_set_has_believable_records(tmp_path):
    store = Store.for_building(tmp_path / "large.sqlite3")
    fill(store, 5000, int(NOON.timestamp()))
    size = store.value("SELECT avg(length(body)) FROM number")
    assert 1150 < size < 1450
    assert store.value("SELECT count(DISTINCT sid) FROM number") == 5000
    store.close()


def compliance(sandbox):
    with sandbox.store.lock:
        bundles = {bundle.sid: bundle for bundle in sandbox.store.all(Bundle)}
        items = {sid: items_of(sandbox.store, bundle) for sid, bundle in bundles.items()}
    return bundles, items


def test_every_account_has_bundles_in_every_status(sandbox):
    bundles, _ = compliance(sandbox)
    for keys in (sandbox.credentials, *sandbox.subaccounts):
        own = [bundle for bundle in bundles.values() if bundle.account_sid == keys.account_sid]
        assert {bundle.status for bundle in own} == set(STATUSES)
        assert any(bundle.valid_until for bundle in own)
        assert any(bundle.status_callback for bundle in own)
        assert {bundle.end_user_type for bundle in own} == {"individual", "business"}


def test_what_was_approved_or_is_under_review_complies(sandbox):
    bundles, items = compliance(sandbox)
    with sandbox.store.lock:
        regulations = {one.sid: one for one in sandbox.store.all(Regulation)}
    for sid, bundle in bundles.items():
        regulation = regulations[bundle.regulation_sid]
        complies, results = evaluate(regulation.requirements, regulation.iso_country, items[sid])
        if bundle.status not in ("draft", "twilio-rejected") and not bundle.valid_until:
            assert complies, (bundle.friendly_name, [one for one in results if not one["passed"]])
        if bundle.status == "twilio-approved":
            assert {document.status for document in items[sid].documents} <= {"approved"}
    drafts = [
        evaluate(regulations[one.regulation_sid].requirements, one.iso_country, items[one.sid])[0]
        for one in bundles.values()
        if one.status == "draft"
    ]
    assert {True, False} == set(drafts)


def test_rejected_bundles_have_a_document_that_says_why(sandbox):
    bundles, items = compliance(sandbox)
    codes = set()
    for sid, bundle in bundles.items():
        if bundle.status == "twilio-rejected":
            blamed = [document for document in items[sid].documents if document.status == "rejected"]
            assert blamed, bundle.friendly_name
            assert bundle.failure_reason == blamed[0].failure_reason == REASONS[blamed[0].errors[0]["code"]]
            codes.add(blamed[0].errors[0]["code"])
    assert len(codes) >= 5


def test_numbers_point_to_approved_bundles_for_their_kind(sandbox):
    bundles, items = compliance(sandbox)
    cited = set()
    for number in map(json.loads, sandbox.dump("numbers")):
        if number["bundle_sid"]:
            bundle = bundles[number["bundle_sid"]]
            line = line_of(number["phone_number"])
            assert (bundle.status, bundle.account_sid) == ("twilio-approved", number["account_sid"])
            assert covers(bundle, line.country, number["type"])
            cited.add(bundle.sid)
            if "Thornlea" in bundle.friendly_name and number["address_sid"]:
                assert number["address_sid"] in items[bundle.sid].addresses
    assert len({bundles[sid].friendly_name.partition(":")[0] for sid in cited}) > 4


def test_bundles_to_be_updated_lack_something_and_some_have_copies(sandbox):
    bundles, items = compliance(sandbox)
    dated = [one for one in bundles.values() if one.valid_until and not one.parent_sid]
    with sandbox.store.lock:
        regulations = {one.sid: one for one in sandbox.store.all(Regulation)}
    missing = [
        evaluate(regulations[one.regulation_sid].requirements, one.iso_country, items[one.sid])[0]
        for one in dated
    ]
    assert missing.count(False) >= 4
    copies = [one for one in bundles.values() if one.parent_sid]
    assert {one.status for one in copies} == {"draft", "twilio-approved"}
    assert {one.parent_sid for one in copies} <= {one.sid for one in dated}


def test_there_are_papers_to_find_fault_with(sandbox):
    papers = [json.loads(line) for line in sandbox.dump("supporting_documents")]
    people = [json.loads(line)["attributes"] for line in sandbox.dump("end_users")]
    assert "expired" in {paper["status"] for paper in papers}
    assert any(paper["type"] == "utility_bill" and paper["mime_type"] is None for paper in papers)
    numbers = Counter(one.get("business_registration_number") for one in people)
    assert max(count for number, count in numbers.items() if number) > 1
    assert any(one.get("business_name", "").isupper() for one in people)


def test_a_larger_set_has_more_customers():
    box = Sandbox(numbers=4000, clock=Clock.stopped_at(NOON))
    assert sum(1 for _ in box.dump("bundles")) > 340
    box.close()


def test_ports_and_hosted_orders_stand_in_every_state_on_several_accounts(sandbox):
    with sandbox.changing() as (store, _):
        ports, numbers, orders, letters = (
            store.all(kind) for kind in (PortIn, PortInNumber, HostedOrder, AuthorizationDocument)
        )
    assert {one.status for one in ports} == set(PORT_IN_STATUSES)
    assert {one.status for one in numbers} == set(NUMBER_STATUSES)
    assert {one.status for one in orders} == set(ORDER_STATUSES)
    assert {one.status for one in letters} == set(DOCUMENT_STATUSES)
    for found in (ports, orders):
        assert len({one.account_sid for one in found}) == 4
        for status in {one.status for one in found}:
            assert len({one.account_sid for one in found if one.status == status}) > 1


def test_orders_have_the_numbers_they_say(sandbox):
    numbers = {row["sid"]: row for row in map(json.loads, sandbox.dump("numbers"))}
    with sandbox.store.lock:
        orders, ported = sandbox.store.all(HostedOrder), sandbox.store.all(PortInNumber)
    for order in orders:
        if order.status == "failed":
            assert order.incoming_phone_number_sid not in numbers
            continue
        number = numbers[order.incoming_phone_number_sid]
        assert (number["origin"], number["phone_number"]) == ("hosted", order.phone_number)
        assert number["status"] == ("in-use" if order.status == "completed" else "pending")
    for one in ported:
        assert (one.status == "completed") == (one.number_sid in numbers)


def test_what_is_on_its_way_comes_to_an_end(sandbox):
    """Nobody acts any more: every deadline passes, and only what waits for people in the sandbox stays."""
    sandbox.clock.advance(timedelta(days=60))
    with sandbox.changing() as (store, _):
        ports, orders = store.all(PortIn), store.all(HostedOrder)
    assert {one.status for one in ports} & {"waiting_for_signature", "expired"} == {"expired"}
    assert {one.status for one in orders} == {
        "twilio-processing", "carrier-processing", "testing", "completed", "failed", "pending-loa",
    }  # fmt: skip
