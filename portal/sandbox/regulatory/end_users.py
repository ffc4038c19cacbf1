"""End users (doc page 34)."""

from portal.sandbox.call import NUMBERS, Call, Route
from portal.sandbox.errors import refusal
from portal.sandbox.lists import fetch, list_resources, required
from portal.sandbox.regulatory.attributes import read_attributes
from portal.sandbox.regulatory.items import bundles_with, check_not_under_review
from portal.sandbox.regulatory.resources import END_USER_TYPES, PATH, EndUser, EndUserType
from portal.sandbox.settings import read_name
from portal.sandbox.wire import DELETED, Answer, created, ok

MAX_NAME = 255


def list_end_users(call: Call) -> Answer:
    return list_resources(call, EndUser)


def create_end_user(call: Call) -> Answer:
    """Needs FriendlyName and Type (20001), and a type there is (22200)."""
    required(call, "FriendlyName", "Type")
    kind = call.form["Type"]
    if kind not in END_USER_TYPES:
        raise refusal(22200)
    attributes = read_attributes(call, EndUserType, kind) or {}
    end_user = EndUser(
        sid=call.new_sid("IT"),
        account_sid=call.account.sid,
        friendly_name=read_name(call.form["FriendlyName"], MAX_NAME),
        type=kind,
        attributes=attributes,
        date_created=call.moment,
        date_updated=call.moment,
    )
    call.store.add(end_user)
    return created(end_user.shown())


def fetch_end_user(call: Call) -> Answer:
    return ok(fetch(call, EndUser).shown())


def update_end_user(call: Call) -> Answer:
    end_user = fetch(call, EndUser)
    attributes = read_attributes(call, EndUserType, end_user.type)
    if attributes is not None and attributes != end_user.attributes:
        check_not_under_review(call.store, end_user.sid)
        end_user.attributes = attributes
    if call.form.get("FriendlyName"):
        end_user.friendly_name = read_name(call.form["FriendlyName"], MAX_NAME)
    end_user.touch(call.now)
    call.store.save(end_user)
    return ok(end_user.shown())


def delete_end_user(call: Call) -> Answer:
    """Not while it is assigned to a bundle (21644)."""
    end_user = fetch(call, EndUser)
    if bundles_with(call.store, end_user.sid):
        raise refusal(21644)
    call.store.remove(end_user)
    return DELETED


ROUTES = (
    Route("GET", NUMBERS, PATH + "/EndUsers", list_end_users),
    Route("POST", NUMBERS, PATH + "/EndUsers", create_end_user),
    Route("GET", NUMBERS, PATH + "/EndUsers/{Sid}", fetch_end_user),
    Route("POST", NUMBERS, PATH + "/EndUsers/{Sid}", update_end_user),
    Route("DELETE", NUMBERS, PATH + "/EndUsers/{Sid}", delete_end_user),
)
