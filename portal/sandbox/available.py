"""AvailablePhoneNumbers (doc pages 19 to 22): where numbers are sold, and the search for one.

A search answers 30 numbers at most and never has a next page; its only other key is `uri`.
"""

import re
from collections.abc import Iterator
from functools import partial
from itertools import islice

from portal.sandbox import stock
from portal.sandbox.call import API, Call, Route
from portal.sandbox.contains import compile_pattern
from portal.sandbox.dataset.plan import BY_KEY, COUNTRIES, NORTH_AMERICA, Line, lines_of
from portal.sandbox.friendly import format_number
from portal.sandbox.geography import block_filter
from portal.sandbox.paging import read_size
from portal.sandbox.wire import Answer, ok

AVAILABLE = "/2010-04-01/Accounts/{AccountSid}/AvailablePhoneNumbers"
MOST = 30
# our type -> the name of its list, the key in subresource_uris
LISTS = {
    "local": ("Local", "local"),
    "tollfree": ("TollFree", "toll_free"),
    "mobile": ("Mobile", "mobile"),
    "national": ("National", "national"),
    "voip": ("Voip", "voip"),
    "sharedcost": ("SharedCost", "shared_cost"),
    "machinetomachine": ("MachineToMachine", "machine_to_machine"),
}
ABILITIES = {"VoiceEnabled": "voice", "SmsEnabled": "sms", "MmsEnabled": "mms", "FaxEnabled": "fax"}


def list_countries(call: Call) -> Answer:
    countries = [_country(call, code) for code in sorted(COUNTRIES)]
    return ok({"countries": countries, "uri": call.request.path})


def fetch_country(call: Call) -> Answer:
    code = call.params["CountryCode"].upper()
    if code not in COUNTRIES:
        raise call.absent()
    return ok(_country(call, code))


def _country(call: Call, code: str) -> dict[str, object]:
    base = f"/2010-04-01/Accounts/{call.account.sid}/AvailablePhoneNumbers/{code}"
    lists = [LISTS[line.type] for line in lines_of(code)]
    return {
        "beta": False,
        "country": COUNTRIES[code],
        "country_code": code,
        "subresource_uris": {key: f"{base}/{name}.json" for name, key in lists},
        "uri": f"{base}.json",
    }


def search(number_type: str, call: Call) -> Answer:
    """Numbers of one type in one country; 404 20404 where Twilio has no such type."""
    line = BY_KEY.get((call.params["CountryCode"].upper(), number_type))
    if line is None:
        raise call.absent()
    limit = min(read_size(call.query), MOST)
    found = [_offer(offer) for offer in islice(_matching(call, line), limit)]
    return ok({"available_phone_numbers": found, "uri": call.request.path})


def _matching(call: Call, line: Line) -> Iterator[stock.Offer]:
    query = call.query
    pattern = compile_pattern(query["Contains"]) if query.get("Contains") else None
    without_beta = call.flag("Beta", query) is False
    # Of the geographic filters the pages limit all but one to the US and Canada.
    anywhere = {name: query[name] for name in query if name == "InLocality"}
    geographic = block_filter(query if line.country in NORTH_AMERICA else anywhere)
    if not _line_fits(call, line):
        return
    blocks = {index for index, block in enumerate(line.blocks) if geographic(block)}
    for offer in stock.offers(call.store, line, blocks, call.now):
        if not (without_beta and offer.beta) and _contains(pattern, offer.phone_number):
            yield offer


def _contains(pattern: re.Pattern[str] | None, phone_number: str) -> bool:
    return pattern is None or pattern.search(phone_number[1:]) is not None


def _line_fits(call: Call, line: Line) -> bool:
    """Abilities and address requirements are the same for all numbers of a line."""
    wanted = {name: call.flag(parameter, call.query) for parameter, name in ABILITIES.items()}
    refused = {
        requirement
        for parameter, requirements in (
            ("ExcludeAllAddressRequired", ("any", "local", "foreign")),
            ("ExcludeLocalAddressRequired", ("local",)),
            ("ExcludeForeignAddressRequired", ("foreign",)),
        )
        if call.flag(parameter, call.query)
        for requirement in requirements
    }
    return line.address not in refused and all(
        value is None or getattr(line.capabilities, name) is value for name, value in wanted.items()
    )


def _offer(offer: stock.Offer) -> dict[str, object]:
    place = offer.block.place
    return {
        "address_requirements": offer.line.address,
        "beta": offer.beta,
        "capabilities": offer.line.capabilities,
        "friendly_name": format_number(offer.phone_number),
        "iso_country": offer.line.country,
        "lata": place and place.lata,
        "latitude": _degrees(place and place.latitude),
        "locality": place and place.locality,
        "longitude": _degrees(place and place.longitude),
        "phone_number": offer.phone_number,
        "postal_code": place and place.postal_code,
        "rate_center": place and place.rate_center,
        "region": place and place.region,
    }


def _degrees(value: float | None) -> str | None:
    return None if value is None else f"{value:.6f}"


ROUTES = (
    Route("GET", API, AVAILABLE + ".json", list_countries),
    Route("GET", API, AVAILABLE + "/{CountryCode}.json", fetch_country),
    *(
        Route("GET", API, f"{AVAILABLE}/{{CountryCode}}/{name}.json", partial(search, number_type))
        for number_type, (name, _) in LISTS.items()
    ),
)
