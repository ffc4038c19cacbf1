"""The geographic filters of AvailablePhoneNumbers (doc pages 20 to 22): the US and Canada only."""

import re
from collections.abc import Callable
from math import asin, cos, radians, sin, sqrt

from portal.sandbox.dataset.places import BY_AREA_CODE, Place
from portal.sandbox.dataset.plan import Block
from portal.sandbox.errors import refusal

EARTH_RADIUS = 3958.8
DEFAULT_DISTANCE = 25
MAX_DISTANCE = 500
NANP_NUMBER = re.compile(r"\+?1?([2-9]\d\d)[2-9]\d{6}")

# Each may name a value, or a number whose value is meant.
PROPERTIES = {
    "InPostalCode": "postal_code",
    "InRegion": "region",
    "InRateCenter": "rate_center",
    "InLata": "lata",
    "InLocality": "locality",
}


def block_filter(query: dict[str, str]) -> Callable[[Block], bool]:
    """Whether the numbers of a block lie where the query asks for."""
    if query.get("InRateCenter") and not query.get("InLata"):
        raise refusal(20422, "InRateCenter requires InLata to be set as well")
    wanted = {
        attribute: _value(query[parameter], attribute)
        for parameter, attribute in PROPERTIES.items()
        if query.get(parameter)
    }
    area_code = query.get("AreaCode", "")
    if area_code and not area_code.isdigit():
        raise refusal(21451)
    center, distance = _center(query), _distance(query)

    def lies_there(block: Block) -> bool:
        if area_code and block.prefix[1:4] != area_code:
            return False
        place = block.place
        if wanted and not (place and all(_matches(place, name, value) for name, value in wanted.items())):
            return False
        return center is None or (place is not None and _is_near(place, center, distance))

    return lies_there


def miles_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The great-circle distance of two points given in degrees."""
    (lat1, long1), (lat2, long2) = ((radians(lat), radians(long)) for lat, long in (one, other))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((long2 - long1) / 2) ** 2
    return 2 * EARTH_RADIUS * asin(sqrt(half))


def place_of(phone_number: str) -> Place | None:
    matched = NANP_NUMBER.fullmatch(phone_number.strip())
    return BY_AREA_CODE.get(matched[1]) if matched else None


def _value(text: str, attribute: str) -> str | None:
    """The value itself, or that of the place a phone number belongs to."""
    if NANP_NUMBER.fullmatch(text.strip()):
        place = place_of(text)
        return getattr(place, attribute) if place else None
    return text.strip()


def _matches(place: Place, attribute: str, value: str | None) -> bool:
    own = getattr(place, attribute)
    return value is not None and own is not None and own.casefold() == value.casefold()


def _center(query: dict[str, str]) -> tuple[float, float] | None:
    if text := query.get("NearLatLong"):
        try:
            latitude, longitude = (float(part) for part in text.split(","))
        except ValueError:
            raise refusal(20422, "NearLatLong must be a latitude and a longitude") from None
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            raise refusal(20422, "NearLatLong must be a latitude and a longitude")
        return latitude, longitude
    if number := query.get("NearNumber"):
        place = place_of(number)
        if place is None or place.latitude is None or place.longitude is None:
            raise refusal(21401, "NearNumber must be a phone number of the US or Canada")
        return place.latitude, place.longitude
    return None


def _distance(query: dict[str, str]) -> int:
    text = query.get("Distance", "")
    if not text:
        return DEFAULT_DISTANCE
    if not text.isdigit() or not 1 <= int(text) <= MAX_DISTANCE:
        raise refusal(20422, f"Distance must be between 1 and {MAX_DISTANCE} miles")
    return int(text)


def _is_near(place: Place, center: tuple[float, float], distance: int) -> bool:
    if place.latitude is None or place.longitude is None:
        return False
    return miles_between((place.latitude, place.longitude), center) <= distance
