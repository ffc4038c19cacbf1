"""Twilio's answers change their shape: no value crashes a sync, or keeps the records beside it out."""

import itertools
import json
import logging

import msgspec
import pytest
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from inventory import sync as mirrors
from inventory.models import NumberPrice, PhoneNumber
from portal.mirror import engine
from portal.models import Change, SyncRun
from portal.twilio.bodies import mended, read_object
from portal.twilio.client import connect
from portal.twilio.login import Login
from portal.twilio.pages import Effort, Page, iter_pages
from portal.twilio.snapshots import Snapshot
from tests.answers import Answer, answering
from tests.mirroring import complete, sync, truth

pytestmark = pytest.mark.django_db

LIST = "https://api.twilio.com/2010-04-01/Accounts/{}/IncomingPhoneNumbers.json"
RESOURCES = {
    name: getattr(mirrors, name.upper())
    for name in ("accounts", "numbers", "addresses", "applications", "prices")
}

texts = st.one_of(
    st.text(st.characters(codec=None, exclude_categories=()), max_size=30),
    st.sampled_from(["\0", "a\0b", "\ud800", "\udc00\ud800", "😀", "x" * 5000, "\\u0000", "+", "+1", "NaN"]),
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**53 + 1, 2**64, -(2**63) - 1, 10**400, 0]),
    st.floats(),
    texts,
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
dates = st.sampled_from(
    ["Thu, 30 Jul 2015 23:19:04 +0000", "Thu, 99 Jul 2015 23:19:04 +0000", "Fri, 31 Dec 9999 23:59:59 -2359",
     "Mon, 1 Jan 0001 00:00:00 +2359", "2015-07-30T20:00:00Z", "", "+0000", "x" * 26 + "+0000"]
)  # fmt: skip
KEYS = [
    "account_sid", "phone_number", "friendly_name", "capabilities", "type", "beta", "origin", "status",
    "address_requirements", "address_sid", "emergency_status", "bundle_sid", "voice_application_sid",
    "voice_url", "date_created", "date_updated", "owner_account_sid", "street", "postal_code", "iso_country",
    "validated", "number_type", "base_price", "current_price", "price_unit", "sid", "something_new",
]  # fmt: skip
drifts = st.dictionaries(st.sampled_from(KEYS), values | dates, max_size=8)
losses = st.sets(st.sampled_from(KEYS), max_size=8)


def base(resource, account, number):
    """A plain record, and a sid that no other has."""
    record = {
        "sid": f"XX{number:032x}",
        "account_sid": account.pk,
        "owner_account_sid": account.pk,
        "friendly_name": "A record",
        "date_created": "Thu, 30 Jul 2015 23:19:04 +0000",
        "date_updated": "Thu, 30 Jul 2015 23:19:04 +0000",
        "phone_number": "+12015550100",
        "capabilities": {"voice": True},
    }
    if resource is mirrors.PRICES:
        record |= {"iso_country": "US", "number_type": "local", "current_price": "1.15", "price_unit": "USD"}
    return record


def read(resource, account, records):
    """Read a page of these records, as bytes that Twilio sent."""
    raw = msgspec.json.Decoder(list[msgspec.Raw]).decode(b"[" + b",".join(records) + b"]")
    run = SyncRun(account=account, resource=resource.name)
    run.pk = None
    page = Page(raw, timezone.now(), Effort())
    return engine.read_listing(resource, account.pk, [page], fetch=None, run=run)


fresh = itertools.count(1000)


@pytest.mark.parametrize("name", RESOURCES)
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(drift=drifts, losses=losses)
@example(drift={"capabilities": ["voice"], "type": 5, "beta": "no"}, losses=set())
@example(drift={"base_price": "NaN", "current_price": "1e400"}, losses=set())
@example(drift={"current_price": 12345678901, "base_price": "-Infinity"}, losses=set())
@example(drift={"phone_number": "+80012345678", "iso_country": "XKX"}, losses=set())
@example(drift={}, losses={"account_sid", "owner_account_sid", "sid"})
@example(drift={"sid": "P" * 500}, losses=set())
@example(drift={"sid": "PN\0"}, losses=set())
@example(drift={"sid": ""}, losses=set())
def test_a_strange_record_does_not_keep_its_neighbours_out(name, drift, losses, parent):
    resource = RESOURCES[name]
    logging.disable()  # each strange record is told; see below
    before, after = (base(resource, parent, next(fresh)) for _ in range(2))
    strange = {key: value for key, value in base(resource, parent, 1).items() if key not in losses} | drift
    # As JSON with the escapes that Python's reader takes: half surrogate pairs and the like.
    body = mended_envelope(json.dumps(strange).encode())

    tally = read(resource, parent, [msgspec.json.encode(before), body, msgspec.json.encode(after)])

    logging.disable(logging.NOTSET)
    rows = {row.pk: row.payload for row in resource.model.objects.all()}
    assert {before["sid"], after["sid"]} <= rows.keys()
    assert tally.seen + tally.unreadable >= 3
    if not tally.unreadable:
        assert rows[strange["sid"]].keys() == read_object(body)[0].keys()


def mended_envelope(body):
    """What `iter_pages` makes of a record before the mirror sees it."""
    try:
        msgspec.json.Decoder(dict[str, msgspec.Raw]).decode(body)
    except ValueError:
        return mended(body)
    return body


@settings(max_examples=150, deadline=None)
@given(value=values)
def test_whatever_json_arrives_is_kept_as_far_as_it_can_be(value):
    body = json.dumps({"sid": "PN", "value": value}).encode()

    payload, kept = read_object(body)

    assert payload == msgspec.json.decode(kept)
    assert "\0" not in json.dumps(payload, ensure_ascii=False)
    assert kept.decode()
    if body == kept:
        assert payload["value"] == value


@settings(max_examples=150, deadline=None)
@given(body=st.binary(max_size=60) | st.binary(max_size=30).map(lambda raw: b'{"sid": "' + raw + b'"}'))
def test_whatever_bytes_arrive_are_an_object_or_refused(body):
    try:
        payload, kept = read_object(body)
    except (ValueError, RecursionError):
        return
    assert msgspec.json.decode(kept) == payload


def test_bytes_that_are_no_utf8_are_replaced(parent):
    record = msgspec.json.encode(base(mirrors.NUMBERS, parent, 5)).replace(b"A record", b"A \xff\xfe record")

    read(mirrors.NUMBERS, parent, [record])

    assert PhoneNumber.objects.get(pk=f"XX{5:032x}").friendly_name == "A \ufffd\ufffd record"


SPECIAL = [
    "a\tb", "a\nb", "a\r\nb", "\\", "\\N", "\\.", "\\.\n", "\\t", "\\u0000", "\b\f\v", "\x7f\x85\u2028", "😀",
    "\\\t\\", "{}", '"', "'",
]  # fmt: skip


@pytest.mark.parametrize("is_first", [True, False], ids=["first", "later"])
def test_text_of_any_kind_arrives_as_it_is(is_first, parent):
    """Rows travel as lines of text, in which some characters mean something."""
    plain = [base(mirrors.NUMBERS, parent, 200 + index) for index in range(len(SPECIAL))]
    if not is_first:
        read(mirrors.NUMBERS, parent, [msgspec.json.encode(record) for record in plain])
    special = [
        record | {"friendly_name": text, "voice_url": text, "capabilities": {text: True}, text: text}
        for record, text in zip(plain, SPECIAL, strict=True)
    ]

    tally = read(mirrors.NUMBERS, parent, [json.dumps(record).encode() for record in special])

    assert tally.unreadable == 0
    for record in special:
        number = PhoneNumber.objects.get(pk=record["sid"])
        assert (number.friendly_name, number.voice_url) == (record["friendly_name"], record["voice_url"])
        assert number.payload == record


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=st.text(max_size=300))
@pytest.mark.parametrize("by", ["page", "answer"])
def test_a_page_and_a_single_answer_write_the_same_row(by, text, parent):
    record = base(mirrors.NUMBERS, parent, next(fresh)) | {"friendly_name": text, "sms_url": text}
    body = msgspec.json.encode(record)

    if by == "page":
        read(mirrors.NUMBERS, parent, [body])
    else:
        snapshot = Snapshot(record["sid"], body, timezone.now())
        engine.apply_snapshots(mirrors.NUMBERS, [snapshot], source=Change.Source.READ)

    number = PhoneNumber.objects.get(pk=record["sid"])
    kept = text.replace("\0", "")
    assert (number.friendly_name, number.sms_url) == (kept[:255], kept)
    assert number.payload == record | {"friendly_name": kept, "sms_url": kept}


def test_a_record_written_over_many_lines_is_read(parent):
    record = base(mirrors.NUMBERS, parent, 7)

    read(mirrors.NUMBERS, parent, [json.dumps(record, indent=4).replace("    ", "\t").encode()])

    assert PhoneNumber.objects.get(pk=record["sid"]).payload == record


def test_a_character_that_json_forbids_in_text_is_taken_all_the_same(parent):
    record = base(mirrors.NUMBERS, parent, 8)
    body = msgspec.json.encode(record).replace(b"A record", b"A\trecord\x01")
    page = Answer(200, b'{"incoming_phone_numbers": [%b], "next_page_uri": null}' % body)
    login = Login(parent.pk, parent.pk, "token")
    with answering(page):
        pages = iter_pages(connect(login), "number.list", LIST.format(parent.pk), "incoming_phone_numbers")
        run = SyncRun.objects.create(account=parent, resource="numbers", trigger="command")
        engine.read_listing(mirrors.NUMBERS, parent.pk, pages, fetch=None, run=run)

    assert PhoneNumber.objects.get(pk=record["sid"]).friendly_name == "A\trecord\x01"


def test_numbers_too_large_for_a_machine_are_kept_exactly(parent):
    record = base(mirrors.NUMBERS, parent, 6) | {"large": 2**53 + 1, "larger": 10**300}

    read(mirrors.NUMBERS, parent, [json.dumps(record).encode()])

    payload = PhoneNumber.objects.get(pk=record["sid"]).payload
    assert (payload["large"], payload["larger"]) == (2**53 + 1, 10**300)


def test_a_value_that_only_postgres_refuses_keeps_out_only_its_own_record(parent, caplog):
    """The readers let it through: a number of more digits than jsonb can hold."""
    records = [msgspec.json.encode(base(mirrors.NUMBERS, parent, 100 + index)) for index in range(40)]
    for index in (7, 23):
        records[index] = records[index][:-1] + b', "digits": 0.' + b"1" * 20_000 + b"}"

    tally = read(mirrors.NUMBERS, parent, records)

    assert PhoneNumber.objects.count() == 38
    assert (tally.added, tally.unreadable) == (38, 2)
    assert {record.msg["sid"] for record in caplog.records} == {f"XX{107:032x}", f"XX{123:032x}"}


def test_a_record_that_cannot_be_read_any_more_keeps_its_row(twilio, parent):
    complete(parent)
    number = PhoneNumber.objects.first()
    records = truth(twilio, parent)
    strange = next(record for record in records if record["sid"] == number.pk)
    strange["account_sid"] = None
    with answering(Answer(200, {"incoming_phone_numbers": records, "next_page_uri": None})):
        run = sync(parent)

    assert run.state == SyncRun.State.DONE
    assert run.error == "Left out, for they cannot be read: 1."
    assert (run.seen, run.changed, run.missing) == (len(records), 0, 0)
    row = PhoneNumber.objects.get(pk=number.pk)
    assert (row.payload, row.missing_since, row.account_id) == (number.payload, None, parent.pk)


def test_what_cannot_be_read_is_told_without_what_stands_in_it(parent, caplog):
    strange = base(mirrors.NUMBERS, parent, 9) | {"account_sid": "", "friendly_name": "Jane Doe"}

    read(mirrors.NUMBERS, parent, [msgspec.json.encode(strange), b'{"sid": 5, "friendly_name": "Jane Doe"}'])

    assert "mirror.unreadable" in caplog.text
    assert strange["sid"] in caplog.text
    assert "Jane" not in caplog.text
    assert "+1201" not in caplog.text


def test_half_a_surrogate_pair_on_a_page_is_no_reason_to_fail(parent):
    record = json.dumps(base(mirrors.NUMBERS, parent, 11) | {"friendly_name": "a\ud83d"}).encode()
    login = Login(parent.pk, parent.pk, "token")
    body = b'{"incoming_phone_numbers": [%b], "next_page_uri": null}' % record
    with answering(Answer(200, body)):
        pages = iter_pages(connect(login), "number.list", LIST.format(parent.pk), "incoming_phone_numbers")
        run = SyncRun.objects.create(account=parent, resource="numbers", trigger="command")
        engine.read_listing(mirrors.NUMBERS, parent.pk, pages, fetch=None, run=run)

    assert PhoneNumber.objects.get().friendly_name == "a\ufffd"


@pytest.mark.parametrize(
    ("price", "kept"),
    [("1.15", "1.15000"), (1.15, "1.15000"), (None, None), ("", None), ("free", None), ("1e400", None),
     ("NaN", None), ("-Infinity", None), (10**7, None), ([], None), ("9999999", "9999999.00000")],
)  # fmt: skip
def test_a_price_is_a_number_or_nothing(price, kept, parent):
    record = base(mirrors.PRICES, parent, 12) | {"current_price": price}

    read(mirrors.PRICES, parent, [msgspec.json.encode(record)])

    found = NumberPrice.objects.get().current_price
    assert (None if found is None else str(found)) == kept
