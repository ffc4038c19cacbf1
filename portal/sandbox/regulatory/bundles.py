"""Bundles (doc page 31): lists, create, update, delete."""

import re

from portal.sandbox.call import NUMBERS, Call, Route
from portal.sandbox.clock import seconds_of
from portal.sandbox.errors import refusal
from portal.sandbox.lists import equals, fetch, list_resources, list_sorted, required
from portal.sandbox.regulatory import review
from portal.sandbox.regulatory.evaluations import is_compliant
from portal.sandbox.regulatory.regulations import find_regulation
from portal.sandbox.regulatory.resources import (
    APPROVED,
    DRAFT,
    END_USER_TYPES,
    NUMBER_TYPES,
    PATH,
    PENDING,
    REJECTED,
    STATUSES,
    Bundle,
    Evaluation,
    ItemAssignment,
    Regulation,
    normal_type,
)
from portal.sandbox.settings import read_name, read_url
from portal.sandbox.store import Store
from portal.sandbox.wire import DELETED, Answer, created, ok

BUNDLES = PATH + "/Bundles"
SORTS = {"valid-until": "valid_until", "date-updated": "date_updated", "date-created": "date_created"}
DELETABLE = (DRAFT, REJECTED, APPROVED)
# What the owner of a bundle may make of it; everything else is the reviewers' to do.
MOVES = {(DRAFT, PENDING), (REJECTED, PENDING), (REJECTED, DRAFT)}
SIDS = re.compile("BU[0-9a-fA-F]{32}(,BU[0-9a-fA-F]{32}){0,19}")
MAX_NAME = 255


def list_bundles(call: Call) -> Answer:
    """By all of the page's filters, newest first or by `SortBy` and `SortDirection`."""
    conditions, parameters = _conditions(call)
    by, way = call.query.get("SortBy", ""), call.query.get("SortDirection", "").upper()
    if (by and by not in SORTS) or way not in ("", "ASC", "DESC"):
        raise refusal(20422, "SortBy is valid-until or date-updated, SortDirection is ASC or DESC")
    if not by and way != "ASC":
        return list_resources(call, Bundle, conditions=conditions, parameters=parameters)
    return list_sorted(call, Bundle, conditions, parameters, SORTS[by or "date-created"], way == "ASC")


def _conditions(call: Call) -> tuple[str, tuple[object, ...]]:
    query = call.query
    status = query.get("Status", "")
    if status and status not in STATUSES:
        raise refusal(22203)
    number_type, people = normal_type(query.get("NumberType", "")), query.get("EndUserType", "")
    if (number_type and number_type not in NUMBER_TYPES) or (people and people not in END_USER_TYPES):
        raise refusal(22200)
    conditions, parameters = equals(
        {
            "status": status or None,
            "friendly_name": query.get("FriendlyName") or None,
            "regulation_sid": query.get("RegulationSid") or None,
            "iso_country": query.get("IsoCountry", "").upper() or None,
            "number_type": number_type or None,
            "end_user_type": people or None,
        }
    )
    until = "json_extract(body, '$.valid_until')"
    if (has := call.flag("HasValidUntilDate", query)) is not None:
        conditions += f" AND {until} IS {'NOT ' if has else ''}NULL"
    for suffix, operator in (("", "="), ("<", "<="), (">", ">=")):
        if text := query.get(f"ValidUntilDate{suffix}"):
            conditions += f" AND CAST(strftime('%s', {until}) AS INTEGER) {operator} ?"
            parameters += (_moment(text),)
    if sids := query.get("BundleSids"):
        if not SIDS.fullmatch(sids):
            raise refusal(20423)
        wanted = tuple(sids.split(","))
        conditions += f" AND sid IN ({', '.join('?' * len(wanted))})"
        parameters += wanted
    return conditions, parameters


def _moment(text: str) -> int:
    try:
        return seconds_of(text.strip())
    except ValueError:
        raise refusal(20422, f"{text} is not a date") from None


def create_bundle(call: Call) -> Answer:
    """A draft for a regulation, named by its sid or by country, number type and end-user type.

    Neither: 22202; both: 22202 as well, "ambiguous", as users report. No such regulation: 22201.
    """
    required(call, "FriendlyName", "Email")
    regulation = _regulation(call)
    bundle = Bundle(
        sid=call.new_sid("BU"),
        account_sid=call.account.sid,
        regulation_sid=regulation.sid,
        friendly_name=read_name(call.form["FriendlyName"], MAX_NAME),
        email=_email(call.form["Email"]),
        status_callback=_callback(call),
        iso_country=regulation.iso_country,
        number_type=regulation.number_type,
        end_user_type=regulation.end_user_type,
        is_test=call.flag("IsTest", call.form) is True,
        date_created=call.moment,
        date_updated=call.moment,
    )
    call.store.add(bundle)
    return created(bundle.shown())


def _regulation(call: Call) -> Regulation:
    form = call.form
    sid, country = form.get("RegulationSid", ""), form.get("IsoCountry", "").strip().upper()
    number_type, people = normal_type(form.get("NumberType", "")), form.get("EndUserType", "")
    group = (country, number_type, people)
    if sid and any(group):
        raise refusal(
            22202, "Ambiguous regulation parameters: a RegulationSid and a number group were provided"
        )
    if sid:
        found = call.store.find(Regulation, sid)
    elif not all(group):
        raise refusal(22202)
    elif people not in END_USER_TYPES or number_type not in NUMBER_TYPES:
        raise refusal(22200)
    else:
        found = find_regulation(call.store, *group)
    if found is None or found.retired:
        raise refusal(22201)
    return found


def fetch_bundle(call: Call) -> Answer:
    return ok(fetch(call, Bundle).shown())


def update_bundle(call: Call) -> Answer:
    """A status, or properties, never both (22204)."""
    bundle = fetch(call, Bundle)
    properties = {"FriendlyName", "Email", "StatusCallback"} & set(call.form)
    if "Status" in call.form:
        if properties:
            raise refusal(22204)
        _move(call, bundle, call.form["Status"])
        return ok(bundle.shown())
    if call.form.get("FriendlyName"):
        bundle.friendly_name = read_name(call.form["FriendlyName"], MAX_NAME)
    if call.form.get("Email"):
        bundle.email = _email(call.form["Email"])
    if "StatusCallback" in call.form:
        bundle.status_callback = _callback(call)
    bundle.touch(call.now)
    call.store.save(bundle)
    return ok(bundle.shown())


def _move(call: Call, bundle: Bundle, status: str) -> None:
    """22203 for what is no status. Submitting what does not comply, and moves that are not the owner's to
    make, are refused with 400 20422 (both inferred; users report the first, not its code)."""
    if status not in STATUSES:
        raise refusal(22203)
    if status == bundle.status:
        return
    if (bundle.status, status) not in MOVES:
        raise refusal(20422, f"Bundle status cannot be changed from {bundle.status} to {status}")
    if status == DRAFT:
        bundle.failure_reason = ""
        review.set_status(call.store, bundle, DRAFT, call.now)
        return
    if not is_compliant(call.store, bundle):
        raise refusal(
            20422, "Bundle is not regulatory compliant. Create an Evaluation to see what is missing"
        )
    review.submit(call.store, bundle, call.now)


def delete_bundle(call: Call) -> Answer:
    """A draft, rejected or approved one (21647) that no number cites (21648); its items are unassigned."""
    bundle = fetch(call, Bundle)
    if bundle.status not in DELETABLE:
        raise refusal(21647)
    if call.store.row("SELECT 1 FROM number WHERE bundle = ?", (bundle.sid,)):
        raise refusal(21648)
    remove_items(call.store, bundle)
    for evaluation in call.store.below(Evaluation, bundle.sid):
        call.store.remove(evaluation)
    call.store.remove(bundle)
    return DELETED


def remove_items(store: Store, bundle: Bundle) -> None:
    for item in store.below(ItemAssignment, bundle.sid):
        store.remove(item)


def _email(text: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text.strip()):
        raise refusal(20422, "Email is not an email address")
    return text.strip()


def _callback(call: Call) -> str | None:
    text = call.form.get("StatusCallback", "").strip()
    return read_url(text) if text else None


ROUTES = (
    Route("GET", NUMBERS, BUNDLES, list_bundles),
    Route("POST", NUMBERS, BUNDLES, create_bundle),
    Route("GET", NUMBERS, BUNDLES + "/{Sid}", fetch_bundle),
    Route("POST", NUMBERS, BUNDLES + "/{Sid}", update_bundle),
    Route("DELETE", NUMBERS, BUNDLES + "/{Sid}", delete_bundle),
)
