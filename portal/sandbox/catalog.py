"""AvailableNumbers of the Global Catalog (doc pages 4 to 7): the same stock, told by its attributes.

A private preview: an account that was not let in is answered 404 20404 (page 6, Troubleshooting).
Parameters are case-sensitive, and one that is no filter is ignored. How calls and messages reach a
number is not published for any range of the data set, so what is said of it here is made up.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from portal.sandbox import paging, stock
from portal.sandbox.access import check_access
from portal.sandbox.call import PREVIEW, Call, Route
from portal.sandbox.dataset.plan import LINES, NORTH_AMERICA, Line
from portal.sandbox.errors import refusal
from portal.sandbox.wire import Answer, Pairs, encode

PATH = "/Numbers/AvailableNumbers"
TYPES = {"sharedcost": "shared-cost", "machinetomachine": "machine-to-machine"}
# Countries whose networks show a caller's number only if it is one of theirs.
DOMESTIC = ("BR", "JP")

TWO_WAY = {"InboundConnectivity": "true", "OutboundConnectivity": "true"}
KEYS = {"InboundCallerDtmf": "true", "InboundCalledDtmf": "true"}
WIDE = {"InboundReachability": "global"}
CALLER_ID = {"InboundCallerIdPreservation": "international"}
TRUNK = {"SipTrunking": "true"}
E911 = {"E911": "true"}
SENDER_ID = {"InboundSenderIdPreservation": "international"}
ONE_PART = {"Gsm7": "true", "Ucs2": "true"}
TEXT = {**ONE_PART, "Gsm7Concatenation": "true", "Ucs2Concatenation": "true"}
INBOUND = {"InboundConnectivity": "true"}
OUTBOUND = {"OutboundConnectivity": "true"}

# Page 7, word for word. Page 6 calls lead-tracking call-tracking.
USE_CASES: Mapping[str, Mapping[str, str]] = {
    "conversations.voice": {**TWO_WAY, **WIDE, **CALLER_ID, **TRUNK},
    "conversations.sms": {**TWO_WAY, **SENDER_ID, **WIDE, **TEXT},
    "verifications.voice": {**OUTBOUND, **WIDE},
    "verifications.sms": {**OUTBOUND, **WIDE, **ONE_PART},
    "notifications.voice": {**TWO_WAY, **WIDE},
    "notifications.sms": {**TWO_WAY, **WIDE},
    "marketing.voice": {**TWO_WAY, **KEYS, **WIDE, **CALLER_ID},
    "marketing.sms": {**TWO_WAY, **WIDE, **TEXT},
    "lead-tracking.voice": {**INBOUND, **KEYS, **WIDE, **CALLER_ID, **TRUNK},
    "lead-tracking.sms": {**INBOUND, **SENDER_ID, **WIDE, **TEXT},
    "contact-centers.voice": {**TWO_WAY, **KEYS, **CALLER_ID, **TRUNK, **E911},
    "contact-centers.sms": {**TWO_WAY, **TEXT},
    "pbx-collaborations.voice": {**TWO_WAY, **KEYS, **CALLER_ID, **WIDE, **TRUNK, **E911},
}
ONLY_TYPES = {"lead-tracking": ("local",), "pbx-collaborations": ("local", "tollfree", "voip")}


def search(call: Call) -> Answer:
    """Numbers whose every attribute is the one asked for, page by page."""
    check_access(call, "catalog")
    wanted = Wanted(call.request.query)
    found = [
        offer
        for line in LINES
        if wanted.fits(line)
        for offer in stock.offers(call.store, line, set(range(len(line.blocks))), call.now)
        if wanted.has(offer)
    ]

    def locate(digits: str) -> int | None:
        number = f"+{digits}"
        return next((len(found) - i for i, offer in enumerate(found) if offer.phone_number == number), None)

    window = paging.read_window(call.request.query, locate)
    if window.above is not None:
        end = len(found) - window.above
        chosen = [*enumerate(found)][max(end - window.size - 1, 0) : end][::-1]
    else:
        start = 0 if window.below is None else len(found) - window.below + 1
        chosen = [*enumerate(found)][start : start + window.size + 1]
    rows = [(len(found) - i, offer.phone_number[1:], encode(_record(offer))) for i, offer in chosen]
    return paging.meta_list(call.request, "items", paging.cut_page(window, rows))


class Wanted:
    """What a search asks for, of a line and then of each of its numbers."""

    def __init__(self, query: Pairs) -> None:
        self.of_lines: list[tuple[str, str]] = []
        self.of_numbers: list[tuple[str, str]] = []
        self.types: list[tuple[str, ...]] = []
        self.prices: list[tuple[str, bool, Decimal]] = []
        for name, value in query:
            if name == "SavedSearch":
                filters, types = _saved_search(value)
                self.of_lines += filters
                self.of_numbers.append(("Lifecycle", "generally-available"))
                self.types += [types] if types else []
            elif name in PRICES:
                self.prices.append((*PRICES[name], _amount(value)))
            elif name in OF_NUMBERS:
                self.of_numbers.append((name, value.casefold()))
            elif name in OF_LINES:
                self.of_lines.append((name, value.casefold()))

    def fits(self, line: Line) -> bool:
        attributes = attributes_of(line)
        amounts = {"Recurring": Decimal(line.base_price), "Setup": Decimal(0)}
        return (
            all(attributes.get(name, "").casefold() == value for name, value in self.of_lines)
            and all(attributes["Type"] in types for types in self.types)
            and all(
                amounts[kind] >= bound if is_least else amounts[kind] <= bound
                for kind, is_least, bound in self.prices
            )
        )

    def has(self, offer: stock.Offer) -> bool:
        return all(OF_NUMBERS[name](offer).casefold() == value for name, value in self.of_numbers)


@cache
def attributes_of(line: Line) -> dict[str, str]:
    """What all numbers of a line have in common, by the name of the filter."""
    record = _of_line(line)
    return {
        "Type": record["type"],
        "Geography.IsoCountry": line.country,
        "Regulatory.AddressRequirements": line.address,
        **{
            f"Capabilities.{kind.title()}.{_pascal(name)}": str(value).lower()
            for kind, group in record["capabilities"].items()
            for name, value in (group or {}).items()
        },
    }


def _saved_search(name: str) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
    _, _, rest = name.partition("twilio.use-case.")
    use_case, _, capability = rest.casefold().replace("call-tracking", "lead-tracking").partition(".")
    filters = USE_CASES.get(f"{use_case}.{capability}")
    if filters is None:
        raise refusal(20422, f"Invalid Parameter: there is no SavedSearch {name}")
    wanted = [(f"Capabilities.{capability.title()}.{key}", value) for key, value in filters.items()]
    return wanted, ONLY_TYPES.get(use_case, ())


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise refusal(20422) from None


def _record(offer: stock.Offer) -> dict[str, Any]:
    return {
        "phone_number": offer.phone_number,
        "base_setup_price": "0.0",
        "base_recurring_price": offer.line.base_price,
        **_of_line(offer.line),
        "lifecycle": _lifecycle(offer),
        "geography": _geography(offer),
    }


@cache
def _of_line(line: Line) -> dict[str, Any]:
    in_north_america = line.country in NORTH_AMERICA
    shown_as = "domestic" if line.country in DOMESTIC else "international"
    is_national_only = not in_north_america and line.type in ("tollfree", "sharedcost")
    reach = "domestic" if is_national_only else "global"
    able = line.capabilities
    rate = 30 if line.type == "local" else 1
    voice = {
        "inbound_connectivity": True,
        "outbound_connectivity": not is_national_only,
        "e911": in_north_america and line.type == "local",
        "fax": able.fax,
        "sip_trunking": line.type != "mobile",
        "calls_per_second": rate,
        "concurrent_calls_limit": rate,
        "long_record_length": 30,
        "inbound_called_dtmf": True,
        "inbound_caller_dtmf": True,
        "inbound_caller_id_preservation": shown_as,
        "inbound_reachability": reach,
    }
    sms = {
        "inbound_connectivity": True,
        "outbound_connectivity": True,
        "gsm7": True,
        "ucs2": True,
        "gsm7_concatenation": True,
        "ucs2_concatenation": line.type != "machinetomachine",
        "inbound_sender_id_preservation": shown_as,
        "inbound_reachability": reach,
        "inbound_mps": -1,
    }
    mms = {
        "inbound_connectivity": True,
        "outbound_connectivity": True,
        "inbound_reachability": reach,
        "inbound_mps": -1,
    }
    return {
        "capabilities": {
            "voice": voice if able.voice else None,
            "sms": sms if able.sms else None,
            "mms": mms if able.mms else None,
        },
        "regulatory": {"address_requirements": line.address},
        "type": TYPES.get(line.type, line.type),
    }


def _lifecycle(offer: stock.Offer) -> str:
    return "beta" if offer.beta else "generally-available"


def _geography(offer: stock.Offer) -> dict[str, Any]:
    place = offer.block.place
    return {
        "iso_country": offer.line.country,
        "lata": place and place.lata,
        "rate_center": place and place.rate_center,
        "latitude": place and place.latitude,
        "longitude": place and place.longitude,
        "region": place and place.region,
        "locality": place and place.locality,
        "postal_code": place and place.postal_code,
    }


def _pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _place(name: str) -> Callable[[stock.Offer], str]:
    def read(offer: stock.Offer) -> str:
        value = offer.block.place and getattr(offer.block.place, name)
        return "" if value is None else str(value)

    return read


OF_LINES = {name for line in LINES for name in attributes_of(line)}
OF_NUMBERS: Mapping[str, Callable[[stock.Offer], str]] = {
    "PhoneNumber": lambda offer: offer.phone_number,
    "Lifecycle": _lifecycle,
    **{
        f"Geography.{_pascal(name)}": _place(name)
        for name in ("lata", "rate_center", "latitude", "longitude", "region", "locality", "postal_code")
    },
}
PRICES = {
    f"{bound}Base{kind}Price": (kind, bound == "Min")
    for kind in ("Recurring", "Setup")
    for bound in ("Min", "Max")
}

ROUTES = (Route("GET", PREVIEW, PATH, search),)
