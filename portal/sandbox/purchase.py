"""Buying a number, with Twilio's order of refusals (contract section 5)."""

import re

from portal.sandbox import regulation
from portal.sandbox.call import Call
from portal.sandbox.dataset.plan import BY_KEY, NORTH_AMERICA
from portal.sandbox.errors import refusal
from portal.sandbox.friendly import E164, format_number
from portal.sandbox.records import add_number, without_type
from portal.sandbox.resources import Number
from portal.sandbox.settings import apply_settings
from portal.sandbox.stock import Offer, find_offer, offers, take
from portal.sandbox.wire import Answer, created

AREA_CODE = re.compile(r"[2-9]\d\d")


def buy(call: Call) -> Answer:
    return _buy(call, None)


def buy_local(call: Call) -> Answer:
    return _buy(call, "local")


def buy_mobile(call: Call) -> Answer:
    return _buy(call, "mobile")


def buy_toll_free(call: Call) -> Answer:
    return _buy(call, "tollfree")


def _buy(call: Call, only: str | None) -> Answer:
    """Take a number from the stock: 21421, 21422 or 21451, 21452, then 21458, address, bundle, account."""
    offer = _find(call)
    line = offer.line
    if only and line.type != only:
        raise refusal(21458)
    form = dict(call.form)
    address, bundle = form.pop("AddressSid", "") or None, form.pop("BundleSid", "") or None
    regulation.check_address(call.store, call.account.sid, line.address, line.country, address)
    regulation.check_bundle(call.store, call.account.sid, line.bundle, line.country, line.type, bundle)
    _check_account(call)
    number = Number(
        account_sid=call.account.sid,
        address_requirements=line.address,
        address_sid=address,
        beta=offer.beta,
        bundle_sid=bundle,
        capabilities=line.capabilities,
        date_created=call.date,
        date_updated=call.date,
        friendly_name=format_number(offer.phone_number),
        phone_number=offer.phone_number,
        sid=call.new_sid("PN"),
        type=line.type,
    )
    apply_settings(call, number, form)
    take(call.store, offer.phone_number)
    add_number(call.store, number)
    answer = created(number)
    return Answer(answer.status, without_type(answer.body)) if only else answer


def _find(call: Call) -> Offer:
    wanted = call.form.get("PhoneNumber", "").strip()
    if wanted:
        if not E164.fullmatch(wanted):
            raise refusal(21421, f"{wanted} is not a valid number")
        offer = find_offer(call.store, wanted, call.now)
        if offer is None:
            raise refusal(21422, f"{wanted} is not available")
        return offer
    area_code = call.form.get("AreaCode", "").strip()
    if not area_code:
        raise refusal(20001, "Missing required parameter PhoneNumber or AreaCode in the post body")
    if not AREA_CODE.fullmatch(area_code):
        raise refusal(21451)
    for country in NORTH_AMERICA:
        line = BY_KEY[country, "local"]
        blocks = {
            i for i, block in enumerate(line.blocks) if block.place and block.place.area_code == area_code
        }
        if blocks:
            offer = next(offers(call.store, line, blocks, call.now), None)
            if offer is not None:
                return offer
    raise refusal(21452)


def _check_account(call: Call) -> None:
    """21404: a trial account owns one number. 22300: Twilio has stopped the account from buying."""
    sid = call.account.sid
    if call.account.type == "Trial" and call.store.row("SELECT 1 FROM number WHERE account = ?", (sid,)):
        raise refusal(21404)
    if call.store.value("SELECT restricted FROM credential WHERE account = ?", (sid,)):
        raise refusal(22300)
